"""What a finished run found, in a few sentences: the report's first screen, and a run's last words.

Every stage that has a module `headline` says its own: `answers(folder, config)`, and where it has
them `key_tables(folder, config)`, see `lacuna.evaluation.headline`. Numbers are read from the
tables that the run has written.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import lacuna
from lacuna.acquire.inputs import Inputs
from lacuna.drawing.tables import Answer, ShownTable
from lacuna.report.experiments import consistent_experiments
from lacuna.signatures import stage as signatures

Config = Mapping[str, Any]
PAGE_TO_ASK = (
    "explore/index.html",
    "the page to ask: drugs, cells, genes, signatures of your own; offline",
)
PLACES = (  # below results/{dataset}; those that a run has
    ("metrics.tsv", "all scores of cross-validation"),
    ("translation/metrics.tsv", "all scores of the translation"),
    ("retrieval/metrics.tsv", "all scores of retrieval"),
    ("single_cell/metrics.tsv", "all scores of single cells"),
    ("predict/predicted.h5ad", "drugs known by structure alone, in every cell"),
    ("tensor/dropped.tsv", "drugs and cells that fell out, and why"),
)


class Place(NamedTuple):
    """A file that a reader will look for.

    Attributes
    ----------
    path : str
        Below results/{dataset}.
    what : str
        What it holds.
    """

    path: str
    what: str


def headline(folder: str | Path, config: Config) -> list[str]:
    """Return what a run found, one sentence or a few for each question.

    Parameters
    ----------
    folder
        results/{dataset}, with the tables of the finished run.
    config
        Its configuration, as `lacuna.project.plan.Plan.config` has it.

    Returns
    -------
    list of str
        Of simulated data, the first says so.
    """
    return [
        *([simulated(config)] if Inputs.of(config).simulated else []),
        *(f"{answer.question}: {answer.text}" for answer in answers(folder, config)),
    ]


def simulated(config: Config) -> str:
    """Say that data are simulated."""
    return (
        f"{config['dataset']} is simulated: no number here says anything about real drugs or cells."
    )


def answers(folder: str | Path, config: Config) -> list[Answer]:
    """Return what each stage of a run says of its results; of signatures alone, what these are.

    Parameters
    ----------
    folder, config
        As for `headline`.
    """
    told = [answer for stage in _stages(config) for answer in stage.answers(Path(folder), config)]
    return told or [consistent_experiments(Path(folder) / "report/p_values.tsv")]


def key_tables(folder: str | Path, config: Config) -> list[ShownTable]:
    """Return the tables of the first screen.

    Parameters
    ----------
    folder, config
        As for `headline`.
    """
    return [
        table
        for stage in _stages(config)
        if hasattr(stage, "key_tables")
        for table in stage.key_tables(Path(folder), config)
    ]


def places(folder: str | Path, config: Config) -> list[Place]:
    """Return where the results are that a reader will look for; only files that are there.

    Parameters
    ----------
    folder, config
        As for `headline`.
    """
    methods = config["completion"]["completed"]
    every = [Place(*PAGE_TO_ASK)]
    every += [
        Place(f"completed/{method}.{ending}", f"every drug in every cell, for {reader}")
        for method in methods
        for ending, reader in (("h5ad", "anndata and scanpy"), ("gctx", "cmapPy and cmapR"))
    ]
    every += [
        Place(path, "the signatures, with replicates and p-values")
        for path in (signatures.products(config) if signatures.wanted(config) else [])
    ]
    every += [
        Place(f"translation/translated/{series}.h5ad", "the translated wells")
        for series in Inputs.of(config).series
    ]
    every += [Place(*place) for place in PLACES]
    return [place for place in every if (Path(folder) / place.path).is_file()]


def _stages(config: Config) -> Iterator[ModuleType]:
    """Import the module `headline` of every stage of the run that has one."""
    this_package = __name__.split(".")[1]
    for package in pkgutil.iter_modules(lacuna.__path__):
        folders = [str(Path(folder) / package.name) for folder in lacuna.__path__]
        modules = {module.name for module in pkgutil.iter_modules(folders)}
        if package.name == this_package or not {"headline", "stage"} <= modules:
            continue
        stage = import_module(f"lacuna.{package.name}.stage")
        if not hasattr(stage, "wanted") or stage.wanted(config):
            yield import_module(f"lacuna.{package.name}.headline")
