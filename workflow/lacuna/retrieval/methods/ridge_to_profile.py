"""A ridge regression of the profile on the molecule's vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lacuna.completion.card import Option
from lacuna.retrieval import linear
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Ridge to profile",
    summary="molecules whose profile, as a ridge regression predicts it, correlates with the query",
    source="Hoerl and Kennard 1970, https://doi.org/10.2307/1267351",
)
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class RidgeToProfile:
    """What turns a vector into a profile's difference from the mean training profile."""

    to_profile: linear.Linear
    profile_mean: np.ndarray

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Correlate each profile with the prediction for each molecule, without the mean profile.

        What all molecules do tells none from another, so it is taken off both.
        """
        dimensions, features = self.to_profile.shape
        shapes = (features, dimensions)
        return shared.of_distinct("ridge_to_profile", profiles, vectors, shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        predicted = self.to_profile(vectors)
        distances = np.empty((len(profiles), len(vectors)))
        for block in linear.blocks(len(profiles)):
            queries = profiles[block] - self.profile_mean
            distances[block] = shared.correlation_distances(queries, predicted)
        return distances

    def state(self) -> State:
        """Return the weights and the mean profile."""
        return self.to_profile.state("vector") | {"profile_mean": self.profile_mean}


def restore(state: State) -> RidgeToProfile:
    """Make the ranker of its state."""
    return RidgeToProfile(linear.Linear.of(state, "vector"), state["profile_mean"])


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    penalties: Annotated[
        Sequence[float],
        Option(
            "ridge penalties in units of a dimension's mean variance, of which validation MRR "
            "chooses; one alone is taken as it is"
        ),
    ] = PENALTIES,
) -> RidgeToProfile:
    """Regress profiles on vectors; each well weighs the same.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from (see `shared.check_fit`), or a penalty is negative.
    """
    shared.check_fit("ridge_to_profile", training, validation)
    grid = shared.check_penalties("ridge_to_profile", penalties)
    tried, judged = shared.settings_judged_on(training, validation, rng)
    regression = Regression(tried)
    penalty = shared.best_penalty(grid, regression.ranker, judged)
    return (regression if tried is training else Regression(training)).ranker(penalty)


class Regression:
    """Profiles on vectors, for any penalty."""

    def __init__(self, pairs: Pairs):
        moments = linear.Moments(pairs)
        self.path = linear.RidgePath(moments.of_vectors(), moments.cross().T)
        self.means = moments.vector_mean, moments.profile_mean

    def ranker(self, penalty: float) -> RidgeToProfile:
        """Return the ranker of a penalty."""
        vector, profile = self.means
        weights = self.path.weights(penalty)
        to_profile = linear.Linear(vector, weights, np.zeros(weights.shape[1]))
        return RidgeToProfile(to_profile, profile)
