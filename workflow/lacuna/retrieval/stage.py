"""What a retrieval consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.retrieval.split import ROLES
from lacuna.runtime.device import gpus_asked
from lacuna.simulation import parameters

Config = Mapping[str, Any]
FOLDER = "retrieval"


def wanted(config: Config) -> bool:
    """Return whether a run retrieves."""
    return bool(config["retrieval"]["methods"])


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    made = ["metrics.tsv", "pages/retrieval.html", "pages/examples.html"]
    if alignments(config):
        made.append("model.h5")
    return [f"{FOLDER}/{file}" for file in made]


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.retrieval.published`."""
    return {
        "retrieval": [f"{FOLDER}/metrics.tsv"],
        "retrieval_regressions": [f"{FOLDER}/regressions.tsv"],
    }


def lines(config: Config) -> list[str]:
    """Return the cell lines of all roles, each once."""
    named = config["retrieval"]["lines"]
    return list(dict.fromkeys(line for role in ROLES for line in named[role]))


def level3(config: Config) -> bool:
    """Return whether wells are retrieved, and not signatures."""
    inputs = Inputs.of(config)
    return inputs.simulated or bool(inputs.series_with("level3"))


def screens(config: Config, dataset: str) -> list[dict[str, str]]:
    """Return the series whose wells, or signatures, are retrieved.

    Returns
    -------
    list of dict with series, level, and files: matrix, wells (inst_info or sig_info), gene_info,
    pert_info
    """
    inputs = Inputs.of(config)
    if inputs.simulated:
        folder = f"results/{dataset}/acquire/{parameters.RETRIEVAL_SERIES}"
        files = parameters.RETRIEVAL_FILES
        kinds = {"matrix": "level3", "wells": "inst_info"}
        kinds |= {kind: kind for kind in ("gene_info", "pert_info")}
        found = {kind: f"{folder}/{files[name]}" for kind, name in kinds.items()}
        return [{"series": parameters.RETRIEVAL_SERIES, "level": "level3", **found}]
    kind, table = ("level3", "inst_info") if level3(config) else ("level5", "sig_info")
    return [
        {
            "series": series,
            "level": kind,
            "matrix": f"results/{dataset}/signatures/{series}/{kind}.gctx",
            "wells": inputs.path(dataset, series, table),
            **{
                name: inputs.path(dataset, series, name)
                for name in ("gene_info", "pert_info")
                if name in inputs.series[series]
            },
        }
        for series in inputs.series_with(kind)
    ]


def screen_files(config: Config, dataset: str) -> list[str]:
    """Return all files of `screens`."""
    return [
        path
        for screen in screens(config, dataset)
        for kind, path in screen.items()
        if kind not in ("series", "level")
    ]


def annotations(config: Config, dataset: str) -> dict[str, str]:
    """Return where the tables about drugs lie, by kind: mechanisms are drawn by them."""
    inputs = Inputs.of(config)
    if inputs.simulated:
        folder = f"results/{dataset}/acquire/{parameters.RETRIEVAL_SERIES}"
        return {"table": f"{folder}/{parameters.RETRIEVAL_FILES['annotation']}"}
    return inputs.annotations(dataset)


def cut(config: Config) -> dict[str, str]:
    """Return what the cut consists of, below results/{dataset}."""
    names = {"treated": "treated.h5ad", "molecules": "molecules.tsv", "roles": "roles.tsv"}
    if level3(config):
        names |= {"control": "control.h5ad", "centred": "centred.h5ad"}
    return {kind: f"{FOLDER}/{file}" for kind, file in names.items()}


def folds(config: Config) -> range:
    """Return the folds over drugs."""
    return range(config["retrieval"]["split"]["folds"])


def options(config: Config, name: str) -> dict[str, Any]:
    """Return the options of a method or an encoder."""
    return dict(config["retrieval"]["options"].get(name, {}))


def alignments(config: Config) -> dict[str, dict[str, Any]]:
    """Return the networks to train, by name, with their options."""
    return {name: dict(given) for name, given in config["retrieval"]["alignments"].items()}


def first_alignment(config: Config) -> list[str]:
    """Return the name of the alignment that stands in all rows, in a list that may be empty."""
    return list(alignments(config))[:1]


def encoded(config: Config) -> dict[str, str]:
    """Return where encoded molecules lie, by encoder, below results/{dataset}."""
    return {name: f"{FOLDER}/encoded/{name}.h5" for name in config["retrieval"]["encoders"]}


def alignment_file(name: str, fold: object) -> str:
    """Return where a trained network lies, below results/{dataset}."""
    return f"{FOLDER}/aligned/{name}/{fold}.h5"


def aligned(config: Config, fold: object) -> dict[str, str]:
    """Return where the networks of a fold lie, by name, below results/{dataset}."""
    return {name: alignment_file(name, fold) for name in alignments(config)}


def first_aligned(config: Config, fold: object) -> list[str]:
    """Return where the first network of a fold lies, in a list that may be empty."""
    return [alignment_file(name, fold) for name in first_alignment(config)]


def trials(config: Config, name: str) -> int:
    """Return how many settings of an alignment are tried: the first one alone is searched for."""
    return config["retrieval"]["trials"] if [name] == first_alignment(config) else 0


def of_folds(config: Config, kind: str, ending: str) -> list[str]:
    """Return tables of a kind of all folds, below results/{dataset}."""
    return [f"{FOLDER}/{kind}/{fold}.{ending}" for fold in folds(config)]


def losses(config: Config) -> list[str]:
    """Return the tables of losses of all trainings, below results/{dataset}."""
    return [
        f"{FOLDER}/aligned/{name}/{fold}_losses.tsv"
        for name in alignments(config)
        for fold in folds(config)
    ]


def gpus(config: Config, name: str) -> int:
    """Return how many GPUs a job of an alignment asks for."""
    return gpus_asked(alignments(config)[name].get("device", "auto"))
