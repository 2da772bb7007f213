"""Distances between rows of two arrays, and which row is nearest."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from lacuna.errors import LacunaError
from lacuna.vectors import unit_rows

Measure = Literal["correlation", "cosine", "euclidean", "jaccard"]
ENTRIES = 1 << 22  # distances that are held in float64 at a time: 32 MB
OTHERS = 4096  # rows that are searched for the nearest at a time
# Share of a row's length: a deviation from its mean below it is rounding of float32.
LEFT_BY_ROUNDING = 1e-6


def distances_between(rows: np.ndarray, others: np.ndarray, measure: Measure) -> np.ndarray:
    """Return the distance from each row to each other row.

    Correlation and cosine: 1 - r, from 0 to 2; 1 where a row does not vary (correlation) or is
    zero (cosine), as for unrelated rows. Jaccard of bits: 1 - shared / either, which is 1 -
    Tanimoto similarity; 0 between rows without a bit.

    Parameters
    ----------
    rows, others : arrays of shape (n, p) and (m, p)
        Fingerprints of 0 and 1 for Jaccard.

    Returns
    -------
    float64 array of shape (n, m)
        Finite.

    Raises
    ------
    LacunaError
        If the widths differ, a value is not finite, or a fingerprint holds other than 0 and 1.
    """
    for block in (rows, others):
        _check(block, rows.shape[1], measure)
    a, b = _prepare(rows, measure), _prepare(others, measure)
    return _distance(a @ b.T, (a**2).sum(axis=1)[:, None], (b**2).sum(axis=1), measure)


def distances_of_pairs(rows: np.ndarray, others: np.ndarray, measure: Measure) -> np.ndarray:
    """Return the distance of each row from its partner, float64 of shape (n,).

    Parameters
    ----------
    rows, others : arrays of shape (n, p)
    measure
        See `distances_between`.
    """
    for block in (rows, others):
        _check(block, rows.shape[1], measure)
    a, b = _prepare(rows, measure), _prepare(others, measure)
    return _distance((a * b).sum(axis=1), (a**2).sum(axis=1), (b**2).sum(axis=1), measure)


def nearest(
    rows: np.ndarray, others: np.ndarray, measure: Measure
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each row is from the nearest other row, and which that is.

    Parameters
    ----------
    rows, others, measure
        See `distances_between`; at least one other row.

    Returns
    -------
    distance : float64 array of shape (n,)
    position : int array of shape (n,)
        Of rows that are equally near, the first.

    Raises
    ------
    LacunaError
        As `distances_between` does, or if there is no other row.
    """
    if not len(others):
        raise LacunaError("retrieval: nothing to be near to; expected a training row at least.")
    distance, position = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=int)
    for mine in blocks_of_rows(len(rows), min(len(others), OTHERS)):
        for first in range(0, len(others), OTHERS):
            between = distances_between(rows[mine], others[first : first + OTHERS], measure)
            best = between.argmin(axis=1)
            least = between[np.arange(len(between)), best]
            nearer = least < distance[mine]
            distance[mine] = np.where(nearer, least, distance[mine])
            position[mine] = np.where(nearer, best + first, position[mine])
    return distance, position


def blocks_of_rows(rows: int, columns: int) -> Iterator[slice]:
    """Divide the rows of a matrix so that no block has more than `ENTRIES`."""
    step = max(ENTRIES // max(columns, 1), 1)
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def _prepare(rows: np.ndarray, measure: Measure) -> np.ndarray:
    wide = rows.astype(np.float64)
    if measure == "correlation":
        left = wide - wide.mean(axis=1, keepdims=True)
        length, before = (np.linalg.norm(part, axis=1, keepdims=True) for part in (left, wide))
        wide = np.where(length > LEFT_BY_ROUNDING * before, left, 0.0)
    return unit_rows(wide) if measure in ("correlation", "cosine") else wide


def _distance(
    shared: np.ndarray, squares: np.ndarray, other_squares: np.ndarray, measure: Measure
) -> np.ndarray:
    """Return distances from the products of prepared rows, and of each with itself."""
    if measure == "euclidean":
        return np.sqrt(np.maximum(squares + other_squares - 2 * shared, 0))
    if measure == "jaccard":
        either = squares + other_squares - shared
        return 1 - np.divide(shared, either, out=np.ones_like(shared), where=either > 0)
    return np.clip(1 - shared, 0, 2)


def _check(rows: np.ndarray, width: int, measure: Measure) -> None:
    if rows.ndim != 2 or rows.shape[1] != width:
        raise LacunaError(
            f"retrieval: rows of shape {rows.shape} are compared with rows of {width} columns; "
            "expected equal widths. Take both from the same block or embedding."
        )
    faulty = ~np.isfinite(rows).all(axis=1)
    if faulty.any():
        raise LacunaError(
            f"retrieval: row {np.argmax(faulty)} of what is compared by {measure} has a value that "
            "is not finite. Leave the row out."
        )
    if measure == "jaccard" and not ((rows == 0) | (rows == 1)).all():
        raise LacunaError(
            "retrieval: fingerprints compared by jaccard hold other values than 0 and 1; compare "
            "them by correlation."
        )
