"""Positive control: the held-out profiles themselves. It shows that scoring finds them."""

import numpy as np

from lacuna.completion.card import Method
from lacuna.completion.interface import Completion, SideInformation
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet

# Where a configuration lists it among the methods, which are given no answers.
ONLY_CONTROL = "completion: methods: truth is a control; list it under completion: controls."
METHOD = Method(label="control: truth", summary="the held-out profiles themselves", quick=True)


def complete(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Completion:
    """Return the answers, which only a control is given."""
    if side.answers is None:
        raise LacunaError(ONLY_CONTROL)
    return Completion(side.answers.profiles[side.answers.find(wanted)])
