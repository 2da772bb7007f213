"""What a run of single cells consists of."""

from collections.abc import Mapping
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.runtime.device import gpus_asked
from lacuna.simulation import parameters
from lacuna.single_cell.card import method_card
from lacuna.single_cell.interface import LEARNED

Config = Mapping[str, Any]
FOLDER = "single_cell"
BULK = {
    "observations": f"{FOLDER}/bulk.h5ad",
    "drugs": f"{FOLDER}/bulk_drugs.tsv",
    "account": f"{FOLDER}/bulk_account.tsv",
    "left_out": f"{FOLDER}/bulk_left_out.tsv",
}
SCRATCH, STRICT, OVERLAP = "scratch", "strict", "overlap"
ENCODER = "encoder"  # the key of a network that says what structures are read by
TRAINED_ENCODERS = (LEARNED, "dmpnn")  # make no vectors before the training
KNOWN_DRUGS = ("lines", "random")  # splits whose drugs are trained on
USUAL = "descriptors"  # the encoder of a network that names none


def wanted(config: Config) -> bool:
    """Return whether a run predicts single cells."""
    return bool(config[FOLDER]["models"]) and bool(config[FOLDER]["targets"])


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    made = ["metrics.tsv", "pages/single_cell.html", "model.h5"]
    return [f"{FOLDER}/{file}" for file in made]


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.single_cell.published`."""
    names = ("metrics", "differences", "disentanglement", "moved")
    return {f"{FOLDER}_{name}": [f"{FOLDER}/{name}.tsv"] for name in names}


def models(config: Config) -> dict[str, dict[str, Any]]:
    """Return the networks to train, by name, with their options."""
    return {name: dict(given) for name, given in config[FOLDER]["models"].items()}


def training_options(config: Config, model: str) -> dict[str, Any]:
    """Return the options of a network while it is trained on cells."""
    return {name: value for name, value in models(config)[model].items() if name != ENCODER}


def pretraining_options(config: Config, model: str) -> dict[str, Any]:
    """Return the options of a network while it is trained on bulk wells."""
    return {**training_options(config, model), **config[FOLDER]["pretraining"]}


def starts(config: Config) -> list[str]:
    """Return what trainings start from."""
    return list(config[FOLDER]["starts"])


def targets(config: Config) -> dict[str, dict[str, Any]]:
    """Return the data to train on and to judge, by name."""
    return {name: dict(given) for name, given in config[FOLDER]["targets"].items()}


def seeds(config: Config) -> range:
    """Return the numbers of repeats."""
    return range(config[FOLDER]["seeds"])


def folds(config: Config, target: str) -> list[str]:
    """Return the names of the folds of a target, such as drugs_0."""
    described = targets(config)[target]
    number = {
        "drugs": described["folds"],
        "scaffold": described["folds"],
        "named": 1,
        "lines": len(described["lines"]),
        "random": 1,
    }
    return [f"{split}_{fold}" for split in described["splits"] for fold in range(number[split])]


def has_bulk(config: Config) -> bool:
    """Return whether any training starts from bulk wells."""
    return bool({STRICT, OVERLAP} & set(starts(config)))


def screens(config: Config, dataset: str) -> list[dict[str, str]]:
    """Return the series of bulk wells.

    Returns
    -------
    list of dict with series, and files: matrix, wells, gene_info, pert_info
    """
    inputs = Inputs.of(config)
    if inputs.simulated:
        series, files = parameters.SINGLE_CELL_SERIES, parameters.SINGLE_CELL_FILES
        kinds = {"matrix": "level3", "wells": "inst_info"}
        kinds |= {kind: kind for kind in ("gene_info", "pert_info")}
        folder = f"results/{dataset}/acquire/{series}"
        return [{"series": series, **{kind: f"{folder}/{files[kinds[kind]]}" for kind in kinds}}]
    return [
        {
            "series": series,
            "matrix": f"results/{dataset}/signatures/{series}/level3.gctx",
            "wells": inputs.path(dataset, series, "inst_info"),
            "gene_info": inputs.path(dataset, series, "gene_info"),
            "pert_info": inputs.path(dataset, series, "pert_info"),
        }
        for series in inputs.series_with("level3")
    ]


def screen_files(config: Config, dataset: str) -> list[str]:
    """Return all files of `screens`."""
    return [
        path
        for screen in screens(config, dataset)
        for kind, path in screen.items()
        if kind != "series"
    ]


def cells_files(config: Config, dataset: str, target: str) -> dict[str, str]:
    """Return the files of a target, by kind."""
    return Inputs.of(config).cells_files(dataset)[target] | gene_table(config, dataset)


def gene_table(config: Config, dataset: str) -> dict[str, str]:
    """Return where names of genes lie, as a job's input that may be none."""
    inputs = Inputs.of(config)
    # The simulator's table is of the transcriptome of a translation.
    return {} if inputs.simulated else dict(zip(["genes"], inputs.genes(dataset), strict=False))


def described(config: Config, target: str) -> dict[str, Any]:
    """Return what the configuration says of a target's files: columns, scale, unit, control."""
    return {
        name: value
        for name, value in Inputs.of(config).cells[target].items()
        if name in ("scale", "layer", "columns", "unit", "control")
    }


def prepared(target: str) -> dict[str, str]:
    """Return what is made of a target's files, below results/{dataset}."""
    folder = f"{FOLDER}/{target}"
    return {"observations": f"{folder}/observations.h5ad", "drugs": f"{folder}/drugs.tsv"}


def fold_file(target: str, fold: str) -> str:
    """Return where a fold lies, below results/{dataset}."""
    return f"{FOLDER}/{target}/folds/{fold}.h5"


def split(config: Config, target: str) -> dict[str, Any]:
    """Return how a target is split: folds, lines, named."""
    given = targets(config)[target]
    return {"folds": given["folds"], "lines": given["lines"], "named": given["drugs"]}


def degs(config: Config) -> dict[str, Any]:
    """Return which genes are judged apart: number, of."""
    return {"number": config[FOLDER]["degs"], "of": config[FOLDER]["genes"]["of"]}


def genes(config: Config, target: str) -> dict[str, Any]:
    """Return which genes of a target are trained on: total, of."""
    named = targets(config)[target]["genes"]
    given = dict(config[FOLDER]["genes"])
    return given if named is None else given | {"total": named}


def bulk(config: Config) -> dict[str, str]:
    """Return what a job reads of the bulk wells; nothing where no training starts from them."""
    read = {"bulk": BULK["observations"], "bulk_drugs": BULK["drugs"]}
    return read if has_bulk(config) else {}


def drug_tables(config: Config) -> list[str]:
    """Return the tables of the drugs of all data, below results/{dataset}."""
    return [
        *(path for name, path in bulk(config).items() if name == "bulk_drugs"),
        *(prepared(target)["drugs"] for target in targets(config)),
    ]


def encoder(config: Config, model: str) -> str:
    """Return what a network reads structures by."""
    return str(models(config)[model].get(ENCODER, USUAL))


def encoded(config: Config) -> dict[str, str]:
    """Return where vectors of structures lie, by encoder, below results/{dataset}."""
    used = [encoder(config, model) for model in models(config)]
    used += [card.encoder for card in map(method_card, config[FOLDER]["methods"]) if card.encoder]
    return {
        name: f"{FOLDER}/encoded/{name}.h5"
        for name in dict.fromkeys(used)
        if name not in TRAINED_ENCODERS
    }


def vectors_of(config: Config, model: str) -> dict[str, str]:
    """Return where the vectors of a network's encoder lie, as a job's input that may be none."""
    path = encoded(config).get(encoder(config, model))
    return {} if path is None else {"vectors": path}


def vectors_file(config: Config, dataset: str, encoder: str) -> list[str]:
    """Return the table of vectors from outside that an encoder is, in a list that may be empty."""
    path = Inputs.of(config).vectors(dataset).get(encoder)
    return [] if path is None else [path]


def options(config: Config, name: str) -> dict[str, Any]:
    """Return the options of an encoder or a plain method."""
    return dict(config[FOLDER]["options"].get(name, {}))


def encoder_options(config: Config, model: str) -> dict[str, Any]:
    """Return the options of a network's encoder."""
    return options(config, encoder(config, model))


def held_out_of(start: str, fold: str) -> str:
    """Return what a network that a training starts from has not seen, as its file is named."""
    return OVERLAP if start == OVERLAP else f"{STRICT}_{fold}"


def start_of(target: str, model: str, start: str, fold: str, seed: object) -> dict[str, str]:
    """Return the network that a training starts from, as a job's input that may be none."""
    if start == SCRATCH:
        return {}
    held_out = held_out_of(start, fold)
    return {"start": f"{FOLDER}/{target}/pretrained/{model}/{held_out}_{seed}.h5"}


def trained_file(target: str, model: str, start: str, fold: str, seed: object) -> str:
    """Return where a trained network lies, below results/{dataset}."""
    return f"{FOLDER}/{target}/trained/{model}/{start}/{fold}_{seed}.h5"


def has_structures(config: Config, target: str) -> bool:
    """Return whether the structures of a target's drugs are known."""
    named = Inputs.of(config).cells[target]
    columns = named.get("columns") or {}
    return "expression" not in named or "structures" in named or bool(columns.get("smiles"))


def methods(config: Config, target: str) -> list[str]:
    """Return the plain methods that can say something of a target."""
    known = has_structures(config, target)
    return [name for name in config[FOLDER]["methods"] if known or not method_card(name).encoder]


def runs(config: Config, target: str, fold: str) -> list[tuple[str, str, int]]:
    """Return model, start and seed of all trainings of a fold.

    A vector that is learnt for each drug says nothing of a drug that was not trained on; anything
    else reads structures.
    """
    seen = fold.rpartition("_")[0] in KNOWN_DRUGS
    known = has_structures(config, target)
    return [
        (model, start, seed)
        for model in models(config)
        if (seen if encoder(config, model) == LEARNED else known)
        for start in starts(config)
        for seed in seeds(config)
    ]


def all_runs(config: Config) -> list[tuple[str, str, str, str, int]]:
    """Return target, fold, model, start and seed of all trainings."""
    return [
        (target, fold, *run)
        for target in targets(config)
        for fold in folds(config, target)
        for run in runs(config, target, fold)
    ]


def predicted(config: Config, target: str, fold: str, ending: str) -> list[str]:
    """Return what was predicted of a fold, in the order of `runs`, below results/{dataset}.

    Parameters
    ----------
    ending
        ".h5", "_distances.tsv", "_disentangled.tsv" or "_latent.tsv".
    """
    return [
        f"{FOLDER}/{target}/predicted/{model}/{start}/{fold}_{seed}{ending}"
        for model, start, seed in runs(config, target, fold)
    ]


def all_predicted(config: Config, ending: str) -> list[str]:
    """Return what was predicted of all folds, in the order of `all_runs`."""
    return [
        path
        for target in targets(config)
        for fold in folds(config, target)
        for path in predicted(config, target, fold, ending)
    ]


def of_folds(config: Config, kind: str, ending: str) -> list[str]:
    """Return tables of a kind of all folds of all targets, below results/{dataset}."""
    return [
        f"{FOLDER}/{target}/{kind}/{fold}{ending}"
        for target in targets(config)
        for fold in folds(config, target)
    ]


def losses(config: Config) -> list[str]:
    """Return the tables of losses of all trainings on cells, in the order of `all_runs`."""
    return [
        trained_file(target, model, start, fold, seed).removesuffix(".h5") + "_losses.tsv"
        for target, fold, model, start, seed in all_runs(config)
    ]


def run_of(wildcards: Any) -> dict[str, str]:
    """Return what a job's wildcards say of its training."""
    named = {name: wildcards[name] for name in ("target", "start", "fold", "seed")}
    return named | {"model": wildcards["network"]}


def fold_not_seen(config: Config, target: str, held_out: str) -> str:
    """Return the fold whose genes, and but for overlap whose drugs, decide a pretraining."""
    fold = folds(config, target)[0] if held_out == OVERLAP else held_out.removeprefix(f"{STRICT}_")
    return fold_file(target, fold)


def first_run(config: Config) -> dict[str, str]:
    """Return the training whose network is written for use and drawn; empty without any."""
    known = starts(config)
    start = STRICT if STRICT in known else known[0]
    for target in targets(config):
        for fold in folds(config, target):
            for model, _, _ in runs(config, target, fold):
                return {
                    "target": target,
                    "model": model,
                    "start": start,
                    "fold": fold,
                    "seed": "0",
                }
    return {}


def first_files(config: Config) -> dict[str, str]:
    """Return what the network of `first_run` is written from; empty without any."""
    run = first_run(config)
    if not run:
        return {}
    vectors = vectors_of(config, run["model"])
    fold = fold_file(run["target"], run["fold"])
    return prepared(run["target"]) | {"fold": fold, "model": trained_file(**run)} | vectors


def first_predicted(config: Config, ending: str) -> list[str]:
    """Return what the network of `first_run` predicted, in a list that may be empty."""
    run = first_run(config)
    if not run:
        return []
    name = "{target}/predicted/{model}/{start}/{fold}_{seed}".format(**run)
    return [f"{FOLDER}/{name}{ending}"]


def of_preparation(config: Config, kind: str) -> dict[str, str]:
    """Return the tables of a kind, account or left_out, by data."""
    of_bulk = {"bulk": BULK[kind]} if has_bulk(config) else {}
    return of_bulk | {target: f"{FOLDER}/{target}/{kind}.tsv" for target in targets(config)}


def trials(config: Config, model: str) -> int:
    """Return how many settings of a network are tried: the first one alone is searched for."""
    return config[FOLDER]["search"] if model == first_run(config).get("model") else 0


def gpus(config: Config, model: str) -> int:
    """Return how many GPUs a job of a network asks for."""
    return gpus_asked(models(config)[model].get("device", "auto"))
