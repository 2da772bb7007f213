"""Shrinkage of group means by empirical Bayes (Robinson 1991, Stat Sci 6:15)."""

import numpy as np

from lacuna.vectors import mean_by, slices

ROWS_AT_ONCE = 16_384  # of a copy in float64


def best_predictors(rows: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return each group's effect: its mean, shrunk to n / (n + lambda) of itself.

    lambda = within / between: the variance within groups over that between them, both estimated by
    the method of moments and for all columns together. A group without rows has no effect, and
    no group has any where the group means scatter no more than the rows within groups explain.

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
    has_rows = size > 0
    degrees_of_freedom = len(rows) - has_rows.sum()
    if degrees_of_freedom <= 0:
        return means
    squares = (
        ((rows[part] - means[group[part]]) ** 2).sum() for part in slices(len(rows), ROWS_AT_ONCE)
    )
    within = sum(squares) / degrees_of_freedom
    between = (means[has_rows] ** 2).sum(axis=1).mean() - within * (1 / size[has_rows]).mean()
    shrinkage = between * size / np.maximum(between * size + within, np.finfo(float).tiny)
    return np.where(between > 0, shrinkage, 0)[:, None] * means
