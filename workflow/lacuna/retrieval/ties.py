"""What is found where several candidates are equally near: the mean over all orders of theirs."""

import numpy as np
from scipy.special import digamma, gammaln

from lacuna.retrieval.ranks import Found


def share_within(found: Found, places: np.ndarray | int) -> np.ndarray:
    """Return how likely each query's first hit is to be within so many places.

    Without ties it is or is not: 1 or 0. Over all orders of t that are tied, h hits among them, it
    is 1 - C(t - k, h) / C(t, h), so k / t with one hit, where k = places - nearer lies from 0 to t.
    So ties are judged without drawing (McSherry and Najork 2008,
    doi:10.1007/978-3-540-78646-7_38): what is all tied scores what chance does, not more.

    Parameters
    ----------
    found
        What was found of k queries.
    places : int, or int array that broadcasts against shape (k,)
    """
    tied, hits = found.tied.astype(float), found.tied_hits.astype(float)
    behind = tied - np.clip(places - found.nearer, 0, tied)  # tied ones after the last place
    log_missed = gammaln(behind + 1) - gammaln(behind - hits + 1)
    log_missed = log_missed + gammaln(tied - hits + 1) - gammaln(tied + 1)
    # with fewer behind than hits, the logarithm is -inf: one hit at least is not behind
    return 1 - np.where(hits == 1, behind / tied, np.exp(np.minimum(log_missed, 0)))


def reciprocal_rank(found: Found) -> np.ndarray:
    """Return the reciprocal rank of each query's first hit, its mean over all orders of ties.

    Without ties, 1 / rank. With t tied and one hit among them, (H(nearer + t) - H(nearer)) / t,
    where H(n) = 1 + 1/2 + ... + 1/n.
    """
    nearer, tied = found.nearer.astype(float), found.tied.astype(float)
    harmonic = (digamma(nearer + tied + 1) - digamma(nearer + 1)) / tied
    value = np.where(tied == 1, 1 / (nearer + 1), harmonic)
    several = np.flatnonzero(found.tied_hits > 1)
    cases = np.stack([found.nearer, found.tied, found.tied_hits])[:, several]
    distinct, case = np.unique(cases, axis=1, return_inverse=True)
    of_case = np.empty(distinct.shape[1])
    for number, (before, together, hits) in enumerate(distinct.T):
        chances = first_hit(together, hits)
        of_case[number] = (chances / (before + np.arange(1, len(chances) + 1))).sum()
    value[several] = of_case[case.ravel()]
    return value


def first_hit(library: int, hits: int) -> np.ndarray:
    """Return how likely the first of some hits is to be at place 1, 2, ... in an order at random.

    P(R > r) = C(m - r, h) / C(m, h) for h hits among m.

    Returns
    -------
    float64 array of shape (library - hits + 1,)
    """
    left = library - np.arange(library - hits + 1)  # at this place and behind it
    not_before = np.concatenate([[1.0], np.cumprod(1 - hits / left[:-1])])
    return not_before * hits / left
