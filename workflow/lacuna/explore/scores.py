"""Connectivity of a query with profiles: weighted enrichment, its norm within cells, and cosines.

With r_1 >= r_2 >= ... the values of a profile, S the k of its G genes that a set has, and
N = sum over S of |r_i|,

    ES = the extreme over i of  (sum over S up to i of |r_j|) / N  -  (others up to i) / (G - k)
    w  = (ES(up) - ES(down)) / 2  where the signs of both differ, else 0

Source: Subramanian et al. 2017, Cell 171:1437, doi:10.1016/j.cell.2017.10.049; the enrichment is
that of Subramanian et al. 2005, doi:10.1073/pnas.0506580102, with weights of exponent 1.
"""

from collections.abc import Sequence

import numpy as np

from lacuna.vectors import slices

AT_ONCE = 1024  # profiles of a block, whose sorted hits stay in the processor's cache
# So many more scores of the usual level draw the mean within a cell towards it.
PULL = 5
RANK_BITS = np.uint64(32)

Genes = Sequence[int] | np.ndarray


def enrichment(units: np.ndarray, ranks: np.ndarray, genes: Genes) -> np.ndarray:
    """Return the weighted enrichment of a set of genes in profiles.

    Parameters
    ----------
    units : float32 array of shape (genes, profiles)
    ranks : uint16 array of the same shape
        The place of each gene in its profile, 0 for the highest value.
    genes
        Positions of the set's genes, each once, at least one.

    Returns
    -------
    float32 array of shape (profiles,)
        Between -1 and 1; 0 in a profile where all genes of the set are 0.
    """
    count, positions = len(genes), np.asarray(genes)
    others = max(len(units) - count, 1)  # a set of all genes has none
    before = np.arange(count, dtype=np.float32)
    found = np.empty(units.shape[1], np.float32)
    for rows in slices(units.shape[1], AT_ONCE):
        # A rank and its weight in one number, so that one plain sort orders both.
        packed = ranks[positions, rows].astype(np.uint64) << RANK_BITS
        packed |= np.abs(units[positions, rows]).view(np.uint32)
        packed = np.ascontiguousarray(packed.T)
        packed.sort(axis=1)
        weight = packed.astype(np.uint32).view(np.float32)  # the lower half
        missed = ((packed >> RANK_BITS).astype(np.float32) - before) / np.float32(others)
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        after = np.cumsum(share, axis=1, out=weight) - missed
        top, bottom = after.max(axis=1), (after - share).min(axis=1)
        extreme = np.where(top >= -bottom, top, bottom)
        found[rows] = np.where(total[:, 0] > 0, extreme, 0)
    return found


def connect(up: np.ndarray | None, down: np.ndarray | None) -> np.ndarray:
    """Return the weighted connectivity score from the enrichment of both sets.

    Parameters
    ----------
    up, down : float array, or None
        Enrichment; None where the query has no such genes: then that of the other set counts,
        with its sign turned for genes that go down.

    Raises
    ------
    ValueError
        If there is neither.
    """
    if up is None and down is None:
        raise ValueError("a query without genes has no score")
    if down is None:
        assert up is not None
        return up
    if up is None:
        return -down
    return np.where(np.sign(up) != np.sign(down), (up - down) / 2, 0).astype(up.dtype)


def signed_set(genes: int, up: Genes, down: Genes) -> np.ndarray:
    """Return sets as a vector of length 1: equal values up, equal ones down, 0 elsewhere."""
    vector = np.zeros(genes, np.float32)
    vector[np.asarray(up, int)], vector[np.asarray(down, int)] = 1, -1
    return vector / np.float32(np.sqrt(max(len(up) + len(down), 1)))


def normalise(
    scores: np.ndarray, stratum: np.ndarray, usual: np.ndarray, pull: float = PULL
) -> np.ndarray:
    """Divide scores by the mean of those of their sign in the same cell and source.

    Parameters
    ----------
    scores : array of shape (queries, profiles)
        NaN where a profile is not to count.
    stratum : int array of shape (profiles,)
        The cell and source of each profile.
    usual : array of shape (2, strata)
        The usual level of positive and of negative scores in each stratum, see `usual_levels`.
    pull
        As if so many more scores of the usual level stood in each stratum: a single score of its
        sign would be divided by itself.

    Returns
    -------
    float32 array of shape (queries, profiles)
        Of the scores' sign; 0 where they are 0.
    """
    found = np.zeros(scores.shape, np.float32)
    for level, sign in zip(usual, (1, -1), strict=True):
        sums, counts = _by_stratum(scores, sign, stratum, len(level))
        expected = _overall(sums, counts, level)[:, None] * level
        mean = (sums + pull * expected) / np.maximum(counts + pull, 1)
        here = mean[:, stratum]
        mask = (scores * sign > 0) & (here > 0)
        np.divide(scores, here, out=found, where=mask, casting="same_kind")
    found[np.isnan(scores)] = np.nan
    return found


def usual_levels(scores: np.ndarray, stratum: np.ndarray, strata: int) -> np.ndarray:
    """Return how high positive and negative scores of queries are in each stratum, as factors.

    The mean |score| of query q in stratum g is taken to be a_q b_g; returned is b, found by
    alternating between both three times.

    Parameters
    ----------
    scores : array of shape (queries, profiles)
        NaN where a profile is not to count.
    stratum : int array of shape (profiles,)
    strata
        How many there are.

    Returns
    -------
    float64 array of shape (2, strata)
        Of positive and of negative scores; 1 where there are none.
    """
    levels = np.ones((2, strata))
    for level, sign in zip(levels, (1, -1), strict=True):
        sums, counts = _by_stratum(scores, sign, stratum, strata)
        for _ in range(3):
            expected = (counts * _overall(sums, counts, level)[:, None]).sum(axis=0)
            np.divide(sums.sum(axis=0), expected, out=level, where=expected > 0)
    return levels


def _by_stratum(
    scores: np.ndarray, sign: int, stratum: np.ndarray, strata: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of the |scores| of a sign, of shape (queries, strata)."""
    sums, counts = np.zeros((2, len(scores), strata))
    for query, row in enumerate(scores * sign):
        rows = np.flatnonzero(row > 0)  # no NaN
        sums[query] = np.bincount(stratum[rows], row[rows], strata)
        counts[query] = np.bincount(stratum[rows], minlength=strata)
    return sums, counts


def _overall(sums: np.ndarray, counts: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the level of each query over all strata, shape (queries,)."""
    weight = counts @ level
    return np.divide(sums.sum(axis=1), weight, out=np.zeros(len(sums)), where=weight > 0)
