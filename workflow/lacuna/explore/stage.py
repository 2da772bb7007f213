"""What a run makes so that its product can be asked."""

from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]
INDEX = "explore/index.h5"


def wanted(config: Config) -> bool:
    """Return whether a run has a product to ask."""
    return bool(config["completion"]["methods"] and config["completion"]["completed"])


def method(config: Config) -> str:
    """Return the method whose product is asked, the first of `completion: completed`, if any."""
    return str(next(iter(config["completion"]["completed"]), ""))


def files(config: Config) -> dict[str, str]:
    """Return what is asked, by its name as an input: the product, and how good it is."""
    if not wanted(config):
        return {}
    name = method(config)
    return {
        "product": f"completed/{name}.gctx",
        "held_out": f"evaluation/large/profiles/{name}/metrics_per_profile.tsv",
    }


def results(config: Config) -> list[str]:
    """Return what a run makes to be asked, below results/{dataset}."""
    return [INDEX]
