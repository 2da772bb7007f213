"""Shrinkage of group means by empirical Bayes (Robinson 1991, Stat Sci 6:15)."""

from dataclasses import dataclass

import numpy as np

from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by, slices

ROWS_AT_ONCE = 16_384  # of a copy in float64
LEAST_VARIANCE = 1e-12  # of a slope, against division by 0
PASSES = 10  # over drugs and cells in turn, until neither effect changes any more


@dataclass(frozen=True)
class Effects:
    """The mean of all profiles, and what each drug and each cell adds to it.

    Attributes
    ----------
    mean : float64 array of shape (genes,)
    drug : float64 array of shape (drugs, genes)
    cell : float64 array of shape (cells, genes)
    """

    mean: np.ndarray
    drug: np.ndarray
    cell: np.ndarray

    @classmethod
    def fit(cls, observed: ProfileSet) -> "Effects":
        """Shrink the effects of cells and of drugs in turn, each of what the other leaves."""
        mean = observed.profiles.mean(axis=0, dtype=np.float64)
        drug_effect = np.zeros((len(observed.drugs), len(mean)))
        cell_effect = np.zeros((len(observed.cells), len(mean)))
        left = np.empty(observed.profiles.shape)  # the only copy: in float64 each is large
        for _ in range(PASSES):
            _subtract(observed.profiles, mean, drug_effect, observed.drug, left)
            cell_effect = best_predictors(left, observed.cell, len(cell_effect))
            _subtract(observed.profiles, mean, cell_effect, observed.cell, left)
            drug_effect = best_predictors(left, observed.drug, len(drug_effect))
        return cls(mean, drug_effect, cell_effect)

    def of(self, pairs: np.ndarray) -> np.ndarray:
        """Return the sum for each (drug, cell) pair, float64 (pairs, genes)."""
        drug, cell = pairs.T
        return self.mean + self.drug[drug] + self.cell[cell]


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
    signal = max(between, 0.0) * size
    shrinkage = signal / np.maximum(signal + within, np.finfo(float).tiny)
    return shrinkage[:, None] * means


def _subtract(
    rows: np.ndarray, mean: np.ndarray, effect: np.ndarray, group: np.ndarray, left: np.ndarray
) -> None:
    """Put into `left` the rows less the mean, and less the effects of their groups."""
    for part in slices(len(rows), ROWS_AT_ONCE):
        left[part] = rows[part] - mean
        left[part] -= effect[group[part]]


def shrunken_slopes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the slope of truth on prediction, column by column, shrunk towards a common one.

    A column's slope b, of a line through the origin, is known up to its variance v; the slopes of
    all columns scatter around their mean m, weighted by 1 / v, with variance u beside that. So b is
    shrunk to m + u / (u + v) (b - m), and to 0 where that is negative: what is predicted the wrong
    way round is not known. The moment estimate of u is that of DerSimonian and Laird 1986, Control
    Clin Trials 7:177, https://doi.org/10.1016/0197-2456(86)90046-2.

    Parameters
    ----------
    predicted, truth : arrays of shape (n, columns)

    Returns
    -------
    float32 array of shape (columns,)
        1 where nothing is predicted in any column.
    """
    square = (predicted**2).sum(axis=0, dtype=np.float64)
    is_known = square > 0
    slopes = np.ones(len(square))
    if not is_known.any():
        return slopes.astype(np.float32)
    predicted, truth, square = predicted[:, is_known], truth[:, is_known], square[is_known]
    slope = (predicted * truth).sum(axis=0, dtype=np.float64) / square
    error = ((truth - slope * predicted) ** 2).mean(axis=0, dtype=np.float64)
    variance = np.maximum(error / square, LEAST_VARIANCE)
    precision = 1 / variance
    mean = np.average(slope, weights=precision)
    excess = (precision * (slope - mean) ** 2).sum() - (len(slope) - 1)
    scale = precision.sum() - (precision**2).sum() / precision.sum()
    between = max(excess / scale, 0) if scale > 0 else 0
    slopes[:] = mean
    slopes[is_known] += between / (between + variance) * (slope - mean)
    return np.maximum(slopes, 0).astype(np.float32)
