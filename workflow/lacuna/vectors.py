"""Arithmetic on the rows of matrices: unit length, and means by group."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

ROUNDING = 1e-4  # how far from 1 the length of a unit row of float32 may be


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale every row to unit length; rows of zeros stay zero.

    Parameters
    ----------
    rows : float array of shape (n, genes)

    Returns
    -------
    array of the same shape and type
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def as_unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale rows to unit length; rows that all have it already, or are zero, are given back.

    So profiles that are of unit length by definition stay what they are, to the last bit.
    """
    return rows if are_unit(rows) else unit_rows(rows)


def are_unit(rows: np.ndarray) -> bool:
    """Tell whether all rows have unit length, or are zero."""
    length = np.linalg.norm(rows, axis=1)
    return bool(((np.abs(length - 1) <= ROUNDING) | (length == 0)).all())


def slices(count: int, at_once: int) -> Iterator[slice]:
    """Cut so many rows into parts of `at_once`, the last of which may have fewer."""
    for start in range(0, count, at_once):
        yield slice(start, min(start + at_once, count))


def mean_by(group: np.ndarray, groups: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the rows of each group.

    Parameters
    ----------
    group : int array of shape (n,)
        The group of each row, from 0 on.
    groups
        The number of groups.
    rows : array of shape (n, genes)

    Returns
    -------
    means : float64 array of shape (groups, genes)
        Zeros for a group without rows.
    size : int array of shape (groups,)
        The number of rows of each group.
    """
    members = sparse.csr_array(
        (np.ones(len(group)), (group, np.arange(len(group)))), shape=(groups, len(group))
    )
    size = np.bincount(group, minlength=groups)
    return (members @ rows) / np.maximum(size, 1)[:, None], size
