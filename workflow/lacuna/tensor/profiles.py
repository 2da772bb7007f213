"""ProfileSet: the observed profiles of a drug x cell grid, Lacuna's one currency."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors
from lacuna.vectors import mean_by

NO_PROFILE = -1  # the position of a profile that is not there
NO_PLATES = -1  # the number of plates that are not known


@dataclass(frozen=True)
class ProfileSet:
    """Profiles placed on a drug x cell grid; most places of the grid are empty.

    Attributes
    ----------
    profiles : float32 array of shape (n, genes)
        Each observed profile, whole; of unit length, unless `tensor: scale` is z.
    drug, cell : int arrays of shape (n,)
        The place of each profile: indices into `drugs` and `cells`. No place is taken twice.
    drugs, cells, genes : arrays of str
        Names, in the grid's order.
    reliability : DataFrame of n rows, or None
        How each profile was measured: number of signatures and replicates, acd, signal (the share
        of the profile that is no noise; NaN, like acd, without replicates), and plates (profiles
        with the same number are linked by shared plates; -1 if unknown).

    Raises
    ------
    ValueError
        If shapes differ, an index is out of range, or a (drug, cell) pair has two profiles.
    """

    profiles: np.ndarray
    drug: np.ndarray
    cell: np.ndarray
    drugs: np.ndarray
    cells: np.ndarray
    genes: np.ndarray
    reliability: pd.DataFrame | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        expected = (len(self.drug), len(self.genes))
        if self.profiles.shape != expected or len(self.cell) != len(self.drug):
            raise ValueError(f"profiles have shape {self.profiles.shape}, expected {expected}")
        if self.reliability is not None and len(self.reliability) != len(self.drug):
            raise ValueError(f"reliability has {len(self.reliability)} rows, not {len(self.drug)}")
        for name, index, axis in (("drug", self.drug, self.drugs), ("cell", self.cell, self.cells)):
            if len(index) and not 0 <= index.min() <= index.max() < len(axis):
                raise ValueError(f"{name} must lie between 0 and {len(axis) - 1}")
        if (self.counts > 1).any():
            raise ValueError("a (drug, cell) pair has more than one profile")

    def __len__(self) -> int:
        return len(self.drug)

    @cached_property
    def counts(self) -> np.ndarray:
        """Number of profiles at each place, shape (drugs, cells): 0 or 1."""
        counts = np.zeros((len(self.drugs), len(self.cells)), dtype=np.int64)
        np.add.at(counts, (self.drug, self.cell), 1)
        return counts

    @property
    def measured(self) -> np.ndarray:
        """Which places hold a profile, bool of shape (drugs, cells)."""
        return self.counts > 0

    @property
    def pairs(self) -> np.ndarray:
        """The (drug, cell) indices of every profile, shape (n, 2)."""
        return np.column_stack([self.drug, self.cell])

    @property
    def missing_pairs(self) -> np.ndarray:
        """The (drug, cell) indices of every empty place, shape (m, 2)."""
        return np.argwhere(~self.measured)

    def take(self, which: np.ndarray) -> "ProfileSet":
        """Return the profiles that a mask or positions select, on the same grid."""
        return ProfileSet(
            self.profiles[which],
            self.drug[which],
            self.cell[which],
            self.drugs,
            self.cells,
            self.genes,
            None if self.reliability is None else self.reliability.iloc[which],
        )

    def join(self, other: "ProfileSet") -> "ProfileSet":
        """Return the profiles of both, which lie on one grid; a place is in one of them only."""
        reliability = None
        if self.reliability is not None and other.reliability is not None:
            reliability = pd.concat([self.reliability, other.reliability])
        return ProfileSet(
            np.concatenate([self.profiles, other.profiles]),
            np.concatenate([self.drug, other.drug]),
            np.concatenate([self.cell, other.cell]),
            self.drugs,
            self.cells,
            self.genes,
            reliability,
        )

    def find(self, pairs: np.ndarray) -> np.ndarray:
        """Return the position of the profile at each (drug, cell) pair, NO_PROFILE where empty."""
        position = np.full(self.measured.shape, NO_PROFILE)
        position[self.drug, self.cell] = np.arange(len(self))
        return position[pairs[:, 0], pairs[:, 1]]

    def mean_by_drug(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each drug's mean profile, float64 (drugs, genes), and its number of profiles.

        A drug without profiles has zeros.
        """
        return mean_by(self.drug, len(self.drugs), self.profiles)

    def mean_by_cell(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each cell's mean profile, float64 (cells, genes), and its number of profiles.

        A cell without profiles gets the mean of all profiles.
        """
        means, size = mean_by(self.cell, len(self.cells), self.profiles)
        means[size == 0] = self.profiles.mean(axis=0, dtype=np.float64)
        return means, size

    def save(self, path: str | Path) -> None:
        """Write one HDF5 file.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        content = {name: getattr(self, name) for name in _ARRAYS}
        if self.reliability is not None:
            content["reliability"] = self.reliability
        hdf5.save(path, content)

    @classmethod
    def load(cls, path: str | Path) -> "ProfileSet":
        """Read a file that `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged, or a value is not finite.
        LacunaError
            If the file is missing.
        """
        optional = {"reliability": hdf5.TABLE}
        with explain_read_errors(path):
            loaded = cls(**hdf5.load(path, layout=_ARRAYS, optional=optional))
            if not np.isfinite(loaded.profiles).all():
                raise ValueError("profiles must be finite")
        return loaded


_ARRAYS: hdf5.Layout = {
    "profiles": (hdf5.FLOATS, 2),
    "drug": (hdf5.INDICES, 1),
    "cell": (hdf5.INDICES, 1),
    "drugs": (hdf5.NAMES, 1),
    "cells": (hdf5.NAMES, 1),
    "genes": (hdf5.NAMES, 1),
}


def cells_and_genes(path: str | Path) -> tuple[int, int]:
    """Return how many cells and genes a file that `ProfileSet.save` wrote has; no profile is read.

    Of a file that cannot be read it is 0 of each: who reads its profiles says what is wrong.
    """
    try:
        with h5py.File(path, "r") as file:
            return len(file["cells"]), len(file["genes"])
    except (OSError, KeyError, TypeError):
        return 0, 0
