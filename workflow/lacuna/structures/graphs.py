"""Molecules as graphs: atoms and directed bonds with features, put together into batches."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from lacuna.structures.reading import read_structures

if TYPE_CHECKING:
    import torch


@dataclass
class GraphBatch:
    """Some molecules as one graph; its attributes have the names that chemprop's blocks read.

    Attributes
    ----------
    V : float32 tensor of shape (atoms, features)
    E : float32 tensor of shape (bonds, features)
        Every bond twice, once in each direction.
    edge_index : int64 tensor of shape (2, bonds)
        The atoms from which and to which each goes.
    rev_edge_index : int64 tensor of shape (bonds,)
        The same bond in the other direction.
    batch : int64 tensor of shape (atoms,)
        The structure, 0 ... k - 1, that each atom is of; no structure comes twice.
    structure : int64 tensor of shape (b,)
        Which of the k structures each molecule of the batch is.
    descriptors : float32 tensor of shape (b, descriptors)
        Further numbers of each molecule; none where `MoleculeGraphs` was given none.
    """

    V: "torch.Tensor"
    E: "torch.Tensor"
    edge_index: "torch.Tensor"
    rev_edge_index: "torch.Tensor"
    batch: "torch.Tensor"
    structure: "torch.Tensor"
    descriptors: "torch.Tensor"

    def __len__(self) -> int:
        """Return the number of molecules, b."""
        return len(self.structure)

    def to(self, device: "str | torch.device") -> "GraphBatch":
        """Return the batch on another device."""
        return GraphBatch(*(getattr(self, field.name).to(device) for field in fields(self)))


class MoleculeGraphs:
    """Molecules, made graphs of once and taken out in batches.

    Parameters
    ----------
    smiles
        Of m molecules, as `identify` gives them.
    descriptors : float32 array of shape (m, d), optional
        Further numbers of each, scaled and finite.

    Raises
    ------
    LacunaError
        If a structure cannot be read.
    ValueError
        If descriptors are of other molecules, or not finite.
    """

    def __init__(self, smiles: Sequence[str], descriptors: np.ndarray | None = None) -> None:
        from chemprop.featurizers import SimpleMoleculeMolGraphFeaturizer

        if descriptors is None:
            descriptors = np.zeros((len(smiles), 0), np.float32)
        if len(descriptors) != len(smiles) or not np.isfinite(descriptors).all():
            raise ValueError(
                f"descriptors of shape {descriptors.shape}, expected {len(smiles)} finite rows"
            )
        self.descriptors = np.asarray(descriptors, np.float32)
        featurise = SimpleMoleculeMolGraphFeaturizer()
        self.atom_features, self.bond_features = featurise.atom_fdim, featurise.bond_fdim
        graphs = [featurise(molecule) for molecule in read_structures(smiles)]
        nothing = np.zeros((0, self.bond_features), np.float32)
        self._atoms = _Ragged([graph.V.astype(np.float32) for graph in graphs])
        self._bonds = _Ragged(
            [graph.E.astype(np.float32) if len(graph.E) else nothing for graph in graphs]
        )
        ends = [graph.edge_index.T.reshape(-1, 2).astype(np.int64) for graph in graphs]
        self._ends = _Ragged(ends)
        self._reverse = _Ragged([graph.rev_edge_index.astype(np.int64) for graph in graphs])

    def __len__(self) -> int:
        """Return the number of molecules, m."""
        return len(self.descriptors)

    def batch(self, molecules: np.ndarray) -> GraphBatch:
        """Return some of the molecules, by their rows; one that comes often is encoded once.

        Parameters
        ----------
        molecules : int array of shape (b,)
            At least one.
        """
        import torch

        chosen, structure = np.unique(np.asarray(molecules, np.int64), return_inverse=True)
        atoms, bonds = self._atoms.count[chosen], self._bonds.count[chosen]
        first_atom, first_bond = np.cumsum(atoms) - atoms, np.cumsum(bonds) - bonds
        ends = self._ends.take(chosen) + np.repeat(first_atom, bonds)[:, None]
        arrays = (
            self._atoms.take(chosen),
            self._bonds.take(chosen),
            np.ascontiguousarray(ends.T),
            self._reverse.take(chosen) + np.repeat(first_bond, bonds),
            np.repeat(np.arange(len(chosen)), atoms),
            structure.reshape(-1),
            self.descriptors[molecules],
        )
        return GraphBatch(*map(torch.from_numpy, arrays))


class _Ragged:
    """Arrays of different lengths, end to end."""

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self.count = np.array([len(part) for part in parts], np.int64)
        self._first = np.cumsum(self.count) - self.count
        self._rows = np.concatenate(parts) if parts else np.zeros((0, 1))

    def take(self, which: np.ndarray) -> np.ndarray:
        """Return the rows of some of the arrays, in this order."""
        count = self.count[which]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return self._rows[np.repeat(self._first[which], count) + within]
