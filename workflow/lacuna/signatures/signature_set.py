"""SignatureSet: the signatures of experiments, and the file they are kept in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors

SIGNATURES_AT_ONCE = 4096  # read from a file into memory
EXPERIMENT = ["drug", "cell", "dose", "time", "batch"]
COLUMNS = [*EXPERIMENT, "name", "replicates", "acd", "p_value"]


class ProfileRows(Protocol):
    """Profiles that are read when they are sliced: an array, or one that is still in its file."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


@dataclass(frozen=True)
class SignatureSet:
    """Signatures and what is known of each.

    Attributes
    ----------
    table : DataFrame, one row per signature
        drug, name (NaN or empty when the drug has none), cell, dose (micromolar), time (hours),
        batch, replicates, acd and p_value (both NaN for an experiment without replicates). That of
        ready-made signatures has cc_q75, too (see `lacuna.io.sig_info`).
    profiles : float32 rows of shape (signatures, genes)
        Unit rows; those of a set that was loaded stay in the file until they are sliced.
    genes : array of str
        Entrez ids of the landmark genes.
    """

    table: pd.DataFrame
    profiles: ProfileRows
    genes: np.ndarray

    @staticmethod
    def save(path: str | Path, parts: Iterable["SignatureSet"]) -> None:
        """Write one HDF5 file part by part, so that only one of them is ever in memory."""
        tables = []
        with hdf5.Writer(path) as writer:
            for part in parts:
                writer.append("profiles", part.profiles[:])
                tables.append(part.table)
            table = pd.concat(tables, ignore_index=True)
            writer.write({"table": table, "genes": part.genes})

    @classmethod
    def load(cls, path: str | Path) -> "SignatureSet":
        """Read a file that `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If the file is missing.
        """
        with explain_read_errors(path):
            content = hdf5.load(path, lazy=("profiles",), layout=_LAYOUT)
            shape = content["profiles"].shape
            if shape != (expected := (len(content["table"]), len(content["genes"]))):
                raise ValueError(f"profiles have shape {shape}, not {expected}")
            if missing := {*COLUMNS} - {*content["table"]}:
                raise ValueError(f"table has no {sorted(missing)}")
        return cls(**content)

    @classmethod
    def concatenate(cls, sets: Iterable["SignatureSet"]) -> "SignatureSet":
        """Join the signatures of several series.

        Raises
        ------
        LacunaError
            If the series do not have the same landmark genes.
        """
        sets = list(sets)
        genes = sets[0].genes
        for other in sets[1:]:
            if set(other.genes) != set(genes):
                raise LacunaError(
                    "The series of this dataset have different landmark genes "
                    f"({len(genes)} and {len(other.genes)}); expected the same in every gene_info."
                )
        columns = [pd.Index(series.genes).get_indexer(pd.Index(genes)) for series in sets]
        profiles = _StackedRows([series.profiles for series in sets], columns)
        table = pd.concat([series.table for series in sets], ignore_index=True)
        return cls(table, profiles, genes)

    def sum_by(self, group: np.ndarray, groups: int) -> np.ndarray:
        """Add up the profiles of each group, reading a block of them at a time.

        Parameters
        ----------
        group : int array of shape (signatures,)
            The group of each signature; those below 0 are left out.
        groups
            The number of groups.

        Returns
        -------
        float64 array of shape (groups, genes)
            It is added up in file order, so it is the same on every machine and number of cores.
        """
        sums = np.zeros((groups, len(self.genes)))
        for start in range(0, len(group), SIGNATURES_AT_ONCE):
            block = slice(start, start + SIGNATURES_AT_ONCE)
            used = group[block] >= 0
            if used.any():
                np.add.at(sums, group[block][used], self.profiles[block][used])
        return sums


_LAYOUT: hdf5.Layout = {"profiles": (hdf5.FLOATS, 2), "table": hdf5.TABLE, "genes": (hdf5.NAMES, 1)}


class _StackedRows:
    """The rows of several sets below each other; a slice reads only the sets that it touches.

    Parameters
    ----------
    parts
        The rows of each set.
    columns : int arrays of shape (genes,)
        For each set, where the genes of the first one stand in it.
    """

    def __init__(self, parts: list[ProfileRows], columns: list[np.ndarray]):
        self._parts, self._columns = parts, columns
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        return np.concatenate(
            [
                part[max(start - first, 0) : max(stop - first, 0)][:, columns]
                for part, columns, first in zip(
                    self._parts, self._columns, self._starts[:-1], strict=True
                )
            ]
        )
