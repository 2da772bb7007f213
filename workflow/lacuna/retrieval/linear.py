"""Linear maps of rows, and the moments of matched sides from which they follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg

from lacuna.retrieval.interface import Pairs, State

ROWS_AT_ONCE = 2048  # rows that are widened to float64 at a time
# A spread below this share of the values themselves is rounding: what has it is constant.
ROUNDING = 1e-10


def blocks(rows: int, size: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Divide rows into slices."""
    for first in range(0, rows, size):
        yield slice(first, min(first + size, rows))


@dataclass(frozen=True)
class Linear:
    """(rows - mean) @ weights + shift.

    Attributes
    ----------
    mean : array of shape (inputs,)
    weights : array of shape (inputs, outputs)
    shift : array of shape (outputs,)
    """

    mean: np.ndarray
    weights: np.ndarray
    shift: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Map rows, a block at a time, to float64 of shape (n, outputs)."""
        mapped = np.empty((len(rows), self.weights.shape[1]))
        for block in blocks(len(rows)):
            mapped[block] = (rows[block].astype(np.float64) - self.mean) @ self.weights
        return mapped + self.shift

    @property
    def shape(self) -> tuple[int, int]:
        """The widths of what goes in and comes out."""
        return self.weights.shape[0], self.weights.shape[1]

    def state(self, side: str) -> State:
        """Return its arrays, named by a side."""
        return {
            f"{side}_mean": self.mean,
            f"{side}_weights": self.weights,
            f"{side}_shift": self.shift,
        }

    @classmethod
    def of(cls, state: State, side: str) -> "Linear":
        """Make it of its arrays."""
        return cls(*(state[f"{side}_{part}"] for part in ("mean", "weights", "shift")))


@dataclass(frozen=True)
class Moments:
    """Means and covariances of matched sides, without a molecule's vector repeated for each well.

    The sum over wells of x z' is the sum over molecules of (sum of its x) z', and that of z z' is
    the sum over molecules of (number of its wells) z z'.

    Attributes
    ----------
    pairs : Pairs
    by_well : bool
        Whether each well weighs the same, or each molecule, with the mean of its wells.
    """

    pairs: Pairs
    by_well: bool = True

    @cached_property
    def weight(self) -> np.ndarray:
        """Weight of each molecule; they sum to 1."""
        wells = np.bincount(self.pairs.molecule, minlength=len(self.pairs.vectors))
        weight = wells if self.by_well else (wells > 0)
        return weight / weight.sum()

    @cached_property
    def _molecule_means(self) -> np.ndarray:
        return self.pairs.means()

    @cached_property
    def profile_mean(self) -> np.ndarray:
        """Mean profile, shape (features,)."""
        return self.weight @ self._molecule_means

    @cached_property
    def vector_mean(self) -> np.ndarray:
        """Mean vector, shape (dimensions,)."""
        return self.weight @ self.pairs.vectors.astype(np.float64)

    @cached_property
    def _centred_vectors(self) -> np.ndarray:
        return self.pairs.vectors.astype(np.float64) - self.vector_mean

    def cross(self) -> np.ndarray:
        """Return the covariance of profiles with vectors, shape (features, dimensions)."""
        centred = (self._molecule_means - self.profile_mean) * self.weight[:, None]
        return centred.T @ self._centred_vectors

    def of_vectors(self) -> np.ndarray:
        """Return the covariance of vectors, shape (dimensions, dimensions)."""
        rows = self._centred_vectors * np.sqrt(self.weight)[:, None]
        return rows.T @ rows

    def of_profiles(self) -> np.ndarray:
        """Return the covariance of profiles, shape (features, features)."""
        if not self.by_well:
            rows = (self._molecule_means - self.profile_mean) * np.sqrt(self.weight)[:, None]
            return rows.T @ rows
        features = self.pairs.profiles.shape[1]
        total = np.zeros((features, features))
        for block in blocks(len(self.pairs.profiles)):
            rows = self.pairs.profiles[block].astype(np.float64) - self.profile_mean
            total += rows.T @ rows  # of a matrix with itself: half the work of others
        return total / len(self.pairs.profiles)


class RidgePath:
    """Ridge regressions of all penalties from one decomposition (Hoerl and Kennard 1970).

    Parameters
    ----------
    covariance : array of shape (inputs, inputs)
    cross : array of shape (inputs, outputs)
        Covariance of inputs with outputs.
    """

    def __init__(self, covariance: np.ndarray, cross: np.ndarray):
        values, self.basis = linalg.eigh(covariance)
        self.values = np.maximum(values, 0)
        self.unit = self.values.mean() if self.values.any() else 1.0
        self.turned = self.basis.T @ cross

    def weights(self, penalty: float) -> np.ndarray:
        """Return weights, shape (inputs, outputs); the penalty is in units of the mean variance.

        Directions without variance have no weight.
        """
        shrunk = self.values + penalty * self.unit
        kept = self.values > ROUNDING * self.values.max(initial=0)
        inverse = np.divide(1, shrunk, out=np.zeros_like(shrunk), where=kept)
        return (self.basis * inverse) @ self.turned
