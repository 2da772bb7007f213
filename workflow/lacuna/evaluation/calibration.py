"""Stated standard errors against the errors made, and predicted against measured entries."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from lacuna.evaluation.bootstrap import bootstrap_weights, intervals, sum_by
from lacuna.evaluation.held_out import HeldOut
from lacuna.vectors import as_unit_rows, unit_rows

COVERAGE_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DENSITY_LIMIT = 0.7  # entries of unit profiles are rarely larger
DENSITY_BINS = 141  # odd, so that the middle bin is centred at 0


def joint_density(truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Count entries by true and predicted value.

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
        Both are scaled to unit length.

    Returns
    -------
    DataFrame with columns true, predicted, entries
        The centres of the bins that hold any entry; values beyond `DENSITY_LIMIT` are counted in
        the outermost bins.
    """
    edges = np.linspace(-DENSITY_LIMIT, DENSITY_LIMIT, DENSITY_BINS + 1)
    counts, _, _ = np.histogram2d(
        np.clip(as_unit_rows(truth), edges[0], edges[-1]).ravel(),
        np.clip(unit_rows(predicted), edges[0], edges[-1]).ravel(),
        bins=(edges, edges),
    )
    centres = (edges[1:] + edges[:-1]) / 2
    true_bin, predicted_bin = np.nonzero(counts)
    return pd.DataFrame(
        {
            "true": centres[true_bin].round(4),
            "predicted": centres[predicted_bin].round(4),
            "entries": counts[true_bin, predicted_bin].astype(int),
        }
    )


def calibration(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Compare the standard errors that a method states with the errors it makes.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns view, stated, observed, low, high; empty if none are stated
        view "coverage": the share of entries within the normal interval of the stated level, with
        a 95 % bootstrap interval over drugs, NaN with too few of them; view "error": for each tenth
        of the profiles by stated standard error, its root mean square and that of the errors made.
    """
    columns = ["view", "stated", "observed", "low", "high"]
    if held_out.stderr is None:
        return pd.DataFrame(columns=columns)
    stated = np.broadcast_to(held_out.stderr.reshape(len(held_out.truth), -1), held_out.truth.shape)
    error = np.abs(held_out.truth - held_out.predicted)
    coverage = _coverage(stated, error, held_out.drug, rng).assign(view="coverage")
    by_tenth = _error_by_tenth(stated, error).assign(view="error")
    return pd.concat([coverage, by_tenth], ignore_index=True)[columns]


def _coverage(
    stated: np.ndarray, error: np.ndarray, drug: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return stated, observed, low and high of each of `COVERAGE_LEVELS`."""
    drugs, drug = np.unique(drug, return_inverse=True)
    half_widths = norm.ppf((1 + np.array(COVERAGE_LEVELS)) / 2)
    within = [(error <= width * stated).sum(axis=1) for width in half_widths]
    entries = np.full(len(drug), error.shape[1])
    sums = sum_by(drug, np.column_stack([*within, entries]), len(drugs))
    sums = bootstrap_weights(len(drugs), rng) @ sums
    draws = pd.DataFrame(sums[:, :-1] / sums[:, -1:], columns=COVERAGE_LEVELS)
    return intervals(draws).rename(columns={"metric": "stated", "value": "observed"})


def _error_by_tenth(stated: np.ndarray, error: np.ndarray) -> pd.DataFrame:
    """Return root mean squares of stated and observed errors, by tenths of the profiles."""
    squares = pd.DataFrame(
        {"stated": (stated**2).mean(axis=1), "observed": (error**2).mean(axis=1)}
    )
    tenth = (squares["stated"].rank(method="first") - 1) * 10 // len(squares)
    return squares.groupby(tenth).mean() ** 0.5
