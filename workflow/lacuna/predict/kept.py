"""Model files among the results of runs: by structure, and from a profile."""

import sys
from pathlib import Path

from lacuna.completion.cell_model import FILE
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.model_file import kind_of

ENDING = ".model.h5"
OF_STUDY = "cell_to_cell/model.h5"  # trained on a part of the drugs


def by_structure(folder: Path) -> dict[str, Path]:
    """Return the models of a run that predict by structure, by the name of their method."""
    paths = sorted((folder / "completed").glob(f"*{ENDING}"))
    return {path.name.removesuffix(ENDING): path for path in paths if kind_of(path) != FILE.kind}


def from_profile(folder: Path) -> list[Path]:
    """Return the models of a run that predict from a profile; those of all its data first."""
    paths = [*sorted((folder / "completed").glob(f"*{ENDING}")), folder / OF_STUDY]
    return [path for path in paths if path.is_file() and kind_of(path) == FILE.kind]


def find_network(results: Path, dataset: str | None) -> Path:
    """Return the model that predicts from a profile: of a run, or of the newest that has one.

    Raises
    ------
    LacunaError
        If there is no such run, or it has none.
    """
    runs = sorted(results.iterdir()) if results.is_dir() else []
    found = {folder.name: models[0] for folder in runs if (models := from_profile(folder))}
    how = (
        f"Say --model FILE, or complete with deepcellstate (completion: completed), which keeps "
        f"{FILE.place}."
    )
    if dataset is not None:
        if dataset in found:
            return found[dataset]
        names = [folder.name for folder in runs if folder.is_dir()]
        if dataset in names:
            raise LacunaError(f"{results / dataset}: has no model of {FILE.called}. {how}")
        raise LacunaError(
            f"{results}: has no run {dataset!r}{did_you_mean(dataset, names)}; there are "
            f"{listed(names, 9)}."
        )
    if not found:
        raise LacunaError(f"{results}: no run has a model of {FILE.called}. {how}")
    newest = max(found, key=lambda name: found[name].stat().st_mtime)
    if len(found) > 1:
        print(
            f"Asking {newest}, the newest run with a model; another by --dataset.", file=sys.stderr
        )
    return found[newest]
