"""What the completion of a run consists of: its products, and the models that made them."""

from collections.abc import Mapping
from typing import Any

from lacuna.completion.registry import keeps_model, keeps_network
from lacuna.completion.variants import Variant, read_methods


def wanted(config: Mapping[str, Any]) -> bool:
    """Return whether a run has a tensor: it has, where a method is to complete it."""
    return bool(config["completion"]["methods"])


def results(config: Mapping[str, Any]) -> list[str]:
    """Return the finished tensors that a run makes, and its models, below results/{dataset}."""
    completed = config["completion"]["completed"]
    products = [
        f"completed/{method}.{ending}" for method in completed for ending in ("gctx", "h5ad")
    ]
    return [*products, *(model(method) for method in kept(config) if method in completed)]


def model(method: str) -> str:
    """Return where lies what a method learnt of the tensor, below results/{dataset}."""
    return f"completed/{method}.model.h5"


def kept(config: Mapping[str, Any]) -> list[str]:
    """Return the methods whose model is kept: it predicts by structure, or from a profile."""
    methods = _methods(config)
    by_structure = by_structure_alone(config)
    return [n for n, how in methods.items() if n in by_structure or keeps_network(how.method)]


def by_structure_alone(config: Mapping[str, Any]) -> list[str]:
    """Return the methods whose kept model predicts drugs by structure alone."""
    methods = _methods(config)
    return [name for name, how in methods.items() if keeps_model(how.method, how.options)]


def _methods(config: Mapping[str, Any]) -> dict[str, Variant]:
    block = config["completion"]
    return read_methods(block["methods"], block["options"])
