"""The mean of the training samples whose landmarks are most alike."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from sklearn.neighbors import NearestNeighbors

from lacuna.completion.card import Option
from lacuna.translation.card import Step
from lacuna.translation.interface import GenomeTraining, NotLinear, State

STEP = Step(
    label="Nearest samples",
    summary="the mean of the training samples whose landmarks correlate most",
    source="Cover and Hart 1967, https://doi.org/10.1109/TIT.1967.1053964",
)
SAMPLES_AT_ONCE = 1024


@dataclass(frozen=True)
class Nearest(NotLinear):
    """Training samples, and how many of them are averaged."""

    landmarks: np.ndarray
    genome: np.ndarray
    neighbours: int

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Average the genomes of the nearest samples, by correlation of landmarks."""
        search = NearestNeighbors(
            n_neighbors=min(self.neighbours, len(self.landmarks)), metric="correlation"
        ).fit(self.landmarks)
        return np.concatenate(
            [
                self.genome[search.kneighbors(some, return_distance=False)].mean(axis=1)
                for some in np.array_split(profiles, len(profiles) // SAMPLES_AT_ONCE + 1)
                if len(some)
            ]
        ).astype(np.float32)

    def state(self) -> State:
        """Return the training samples: this step is as large as they are."""
        return {
            "landmarks": self.landmarks,
            "genome": self.genome,
            "neighbours": np.array([self.neighbours]),
        }


def restore(state: State) -> Nearest:
    """Make the step of its state."""
    return Nearest(state["landmarks"], state["genome"], int(state["neighbours"][0]))


def fit(
    training: GenomeTraining,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many samples are averaged", ge=1)] = 10,
) -> Nearest:
    """Keep the training samples, with the noise of step 1 in their landmarks."""
    noisy = training.landmarks + rng.normal(size=training.landmarks.shape) * training.noise
    return Nearest(noisy.astype(np.float32), np.asarray(training.genome[:]), neighbours)
