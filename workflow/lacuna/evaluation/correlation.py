"""Pearson correlations from summed moments."""

from collections.abc import Sequence

import numpy as np

from lacuna.vectors import as_unit_rows, slices, unit_rows

ROUNDING = 1e-12  # share of the sum of squares
# Predictions and means are float32: what is left of a multiple of a mean is of the order 1e-7.
LEFT_BY_ROUNDING = 1e-5  # share of the length
BLOCK = 4096  # profiles at a time


def pooled_pct(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the PCT of some profiles: the correlation over all entries pooled.

    Hodos et al. 2018 (doi:10.1142/9789813235533_0004).

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
        Both are scaled to unit length.
    """
    moments = pair_moments(as_unit_rows(truth), unit_rows(predicted)).sum(axis=0, keepdims=True)
    return float(correlation_of(moments)[0])


def profile_pearson(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the correlation over genes of each row; 0 where a row does not vary."""
    return correlation_of(pair_moments(truth, predicted))


def pair_moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return count, sum x, sum y, sum xx, sum yy, sum xy of each row, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    count = np.full(len(x), x.shape[1], dtype=np.float64)
    products = (np.einsum("ij,ij->i", a, b) for a, b in ((x, x), (y, y), (x, y)))
    return np.column_stack([count, x.sum(axis=1), y.sum(axis=1), *products])


def moments_beyond(
    truth: np.ndarray, predicted: np.ndarray, means: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the moments of what is left of truth and prediction when means are removed.

    Both are regressed, profile by profile and over genes, on an intercept and the profile's means,
    and replaced by the residuals: with B an orthonormal basis of {1, means of the profile}, x by
    x - B B'x. Correlating residuals is a partial correlation given the means.

    A prediction that is any combination of the means has the residual 0, whatever its length: so
    the mean scaled to unit length does, of which each cell has another multiple. One regression
    over all profiles together would leave these multiples in. Taking the difference from the mean
    instead would leave -mean of a prediction of zeros, which correlates with truth - mean: the
    noise of a mean of few profiles would stand on both sides.

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
    means
        Arrays of the same shape. A mean of zeros removes nothing.

    Returns
    -------
    array of shape (n, 6)
        As `pair_moments` returns it. Residuals shorter than `LEFT_BY_ROUNDING` of what they are
        left of count as 0.
    """
    parts = []
    for block in slices(len(truth), BLOCK):
        constant = np.full(truth[block].shape, truth.shape[1] ** -0.5)
        of_block = [mean[block] for mean in means]
        parts.append(_residual_moments(truth[block], predicted[block], constant, of_block))
    return np.concatenate(parts)


def tested_moments(
    truth: np.ndarray, predicted: np.ndarray, means: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """Return the moments over the tested entries: those of truth that are not exactly 0.

    Each prediction is scaled to unit length over them.

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
    means
        Arrays of the same shape, which are removed as `moments_beyond` does, by regressions over
        the tested entries. Without any, nothing is removed, no intercept either.

    Returns
    -------
    array of shape (n, 6)
        As `pair_moments` returns it.
    """
    parts = []
    for block in slices(len(truth), BLOCK):
        tested = truth[block] != 0
        # What is 0 on both sides adds to no sum but the count.
        kept = unit_rows(np.where(tested, predicted[block], 0))
        if means:
            constant = unit_rows(tested.astype(np.float64))
            of_block = [np.where(tested, mean[block], 0) for mean in means]
            moments = _residual_moments(truth[block], kept, constant, of_block)
        else:
            moments = pair_moments(truth[block], kept)
        moments[:, 0] = tested.sum(axis=1)
        parts.append(moments)
    return np.concatenate(parts)


def _residual_moments(
    truth: np.ndarray, predicted: np.ndarray, constant: np.ndarray, means: Sequence[np.ndarray]
) -> np.ndarray:
    basis = [constant]
    for mean in means:
        basis.append(unit_rows(_residual(mean, basis)))
    return pair_moments(_residual(truth, basis), _residual(predicted, basis))


def _residual(rows: np.ndarray, basis: Sequence[np.ndarray]) -> np.ndarray:
    """Subtract from each row its projection on unit rows that are orthogonal to each other."""
    left = rows.astype(np.float64)
    for direction in basis:
        left -= np.einsum("ij,ij->i", left, direction)[:, None] * direction
    length, before = (np.linalg.norm(part, axis=1, keepdims=True) for part in (left, rows))
    return np.where(length > LEFT_BY_ROUNDING * before, left, 0.0)


def correlation_of(moments: np.ndarray) -> np.ndarray:
    """Return Pearson correlations; 0 where one side does not vary, NaN where there are no entries.

    r = Sxy / sqrt(Sxx Syy), where Sxy = sum xy - sum x sum y / n.

    Parameters
    ----------
    moments : array of shape (k, 6)
        Sums of rows that `pair_moments` returned.
    """
    n, x, y, xx, yy, xy = moments.T
    with np.errstate(divide="ignore", invalid="ignore"):
        variance_x, variance_y = xx - x * x / n, yy - y * y / n
        value = (xy - x * y / n) / np.sqrt(variance_x * variance_y)
    # What rounding leaves of a constant is no variance.
    varies = (variance_x > ROUNDING * xx) & (variance_y > ROUNDING * yy)
    return np.where(varies, value, np.where(n > 0, 0.0, np.nan))
