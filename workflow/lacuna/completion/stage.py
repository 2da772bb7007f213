"""What the completion of a run consists of: its products."""

from collections.abc import Mapping
from typing import Any


def wanted(config: Mapping[str, Any]) -> bool:
    """Return whether a run has a tensor: it has, where a method is to complete it."""
    return bool(config["completion"]["methods"])


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the finished tensors that a run makes, below results/{dataset}."""
    return [
        f"completed/{method}.{ending}"
        for method in config["completion"]["completed"]
        for ending in ("gctx", "h5ad")
    ]
