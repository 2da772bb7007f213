"""SignatureSet: the signatures of experiments, and the file they are kept in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors
from lacuna.io.names import drug_key, one_spelling
from lacuna.io.odd_rows import Account
from lacuna.vectors import slices, unit_rows

SIGNATURES_AT_ONCE = 4096  # read from a file into memory
EXPERIMENT = ["drug", "cell", "dose", "time", "batch", "pert_type"]
COLUMNS = [*EXPERIMENT, "name", "replicates", "acd", "p_value", "no_p_value"]
# Why an experiment has no p-value.
HAS_P_VALUE = ""
NO_REPLICATES = "no replicates"
FEW_DRUGS = "too few other drugs on its plates"
SHARED_LINE = "replicates in a row or column with too few wells of other drugs"
NO_POSITIONS = "replicates on one plate whose well positions are not known, or stand twice"
NOT_GIVEN = "no p-value in their source"
# The values of `tensor: scale`: each signature to unit length, or values as they are.
UNIT, Z = "unit", "z"
LEAST_COMMON = 0.5  # of the genes of the smaller series: with fewer, ids are of different kinds


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
        drug (its id, which a gene may have, too), pert_type (what kind of treatment it is), name
        (NaN or empty when the drug has none), cell, dose (micromolar), time (hours), batch,
        replicates, acd (NaN for an experiment without replicates), p_value (NaN where there
        is none) and no_p_value: why there is none, empty where there is one. That of ready-made
        signatures has cc_q75, too (see `lacuna.io.sig_info`).
    profiles : float32 rows of shape (signatures, genes)
        Unit rows, or values as their source has them (`tensor: scale: z`); those of a set that was
        loaded stay in the file until they are sliced.
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
    def concatenate(
        cls,
        sets: Iterable["SignatureSet"],
        genes: np.ndarray | None = None,
        scale: str = UNIT,
    ) -> "SignatureSet":
        """Join the signatures of several series.

        Parameters
        ----------
        sets
            One for each series.
        genes
            The genes to keep, which all series have; by default those that `common_genes` finds.
        scale
            "unit" scales profiles that lose genes to unit length again, "z" does not.

        Names of drugs and cells that differ only in case between series get one spelling.
        """
        sets = list(sets)
        if genes is None:
            genes = common_genes({str(n): each.genes for n, each in enumerate(sets, 1)}).genes
        columns = [pd.Index(series.genes).get_indexer(pd.Index(genes)) for series in sets]
        profiles = _StackedRows([series.profiles for series in sets], columns, scale)
        table = pd.concat([series.table for series in sets], ignore_index=True)
        table, odd = spell_alike(table)
        for line in odd:
            print(f"{line.what} ({line.rows:,} signatures: {line.named}).")
        return cls(table, profiles, genes)

    def squared_lengths(self) -> np.ndarray:
        """Return the squared length of every profile, float64, reading a block at a time."""
        blocks = slices(len(self.table), SIGNATURES_AT_ONCE)
        rows = (self.profiles[block].astype(np.float64) for block in blocks)
        return np.concatenate([np.zeros(0), *((each**2).sum(axis=1) for each in rows)])

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


def spell_alike(table: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Give drugs and cells of several series that differ only in case one spelling.

    Returns
    -------
    DataFrame, Account
        The table, and what was changed.
    """
    account: Account = []
    drug = one_spelling(table["drug"], "drugs of series", account, drug_key)
    cell = one_spelling(table["cell"], "cells of series", account)
    return table.assign(drug=drug, cell=cell), account


_LAYOUT: hdf5.Layout = {"profiles": (hdf5.FLOATS, 2), "table": hdf5.TABLE, "genes": (hdf5.NAMES, 1)}


class _StackedRows:
    """The rows of several sets below each other; a slice reads only the sets that it touches.

    Parameters
    ----------
    parts
        The rows of each set.
    columns : int arrays of shape (genes,)
        For each set, where the genes that are kept stand in it.
    scale
        As in `SignatureSet.concatenate`.
    """

    def __init__(self, parts: list[ProfileRows], columns: list[np.ndarray], scale: str):
        self._parts, self._columns, self._scale = parts, columns, scale
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        return np.concatenate(
            [
                _take(part[max(start - first, 0) : max(stop - first, 0)], columns, self._scale)
                for part, columns, first in zip(
                    self._parts, self._columns, self._starts[:-1], strict=True
                )
            ]
        )


def _take(profiles: np.ndarray, columns: np.ndarray, scale: str) -> np.ndarray:
    taken = profiles[:, columns]
    return taken if scale == Z or len(columns) == profiles.shape[1] else unit_rows(taken)


class CommonGenes(NamedTuple):
    """The genes that all series have.

    Attributes
    ----------
    genes : object array
        In the order of the first series.
    left_out : DataFrame with columns gene, series
        The others, each beside the series that do not have it.
    """

    genes: np.ndarray
    left_out: pd.DataFrame

    def lines(self) -> list[str]:
        """Say which genes are left out, in a line for each group of series that lack the same."""
        return [
            f"{len(genes):,} genes are left out of all series, {listed(genes, 3)}: {series} "
            f"lacks them; {len(self.genes):,} are left."
            for series, genes in self.left_out.groupby("series")["gene"]
        ]


def common_genes(genes: Mapping[str, Iterable[str]]) -> CommonGenes:
    """Find the genes that all series have.

    Parameters
    ----------
    genes
        Ids by the name of the series.

    Raises
    ------
    LacunaError
        If they are fewer than half of those of the smallest series.
    """
    known = {series: pd.Index(list(ids), dtype=object) for series, ids in genes.items()}
    union = pd.Index(
        list(dict.fromkeys(id_ for ids in known.values() for id_ in ids)), dtype=object
    )
    has = pd.DataFrame({series: union.isin(ids) for series, ids in known.items()}, index=union)
    common = union[has.all(axis=1)]
    smallest = min(known, key=lambda series: len(known[series]))
    if len(common) < LEAST_COMMON * len(known[smallest]):
        sizes = ", ".join(f"{name} {len(ids):,} ({listed(ids, 2)})" for name, ids in known.items())
        raise LacunaError(
            f"acquire: series: {smallest}: {len(common):,} of its {len(known[smallest]):,} genes "
            f"are genes of all series; expected at least half. The series have: {sizes}. Take "
            "gene ids of one kind for all (Entrez ids, as pr_gene_id), or run them apart."
        )
    lacking = has[~has.all(axis=1)]
    series = [", ".join(lacking.columns[~row]) for row in lacking.to_numpy()]
    return CommonGenes(common.to_numpy(), pd.DataFrame({"gene": lacking.index, "series": series}))
