"""Pearson correlations from summed moments."""

import numpy as np

from lacuna.vectors import unit_rows

ROUNDING = 1e-12  # of the sum of squares


def pooled_pct(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the PCT of some profiles: the correlation over all entries pooled.

    Hodos et al. 2018 (doi:10.1142/9789813235533_0004).

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
        Predictions are scaled to unit length.
    """
    moments = pair_moments(truth, unit_rows(predicted)).sum(axis=0, keepdims=True)
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


def correlation_of(moments: np.ndarray) -> np.ndarray:
    """Return Pearson correlations; 0 where one side does not vary.

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
    return np.where(varies, value, 0.0)
