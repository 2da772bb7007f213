"""The model file: a trained translation with its genes, its reference and its errors."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile
from lacuna.io.model_file import ModelFile, part
from lacuna.translation.chain import END_TO_END, Genes, Translation, restore_step
from lacuna.translation.normalise import Reference

FILE = ModelFile("translation", "a translation")
STEPS = ("landmarks", "genome")
FACTS = ("first", "second", "logarithm", "digest")


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
    facts = dict(zip(FACTS, (first, second, model.logarithm, digest), strict=True))
    content: dict[str, np.ndarray | pd.DataFrame] = {
        "landmarks": np.array(model.genes.landmarks, dtype=object),
        "genes": np.array(model.genes.genes, dtype=object),
        "reference": model.reference.sorted_values,
        "stderr": model.stderr,
    }
    for kind, step in zip(STEPS, model.steps, strict=False):
        content |= {f"{kind}.{name}": array for name, array in step.state().items()}
    FILE.save(path, facts, content)


def load_model(path: str | Path) -> Translation:
    """Read a trained translation.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, no such model, or of another version of the format.
    """
    facts, content = FILE.load(path, FACTS)
    try:
        genes = Genes(list(map(str, content["landmarks"])), list(map(str, content["genes"])))
        states = {kind: part(content, f"{kind}.") for kind in STEPS}
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
