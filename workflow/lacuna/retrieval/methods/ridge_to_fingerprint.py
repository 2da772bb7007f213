"""A ridge regression of the molecule's vector on the profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lacuna.completion.card import Option
from lacuna.retrieval import linear
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Alike, Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="Ridge to fingerprint",
    summary="the vector that a ridge regression reads from the profile, then molecules alike to it",
    source="Hoerl and Kennard 1970, https://doi.org/10.2307/1267351",
)
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class RidgeToFingerprint:
    """What turns a profile into a vector, and how vectors are compared."""

    to_vector: linear.Linear
    alike: Alike

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Compare the library with the vector read from each profile.

        Fingerprints that are read are between 0 and 1: Jaccard becomes the sum of minima over the
        sum of maxima.
        """
        shapes = self.to_vector.shape
        shared.check_vectors("ridge_to_fingerprint: library", np.asarray(vectors), self.alike)
        return shared.of_distinct("ridge_to_fingerprint", profiles, vectors, shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        return shared.alike_distances(self.alike, self.to_vector(profiles), vectors)

    def state(self) -> State:
        """Return the weights."""
        jaccard = {"jaccard": np.array(self.alike == "jaccard")}
        return self.to_vector.state("profile") | jaccard


def restore(state: State) -> RidgeToFingerprint:
    """Make the ranker of its state."""
    alike: Alike = "jaccard" if state["jaccard"] else "correlation"
    return RidgeToFingerprint(linear.Linear.of(state, "profile"), alike)


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    penalties: Annotated[
        Sequence[float],
        Option(
            "ridge penalties in units of a feature's mean variance, of which validation MRR "
            "chooses; one alone is taken as it is"
        ),
    ] = PENALTIES,
) -> RidgeToFingerprint:
    """Regress vectors on profiles; each well weighs the same.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from (see `shared.check_fit`), or a penalty is negative.
    """
    shared.check_fit("ridge_to_fingerprint", training, validation)
    grid = shared.check_penalties("ridge_to_fingerprint", penalties)
    tried, judged = shared.settings_judged_on(training, validation, rng)
    regression = Regression(tried)
    penalty = shared.best_penalty(grid, regression.ranker, judged)
    return (regression if tried is training else Regression(training)).ranker(penalty)


class Regression:
    """Vectors on profiles, for any penalty."""

    def __init__(self, pairs: Pairs):
        moments = linear.Moments(pairs)
        self.path = linear.RidgePath(moments.of_profiles(), moments.cross())
        self.means = moments.profile_mean, moments.vector_mean
        self.alike = pairs.alike

    def ranker(self, penalty: float) -> RidgeToFingerprint:
        """Return the ranker of a penalty."""
        profile, vector = self.means
        to_vector = linear.Linear(profile, self.path.weights(penalty), vector)
        return RidgeToFingerprint(to_vector, self.alike)
