"""What a gene is called: symbols, Ensembl ids and Entrez ids, translated by one table."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import check_present, read_columns, read_genes

# Of any species, with or without a version, and with what GENCODE puts behind (_PAR_Y, _2).
ENSEMBL = re.compile(r"(ENS[A-Z]{0,4}G\d{11})(\.\d+)?(_\w+)?")
ENTREZ = re.compile(r"\d+")
KINDS = {"symbol": "symbols", "ensembl": "Ensembl ids", "entrez": "Entrez ids"}
# Of a file's ids, at least so many are of its kind. Files of Ensembl ids have a few spike-ins or
# lines such as __no_feature, and files of symbols name a few genes by Ensembl ids.
LEAST_SHARE = 0.9
COLUMNS = {"symbol": ("symbol",)}
OPTIONAL = {"ensembl": ("ensembl",), "entrez": ("entrez",)}


class Symbols(NamedTuple):
    """The symbols of some ids.

    Attributes
    ----------
    names : object array of shape (ids,)
        NaN where the table does not know the id.
    kind : str
        What the ids are: symbol, ensembl or entrez.
    unmapped : int
        How many ids the table does not know.
    """

    names: np.ndarray
    kind: str
    unmapped: int


def _no_names() -> pd.Series:
    return pd.Series(dtype=object)


@dataclass(frozen=True)
class GeneTable:
    """Symbols by Ensembl and by Entrez id; without any, only symbols can be read.

    Attributes
    ----------
    ensembl, entrez : Series of str
        Symbols, indexed by id (Ensembl ids without version).
    """

    ensembl: pd.Series = field(default_factory=_no_names)
    entrez: pd.Series = field(default_factory=_no_names)

    @classmethod
    def read(cls, path: str | Path | None, gene_info: str | Path | None = None) -> "GeneTable":
        """Read a table of genes, and what GEO calls them.

        Parameters
        ----------
        path
            Tab-separated, plain or gzipped: symbol, and ensembl or entrez or both; others are left
            out. None where there is only `gene_info`.
        gene_info
            GEO's table beside an L1000 matrix. It wins where both name an Entrez id, so that the
            landmark genes are called the same everywhere.

        Raises
        ------
        LacunaError
            If a column is missing, a symbol is empty, or an id has two symbols.
        """
        ensembl, entrez = _no_names(), _no_names()
        known = _no_names()
        if gene_info is not None:
            genes = read_genes(gene_info).dropna(subset=["symbol"])
            known = genes.set_index("gene")["symbol"]
        if path is not None:
            table = read_columns(path, COLUMNS, OPTIONAL)
            check_present(table, "symbol", path)
            if table[["ensembl", "entrez"]].isna().all(axis=None):
                raise LacunaError(
                    f"{path}: has no ids; expected a column ensembl or entrez beside symbol."
                )
            table["symbol"] = table["entrez"].map(known).fillna(table["symbol"])
            table["ensembl"] = table["ensembl"].map(without_version, na_action="ignore")
            ensembl = _one_symbol_each(table, "ensembl", path)
            entrez = _one_symbol_each(table, "entrez", path)
        return cls(ensembl, known.combine_first(entrez) if len(known) else entrez)

    def to_symbols(self, ids: Iterable[object], path: str | Path) -> Symbols:
        """Give the symbols of ids; symbols stay as they are, whether the table has them or not.

        Parameters
        ----------
        ids
            All of one kind.
        path
            Where they stand, for the message.

        Raises
        ------
        LacunaError
            If it cannot be told what the ids are, they are not symbols and there is no table of
            genes, or it knows none of them.
        """
        names = np.array([str(name) for name in ids], dtype=object)
        kind = kind_of(names, path)
        if kind == "symbol":
            return Symbols(names, kind, 0)
        known = self.ensembl if kind == "ensembl" else self.entrez
        if known.empty:
            raise LacunaError(
                f"{path}: names genes by {KINDS[kind]} ({listed(names, 3)}), and there is no table "
                "that gives their symbols. Name one under `acquire: genes`: tab-separated, with "
                f"the columns symbol and {kind}."
            )
        if kind == "ensembl":
            names = np.array([without_version(name) for name in names], dtype=object)
        symbols = pd.Series(names).map(known).to_numpy(object)
        unmapped = int(pd.isna(symbols).sum())
        if unmapped == len(symbols):
            raise LacunaError(
                f"{path}: the table of genes knows none of its {unmapped} {KINDS[kind]} "
                f"({listed(names, 3)}); expected human genes, and a table of them under "
                "`acquire: genes`."
            )
        return Symbols(symbols, kind, unmapped)


def kind_of(ids: Iterable[object], path: str | Path) -> str:
    """Tell what genes are named by: symbol, ensembl or entrez.

    Parameters
    ----------
    ids
        Names of genes.
    path
        Where they stand, for the message.

    Raises
    ------
    LacunaError
        If fewer than 90 % of them are of one kind, or there are none.

    Examples
    --------
    >>> kind_of(["ENSG00000141510.18", "ENSG00000012048.5"], "a.gct")
    'ensembl'
    """
    names = [str(name) for name in ids]
    counts = dict.fromkeys(KINDS, 0)
    for name in names:
        counts[_kind(name)] += 1
    kind = max(counts, key=lambda kind: counts[kind])
    if not names:
        raise LacunaError(f"{path}: names no genes; expected a row for each.")
    if counts[kind] < LEAST_SHARE * len(names):
        said = ", ".join(f"{count} {KINDS[kind]}" for kind, count in counts.items())
        raise LacunaError(
            f"{path}: cannot tell what its {len(names)} genes are named by: {said}. Expected at "
            f"least {LEAST_SHARE:.0%} of one kind; name all of them alike."
        )
    return kind


def without_version(name: str) -> str:
    """Strip an Ensembl id of its version: ENSG00000141510.18 is ENSG00000141510."""
    found = ENSEMBL.fullmatch(name)
    return found[1] if found else name


def _kind(name: str) -> str:
    if ENSEMBL.fullmatch(name):
        return "ensembl"
    return "entrez" if ENTREZ.fullmatch(name) else "symbol"


def _one_symbol_each(table: pd.DataFrame, kind: str, path: str | Path) -> pd.Series:
    """Index symbols by one kind of ids, each of which may have one symbol only."""
    pairs = table[[kind, "symbol"]].dropna().drop_duplicates()
    twice = pairs.loc[pairs[kind].duplicated(), kind].unique()
    if len(twice):
        raise LacunaError(
            f"{path}: {kind} {listed(twice)} stand beside more than one symbol; expected one "
            "symbol for each. Remove the others."
        )
    return pairs.set_index(kind)["symbol"]
