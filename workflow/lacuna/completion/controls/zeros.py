"""Negative control: no change in any gene."""

import numpy as np

from lacuna.completion.card import Method
from lacuna.completion.interface import Completion, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(label="control: zeros", summary="no change in any gene", quick=True)


def complete(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Completion:
    """Predict zero everywhere."""
    return Completion(np.zeros((len(wanted), len(observed.genes)), dtype=np.float32))
