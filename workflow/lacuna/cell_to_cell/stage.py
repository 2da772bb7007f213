"""What the study of predictions from cell to cell consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.cell_to_cell.analyses import ANALYSES
from lacuna.completion.variants import read_methods
from lacuna.evaluation.stage import methods

Config = Mapping[str, Any]
NETWORK = "deepcellstate"


def asks_for(config: Config, analysis: str) -> bool:
    """Return whether an analysis was asked for."""
    return analysis in config["cell_to_cell"]["analyses"]


def varied(config: Config) -> list[str]:
    """Return the analyses asked for that train anew in several settings."""
    return [name for name, card in ANALYSES.items() if card.varied and asks_for(config, name)]


def options(config: Config) -> dict[str, Any]:
    """Return the options of the network that all analyses but `methods` look into."""
    return config["completion"]["options"].get(NETWORK, {})


def device(config: Config) -> str:
    """Return where that network computes."""
    return options(config).get("device", "auto")


def gpus(config: Config) -> int:
    """Return how many GPUs a job of that network asks for."""
    return int(device(config) == "cuda")


def variants(config: Config, analysis: str) -> dict[str, dict[str, Any]]:
    """Return the methods of an analysis, by name, each with its method and options."""
    compared = methods(config) if analysis == "methods" else read_methods([NETWORK], {NETWORK: options(config)})
    return {name: variant.as_dict() for name, variant in compared.items()}


def inputs(config: Config, analysis: str) -> dict[str, str | list[str]]:
    """Return what an analysis needs beside the profiles, below results/{dataset}."""
    if analysis == "methods":
        return {name: f"tensor/{name}.tsv" for name in ("drugs", "baseline")}
    if analysis == "families" and Inputs.of(config).annotation_files:
        return {"labels": ["classification/labels.tsv"]}
    return {}


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    if not varied(config):
        return []
    return ["cell_to_cell/variations.tsv", "cell_to_cell/pages/cell_to_cell.html"]
