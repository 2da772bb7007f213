"""What the tensor of a run consists of."""

from collections.abc import Mapping
from typing import Any


def wanted(config: Mapping[str, Any]) -> bool:
    """Return whether a run has a tensor: it has, where a method is to complete it."""
    return bool(config["completion"]["methods"])


def filters(tensor: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `lacuna.tensor.filters.filter_experiments` is asked, of the block `tensor`."""
    return {key: value for key, value in tensor.items() if key not in ("small", "scale")}


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    return ["tensor/filters.tsv"]


def published(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.tensor.published`."""
    return {
        "filters": ["tensor/filters.tsv"],
        "large": ["tensor/large.h5"],
        "small": ["tensor/small.h5"],
        "specificity": ["tensor/cell_specificity.tsv"],
    }
