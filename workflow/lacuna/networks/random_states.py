"""The states of PyTorch's random streams, for a training that goes on where it stopped."""

from collections.abc import Mapping
from typing import Any

import torch


def random_states() -> dict[str, Any]:
    """Return the states of PyTorch's random streams: of the processor, and of each GPU in use."""
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return {"random": torch.get_rng_state(), "random_on_gpus": on_gpus}


def has_states(saved: Mapping[str, Any]) -> bool:
    """Return whether something holds states that `go_on_drawing` can take up."""
    try:
        torch.Generator().set_state(saved["random"])
        on_gpus = saved["random_on_gpus"]
    except (KeyError, TypeError, RuntimeError):
        return False
    return isinstance(on_gpus, list) and all(
        isinstance(state, torch.Tensor) and state.dtype == torch.uint8 for state in on_gpus
    )


def go_on_drawing(saved: Mapping[str, Any]) -> None:
    """Take up the states that `random_states` returned; of GPUs where there are as many."""
    torch.set_rng_state(saved["random"])
    on_gpus = saved["random_on_gpus"]
    if on_gpus and torch.cuda.is_available() and torch.cuda.device_count() == len(on_gpus):
        torch.cuda.set_rng_state_all(on_gpus)
