"""A finished run, as far as drugs are predicted from it by their structure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lacuna.completion.interface import SideInformation
from lacuna.completion.model import CompletionModel
from lacuna.completion.registry import available, is_control, keeps_model, method_label
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.evaluation.expected_r import ExpectedR
from lacuna.predict.accuracy import accuracy_of_run
from lacuna.predict.kept import ENDING, by_structure
from lacuna.predict.stage import calibrator, files_of_split
from lacuna.tensor.joined import described
from lacuna.tensor.profiles import ProfileSet

TABLES = ("drugs", "cells", "genes", "baseline")  # of the tensor


@dataclass(frozen=True)
class Run:
    """What predictions by structure are made from.

    Attributes
    ----------
    model : CompletionModel
    tensor : ProfileSet
        All observed profiles.
    side : SideInformation
    drugs, cells, genes : DataFrame of str
        As the tensor's tables have them; empty where not known.
    accuracy : DataFrame
        See `lacuna.predict.accuracy`; empty where no drugs were held out.
    learnt : ExpectedR
        What correlation to expect of predictions.
    facts : mapping
        dataset, and whether it is simulated.
    """

    model: CompletionModel
    tensor: ProfileSet
    side: SideInformation
    drugs: pd.DataFrame
    cells: pd.DataFrame
    genes: pd.DataFrame
    accuracy: pd.DataFrame
    learnt: ExpectedR = field(default_factory=ExpectedR)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Mapping[str, Any], accuracy: pd.DataFrame) -> "Run":
        """Read the files of a run.

        Parameters
        ----------
        files
            model, tensor, baseline, drugs, cells, genes; expected, if it is known what correlation
            to expect.
        accuracy
            See `Run`.

        Raises
        ------
        LacunaError
            If a file is missing or damaged, or the model was learnt from another tensor.
        """
        tensor = ProfileSet.load(files["tensor"])
        side = SideInformation.read(tensor, files["drugs"], files["baseline"])
        model = CompletionModel.load(files["model"])
        try:
            model.check_fits(tensor, side)
        except LacunaError as error:
            raise LacunaError(f"{files['model']}: {error}") from None
        drugs, cells, genes = (
            described(
                tensor,
                axis,
                pd.read_csv(files[axis], sep="\t", dtype=str, keep_default_na=False),
                files[axis],
            )
            for axis in ("drugs", "cells", "genes")
        )
        learnt = ExpectedR.load(files["expected"]) if "expected" in files else ExpectedR()
        return cls(model, tensor, side, drugs, cells, genes, accuracy, learnt)


def open_run(folder: Path) -> Run:
    """Open the results of a finished run.

    Parameters
    ----------
    folder
        results/DATASET.

    Raises
    ------
    LacunaError
        If there is no such run, it keeps no model, or its files do not fit each other.
    """
    if not (folder / "tensor/large.h5").is_file():
        raise LacunaError(f"{folder}: no finished run: it has no tensor/large.h5. Run one first.")
    config = _config_of(folder)
    model = find_model(folder, config)
    files = {name: folder / f"tensor/{name}.tsv" for name in TABLES}
    files |= {"model": model, "tensor": folder / "tensor/large.h5"}
    expected = folder / calibrator(model.name.removesuffix(ENDING))
    if expected.is_file():
        files["expected"] = expected
    run = Run.read(files, pd.DataFrame())
    judged_by = {name: str(folder / file) for name, file in files_of_split(run.model.name).items()}
    if not all(Path(path).is_file() for path in judged_by.values()):
        judged_by = {}
    seed = config.get("seed", 0)
    found = accuracy_of_run(run.tensor, run.side.smiles, judged_by, int(seed))
    facts = {"dataset": folder.name, "simulated": _is_simulated(config)}
    return replace(run, accuracy=found, facts=facts)


def find_model(folder: Path, config: Mapping[str, Any]) -> Path:
    """Return the model of a run: of the first of its completed methods that keeps one.

    One that an older configuration left beside them counts where the run's own is not known.

    Raises
    ------
    LacunaError
        If there is none, saying which methods keep one.
    """
    found = by_structure(folder)
    completion = config.get("completion")
    asked = completion.get("completed", []) if isinstance(completion, Mapping) else []
    if able := [name for name in asked or sorted(found) if name in found]:
        return found[able[0]]
    there = [path.stem for path in sorted((folder / "completed").glob("*.gctx"))]
    made = [name for name in there if name in asked] or there
    raise LacunaError(f"{folder / 'completed'}: {without_model(made)}")


def without_model(completed: list[str]) -> str:
    """Say why nothing can be predicted by structure, and which methods to complete with."""
    able = [name for name in available() if not is_control(name) and keeps_model(name, {})]
    labels = " or ".join(f"{name} ({method_label(name)})" for name in able)
    by = f" This run completed with {', '.join(completed)}." if completed else ""
    return (
        f"no model that predicts drugs by structure alone.{by} Complete with {labels}: name one "
        "under completion: methods and completion: completed, and run again."
    )


def _is_simulated(config: Mapping[str, Any]) -> bool:
    acquired = config.get("acquire")
    return isinstance(acquired, Mapping) and acquired.get("source") == "simulator"


def _config_of(folder: Path) -> dict[str, Any]:
    """Return the stored configuration; nothing where there is none that can be read."""
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return config if isinstance(config, dict) else {}


def find_run(results: Path, dataset: str | None) -> Path:
    """Return the folder of the run that is asked.

    Parameters
    ----------
    results
        Where runs lie.
    dataset
        The name of one; without it, the only one that keeps a model, or the newest of these.

    Raises
    ------
    LacunaError
        If there is no such run, or none at all.
    """
    folders = sorted(results.iterdir()) if results.is_dir() else []
    runs = {folder.name: folder for folder in folders if (folder / "tensor/large.h5").is_file()}
    if not runs:
        raise LacunaError(
            f"{results}: holds no run. Go to the folder in which Snakemake ran, or say --results "
            "FOLDER."
        )
    if dataset is not None:
        if dataset not in runs:
            raise LacunaError(
                f"{results}: has no run {dataset!r}{did_you_mean(dataset, runs)}; there are "
                f"{listed(runs, 9)}."
            )
        return runs[dataset]
    newest = {
        name: max((path.stat().st_mtime for path in by_structure(folder).values()), default=0)
        for name, folder in runs.items()
    }
    chosen = max(newest, key=lambda name: newest[name])
    if sum(time > 0 for time in newest.values()) > 1:
        print(
            f"Asking {chosen}, the newest run with a model; another by --dataset.", file=sys.stderr
        )
    return runs[chosen]
