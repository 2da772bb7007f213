"""DNPP, the Drug Neighbour Profile Prediction (Hodos et al. 2018, section 2.2)."""

import numpy as np

from lacuna.completion.interface import Completion, SideInformation
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: int = 10,
) -> Completion:
    """Predict the mean of the nearest drugs measured in the cell, weighted by similarity.

    Where no drug of the cell resembles the wanted one, the cell's mean stands instead. (The
    authors' code falls back on a mean that already holds imputed profiles.)
    """
    if neighbours < 1:
        raise LacunaError(f"method_options: dnpp: neighbours is {neighbours}, expected at least 1.")
    similarity = drug_similarity(observed)
    profiles, _ = observed.mean_by_cell()
    profiles = profiles[wanted[:, 1]].astype(np.float32)
    fallback = np.ones(len(wanted), dtype=bool)
    for cell in np.unique(wanted[:, 1]):
        here = np.flatnonzero(observed.cell == cell)
        asked = np.flatnonzero(wanted[:, 1] == cell)
        to_measured = similarity[np.ix_(wanted[asked, 0], observed.drug[here])]
        weights = _keep_largest(to_measured, min(neighbours, len(here)))
        total = weights.sum(axis=1)
        found = total > 0
        weights = (weights[found] / total[found, None]).astype(np.float32)
        profiles[asked[found]] = weights @ observed.profiles[here]
        fallback[asked[found]] = False
    return Completion(profiles, fallback)


def drug_similarity(observed: ProfileSet) -> np.ndarray:
    """Return the similarity of every two drugs, shape (drugs, drugs).

    The mean, over the cells where both were measured, of the Pearson correlation of their
    profiles; negative means, drugs without a common cell and the diagonal are 0.
    """
    drugs = len(observed.drugs)
    total, shared = np.zeros((2, drugs, drugs), dtype=np.float32)
    for cell in range(len(observed.cells)):
        here = np.flatnonzero(observed.cell == cell)
        drug = observed.drug[here]
        place = np.ix_(drug, drug)
        standard = _standardised(observed.profiles[here])
        total[place] += standard @ standard.T
        shared[place] += 1
    similarity = np.maximum(total / np.maximum(shared, 1), 0)
    np.fill_diagonal(similarity, 0)
    return similarity


def _standardised(profiles: np.ndarray) -> np.ndarray:
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
