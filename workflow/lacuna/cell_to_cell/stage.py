"""What the study of predictions from cell to cell consists of."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lacuna.acquire.inputs import Inputs
from lacuna.cell_to_cell.analyses import ANALYSES, SWITCHED_OFF, Design, Setting
from lacuna.cell_to_cell.study import COMPOUND
from lacuna.cell_to_cell.trainings import FAMILY, FULL, Training
from lacuna.completion.variants import read_methods
from lacuna.evaluation.stage import methods
from lacuna.runtime.device import gpus_asked

Config = Mapping[str, Any]
NETWORK = "deepcellstate"
# How the names of the signatures begin that Umarov et al. 2021 took; of phase 1 only shRNA.
PHASE_1, PHASE_2 = "GSE92742_Broad_LINCS_Level5", "GSE70138_Broad_LINCS_Level5"
COPY = "mean_1d"  # what all predictions are compared with: the mean of the profiles that are given
EXTERNAL, UNREGULARISED = "external_model", "external_unregularised"


def asks_for(config: Config, analysis: str) -> bool:
    """Return whether an analysis was asked for."""
    return analysis in config["cell_to_cell"]["analyses"]


def asks_for_sets(config: Config, analysis: str) -> bool:
    """Return whether an analysis was asked for, and there are sets of genes for it."""
    return asks_for(config, analysis) and bool(Inputs.of(config).gene_set_files)


def asks_for_binding(config: Config) -> bool:
    """Return whether factors were asked for, and it is known where they bind."""
    return asks_for(config, "factors") and bool(Inputs.of(config).chip_atlas_files)


def varied(config: Config) -> list[str]:
    """Return the analyses asked for that score trainings in several settings."""
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


def design(config: Config) -> Design:
    """Return what the settings of all analyses depend on."""
    block = config["cell_to_cell"]
    return Design(
        network=read_methods([NETWORK], {NETWORK: options(config)})[NETWORK],
        methods=methods(config),
        cells=_number(block["cells"]),
        added=_number(block["added_cells"]),
        folds=block["folds"],
    )


def _number(cells: int | list[str]) -> int:
    return cells if isinstance(cells, int) else len(cells)


def settings(config: Config) -> dict[str, list[Setting]]:
    """Return the settings of each analysis asked for that varies something, by its name.

    Trainings that are one and the same have one name: that of the first.
    """
    of_study = design(config)
    first = {of_study.full.content: of_study.full}
    found: dict[str, list[Setting]] = {}
    for name in varied(config):
        made = ANALYSES[name].settings
        found[name] = [
            Setting(each.name, first.setdefault(each.training.content, each.training), each.asked)
            for each in (made(of_study) if made else [])
        ]
    return found


def trainings(config: Config) -> dict[str, Training]:
    """Return every training of the study, by name; the one whose network is kept is first."""
    every = (each.training for of_one in settings(config).values() for each in of_one)
    return {FULL: design(config).full} | {training.name: training for training in every}


def repeats(config: Config) -> list[int]:
    """Return the numbers of the repeats of each training."""
    return list(range(1, config["cell_to_cell"]["repeats"] + 1))


def asked(config: Config) -> dict[str, dict[str, Any]]:
    """Return every training, by name, as its jobs get it: what it is, and on what it is scored."""
    every = [each for of_one in settings(config).values() for each in of_one]
    block = config["cell_to_cell"]
    return {
        name: {
            **asdict(training),
            "asked": list(dict.fromkeys(e.asked for e in every if e.training.name == name)),
            **{key: block[key] for key in ("added_cells", "folds")},
        }
        for name, training in trainings(config).items()
    }


def external_networks(config: Config) -> dict[str, dict[str, Any]]:
    """Return the networks that predict another platform's profiles, by name.

    For each repeat one with the authors' regularisation for external data, and one without any:
    "repeat" says which, "options" are those of its training.
    """
    plain = {**options(config), "regularisation": "external"}
    bare = {**plain, **dict.fromkeys(SWITCHED_OFF["without all three"], False)}
    return {
        f"{name}{'' if repeat == 1 else f'_{repeat}'}": {"repeat": repeat, "options": own}
        for repeat in repeats(config)
        for name, own in ((EXTERNAL, plain), (UNREGULARISED, bare))
    }


def external_models(config: Config, name: str) -> list[str]:
    """Return the files of all repeats of `EXTERNAL` or `UNREGULARISED`, below results/{dataset}."""
    named = [network for network in external_networks(config) if network.startswith(name)]
    return [f"cell_to_cell/{network}.h5" for network in named]


def told(config: Config) -> dict[str, list[dict[str, str]]]:
    """Return name, training and question of the settings of each analysis, as jobs get them."""
    return {
        analysis: [
            {"name": each.name, "training": each.training.name, "asked": each.asked}
            for each in of_one
        ]
        for analysis, of_one in settings(config).items()
    }


def scores(config: Config) -> dict[str, str]:
    """Return the tables of scores that settings are made of, below results/{dataset}."""
    names = dict.fromkeys(e.training.name for each in settings(config).values() for e in each)
    return {
        f"{name}_{repeat}": f"cell_to_cell/trainings/{name}/scores_{repeat}.tsv"
        for name in names
        for repeat in repeats(config)
    }


def labels(config: Config, training: Mapping[str, Any]) -> list[str]:
    """Return the table of mechanisms, below results/{dataset}, where a training needs it."""
    needs = training["profiles"] == FAMILY and bool(Inputs.of(config).annotation_files)
    return ["classification/labels.tsv"] if needs else []


def published(config: Config) -> dict[str, list[str]]:
    """Return the files of numbers that papers print too: see `lacuna.cell_to_cell.published`.

    The study itself and the comparison of methods are given where the data are those of Umarov et
    al. 2021 alone: signatures of phase 2, with knock-downs of phase 1; or, for the comparison, the
    tensor of Hodos et al. 2018. Which cells they are of, the numbers themselves say.
    """
    is_theirs = has_their_data(config)
    has_grid = is_theirs or Inputs.of(config).kind == "tensor"
    compared = "large" in config["evaluation"]["splits"]["profiles"]["sizes"] and has_grid
    return {
        "variations": ["cell_to_cell/variations.tsv"] if varied(config) and is_theirs else [],
        "transfer": ["cell_to_cell/transfer_summary.tsv"] if asks_for(config, "transfer") else [],
        "factors": (
            ["cell_to_cell/bound_factors.tsv"] if asks_for_binding(config) and is_theirs else []
        ),
        "grid": ["metrics.tsv", "tensor/filters.tsv"] if compared else [],
    }


def has_their_data(config: Config) -> bool:
    """Return whether the signatures are those of phase 2, and of phase 1 no compounds."""
    types = config["signatures"].get("pert_types", [COMPOUND])
    is_theirs = False
    for name, files in Inputs.of(config).series.items():
        said = config["acquire"]["series"].get(name, {})
        own = said.get("pert_types", types) if isinstance(said, Mapping) else types
        level5 = files.get("level5", "")
        if level5.startswith(PHASE_2):
            is_theirs = True
        elif not level5.startswith(PHASE_1) or COMPOUND in own:
            return False
    return is_theirs


def results(config: Config) -> list[str]:
    """Return the tables and pages that a run makes, below results/{dataset}."""
    if not varied(config):
        return []
    return ["cell_to_cell/variations.tsv", "cell_to_cell/pages/cell_to_cell.html"]
