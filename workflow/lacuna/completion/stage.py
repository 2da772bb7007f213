"""What the completion of a run consists of: its products, and the models that made them."""

from collections.abc import Mapping
from typing import Any

from lacuna.completion.registry import keeps_model
from lacuna.completion.variants import read_methods


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
    """Return the methods whose model is kept: it predicts drugs by structure alone."""
    block = config["completion"]
    methods = read_methods(block["methods"], block["options"])
    return [name for name, how in methods.items() if keeps_model(how.method, how.options)]
