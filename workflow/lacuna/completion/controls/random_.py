"""Negative control: a random profile."""

import numpy as np

from lacuna.completion.card import Method
from lacuna.completion.interface import Completion, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="control: random",
    summary="a training profile drawn at random, its genes shuffled",
    quick=True,
)


def complete(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Completion:
    """Predict a training profile drawn at random, its genes shuffled.

    The values are those of real profiles, but which gene has which is chance. Unshuffled, it would
    still carry what all profiles of a screen have in common.
    """
    drawn = observed.profiles[rng.integers(len(observed), size=len(wanted))]
    return Completion(rng.permuted(drawn, axis=1).astype(np.float32))
