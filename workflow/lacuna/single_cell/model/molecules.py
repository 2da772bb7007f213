"""Drugs as the network reads them: vectors that stand fast, graphs, or nothing but their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.drug_vectors import LEARNED
from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES
from lacuna.structures.card import available, encoder_card, encoder_module
from lacuna.structures.scaling import Scaler

if TYPE_CHECKING:
    import torch
    from torch import nn


class Reader(Protocol):
    """What gives the network some of its drugs."""

    def batch(self, drugs: np.ndarray, device: str) -> Any:
        """Return drugs, by their numbers, as the network's part for molecules takes them."""


@dataclass(frozen=True)
class Vectors:
    """Scaled vectors that stand fast."""

    rows: np.ndarray

    def batch(self, drugs: np.ndarray, device: str) -> "torch.Tensor":
        import torch

        return torch.from_numpy(np.ascontiguousarray(self.rows[drugs])).to(device)


@dataclass(frozen=True)
class Graphs:
    """Graphs, for an encoder that is trained with the network."""

    graphs: Any

    def batch(self, drugs: np.ndarray, device: str) -> Any:
        return self.graphs.batch(drugs).to(device)


@dataclass(frozen=True)
class Numbers:
    """Places in the table of learnt vectors, -1 of drugs that were not trained on."""

    place: np.ndarray
    names: pd.Index

    def batch(self, drugs: np.ndarray, device: str) -> "torch.Tensor":
        import torch

        place = self.place[drugs]
        if (place < 0).any():
            new = self.names[drugs[place < 0]].unique()
            raise LacunaError(
                f"single_cell: this model learnt a vector for each training drug, and knows "
                f"nothing of {len(new)} others ({listed(new)}). Train with an encoder of "
                "structures, which reads any."
            )
        return torch.from_numpy(place.astype(np.int64)).to(device)


@dataclass(frozen=True)
class Source:
    """What the network reads drugs from.

    Attributes
    ----------
    encoder : str
        One of Lacuna's encoders, a table from outside, or `LEARNED`.
    options : dict
        Of the encoder.
    """

    encoder: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_learned(self) -> bool:
        """Whether there is a vector for each training drug, and none for others."""
        return self.encoder == LEARNED

    @property
    def is_trained(self) -> bool:
        """Whether the encoder is trained with the network."""
        return self.encoder in available() and encoder_card(self.encoder).trained

    @property
    def is_scaled(self) -> bool:
        """Whether vectors are standardised: all but fingerprints."""
        if self.is_learned or self.is_trained:
            return False
        return self.encoder not in available() or encoder_card(self.encoder).alike != "jaccard"

    def network(self, drugs: int, width: int, dimensions: int) -> "tuple[nn.Module, int]":
        """Return the network's part for molecules, with new weights, and how wide vectors are.

        Parameters
        ----------
        drugs
            Of the training.
        width
            Of vectors that stand fast.
        dimensions
            Of vectors that are learnt, one for each drug.
        """
        from torch import nn

        if self.is_learned:
            return nn.Embedding(drugs, dimensions), dimensions
        if self.is_trained:
            network = encoder_module(self.encoder).network(0, **self.options)
            return network, int(network.size)
        return nn.Identity(), width


@dataclass(frozen=True)
class Molecules:
    """Drugs, and what is known of each before any cell is looked at.

    Attributes
    ----------
    source : Source
    names : Index of str
        Unique; `CONTROL` is the vehicle.
    smiles : list of str
        Canonical, of the parents.
    vectors : float32 array of shape (drugs, m)
        As the encoder gives them, unscaled; no columns where it is trained, or vectors are learnt.
    """

    source: Source
    names: pd.Index
    smiles: list[str]
    vectors: np.ndarray

    @classmethod
    def of(
        cls,
        source: Source,
        smiles: Mapping[str, str],
        table: pd.DataFrame | None = None,
    ) -> "Molecules":
        """Look up the vectors of drugs.

        Parameters
        ----------
        source
            Where they are from.
        smiles
            By drug; `CONTROL` is added.
        table
            A row per canonical SMILES; None where the encoder is trained, or vectors are learnt.

        Raises
        ------
        LacunaError
            If a drug has no row, or one without a number. It is never given zeros.
        """
        texts = {CONTROL: CONTROL_SMILES} | {str(name): text for name, text in smiles.items()}
        names, wanted = pd.Index(list(texts)), list(texts.values())
        if source.is_learned or source.is_trained:
            return cls(source, names, wanted, np.zeros((len(names), 0), np.float32))
        if table is None:
            raise LacunaError(
                f"single_cell: no vectors by {source.encoder} are given. Encode the drugs first."
            )
        missing = [name for name, text in smiles.items() if text not in table.index]
        if missing:
            raise LacunaError(
                f"single_cell: {source.encoder} has no vector of {len(missing)} drugs "
                f"({listed(missing)}), expected one for each SMILES. Encode them, add them to the "
                "table, or leave the drugs out."
            )
        vectors = table.reindex(wanted).to_numpy(np.float32)
        # Whether the vehicle has one matters only to models that read it; see `start.begin`.
        empty = names[~np.isfinite(vectors).any(axis=1) & (names != CONTROL)]
        if len(empty):
            raise LacunaError(
                f"single_cell: vectors by {source.encoder} of {len(empty)} drugs "
                f"({listed(empty)}) hold no number. Leave the drugs out, or take another encoder."
            )
        return cls(source, names, wanted, vectors)

    def of_names(self, names: Sequence[str]) -> "Molecules":
        """Return some of the drugs, in this order."""
        place = self.names.get_indexer(pd.Index(list(names)))
        if (place < 0).any():
            unknown = [name for name, at in zip(names, place, strict=True) if at < 0]
            raise LacunaError(
                f"single_cell: no structures of the drugs {listed(unknown)} are given."
            )
        return Molecules(
            self.source,
            self.names[place],
            [self.smiles[number] for number in place],
            self.vectors[place],
        )

    def scaler(self, names: Sequence[str]) -> Scaler | None:
        """Learn a scale on some of the drugs; None where vectors stay as they are."""
        return Scaler.fit(self.of_names(names).vectors) if self.source.is_scaled else None

    def reader(self, scaler: Scaler | None, learnt: pd.Index) -> Reader:
        """Return the drugs as the network takes them.

        Parameters
        ----------
        scaler
            What the training learnt.
        learnt
            Training drugs, in the order of the table of learnt vectors.
        """
        if self.source.is_learned:
            return Numbers(learnt.get_indexer(self.names), self.names)
        if self.source.is_trained:
            return Graphs(_graphs(tuple(self.smiles)))
        return Vectors(self.vectors if scaler is None else scaler.apply(self.vectors))


@lru_cache(maxsize=4)
def _graphs(smiles: tuple[str, ...]) -> Any:
    """Make graphs once: a training asks for the same molecules at each validation."""
    from lacuna.structures.graphs import MoleculeGraphs

    return MoleculeGraphs(smiles)
