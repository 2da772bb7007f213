"""The list of genes that travels with a model: which, in which order, and their other names."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.genes import GeneTable
from lacuna.io.geo import check_unique, read_columns
from lacuna.io.tsv import write_table

COLUMNS = {"gene": ("gene",), "landmark": ("landmark",)}
OPTIONAL = {"entrez": ("entrez",), "ensembl": ("ensembl",)}
TRUTH = {"True": True, "False": False}


def make_gene_list(
    genes: Iterable[object], landmarks: Iterable[object], table: GeneTable
) -> pd.DataFrame:
    """Describe genes, in the order given.

    Returns
    -------
    DataFrame
        gene (symbol), landmark (bool), entrez and ensembl (NaN where the table does not say; where
        it has several for a symbol, the first).
    """
    names = pd.Series(list(map(str, genes)), dtype=object)
    described = {"gene": names, "landmark": names.isin(set(map(str, landmarks)))}
    for kind in OPTIONAL:
        symbols: pd.Series = getattr(table, kind)
        ids = pd.Series(symbols.index, index=symbols.to_numpy(), dtype=object)
        described[kind] = names.map(ids[~ids.index.duplicated()]).astype(object)
    return pd.DataFrame(described)


def write_gene_list(genes: pd.DataFrame, path: str | Path) -> None:
    """Write what `make_gene_list` returned; the order of its rows is that of the model.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    write_table(genes[[*COLUMNS, *OPTIONAL]], path)


def read_gene_list(path: str | Path) -> pd.DataFrame:
    """Read a list of genes, in its order.

    Returns
    -------
    DataFrame
        As `make_gene_list` returns it.

    Raises
    ------
    LacunaError
        If a column is missing, a gene stands twice, or a landmark is neither True nor False.
    """
    genes = read_columns(path, COLUMNS, OPTIONAL)
    check_unique(genes, "gene", "gene", path)
    wrong = np.flatnonzero(~genes["landmark"].isin(TRUTH))
    if len(wrong):
        raise LacunaError(
            f"{path}: line {wrong[0] + 2}, gene {genes['gene'][wrong[0]]!r}: landmark is "
            f"{genes['landmark'][wrong[0]]!r}; expected True or False."
        )
    if genes.empty:
        raise LacunaError(f"{path}: names no gene; expected a row for each.")
    return genes.assign(landmark=genes["landmark"].map(TRUTH).astype(bool))


def check_gene_list(given: Iterable[object], expected: Iterable[object], path: str | Path) -> None:
    """Refuse genes that are not a model's, or stand in another order.

    Parameters
    ----------
    given
        The genes of a file.
    expected
        The model's, in its order.
    path
        The file, for the message.

    Raises
    ------
    LacunaError
        Naming the file and the first genes that differ.
    """
    has, needs = pd.Index(list(map(str, given))), pd.Index(list(map(str, expected)))
    if has.equals(needs):
        return
    missing, foreign = needs.difference(has, sort=False), has.difference(needs, sort=False)
    if len(missing) or len(foreign):
        parts = [
            f"{len(names)} {what} ({listed(names)})"
            for names, what in ((missing, "of the model's are missing"), (foreign, "are others"))
            if len(names)
        ]
        raise LacunaError(
            f"{path}: is not the list of this model's {len(needs)} genes: {', '.join(parts)}. Give "
            "the list that was written with the model."
        )
    if len(has) != len(needs):
        twice = has[has.duplicated()].unique()
        raise LacunaError(f"{path}: genes {listed(twice)} stand more than once; expected once.")
    first = int(np.flatnonzero(has != needs)[0])
    raise LacunaError(
        f"{path}: has the model's {len(needs)} genes in another order: row {first + 1} is "
        f"{has[first]!r}, the model has {needs[first]!r} there. Give the list that was written "
        "with the model."
    )
