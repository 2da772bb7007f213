"""Scores of single profiles and of folds."""

import numpy as np
import pandas as pd

from lacuna.evaluation.correlation import pooled_pct, profile_pearson
from lacuna.evaluation.held_out import HeldOut
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows


def retrieval(held_out: HeldOut) -> np.ndarray:
    """Return how surely each prediction points to the right profile of its cell.

    The share of the cell's other held-out profiles that correlate less with the prediction than
    the right one does; ties count half. NaN where the cell has no other.
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
            less = (likeness < right).sum(axis=1)
            tied = (likeness == right).sum(axis=1) - 1  # the right one ties with itself
            share[rows] = (less + tied / 2) / (len(rows) - 1)
    return share


def score_folds(held_out: HeldOut) -> pd.DataFrame:
    """Score each fold by itself.

    Returns
    -------
    DataFrame with columns fold, profiles, with_input, fallbacks, pct
        with_input: the profiles whose drug the method was shown in another cell; fallbacks: those
        that it predicted by a plain mean; pct: see `METRICS`.
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
