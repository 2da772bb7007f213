"""Standard errors that hold on samples measured both ways: what step 1 gets wrong is in them.

Step 2 knows its errors on studies left out, from true landmarks. Of a chain they are too small.
Where there are pairs, the standard error of each gene is multiplied by a factor, so that it is the
size of the errors there. Few pairs say little of a single gene: its squared factor is drawn towards
those of genes of like expression, as limma draws variances together (Smyth 2004,
https://doi.org/10.2202/1544-6115.1027).
"""

import numpy as np
import pandas as pd

from lacuna.translation.differential import fit_prior, moderate

TERCILES = ("low", "middle", "high")
LEAST_ERROR = 1e-3  # log2; the standard error of a gene that step 2 never gets wrong


def terciles_of(expression: np.ndarray) -> np.ndarray:
    """Return the tercile of each gene by expression: 0 (low), 1 or 2 (high), of shape (genes,)."""
    rank = pd.Series(expression).rank(method="first")
    return pd.qcut(rank, len(TERCILES), labels=False).to_numpy()


def measure_factors(
    error: np.ndarray, stderr: np.ndarray, tercile: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """Return by what standard errors must be multiplied to be those of these errors.

    Parameters
    ----------
    error : array of shape (n, genes)
        Of samples measured both ways.
    stderr : array of shape (genes,)
        From true landmarks.
    tercile : int array of shape (genes,)
        See `terciles_of`.
    group : array of shape (n,)
        Donors or lines: as many as there are, the errors of a gene are worth.

    Returns
    -------
    float64 array of shape (genes,)
    """
    # Of each group the mean, as some donors gave more samples than others.
    squared = pd.DataFrame(error**2).groupby(group).mean()
    ratio = squared.mean().to_numpy() / np.maximum(stderr, LEAST_ERROR).astype(float) ** 2
    factors = np.empty(len(ratio))
    for number in np.unique(tercile):
        genes = tercile == number
        prior = fit_prior(ratio[genes], len(squared))
        factors[genes] = np.sqrt(moderate(ratio[genes], len(squared), *prior))
    return factors


def scale(stderr: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiply standard errors by factors, float32 of shape (genes,)."""
    return (np.maximum(stderr, LEAST_ERROR) * factors).astype(np.float32)


def scale_without_own(
    error: np.ndarray, stderr: np.ndarray, tercile: np.ndarray, group: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """Return standard errors of samples, each by the factors of other folds.

    Parameters
    ----------
    error, stderr, tercile, group
        See `measure_factors`.
    fold : int array of shape (n,)
        Samples of one group are in one fold.

    Returns
    -------
    float32 array of shape (n, genes)
    """
    scaled = np.empty(error.shape, np.float32)
    for number in np.unique(fold):
        own = fold == number
        scaled[own] = scale(stderr, measure_factors(error[~own], stderr, tercile, group[~own]))
    return scaled
