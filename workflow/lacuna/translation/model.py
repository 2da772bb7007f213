"""The model file: a trained translation with its genes, its reference and its errors."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import lacuna
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.translation.chain import END_TO_END, Genes, Translation, restore_step
from lacuna.translation.normalise import Reference

KIND = "lacuna translation"
FORMAT = 1
STEPS = ("landmarks", "genome")
FACTS = ("kind", "format", "first", "second", "logarithm", "version", "digest")


def save_model(path: str | Path, model: Translation, digest: str) -> None:
    """Write a trained translation to one file, which appears whole or not at all.

    Parameters
    ----------
    path, model
        Where and what.
    digest
        Of the training data, see `digest_of`.
    """
    first, second = model.names
    facts = dict(
        zip(
            FACTS,
            (KIND, str(FORMAT), first, second, model.logarithm, lacuna.__version__, digest),
            strict=True,
        )
    )
    content: dict[str, np.ndarray | pd.DataFrame] = {
        "facts": pd.DataFrame({"key": list(facts), "value": list(facts.values())}),
        "landmarks": np.array(model.genes.landmarks, dtype=object),
        "genes": np.array(model.genes.genes, dtype=object),
        "reference": model.reference.sorted_values,
        "stderr": model.stderr,
    }
    for kind, step in zip(STEPS, model.steps, strict=False):
        content |= {f"{kind}.{name}": array for name, array in step.state().items()}
    hdf5.save(path, content)


def load_model(path: str | Path) -> Translation:
    """Read a trained translation.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, no such model, or of another version of the format.
    """
    content = hdf5.load(path)
    facts = _facts(content, path)
    if facts["format"] != str(FORMAT):
        raise LacunaError(
            f"{path}: this model is of format {facts['format']} (Lacuna {facts['version']}), "
            f"expected format {FORMAT}. Train it again with this version."
        )
    try:
        genes = Genes(list(map(str, content["landmarks"])), list(map(str, content["genes"])))
        states = {kind: _state(content, kind) for kind in STEPS}
        names = facts["first"], facts["second"]
        if names[1] == END_TO_END:
            steps = [restore_step(END_TO_END, names[0], states["landmarks"])]
        else:
            steps = [
                restore_step(kind, name, states[kind])
                for kind, name in zip(STEPS, names, strict=True)
            ]
        return Translation(
            genes,
            Reference(content["reference"]),
            facts["logarithm"],
            names,
            tuple(steps),
            content["stderr"],
        )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedFile(path, f"its parts do not make a translation ({error})") from error


def digest_of(*arrays: np.ndarray) -> str:
    """Return a digest of arrays, by which a model says what it was trained on."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _facts(content: Mapping[str, object], path: str | Path) -> dict[str, str]:
    table = content.get("facts")
    if isinstance(table, pd.DataFrame) and {"key", "value"} <= set(table):
        facts = dict(zip(table["key"].astype(str), table["value"].astype(str), strict=True))
        if facts.get("kind") == KIND and set(FACTS) <= set(facts):
            return facts
    raise LacunaError(
        f"{path}: not a model of a translation; expected a file that the stage translation wrote, "
        "results/DATASET/translation/model.h5."
    )


def _state(content: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(f"{kind}."): array
        for name, array in content.items()
        if name.startswith(f"{kind}.")
    }
