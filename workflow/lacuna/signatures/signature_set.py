"""SignatureSet: the signatures of experiments, and the file they are kept in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.atomic import readable

SIGNATURES_AT_ONCE = 4096
EXPERIMENT = ["drug", "cell", "dose", "time", "batch"]


@dataclass(frozen=True)
class SignatureSet:
    """Signatures and what is known of each.

    Attributes
    ----------
    table : DataFrame, one row per signature
        drug, name (NaN or empty when the drug has none), cell, dose (micromolar), time (hours),
        batch, replicates, acd and p_value (both NaN for an experiment without replicates).
    profiles : float32 array of shape (signatures, genes)
        Unit rows; of a set that was loaded they stay in the file until they are sliced.
    genes : array of str
        Entrez ids of the landmark genes.
    """

    table: pd.DataFrame
    profiles: np.ndarray
    genes: np.ndarray

    @staticmethod
    def save(path: str | Path, parts: Iterable["SignatureSet"]) -> None:
        """Write one HDF5 file part by part, so that only one of them is ever in memory."""
        tables = []
        with hdf5.Writer(path) as writer:
            for part in parts:
                writer.append("profiles", part.profiles)
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
        with readable(path):
            loaded = cls(**hdf5.load(path, unread=("profiles",), layout=_LAYOUT))
            expected = (len(loaded.table), len(loaded.genes))
            if loaded.profiles.shape != expected:
                raise ValueError(f"profiles have shape {loaded.profiles.shape}, not {expected}")
            if missing := {*EXPERIMENT, "name", "replicates", "acd", "p_value"} - {*loaded.table}:
                raise ValueError(f"table has no {sorted(missing)}")
        return loaded

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
        columns = [pd.Index(each.genes).get_indexer(genes) for each in sets]
        profiles = _Joined([each.profiles for each in sets], columns)
        return cls(pd.concat([each.table for each in sets], ignore_index=True), profiles, genes)

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
            The same on every machine and number of cores, as it adds in file order.
        """
        sums = np.zeros((groups, len(self.genes)))
        for start in range(0, len(group), SIGNATURES_AT_ONCE):
            block = slice(start, start + SIGNATURES_AT_ONCE)
            used = group[block] >= 0
            if used.any():
                np.add.at(sums, group[block][used], self.profiles[block][used])
        return sums


_LAYOUT = {"profiles": (hdf5.FLOATS, 2), "table": hdf5.TABLE, "genes": (hdf5.NAMES, 1)}


class _Joined:
    """Profiles of several sets below each other, read where they are when sliced."""

    def __init__(self, parts: list[np.ndarray], columns: list[np.ndarray]):
        self._parts, self._columns = parts, columns
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        return np.concatenate(
            [
                part[max(start - first, 0) : max(stop - first, 0)][:, columns]
                for part, columns, first in zip(
                    self._parts, self._columns, self._starts, strict=False
                )
            ]
        )
