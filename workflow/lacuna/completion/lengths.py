"""Methods see profiles of a length about 1, whatever the scale of a tensor.

Penalties, tolerances and starting values of methods are for profiles of unit length. Where a tensor
has others (`tensor: scale: z`), a method is given profiles over their root mean square length, and
what it predicts is scaled back. Methods that train once scale their input themselves.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lacuna.completion.interface import (
    Complete,
    Completion,
    Fitted,
    Predict,
    Prepare,
    Restore,
    SideInformation,
)
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import are_unit


def length_of(observed: ProfileSet) -> float:
    """Return the root mean square length of profiles; 1 where all have unit length, or none any."""
    if are_unit(observed.profiles):
        return 1.0
    return float(np.sqrt((observed.profiles.astype(np.float64) ** 2).sum(axis=1).mean()))


def over(observed: ProfileSet, length: float) -> ProfileSet:
    """Return the profiles divided by a length."""
    return replace(observed, profiles=(observed.profiles / length).astype(np.float32))


def at_unit_length(method: "Prepare | Complete") -> "Prepare | Complete":
    """Return a method that sees profiles of a length about 1, and predicts those of its input."""

    def scaled(
        observed: ProfileSet,
        wanted: np.ndarray,
        side: SideInformation,
        rng: np.random.Generator,
        /,
        **options: Any,
    ) -> Any:
        length = length_of(observed)
        if length == 1:
            return method(observed, wanted, side, rng, **options)
        if side.answers is not None:
            side = replace(side, answers=over(side.answers, length))
        made = method(over(observed, length), wanted, side, rng, **options)
        return _times(made, length) if isinstance(made, Completion) else _back(made, length)

    return scaled


def restored(
    restore: Restore, observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]
) -> Predict:
    """Return what a method that `at_unit_length` wrapped predicts, from what it learnt."""
    length = length_of(observed)
    if length == 1:
        return restore(observed, side, state)
    return _back(restore(over(observed, length), side, state), length)


def _back(predict: Predict, length: float) -> Predict:
    """Return what predicts at the scale of the input."""
    if isinstance(predict, Fitted):
        return replace(predict, predict=_back(predict.predict, length))
    return lambda pairs: _times(predict(pairs), length)


def _times(completion: Completion, length: float) -> Completion:
    stderr = completion.stderr
    return replace(
        completion,
        profiles=(completion.profiles * length).astype(np.float32),
        stderr=None if stderr is None else (stderr * length).astype(np.float32),
    )
