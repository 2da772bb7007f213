"""DNPP, the Drug Neighbour Profile Prediction (Hodos et al. 2018, section 2.2)."""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="DNPP",
    summary="the cell's profiles of the most similar drugs, weighted by similarity",
    source="Hodos et al. 2018, section 2.2, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
)


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many similar drugs are averaged", ge=1)] = 10,
) -> Completion:
    """Predict the mean of the nearest drugs measured in the cell, weighted by similarity.

    Where no drug of the cell resembles the wanted one, the cell's mean stands instead. (The
    authors' code falls back on a mean that already holds imputed profiles.)
    """
    similarity = drug_similarity(observed)
    profiles, _ = observed.mean_by_cell()
    profiles = profiles[wanted[:, 1]].astype(np.float32)
    fallback = np.ones(len(wanted), dtype=bool)
    for cell in np.unique(wanted[:, 1]):
        in_cell = np.flatnonzero(observed.cell == cell)
        to_predict = np.flatnonzero(wanted[:, 1] == cell)
        candidates = similarity[np.ix_(wanted[to_predict, 0], observed.drug[in_cell])]
        weights = _keep_largest(candidates, min(neighbours, len(in_cell)))
        total = weights.sum(axis=1)
        has_neighbour = total > 0
        weights = (weights[has_neighbour] / total[has_neighbour, None]).astype(np.float32)
        profiles[to_predict[has_neighbour]] = weights @ observed.profiles[in_cell]
        fallback[to_predict[has_neighbour]] = False
    return Completion(profiles, fallback)


def drug_similarity(observed: ProfileSet) -> np.ndarray:
    """Return the similarity of every two drugs, shape (drugs, drugs).

    The mean, over the cells where both were measured, of the Pearson correlation of their
    profiles; negative means, drugs without a common cell and the diagonal are 0.
    """
    drugs = len(observed.drugs)
    total, shared = np.zeros((2, drugs, drugs), dtype=np.float32)
    for cell in range(len(observed.cells)):
        in_cell = np.flatnonzero(observed.cell == cell)
        drug = observed.drug[in_cell]
        pairs = np.ix_(drug, drug)
        standard = _standardise(observed.profiles[in_cell])
        total[pairs] += standard @ standard.T
        shared[pairs] += 1
    similarity = np.maximum(total / np.maximum(shared, 1), 0)
    np.fill_diagonal(similarity, 0)
    return similarity


def _standardise(profiles: np.ndarray) -> np.ndarray:
    """Centre each row and scale it to unit length: products of rows are correlations."""
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)


def _keep_largest(values: np.ndarray, count: int) -> np.ndarray:
    """Zero all but the `count` largest of each row; of equal ones, the first are kept."""
    largest = np.argsort(-values, axis=1, kind="stable")[:, :count]
    kept = np.zeros_like(values)
    np.put_along_axis(kept, largest, np.take_along_axis(values, largest, axis=1), axis=1)
    return kept
