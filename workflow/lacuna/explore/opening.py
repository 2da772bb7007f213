"""Which run is asked: arguments that all commands share, and its index."""

import argparse
import sys
from pathlib import Path

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.explore.words import FORMATS, INDEX, SCALES, SOURCES


def add_run_arguments(parser: argparse.ArgumentParser, formats: bool = True) -> None:
    """Declare --dataset, --results and, unless `formats` is false, --format."""
    parser.add_argument(
        "--dataset",
        metavar="NAME",
        help="the run to ask, results/NAME; by default the only one, or the newest",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="FOLDER",
        help="where runs lie (%(default)s)",
    )
    if formats:
        parser.add_argument(
            "--format",
            choices=FORMATS,
            help="table on a terminal and tsv elsewhere, by default; json has all there is",
        )


def add_scale_argument(parser: argparse.ArgumentParser, usual: str) -> None:
    """Declare --scale, and say which one is usual."""
    said = "; ".join(f"{name}: {scale.about}" for name, scale in SCALES.items())
    parser.add_argument("--scale", choices=tuple(SCALES), help=f"{said} ({usual})")


def add_profile_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --cell, --source and --min-r, which choose profiles."""
    parser.add_argument(
        "--cell", action="append", default=[], help="in this cell alone; may be given again"
    )
    parser.add_argument("--source", choices=SOURCES, help="only such profiles")
    parser.add_argument(
        "--min-r", type=float, metavar="R", help="only profiles of this expected r or more"
    )


def folder_of(arguments: argparse.Namespace, files: tuple[str, ...] = (INDEX,)) -> Path:
    """Return the folder of the run that is asked.

    Parameters
    ----------
    arguments
        Of a command with `add_run_arguments`.
    files
        Patterns below results/{dataset}; a run that can be asked has one of these.

    Raises
    ------
    LacunaError
        If there is no such run, or none that can be asked.
    """
    results: Path = arguments.results
    if not results.is_dir():
        raise LacunaError(
            f"{results}: no such folder. Expected the results of a run: go to the folder in which "
            "Snakemake ran, or say --results FOLDER."
        )
    runs = {folder.name: folder for folder in results.iterdir() if folder.is_dir()}
    found: dict[str, float] = {}
    for name, folder in runs.items():
        times = [path.stat().st_mtime for file in files for path in folder.glob(file)]
        if times:
            found[name] = max(times)
    if arguments.dataset is not None:
        return _named(arguments.dataset, results, list(runs), list(found))
    if not found:
        raise LacunaError(
            f"{results}: no run that can be asked ({_listed_runs(runs)}). "
            f"{_how_to_make(results, min(runs, default='DATASET'))}"
        )
    newest = max(found, key=lambda name: found[name])
    if len(found) > 1:
        print(
            f"Asking {newest}, the newest of {listed(sorted(found), 9)}; another by --dataset.",
            file=sys.stderr,
        )
    return runs[newest]


def _named(dataset: str, results: Path, runs: list[str], found: list[str]) -> Path:
    if dataset in found:
        return results / dataset
    if dataset in runs:
        raise LacunaError(
            f"{results / dataset / INDEX}: no such file, so this run cannot be asked yet. "
            f"{_how_to_make(results, dataset)}"
        )
    raise LacunaError(
        f"{results}: has no run {dataset!r}{did_you_mean(dataset, runs)}; {_listed_runs(runs)}."
    )


def _how_to_make(results: Path, dataset: str) -> str:
    own = results / dataset / "config.yaml"  # as the run was finished with
    config = own if own.is_file() else Path("config") / f"{dataset}.yaml"
    return (
        "Make it with the run's own configuration: snakemake --cores 2 "
        f"{Path('results') / dataset / INDEX} --configfile {config}"
    )


def _listed_runs(runs: "list[str] | dict[str, Path]") -> str:
    return f"there are {listed(sorted(runs), 9)}" if runs else "there is none at all"
