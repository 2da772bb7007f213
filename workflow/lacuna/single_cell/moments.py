"""Means and variances of groups of observations, read once, in blocks."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.single_cell.interface import Observations
from lacuna.single_cell.observations import blocks_of


class Sums(NamedTuple):
    """What observations of each group add up to.

    Attributes
    ----------
    size : int array of shape (groups,)
    total, squares : float64 arrays of shape (groups, genes)
    """

    size: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Means of groups, float64 of shape (groups, genes); NaN of an empty group."""
        with np.errstate(invalid="ignore"):
            return self.total / self.size[:, None]

    @property
    def variance(self) -> np.ndarray:
        """Variances, float64 of shape (groups, genes), of the observations as a population."""
        with np.errstate(invalid="ignore"):
            return np.maximum(self.squares / self.size[:, None] - self.mean**2, 0.0)

    def joined(self, number: np.ndarray, groups: int) -> "Sums":
        """Join groups: `number` is the new group of each."""
        join = _indicator(number, groups)
        return Sums(
            np.bincount(number, self.size, groups).astype(int),
            join @ self.total,
            join @ self.squares,
        )


def sum_groups(
    observations: Observations,
    positions: np.ndarray,
    number: np.ndarray,
    groups: int,
    genes: pd.Index | None = None,
) -> Sums:
    """Add up observations by group.

    Parameters
    ----------
    observations
        In memory, or in a file that is read in blocks.
    positions : int array of shape (n,)
        Of the observations.
    number : int array of shape (n,)
        The group of each, below `groups`.
    groups
        How many there are; one may be empty.
    genes
        As `Observations.rows` has them.
    """
    order = np.argsort(positions, kind="stable")
    number = np.asarray(number)[order]
    shape = groups, len(observations.genes if genes is None else genes)
    total, squares = np.zeros(shape), np.zeros(shape)
    done = 0
    for chosen, rows in blocks_of(observations, positions, genes):
        here, at = np.unique(number[done : done + len(chosen)], return_inverse=True)
        join = _indicator(at, len(here))
        values = rows.astype(np.float64)
        total[here] += join @ values
        squares[here] += join @ np.square(values, out=values)
        done += len(chosen)
    return Sums(np.bincount(number, minlength=groups), total, squares)


def _indicator(number: np.ndarray, groups: int) -> sparse.csr_matrix:
    """Return a matrix of shape (groups, n) with 1 where a column is of a group."""
    ones = np.ones(len(number))
    return sparse.csr_matrix((ones, (number, np.arange(len(number)))), shape=(groups, len(number)))
