"""Molecules as vectors: read from where they were encoded, and scaled by training molecules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.retrieval.interface import Alike
from lacuna.structures.card import encoder_card
from lacuna.structures.scaling import Scaler


@dataclass(frozen=True)
class Encoded:
    """Vectors of molecules, as an encoder gave them.

    Attributes
    ----------
    encoder : str
    vectors : DataFrame
        A row per canonical SMILES; NaN where a value cannot be computed.
    """

    encoder: str
    vectors: pd.DataFrame

    @property
    def alike(self) -> Alike:
        """How two molecules are compared."""
        return encoder_card(self.encoder).alike

    def of(self, smiles: Sequence[str]) -> np.ndarray:
        """Return the vectors of molecules, float32 of shape (m, dimensions).

        Raises
        ------
        LacunaError
            If a molecule was not encoded.
        """
        missing = [text for text in smiles if text not in self.vectors.index]
        if missing:
            raise LacunaError(
                f"retrieval: {len(missing)} molecules, such as {missing[0]}, were not encoded by "
                f"{self.encoder}. Delete retrieval/encoded and run again."
            )
        return self.vectors.loc[list(smiles)].to_numpy(np.float32)


def read_encoded(path: str | Path) -> Encoded:
    """Read what `write_encoded` wrote; the encoder is called as the file.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    """
    content = hdf5.load(path)
    index = pd.Index(content["smiles"].astype(str))
    return Encoded(Path(path).stem, pd.DataFrame(content["vectors"], index=index))


def write_encoded(path: str | Path, smiles: Sequence[str], vectors: np.ndarray) -> None:
    """Write vectors of molecules by canonical SMILES."""
    hdf5.save(path, {"smiles": np.array(list(smiles), dtype=object), "vectors": vectors})


def scaled(encoded: Encoded, smiles: Mapping[str, Sequence[str]], by: str) -> dict[str, np.ndarray]:
    """Return vectors of molecules by role, ready to be learnt from.

    Fingerprints stay as they are; other vectors are standardised, and their holes filled, by what
    the molecules of one role say.

    Parameters
    ----------
    encoded
        Vectors.
    smiles
        Of molecules, by role.
    by
        The role that is learnt from.
    """
    found = {role: encoded.of(texts) for role, texts in smiles.items()}
    if encoded.alike == "jaccard":
        return found
    scaler = Scaler.fit(found[by])
    return {role: scaler.apply(vectors) for role, vectors in found.items()}
