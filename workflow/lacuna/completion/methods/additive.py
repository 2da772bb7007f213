"""Additive effects of drug and cell, each shrunk by empirical Bayes (Robinson 1991, Stat Sci 6:15).

A profile is the mean of all, plus its drug's effect, plus its cell's. Unlike 2D-Mean it does not
count the mean of all twice, and trusts an effect the less the fewer profiles it was seen in.
"""

import numpy as np

from lacuna.completion.interface import Completion, SideInformation
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by

PASSES = 10


def complete(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Completion:
    """Predict the mean of all profiles plus the effects of the drug and of the cell."""
    mean = observed.profiles.mean(axis=0, dtype=np.float64)
    residual = observed.profiles - mean
    of_drug = np.zeros((len(observed.drugs), len(mean)))
    of_cell = np.zeros((len(observed.cells), len(mean)))
    for _ in range(PASSES):
        of_cell = best_predictors(residual - of_drug[observed.drug], observed.cell, len(of_cell))
        of_drug = best_predictors(residual - of_cell[observed.cell], observed.drug, len(of_drug))
    drug, cell = wanted.T
    unseen = ~observed.measured.any(axis=1)[drug]
    return Completion((mean + of_drug[drug] + of_cell[cell]).astype(np.float32), unseen)


def best_predictors(rows: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return each group's effect: its mean, shrunk to n / (n + lambda) of itself.

    Lambda, the variance within groups over that between them, is estimated by moments, for all
    columns together. Groups without rows have no effect; neither has any group where means vary no
    more than the scatter within groups explains.

    Parameters
    ----------
    rows : array of shape (n, genes), centred
    group : int array of shape (n,)
    groups : number of groups

    Returns
    -------
    float64 array of shape (groups, genes)
    """
    means, size = mean_by(group, groups, rows)
    seen = size > 0
    spare = len(rows) - seen.sum()
    if spare <= 0:
        return means
    within = ((rows - means[group]) ** 2).sum() / spare
    between = (means[seen] ** 2).sum(axis=1).mean() - within * (1 / size[seen]).mean()
    share = between * size / np.maximum(between * size + within, np.finfo(float).tiny)
    return np.where(between > 0, share, 0)[:, None] * means
