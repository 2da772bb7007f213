"""The judge: how near are predicted profiles to the measured ones? It knows no method.

Every score is computed from sums per drug, so that a bootstrap over drugs (profiles of one drug
are not independent) only weighs those sums anew, and costs next to nothing.
"""

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import bootstrap_weights, sum_by
from lacuna.evaluation.correlation import correlation_of, pair_moments, pooled_pct, profile_pearson
from lacuna.evaluation.deg import (
    DEG_PERCENTS,
    area_under_roc,
    deg_histograms,
    signed_deg_histograms,
)
from lacuna.evaluation.held_out import HeldOut
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows


def bootstrap(held_out: HeldOut, rng: np.random.Generator) -> pd.DataFrame:
    """Score a method on everything it predicted, and on draws of drugs with replacement.

    Returns
    -------
    DataFrame, one row per draw, of which the first is the data as they are
        pct: Pearson correlation of all entries pooled, predictions scaled to unit length (as Hodos
        et al. 2018 report); pct_raw: the same on predictions as they are; pct_fold: mean over
        folds of the fold's pct; pct_specific: pct after the cell's training mean is taken from
        truth and prediction; pct_specific_raw: the same on predictions as they are, so that one
        that equals the cell's mean scores 0; pct_beyond_drug: the same with the drug's training
        mean, which then scores 0; pct_with_input and profile_pearson_with_input: on the profiles
        whose drug the method was shown in another cell, where that is not all; profile_pearson:
        mean over profiles of the correlation within the profile; retrieval: see `retrieval`;
        variance_ratio: squared distance of predictions from the cell's mean over that of the truth,
        small where predictions collapse to the mean; pct_of_ceiling: pct over the mean of
        `ceilings`, on the profiles that have one; deg_auc_1 and deg_auc_10: area under the pooled
        ROC curve of finding the 1 % and 10 % of genes that change most; deg_auc_signed_1 and
        deg_auc_signed_10: of finding those that rise most, and
        those that fall most. With equal streams the draws of two methods are paired.
    """
    unit = unit_rows(held_out.predicted)
    drugs, drug = np.unique(held_out.drug, return_inverse=True)
    weights = bootstrap_weights(len(drugs), rng)

    def pooled(truth: np.ndarray, predicted: np.ndarray, mask: slice | np.ndarray) -> np.ndarray:
        sums = sum_by(drug[mask], pair_moments(truth[mask], predicted[mask]), len(drugs))
        return correlation_of(weights @ sums)

    def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        sums = weights @ sum_by(drug, np.column_stack([above, below]), len(drugs))
        return sums[:, 0] / sums[:, 1]

    def mean(values: np.ndarray) -> np.ndarray:
        present = np.isfinite(values)
        return ratio(np.where(present, values, 0), present)

    every, cell_mean, drug_mean = slice(None), held_out.cell_mean, held_out.drug_mean
    folds = [held_out.fold == fold for fold in np.unique(held_out.fold)]
    draws = {
        "pct": pooled(held_out.truth, unit, every),
        "pct_raw": pooled(held_out.truth, held_out.predicted, every),
        "pct_fold": _mean_over_present(
            [pooled(held_out.truth, unit, mask) for mask in folds],
            [weights @ np.bincount(drug[mask], minlength=len(drugs)) for mask in folds],
        ),
        "pct_specific": pooled(held_out.truth - cell_mean, unit - cell_mean, every),
        "pct_specific_raw": pooled(
            held_out.truth - cell_mean, held_out.predicted - cell_mean, every
        ),
        "pct_beyond_drug": pooled(
            held_out.truth - drug_mean, held_out.predicted - drug_mean, every
        ),
        "profile_pearson": mean(profile_pearson(held_out.truth, unit)),
        "retrieval": mean(retrieval(held_out)),
        "variance_ratio": ratio(
            ((held_out.predicted - cell_mean) ** 2).sum(axis=1),
            ((held_out.truth - cell_mean) ** 2).sum(axis=1),
        ),
    }
    if 0 < (with_input := held_out.inputs > 0).mean() < 1:
        draws["pct_with_input"] = pooled(held_out.truth, unit, with_input)
        pearson = profile_pearson(held_out.truth, unit)
        draws["profile_pearson_with_input"] = mean(np.where(with_input, pearson, np.nan))
    if held_out.ceiling is not None and np.isfinite(held_out.ceiling).any():
        known = np.isfinite(held_out.ceiling)
        draws["pct_of_ceiling"] = pooled(held_out.truth, unit, known) / mean(held_out.ceiling)
    for percent in DEG_PERCENTS:
        for name, histograms in (("", deg_histograms), ("signed_", signed_deg_histograms)):
            positive, negative = histograms(held_out.truth, unit, percent, drug, len(drugs))
            draws[f"deg_auc_{name}{percent}"] = area_under_roc(
                weights @ positive, weights @ negative
            )
    return pd.DataFrame(draws)


def retrieval(held_out: HeldOut) -> np.ndarray:
    """Return, for each prediction, how surely it points to the right profile of its cell.

    The share of the cell's other held-out profiles that correlate less with the prediction than
    the right one does; ties count half, so that chance is 0.5. NaN where the cell has no other.
    """
    truth, predicted = (
        unit_rows(rows - rows.mean(axis=1, keepdims=True))
        for rows in (held_out.truth, held_out.predicted)
    )
    share = np.full(len(truth), np.nan)
    for cell in np.unique(held_out.cell):
        rows = np.flatnonzero(held_out.cell == cell)
        if len(rows) > 1:
            likeness = predicted[rows] @ truth[rows].T
            right = np.diag(likeness)[:, None]
            beaten = (likeness < right).sum(axis=1) + ((likeness == right).sum(axis=1) - 1) / 2
            share[rows] = beaten / (len(rows) - 1)
    return share


def score_folds(held_out: HeldOut) -> pd.DataFrame:
    """Return fold, profiles, with_input, fallbacks and pct (unit-norm predictions) of every fold.

    With input are profiles whose drug the method was shown in another cell.
    """
    rows = []
    for fold in np.unique(held_out.fold):
        mask = held_out.fold == fold
        fallbacks = held_out.fallback[mask].sum()
        pct = pooled_pct(held_out.truth[mask], held_out.predicted[mask])
        counts = {"profiles": mask.sum(), "with_input": (held_out.inputs[mask] > 0).sum()}
        rows.append({"fold": fold, **counts, "fallbacks": fallbacks, "pct": pct})
    return pd.DataFrame(rows)


def score_profiles(held_out: HeldOut, tensor: ProfileSet) -> pd.DataFrame:
    """Return drug, cell, fold, inputs, pearson and fallback of every held-out profile."""
    return pd.DataFrame(
        {
            "drug": tensor.drugs[held_out.drug],
            "cell": tensor.cells[held_out.cell],
            "fold": held_out.fold,
            "inputs": held_out.inputs,
            "pearson": profile_pearson(held_out.truth, held_out.predicted),
            "fallback": held_out.fallback,
        }
    )


def _mean_over_present(values: list[np.ndarray], sizes: list[np.ndarray]) -> np.ndarray:
    """Mean over folds, in each draw over those that any of its drugs lies in."""
    present = np.array(sizes) > 0
    return (np.array(values) * present).sum(axis=0) / present.sum(axis=0)
