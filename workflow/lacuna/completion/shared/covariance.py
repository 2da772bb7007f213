"""The Gaussian process of the method Kernel: its covariance, and what it predicts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.error_scale import LEAST_SQUARE
from lacuna.completion.shared.shrinkage import best_predictors
from lacuna.completion.shared.similarity import baseline_similarity, response_similarity
from lacuna.structures.fingerprints import structure_similarity
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

# The weight of each term of the covariance before it is tuned.
PRIOR_WEIGHTS = {
    "same drug": 0.2,
    "same drug, similar cell": 0.2,
    "similar drug": 0.1,
    "similar drug, same cell": 0.3,
    "similar drug, similar cell": 0.2,
    "very similar drug, same cell": 0.1,
    "same cell": 0.02,
    "like structure": 0.1,
    "like structure, same cell": 0.1,
    "same drug, like baseline": 0.1,
    "similar drug, like baseline": 0.1,
    "noise": 0.5,
    "noise of few replicates": 0.2,
}
MIN_VARIANCE = 1e-9
BATCH = 256  # pairs predicted at once, which bounds the memory
PROFILES_AT_ONCE = 16_384  # of a copy
COVARIANCES_AT_ONCE = 1 << 20  # of pairs with all profiles, a dozen arrays of which are held


@dataclass(frozen=True)
class SideSimilarities:
    """Similarities that need no profile; None where there is nothing to compute them from.

    Attributes
    ----------
    structure : float32 array of shape (drugs, drugs), or None
    baseline : float32 array of shape (cells, cells), or None
    """

    structure: np.ndarray | None
    baseline: np.ndarray | None

    @classmethod
    def compute(cls, side: SideInformation) -> "SideSimilarities":
        return cls(
            None if side.smiles is None else structure_similarity(side.smiles),
            None if side.baseline is None else baseline_similarity(side.baseline),
        )


@dataclass(frozen=True)
class Subspace:
    """Directions of expression in which the covariance has the same weights.

    Attributes
    ----------
    directions : float32 array of shape (genes, k), orthonormal
    weights : array of shape (terms,)
    variance : float
        Factor from the process's variance to the mean variance of a profile's entry.
    slopes : float32 array of shape (k,)
        What the prediction in each direction is multiplied by.
    """

    directions: np.ndarray
    weights: np.ndarray
    variance: float
    slopes: np.ndarray


@dataclass(frozen=True)
class NeighbourCovariances:
    """Each term of the covariance, of pairs to predict and the profiles they are predicted from.

    Attributes
    ----------
    index : int array of shape (pairs, m)
        The profiles that each pair conditions on, its neighbours.
    to_pair : float32 array of shape (terms, pairs, m)
        Covariances between neighbours and pair; 0 for the terms of the noise.
    among : float32 array of shape (terms, pairs, m, m)
        Covariances among the neighbours, noise included.
    """

    index: np.ndarray
    to_pair: np.ndarray
    among: np.ndarray

    @classmethod
    def join(cls, parts: list["NeighbourCovariances"]) -> "NeighbourCovariances":
        """Put covariances with as many neighbours below each other; indices stay as they are."""
        return cls(
            np.concatenate([part.index for part in parts]),
            np.concatenate([part.to_pair for part in parts], axis=1),
            np.concatenate([part.among for part in parts], axis=1),
        )

    def condition(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Condition the process on the neighbours.

        With k the covariances to the pair, K those among the neighbours, and k0 the pair's own
        variance, the prediction is s' y with s = K^-1 k, and its variance k0 - s' k.

        Returns
        -------
        shares : array of shape (pairs, m)
            s: the weight of each neighbour's profile in the prediction.
        variance : array of shape (pairs,)
        """
        weights = weights.astype(np.float32)
        to_pair = np.tensordot(weights, self.to_pair, 1)
        shares = solve(np.tensordot(weights, self.among, 1), to_pair)
        # Every term is 1 of a pair with itself, so that its own variance is the sum of weights.
        own = weights.sum()
        return shares, np.maximum(own - (shares * to_pair).sum(axis=1), MIN_VARIANCE)


class GaussianProcess:
    """A Gaussian process over (drug, cell) pairs, given the training profiles.

    Attributes
    ----------
    mean : float32 array of shape (cells, genes)
        Each cell's mean profile, shrunk towards the mean of all.
    neighbours : int
        How many profiles a prediction conditions on, at most.
    terms : list of str
        The terms of the covariance, without those of structure or of baseline expression where
        these are not known.
    """

    def __init__(self, observed: ProfileSet, side: SideSimilarities, neighbours: int):
        self._observed, self.neighbours = observed, neighbours
        overall = observed.profiles.mean(axis=0, dtype=np.float64)
        cell_effect = best_predictors(
            observed.profiles - overall, observed.cell, len(observed.cells)
        )
        self.mean = (overall + cell_effect).astype(np.float32)
        drug, cell, measured = observed.drug, observed.cell, observed.measured
        self._drugs = response_similarity(self.residual, drug, cell, measured)
        self._cells = response_similarity(self.residual, cell, drug, measured.T)
        self._side, self._replicate_noise = side, replicate_noise(observed)
        self.terms = [
            term
            for term in PRIOR_WEIGHTS
            if not (side.structure is None and "structure" in term)
            and not (side.baseline is None and "baseline" in term)
        ]

    @property
    def prior_weights(self) -> np.ndarray:
        """The weights of the terms before tuning, shape (terms,)."""
        return np.array([PRIOR_WEIGHTS[term] for term in self.terms])

    def residual(self, index: np.ndarray | None = None) -> np.ndarray:
        """Return training profiles less the means of their cells; all of them by default.

        They are not kept: at the size of today's LINCS they are as large as the profiles.
        """
        profiles, cell = self._observed.profiles, self._observed.cell
        if index is not None:
            return profiles[index] - self.mean[cell[index]]
        residual = np.empty(profiles.shape, dtype=np.result_type(profiles, self.mean))
        for rows in slices(len(profiles), PROFILES_AT_ONCE):
            residual[rows] = profiles[rows] - self.mean[cell[rows]]
        return residual

    def untuned(self) -> Subspace:
        """Return all directions with the prior weights, for where there is nothing to tune on."""
        weights, genes = self.prior_weights, self.mean.shape[1]
        variance = float(np.mean(self.residual() ** 2, dtype=np.float64))
        if variance < LEAST_SQUARE:  # single profiles: nothing says how others differ
            variance = float(np.mean(self._observed.profiles**2, dtype=np.float64))
        directions, slopes = np.eye(genes, dtype=np.float32), np.ones(genes, dtype=np.float32)
        return Subspace(directions, weights, variance / weights.sum(), slopes)

    def nearest(self, pairs: np.ndarray) -> NeighbourCovariances:
        """Return the profiles that covary most, by the prior weights, with each pair."""
        index = self._find_nearest(pairs)
        drug, cell = self._observed.drug[index], self._observed.cell[index]
        to_pair = [
            values for _, values in self._covariances(pairs[:, :1], pairs[:, 1:], drug, cell)
        ]
        row, column = (slice(None), slice(None), None), (slice(None), None, slice(None))
        among = [
            values
            for _, values in self._covariances(drug[row], cell[row], drug[column], cell[column])
        ]
        identity = np.broadcast_to(np.eye(index.shape[1], dtype=np.float32), among[0].shape)
        none = np.zeros_like(to_pair[0])
        return NeighbourCovariances(
            index,
            np.stack([*to_pair, none, none]),
            np.stack([*among, identity, identity * self._replicate_noise[index][:, None, :]]),
        )

    def _find_nearest(self, pairs: np.ndarray) -> np.ndarray:
        drug, cell = self._observed.drug, self._observed.cell
        count = min(self.neighbours, len(drug))
        index = np.empty((len(pairs), count), dtype=np.intp)
        for rows in slices(len(pairs), max(1, COVARIANCES_AT_ONCE // len(drug))):
            here, there = pairs[rows, :1], pairs[rows, 1:]
            covariance = np.zeros((len(here), len(drug)), dtype=np.float32)
            for term, values in self._covariances(here, there, drug[None], cell[None]):
                covariance += np.float32(PRIOR_WEIGHTS[term]) * values
            index[rows] = np.argpartition(-covariance, count - 1, axis=1)[:, :count]
        return index

    def predict(
        self, pairs: np.ndarray, subspaces: list[Subspace]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how each pair's profile differs from its cell's mean, and the variance of that.

        Returns
        -------
        change : float32 array of shape (pairs, genes)
        variance : array of shape (pairs,)
        """
        change = np.zeros((len(pairs), self.mean.shape[1]), dtype=np.float32)
        variance = np.zeros(len(pairs))
        for start in range(0, len(pairs), BATCH):
            rows = slice(start, start + BATCH)
            near = self.nearest(pairs[rows])
            of_neighbours = self.residual(near.index)
            for subspace in subspaces:
                shares, relative = near.condition(subspace.weights)
                combined = np.einsum("bm,bmg->bg", shares, of_neighbours)
                score = combined @ subspace.directions * subspace.slopes
                change[rows] += score @ subspace.directions.T
                variance[rows] += subspace.variance * relative
        return change, variance

    def _covariances(
        self, drug: np.ndarray, cell: np.ndarray, other_drug: np.ndarray, other_cell: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each term but the noise, in the order of `terms`, of pairs and other pairs."""
        same_drug = (drug == other_drug).astype(np.float32)
        same_cell = (cell == other_cell).astype(np.float32)
        similar_drug = self._drugs[drug, other_drug]
        similar_cell = self._cells[cell, other_cell]
        yield "same drug", same_drug
        yield "same drug, similar cell", same_drug * similar_cell
        yield "similar drug", similar_drug
        yield "similar drug, same cell", similar_drug * same_cell
        yield "similar drug, similar cell", similar_drug * similar_cell
        yield "very similar drug, same cell", similar_drug**3 * same_cell
        yield "same cell", same_cell
        if self._side.structure is not None:
            like_structure = self._side.structure[drug, other_drug] ** 2
            yield "like structure", like_structure
            yield "like structure, same cell", like_structure * same_cell
        if self._side.baseline is not None:
            like_baseline = self._side.baseline[cell, other_cell]
            yield "same drug, like baseline", same_drug * like_baseline
            yield "similar drug, like baseline", similar_drug * like_baseline


def replicate_noise(observed: ProfileSet) -> np.ndarray:
    """Return 1 / replicates of each profile, on average 1; 1 where replicates are not known."""
    if observed.reliability is None:
        return np.ones(len(observed), dtype=np.float32)
    replicates = observed.reliability["replicates"].to_numpy(dtype=float)
    noise = np.divide(1, replicates, out=np.full(len(observed), np.nan), where=replicates > 0)
    is_known = np.isfinite(noise)
    noise = np.where(is_known, noise, np.nanmean(noise) if is_known.any() else 1)
    return (noise / noise.mean()).astype(np.float32)


def solve(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve one system of equations per row: matrices (n, m, m), right (n, m)."""
    return np.linalg.solve(matrices, right[:, :, None])[:, :, 0]
