"""Correlation of profile and molecule, where both lie in one space."""

from dataclasses import dataclass
from typing import Annotated, cast

import numpy as np

from lacuna.completion.card import Option
from lacuna.errors import LacunaError
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Pairs, State
from lacuna.retrieval.measures import Measure, distances_between
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Correlation",
    summary="molecules whose embedding correlates most with that of the profile",
    source="Finlayson et al. 2021, section 3.1, https://doi.org/10.48550/arXiv.1911.10241",
    one_space=True,
)

MEASURES: tuple[Measure, ...] = ("correlation", "cosine", "euclidean")


@dataclass(frozen=True)
class Correlation:
    """The width of the space, and how places in it are compared."""

    width: int
    measure: Measure = "correlation"

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return 1 - r, or the other distance."""
        shapes = (self.width, self.width)
        return shared.of_distinct("correlation", profiles, vectors, shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return distances_between(profiles, vectors, self.measure)

    def state(self) -> State:
        """Return the width and the number of the measure."""
        return {"width": np.array(self.width), "measure": np.array(MEASURES.index(self.measure))}


def restore(state: State) -> Correlation:
    """Make the ranker of its state."""
    return Correlation(int(state["width"]), MEASURES[int(state["measure"])])


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    measure: Annotated[
        str, Option("of places; of an alignment, its rank_distance", choices=MEASURES)
    ] = "correlation",
) -> Correlation:
    """Take the width of the space; nothing is learnt.

    Raises
    ------
    LacunaError
        If the two sides have different widths.
    """
    shared.check_fit("correlation", training, validation)
    width, other = training.profiles.shape[1], training.vectors.shape[1]
    if width != other:
        raise LacunaError(
            f"retrieval: correlation: profiles have {width} columns and molecules {other}, "
            "expected one space. Give embeddings that were aligned, or use cca."
        )
    return Correlation(width, cast(Measure, measure))
