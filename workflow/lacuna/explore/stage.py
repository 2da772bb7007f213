"""What a run makes so that its product can be asked."""

from collections.abc import Mapping
from typing import Any

from lacuna.explore.words import INDEX, PAGE
from lacuna.retrieval import stage as retrieval
from lacuna.translation import stage as translation

Config = Mapping[str, Any]


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
    return [INDEX, PAGE]


def others(config: Config) -> list[dict[str, str]]:
    """Return what else a run can be asked by the command line: about, command."""
    dataset, found = config["dataset"], []
    if translation.wanted(config) and config["translation"]["types"]:
        about = "Genes beyond these, in profiles translated to RNA-seq"
        found.append({"about": about, "command": f"lacuna gene SYMBOL --dataset {dataset}"})
    if retrieval.wanted(config) and retrieval.alignments(config):
        model = f"--model results/{dataset}/retrieval/model.h5"
        files = "--profile PROFILES --library STRUCTURES --output TABLE"
        found.append(
            {"about": "Structures for a profile", "command": f"lacuna retrieve {model} {files}"}
        )
    return found
