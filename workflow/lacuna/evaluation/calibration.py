"""Stated standard errors against the errors made, and predicted against measured entries."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from lacuna.evaluation.bootstrap import bootstrap_weights, intervals, sum_by
from lacuna.evaluation.held_out import HeldOut
from lacuna.vectors import unit_rows

CALIBRATION_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DENSITY_LIMIT, DENSITY_BINS = 0.7, 141


def joint_density(truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Count entries by true and predicted value (predictions scaled to unit length).

    Returns
    -------
    DataFrame with columns true, predicted, entries
        The centres of the bins that hold any entry; values beyond `DENSITY_LIMIT` are counted in
        the outermost bins.
    """
    edges = np.linspace(-DENSITY_LIMIT, DENSITY_LIMIT, DENSITY_BINS + 1)
    inside = [
        np.clip(values, edges[0], edges[-1]).ravel() for values in (truth, unit_rows(predicted))
    ]
    counts, _, _ = np.histogram2d(*inside, bins=edges)
    centres = (edges[1:] + edges[:-1]) / 2
    true, guess = np.nonzero(counts)
    return pd.DataFrame(
        {
            "true": centres[true].round(4),
            "predicted": centres[guess].round(4),
            "entries": counts[true, guess].astype(int),
        }
    )


def calibration(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Compare the standard errors that a method states with the errors it makes.

    Returns
    -------
    DataFrame with columns view, stated, observed, low, high; empty if none are stated
        view "coverage": the share of entries within the normal interval of the stated level, with
        a 95 % bootstrap interval over drugs; view "error": for each tenth of the profiles by
        stated standard error, its mean and the root mean square of the errors made.
    """
    columns = ["view", "stated", "observed", "low", "high"]
    if held_out.stderr is None:
        return pd.DataFrame(columns=columns)
    stated = np.broadcast_to(held_out.stderr.reshape(len(held_out.truth), -1), held_out.truth.shape)
    error = np.abs(held_out.truth - held_out.predicted)
    drugs, drug = np.unique(held_out.drug, return_inverse=True)
    reach = norm.ppf((1 + np.array(CALIBRATION_LEVELS)) / 2)
    within = [(error <= limit * stated).sum(axis=1) for limit in reach]
    sums = sum_by(drug, np.column_stack([*within, np.full(len(drug), error.shape[1])]), len(drugs))
    sums = bootstrap_weights(len(drugs), rng) @ sums
    draws = pd.DataFrame(sums[:, :-1] / sums[:, -1:], columns=CALIBRATION_LEVELS)
    coverage = intervals(draws).rename(columns={"metric": "stated", "value": "observed"})
    of_profile = pd.DataFrame(
        {"stated": (stated**2).mean(axis=1), "observed": (error**2).mean(axis=1)}
    )
    tenth = (of_profile["stated"].rank(method="first") - 1) * 10 // len(of_profile)
    by_tenth = of_profile.groupby(tenth).mean() ** 0.5
    views = [coverage.assign(view="coverage"), by_tenth.assign(view="error")]
    return pd.concat(views, ignore_index=True)[columns]
