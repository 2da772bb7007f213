"""Molecules in one order for every query: what knowing nothing of it scores."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lacuna.completion.card import Option
from lacuna.retrieval import linear
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Alike, Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Popularity",
    summary="molecules most alike to the training molecules, whatever the query",
    control=True,
)


@dataclass(frozen=True)
class Popularity:
    """Molecules, with a weight each, that a library is compared with.

    Attributes
    ----------
    vectors : float array of shape (m, dimensions)
        The mean training vector alone, or all training vectors.
    weight : float array of shape (m,)
        Shares of training wells, which sum to 1.
    features : int
        Of a profile.
    alike
        How vectors are compared.
    """

    vectors: np.ndarray
    weight: np.ndarray
    features: int
    alike: Alike

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return the same distances for every profile."""
        shapes = (self.features, self.vectors.shape[1])
        shared.check_vectors("popularity: library", np.asarray(vectors), self.alike)
        return shared.of_distinct("popularity", profiles, vectors, shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        if len(self.vectors) == 1:
            order = shared.alike_distances(self.alike, self.vectors, vectors)[0]
        else:
            order = np.ones(len(vectors))
            for block in linear.blocks(len(self.vectors)):
                away = shared.alike_distances(self.alike, self.vectors[block], vectors)
                order -= self.weight[block] @ (1 / ranks(away))
        return np.tile(order, (len(profiles), 1))

    def state(self) -> State:
        """Return the molecules and their weights."""
        return {
            "vectors": self.vectors,
            "weight": self.weight,
            "features": np.array(self.features),
            "jaccard": np.array(self.alike == "jaccard"),
        }


def ranks(distances: np.ndarray) -> np.ndarray:
    """Rank the columns of each row, 1 for the nearest, ties averaged."""
    from scipy.stats import rankdata

    return rankdata(distances, axis=1)


def restore(state: State) -> Popularity:
    """Make the ranker of its state."""
    alike: Alike = "jaccard" if state["jaccard"] else "correlation"
    return Popularity(state["vectors"], state["weight"], int(state["features"]), alike)


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    by: Annotated[
        str,
        Option(
            "what makes a molecule popular: being near the mean training vector, or standing "
            "high, by mean reciprocal rank, where training molecules are the queries",
            choices=("mean", "near"),
        ),
    ] = "mean",
) -> Popularity:
    """Weigh training molecules by their wells.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from; see `shared.check_fit`.
    """
    shared.check_fit("popularity", training, validation)
    moments = linear.Moments(training)
    features = training.profiles.shape[1]
    if by == "mean":
        return Popularity(moments.vector_mean[None], np.ones(1), features, training.alike)
    return Popularity(training.vectors, moments.weight, features, training.alike)
