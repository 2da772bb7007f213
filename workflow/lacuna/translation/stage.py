"""What a translation consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.simulation import parameters
from lacuna.translation.card import step_card
from lacuna.translation.chain import END_TO_END

Config = Mapping[str, Any]
FOLDER = "translation"


def wanted(config: Config) -> bool:
    """Return whether a run translates."""
    return bool(config["translation"]["landmarks"])


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    judged = ["metrics.tsv", "pages/translation.html"] if has_pairs(config) else []
    made = ["genes.tsv", "left_out.tsv", "model.h5", "translated.h5ad", "translated.gctx", *judged]
    return [f"{FOLDER}/{file}" for file in made]


def has_pairs(config: Config) -> bool:
    """Return whether there are samples measured both ways."""
    return bool(Inputs.of(config).pair_files) or config["translation"]["lines_of"] is not None


def l1000(config: Config, dataset: str) -> list[dict[str, str]]:
    """Return where the Level 3 matrices lie that step 1 is trained on, and their tables.

    Returns
    -------
    list of dict with series, matrix, gene_info and, of plates, inst_info
        A baseline of cell lines has no table of wells; its genes are those of its series, or else
        of the first series that has a table of genes.
    """
    inputs = Inputs.of(config)
    if inputs.simulated:
        folder = f"results/{dataset}/acquire/{parameters.TRANSLATION_SERIES}"
        files = parameters.TRANSLATION_FILES
        kinds = {"matrix": "level3", "inst_info": "inst_info", "gene_info": "gene_info"}
        found = {kind: f"{folder}/{files[name]}" for kind, name in kinds.items()}
        return [{"series": parameters.TRANSLATION_SERIES, **found}]
    with_genes = inputs.series_with("gene_info")
    matrices = []
    for series in inputs.series_with("level3"):
        matrices.append(
            {
                "series": series,
                "matrix": f"results/{dataset}/signatures/{series}/level3.gctx",
                "inst_info": inputs.path(dataset, series, "inst_info"),
                "gene_info": inputs.path(dataset, series, "gene_info"),
            }
        )
    for series in inputs.series_with("baseline"):
        genes = series if series in with_genes else with_genes[0]
        matrices.append(
            {
                "series": series,
                "matrix": f"results/{dataset}/signatures/{series}/baseline.gctx",
                "gene_info": inputs.path(dataset, genes, "gene_info"),
            }
        )
    return matrices


def options(config: Config, name: str) -> dict[str, Any]:
    """Return the options of a step."""
    return dict(config["translation"]["options"].get(name, {}))


def chains(config: Config) -> list[tuple[str, str]]:
    """Return the chains compared: each step 1 with each step 2, and those end to end."""
    block = config["translation"]
    return [
        *((first, second) for first in block["landmarks"] for second in block["genome"]),
        *((first, END_TO_END) for first in block["end_to_end"]),
    ]


def steps(config: Config) -> dict[str, list[str]]:
    """Return the files of trained steps, below results/{dataset}, by kind."""
    block = config["translation"]
    return {
        kind: [f"{FOLDER}/steps/{kind}/{name}.h5" for name in block[kind]]
        for kind in ("landmarks", "genome", END_TO_END)
    }


def networks(config: Config) -> list[str]:
    """Return the files of losses of the steps that are networks, below results/{dataset}."""
    block = config["translation"]
    return [
        f"{FOLDER}/steps/{kind}/{name}_losses.tsv"
        for kind in ("landmarks", "genome")
        for name in block[kind]
        if step_card(kind, name).network
    ]
