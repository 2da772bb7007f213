"""What the study of predictions from cell to cell consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.cell_to_cell.analyses import ANALYSES
from lacuna.completion.variants import read_methods
from lacuna.evaluation.stage import methods
from lacuna.runtime.device import gpus_asked

Config = Mapping[str, Any]
NETWORK = "deepcellstate"


def asks_for(config: Config, analysis: str) -> bool:
    """Return whether an analysis was asked for."""
    return analysis in config["cell_to_cell"]["analyses"]


def varied(config: Config) -> list[str]:
    """Return the analyses asked for that train anew in several settings."""
    return [name for name, card in ANALYSES.items() if card.settings and asks_for(config, name)]


def options(config: Config) -> dict[str, Any]:
    """Return the options of the network that all analyses but `methods` look into."""
    return config["completion"]["options"].get(NETWORK, {})


def device(config: Config) -> str:
    """Return where that network computes."""
    return options(config).get("device", "auto")


def gpus(config: Config) -> int:
    """Return how many GPUs a job of that network asks for."""
    return gpus_asked(device(config))


def variants(config: Config, analysis: str) -> dict[str, dict[str, Any]]:
    """Return the methods of an analysis, by name, each with its method and options."""
    own = {NETWORK: options(config)}
    card = ANALYSES[analysis]
    compared = methods(config) if card.all_methods else read_methods([NETWORK], own)
    return {
        name: {"method": variant.method, "options": dict(variant.options)}
        for name, variant in compared.items()
    }


def inputs(config: Config, analysis: str) -> dict[str, str | list[str]]:
    """Return what an analysis needs beside the profiles, below results/{dataset}."""
    needs = ANALYSES[analysis].needs
    files: dict[str, str | list[str]] = {
        name: f"tensor/{name}.tsv" for name in ("drugs", "baseline") if name in needs
    }
    if "labels" in needs and Inputs.of(config).annotation_files:
        files["labels"] = ["classification/labels.tsv"]
    return files


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.cell_to_cell.published`."""
    return {
        "variations": ["cell_to_cell/variations.tsv"] if varied(config) else [],
        "transfer": ["cell_to_cell/transfer_summary.tsv"] if asks_for(config, "transfer") else [],
        "factors": ["cell_to_cell/factors.tsv"] if asks_for(config, "factors") else [],
    }


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    if not varied(config):
        return []
    return ["cell_to_cell/variations.tsv", "cell_to_cell/pages/cell_to_cell.html"]
