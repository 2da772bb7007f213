"""How alike translated profiles are to those that RNA-seq measured of the same samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import beta, rankdata

from lacuna.evaluation.bootstrap import CONFIDENCE, bootstrap_weights, intervals, sum_by
from lacuna.vectors import unit_rows

LEFT_BY_ROUNDING = 1e-6  # share of the length of a float32 profile
GENES_AT_ONCE = 512  # in all draws at once
SCORES = ("pearson", "spearman", "rmse")


def pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the correlation of each row with its partner; NaN where a row does not vary."""
    return _cosine(_centred(a), _centred(b))


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the rank correlation of each row with its partner (ties share their mean rank)."""
    return pearson(rankdata(a, axis=1), rankdata(b, axis=1))


def rmse(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the root mean squared difference of each row from its partner."""
    return np.sqrt(((a.astype(np.float64) - b) ** 2).mean(axis=1))


FUNCTIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pearson": pearson,
    "spearman": spearman,
    "rmse": rmse,
}


def compare_rows(
    predicted: np.ndarray, real: np.ndarray, scores: Sequence[str] = SCORES
) -> pd.DataFrame:
    """Compare the rows of two arrays.

    Parameters
    ----------
    predicted, real : arrays of shape (n, m)
        Samples x genes for scores of samples; transposed, for scores of genes.
    scores
        Some of `SCORES`: ranks take longest.

    Returns
    -------
    DataFrame with the scores as columns, one row per row
        Where predicted or real does not vary, correlations are 0: it says nothing.
    """
    return pd.DataFrame({name: np.nan_to_num(FUNCTIONS[name](predicted, real)) for name in scores})


def random_partners(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a partner of another group for each sample, for controls.

    Parameters
    ----------
    group : array of shape (n,)
        Donor or line: a partner of the same one would be no random one.

    Raises
    ------
    ValueError
        If there is one group alone.
    """
    _, number = np.unique(group, return_inverse=True)
    if number.max() == 0:
        raise ValueError("one group has no partner of another")
    partners = np.empty(len(number), dtype=int)
    for row, own in enumerate(number):
        partners[row] = rng.choice(np.flatnonzero(number != own))
    return partners


@dataclass(frozen=True)
class Identification:
    """Whether a translated sample is nearest to its own.

    Attributes
    ----------
    rank : int array of shape (n,)
        The place of the own sample among all, 1 for the nearest.
    own, others : float arrays of shape (n,)
        Correlation with the own sample, and the mean of that with the others.
    """

    rank: np.ndarray
    own: np.ndarray
    others: np.ndarray


def identify(predicted: np.ndarray, real: np.ndarray) -> Identification:
    """Look for each translated sample among the measured ones, each gene centred on both sides.

    Most of a correlation across genes is what all samples share. With every gene centred over the
    samples, of the translated and of the measured ones, what is left tells samples apart.

    Parameters
    ----------
    predicted, real : arrays of shape (n, genes)
        Row i of both is sample i.
    """
    a, b = (unit_rows(_specific(rows.astype(np.float64))) for rows in (predicted, real))
    likeness = a @ b.T
    own = np.diag(likeness)
    # A tie counts against: samples that are all translated alike are not found.
    rank = (likeness >= own[:, None]).sum(axis=1)
    others = (likeness.sum(axis=1) - own) / max(len(own) - 1, 1)
    return Identification(rank, own, others)


def share_of_genes_better(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """Return the share of genes that are predicted better than by another: by each score."""
    return pd.Series(
        {
            name: (
                (ours[name] < theirs[name]) if name == "rmse" else (ours[name] > theirs[name])
            ).mean()
            for name in ours
        }
    )


def with_intervals(
    scores: pd.DataFrame, group: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Average scores over samples, with 95 % intervals over groups of them.

    Parameters
    ----------
    scores
        One row per sample.
    group : array of shape (n,)
        Donor or line of each sample: samples of one are not independent.
    rng
        Draws groups with replacement; streams seeded alike make comparisons paired.

    Returns
    -------
    DataFrame with columns metric, value, low, high
        No interval with fewer than five groups.
    """
    by_group = scores.groupby(np.asarray(group))
    weights = bootstrap_weights(by_group.ngroups, rng)
    sizes = by_group.size().to_numpy()[:, None]
    with np.errstate(invalid="ignore"):
        draws = (weights @ by_group.sum().to_numpy()) / (weights @ sizes)
    return intervals(pd.DataFrame(draws, columns=scores.columns))


def share_with_interval(found: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    """Return the share of samples that were found, with its exact 95 % interval.

    A bootstrap of a share of 0 or 1 has no width, as if nothing could be otherwise. This is the
    interval of Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404, for as many draws
    as there are donors or lines; where a donor gave several samples, it is on the safe side.

    Parameters
    ----------
    found : bool array of shape (n,)
    group : array of shape (n,)
        Donor or line of each sample.

    Returns
    -------
    DataFrame with columns metric ("identified"), value, low, high
    """
    share, draws = float(np.mean(found)), len(np.unique(group))
    hits, tail = share * draws, (1 - CONFIDENCE) / 2
    low = beta.ppf(tail, hits, draws - hits + 1) if share > 0 else 0.0
    high = beta.isf(tail, hits + 1, draws - hits) if share < 1 else 1.0
    return pd.DataFrame({"metric": ["identified"], "value": share, "low": low, "high": high})


def gene_scores_with_intervals(
    predicted: np.ndarray,
    real: np.ndarray,
    group: np.ndarray,
    kinds: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Average the gene-wise scores over genes, with 95 % intervals over groups of samples.

    Pearson and RMSE of each gene are computed anew in every draw, from sums over groups.

    Parameters
    ----------
    predicted, real : arrays of shape (n, genes)
    group : array of shape (n,)
        Donor or line of each sample.
    kinds
        By name, positions of genes to average over.
    rng
        Draws groups.

    Returns
    -------
    dict of DataFrames with columns metric ("pearson", "rmse"), value, low, high
    """
    _, number = np.unique(group, return_inverse=True)
    weights = bootstrap_weights(number.max() + 1, rng)
    member = np.zeros((predicted.shape[1], len(kinds)))
    for column, genes in enumerate(kinds.values()):
        member[genes, column] = 1 / len(genes)
    scores = np.zeros((2, len(weights), len(kinds)))
    for first in range(0, predicted.shape[1], GENES_AT_ONCE):
        block = slice(first, first + GENES_AT_ONCE)
        scores += _gene_scores(predicted[:, block], real[:, block], number, weights) @ member[block]
    return {
        kind: intervals(pd.DataFrame(scores[:, :, column].T, columns=["pearson", "rmse"]))
        for column, kind in enumerate(kinds)
    }


def _gene_scores(
    predicted: np.ndarray, real: np.ndarray, number: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return Pearson and RMSE of some genes in each draw of groups, shape (2, draws, genes)."""
    groups = weights.shape[1]
    a, b = predicted.astype(np.float64), real.astype(np.float64)
    # Centred on the whole first, so that differences of large sums lose no digits.
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    size = weights @ np.bincount(number, minlength=groups)
    x_mean, y_mean, xx, yy, xy, error = (
        weights @ sum_by(number, rows, groups) / size[:, None]
        for rows in (x, y, x**2, y**2, x * y, (a - b) ** 2)
    )
    variance = np.maximum(xx - x_mean**2, 0) * np.maximum(yy - y_mean**2, 0)
    varies = variance > LEFT_BY_ROUNDING**2 * np.square(a).mean(axis=0) * yy
    r = np.divide(xy - x_mean * y_mean, np.sqrt(variance), out=np.zeros_like(xy), where=varies)
    r[np.isnan(size)] = np.nan
    return np.stack([r, np.sqrt(error)])


def _specific(rows: np.ndarray) -> np.ndarray:
    """Centre genes, then samples; what rounding leaves of samples that are all alike is nothing."""
    left = _centred(rows - rows.mean(axis=0))
    length, before = (np.linalg.norm(part, axis=1, keepdims=True) for part in (left, rows))
    return np.where(length > LEFT_BY_ROUNDING * before, left, 0.0)


def _centred(rows: np.ndarray) -> np.ndarray:
    wide = rows.astype(np.float64)
    return wide - wide.mean(axis=1, keepdims=True)


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length > 0, (a * b).sum(axis=1) / length, np.nan)
