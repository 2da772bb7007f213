"""Drugs that act alike, and what they predict for each other.

Neighbours of cells are those of drugs on a grid whose axes are exchanged, see `exchange_axes`.
"""

import numpy as np

from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by


def exchange_axes(observed: ProfileSet) -> ProfileSet:
    """Return the same profiles with cells as drugs and drugs as cells."""
    return ProfileSet(
        observed.profiles,
        observed.cell,
        observed.drug,
        observed.cells,
        observed.drugs,
        observed.genes,
        observed.reliability,
    )


class Neighbours:
    """Predicts the mean of the nearest drugs measured in a cell, weighted by similarity.

    Where no drug of the cell resembles the wanted one, the cell's mean stands instead, a fallback.
    (The authors' code falls back on a mean that already holds imputed profiles.)

    Parameters
    ----------
    observed
        The training profiles.
    neighbours
        How many drugs are averaged.
    """

    def __init__(self, observed: ProfileSet, neighbours: int):
        self._observed, self._neighbours = observed, neighbours
        self._similarity = drug_similarity(observed)
        self._means, _ = observed.mean_by_cell()

    def predict(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predict (drug, cell) pairs.

        Parameters
        ----------
        pairs : int array of shape (n, 2)

        Returns
        -------
        profiles : float32 array of shape (n, genes)
        fallback : bool array of shape (n,)
        """
        observed = self._observed
        profiles = self._means[pairs[:, 1]].astype(np.float32)
        fallback = np.ones(len(pairs), dtype=bool)
        for cell in np.unique(pairs[:, 1]):
            in_cell = np.flatnonzero(observed.cell == cell)
            to_predict = np.flatnonzero(pairs[:, 1] == cell)
            candidates = self._similarity[np.ix_(pairs[to_predict, 0], observed.drug[in_cell])]
            weights, has_neighbour = _weights(candidates, min(self._neighbours, len(in_cell)))
            profiles[to_predict[has_neighbour]] = weights @ observed.profiles[in_cell]
            fallback[to_predict[has_neighbour]] = False
        return profiles, fallback


def predict_each_from_others(observed: ProfileSet, neighbours: int) -> np.ndarray:
    """Predict each training profile as if it were not known, shape (n, genes).

    The same as hiding them one by one and asking `Neighbours`, but for a profile that is
    alone in its cell: that stays 0.
    """
    total, shared = _similarity_sums(observed)
    means, size = mean_by(observed.cell, len(observed.cells), observed.profiles)
    others = np.maximum(size[observed.cell] - 1, 1)[:, None]
    predicted = (size[observed.cell][:, None] * means[observed.cell] - observed.profiles) / others
    predicted = predicted.astype(np.float32)
    for cell in np.flatnonzero(size):
        in_cell = np.flatnonzero(observed.cell == cell)
        pairs = np.ix_(observed.drug[in_cell], observed.drug[in_cell])
        # All pairs of drugs share this cell: without it, their similarity is that of the others.
        here = _correlations(observed.profiles[in_cell])
        candidates = _mean_similarity(total[pairs] - here, shared[pairs] - 1)
        weights, has_neighbour = _weights(candidates, min(neighbours, len(in_cell) - 1))
        predicted[in_cell[has_neighbour]] = weights @ observed.profiles[in_cell]
    predicted[size[observed.cell] == 1] = 0
    return predicted


def drug_similarity(observed: ProfileSet) -> np.ndarray:
    """Return the similarity of every two drugs, shape (drugs, drugs).

    The mean, over the cells where both were measured, of the Pearson correlation of their
    profiles; negative means, drugs without a common cell and the diagonal are 0.
    """
    return _mean_similarity(*_similarity_sums(observed))


def _similarity_sums(observed: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return every two drugs' correlations, summed over shared cells, and the number of these."""
    drugs = len(observed.drugs)
    total, shared = np.zeros((2, drugs, drugs), dtype=np.float32)
    for cell in range(len(observed.cells)):
        in_cell = np.flatnonzero(observed.cell == cell)
        pairs = np.ix_(observed.drug[in_cell], observed.drug[in_cell])
        total[pairs] += _correlations(observed.profiles[in_cell])
        shared[pairs] += 1
    return total, shared


def _mean_similarity(total: np.ndarray, shared: np.ndarray) -> np.ndarray:
    similarity = np.where(shared > 0, np.maximum(total / np.maximum(shared, 1), 0), 0)
    np.fill_diagonal(similarity, 0)
    return similarity


def _correlations(profiles: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation of every two rows; a flat row correlates with none."""
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    standard = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    return standard @ standard.T


def _weights(similarity: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights of sum 1 for the rows with a neighbour, and which rows these are."""
    weights = _keep_largest(similarity, count)
    total = weights.sum(axis=1)
    has_neighbour = total > 0
    return (weights[has_neighbour] / total[has_neighbour, None]).astype(np.float32), has_neighbour


def _keep_largest(values: np.ndarray, count: int) -> np.ndarray:
    """Zero all but the `count` largest of each row; of equal ones, the first are kept."""
    largest = np.argsort(-values, axis=1, kind="stable")[:, :count]
    kept = np.zeros_like(values)
    np.put_along_axis(kept, largest, np.take_along_axis(values, largest, axis=1), axis=1)
    return kept
