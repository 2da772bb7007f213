"""The molecule most alike to that of the nearest training profile: double nearest neighbour."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lacuna.completion.card import Option
from lacuna.retrieval import linear
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Alike, Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Double nearest neighbour",
    summary="the training drug with the most similar profile, then molecules most alike to it",
    source="Finlayson et al. 2021, section 3.2, https://doi.org/10.48550/arXiv.1911.10241",
    block="treated",
)
# Similarities this close are equal: a product of matrices rounds by where a row stands.
TIE = 1e-12


@dataclass(frozen=True)
class DoubleNearest:
    """Training profiles, each with the vector of its molecule.

    Attributes
    ----------
    references : float array of shape (k, features)
        Profiles of wells, or mean profiles of drugs.
    reference_molecule : int array of shape (k,)
        The row of `vectors` that each belongs to.
    vectors : float array of shape (m, dimensions)
    alike
        How vectors are compared.
    """

    references: np.ndarray
    reference_molecule: np.ndarray
    vectors: np.ndarray
    alike: Alike

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Compare the library with the molecule of each profile's nearest training profile."""
        shapes = (self.references.shape[1], self.vectors.shape[1])
        shared.check_vectors("double_nearest: library", np.asarray(vectors), self.alike)
        return shared.of_distinct("double_nearest", profiles, vectors, shapes, self._between)

    def nearest(self, profiles: np.ndarray) -> np.ndarray:
        """Return the nearest reference of each profile by correlation; of equal ones, the first."""
        units = [shared.centred_units(profiles[block]) for block in linear.blocks(len(profiles))]
        best = [np.full(len(queries), -np.inf) for queries in units]
        found = [np.zeros(len(queries), dtype=int) for queries in units]
        for block in linear.blocks(len(self.references)):
            references = shared.centred_units(self.references[block])
            for number, queries in enumerate(units):
                similarity = queries @ references.T
                highest = similarity.max(axis=1)
                first = (similarity >= highest[:, None] - TIE).argmax(axis=1)
                nearer = highest > best[number] + TIE
                best[number][nearer] = highest[nearer]
                found[number][nearer] = block.start + first[nearer]
        return np.concatenate(found)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        drug = self.reference_molecule[self.nearest(profiles)]
        drugs, which = np.unique(drug, return_inverse=True)
        return shared.alike_distances(self.alike, self.vectors[drugs], vectors)[which]

    def state(self) -> State:
        """Return the training profiles and vectors."""
        return {
            "references": self.references,
            "reference_molecule": self.reference_molecule,
            "vectors": self.vectors,
            "jaccard": np.array(self.alike == "jaccard"),
        }


def restore(state: State) -> DoubleNearest:
    """Make the ranker of its state."""
    return DoubleNearest(
        state["references"],
        state["reference_molecule"],
        state["vectors"],
        "jaccard" if state["jaccard"] else "correlation",
    )


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    nearest: Annotated[
        str,
        Option(
            "what is compared with a query: mean profiles of drugs, as in the authors' code, or "
            "wells, as in their text",
            choices=("drug", "well"),
        ),
    ] = "drug",
) -> DoubleNearest:
    """Keep the training profiles.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from; see `shared.check_fit`.
    """
    shared.check_fit("double_nearest", training, validation)
    if nearest == "well":
        references, molecule = training.profiles, np.asarray(training.molecule)
    else:
        molecule = np.unique(training.molecule)  # one without a well has no mean
        references = training.means()[molecule]
    return DoubleNearest(references, molecule, training.vectors, training.alike)
