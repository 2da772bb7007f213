"""Molecules as vectors: read from where they were encoded, and scaled by training molecules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.retrieval.interface import Alike
from lacuna.structures.card import encoder_card, encoder_module
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


@dataclass(frozen=True)
class Source:
    """What a network reads molecules from.

    Attributes
    ----------
    encoder : str
        Vectors that stand fast, or the encoder that is trained with the network.
    append : str
        An encoder whose vectors stand behind those; empty for none.
    options : dict
        Of the encoder, where it is trained.
    """

    encoder: str
    append: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trained(self) -> bool:
        """Whether the encoder is trained with the network."""
        return encoder_card(self.encoder).trained

    def vectors(self, known: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the scaled vectors of what stands fast, put side by side; none of a trained one.

        Parameters
        ----------
        known
            Scaled vectors of the same molecules, by encoder.
        """
        names = [self.append] if self.trained else [self.encoder, self.append]
        rows = len(next(iter(known.values())))
        parts = [known[name] for name in names if name]
        return np.concatenate([np.zeros((rows, 0), np.float32), *parts], axis=1)

    def read(self, smiles: Sequence[str], known: Mapping[str, np.ndarray]) -> Any:
        """Return molecules as the network takes them: vectors, or graphs.

        Parameters
        ----------
        smiles
            Of m molecules.
        known
            Their scaled vectors, by encoder.
        """
        vectors = self.vectors(known)
        if not self.trained:
            return vectors
        from lacuna.networks.training import fingerprint  # imports PyTorch
        from lacuna.retrieval.alignment.embedders import Graphs
        from lacuna.structures.graphs import MoleculeGraphs

        def make() -> Any:
            return self.network(vectors.shape[1])

        digest = fingerprint(vectors, smiles=tuple(smiles), source=tuple(self.state()))
        return Graphs(MoleculeGraphs(list(smiles), vectors), make, int(make().size), digest)

    def network(self, descriptors: int) -> Any:
        """Return a new encoder to be trained, None of vectors that stand fast."""
        if not self.trained:
            return None
        return encoder_module(self.encoder).network(descriptors, **self.options)

    def state(self) -> np.ndarray:
        """Return its words."""
        return np.array([self.encoder, self.append, json.dumps(dict(self.options))], dtype=object)

    @classmethod
    def of(cls, words: np.ndarray) -> "Source":
        """Make it of its words."""
        encoder, append, options = map(str, words)
        return cls(encoder, append, json.loads(options))


def scaler_of(encoded: Encoded, smiles: Sequence[str]) -> Scaler | None:
    """Learn a scale on molecules; None of fingerprints, which need none."""
    return None if encoded.alike == "jaccard" else Scaler.fit(encoded.of(smiles))


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
    scaler = scaler_of(encoded, smiles[by])
    if scaler is None:
        return found
    return {role: scaler.apply(vectors) for role, vectors in found.items()}
