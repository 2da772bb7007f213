"""What all model files have in common: an HDF5 file whose table of facts says what it is."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import lacuna
from lacuna.errors import LacunaError, listed
from lacuna.io import hdf5

FACTS = "facts"


@dataclass(frozen=True)
class ModelFile:
    """A kind of model file.

    Attributes
    ----------
    stage : str
        That writes it.
    called : str
        What its model is, in words, for messages.
    format : int
        Of the layout: a file of another one is refused.
    place : str
        Where such a file lies, for messages.
    """

    stage: str
    called: str
    format: int = 1
    place: str = "results/DATASET/{stage}/model.h5"

    @property
    def kind(self) -> str:
        """What the file says that it is."""
        return f"lacuna {self.stage}"

    def save(
        self,
        path: str | Path,
        facts: Mapping[str, str],
        content: Mapping[str, np.ndarray | pd.DataFrame],
    ) -> None:
        """Write a model, which appears whole or not at all.

        Parameters
        ----------
        path
            Where to write.
        facts
            In words, by name; kind, format and Lacuna's version, if it is not there, are added.
        content
            All else, by name.
        """
        said = {"kind": self.kind, "format": str(self.format), "version": lacuna.__version__}
        said |= facts
        table = pd.DataFrame({"key": list(said), "value": list(said.values())})
        hdf5.save(path, {FACTS: table, **content})

    def load(
        self, path: str | Path, needed: Iterable[str] = (), lazy: Container[str] = ()
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Read a model's facts and content.

        Parameters
        ----------
        path
            The file.
        needed
            Names of facts that it must have.
        lazy
            Names of arrays to leave in the file, which are read when they are sliced.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If it is missing, of no such model, or of another format.
        """
        content = hdf5.load(path, lazy)
        facts = _facts(content)
        if facts.get("kind") != self.kind or not {"format", "version", *needed} <= set(facts):
            if other := facts.get("kind", "") * (facts.get("kind") != self.kind):
                what = f"it says that it is {other!r}"
            else:
                what = f"it holds {listed(content, 3)}"
            raise LacunaError(
                f"{path}: not a model of {self.called} ({what}); expected a file that the stage "
                f"{self.stage} wrote, {self.place.format(stage=self.stage)}."
            )
        if facts["format"] != str(self.format):
            raise LacunaError(
                f"{path}: this model is of format {facts['format']} (Lacuna {facts['version']}), "
                f"expected format {self.format}. Train it again with this version."
            )
        return facts, content


def kind_of(path: str | Path) -> str:
    """Return what a file says that it is; empty where it is no model file, or cannot be read."""
    try:
        return _facts(hdf5.load(path, only=(FACTS,))).get("kind", "")
    except LacunaError:
        return ""


def _facts(content: Mapping[str, Any]) -> dict[str, str]:
    table = content.get(FACTS)
    if not isinstance(table, pd.DataFrame) or not {"key", "value"} <= set(table):
        return {}
    return dict(zip(table["key"].astype(str), table["value"].astype(str), strict=True))


def part(content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return what is called with a prefix, by the names behind it."""
    return {
        name.removeprefix(prefix): value
        for name, value in content.items()
        if name.startswith(prefix)
    }
