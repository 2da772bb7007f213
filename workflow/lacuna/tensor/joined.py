"""Tables beside a tensor: joined by name, never by the order of their rows."""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.tsv import read_table
from lacuna.tensor.profiles import ProfileSet

KEYS = {"drugs": "drug", "cells": "cell", "genes": "gene"}
REMEDY = "Table and tensor are of two runs; remove the table, and run the same command again."


def described(tensor: ProfileSet, axis: str, table: pd.DataFrame, where: object) -> pd.DataFrame:
    """Return the rows of a table in the order of a tensor's drugs, cells or genes.

    Parameters
    ----------
    tensor
        Gives the names, and their order.
    axis
        "drugs", "cells" or "genes".
    table
        Its column drug, cell or gene names each row. Rows of others are left out: the small tensor
        has a part of the large one's drugs.
    where
        The table's file, for the message.

    Raises
    ------
    LacunaError
        If one of the tensor's names has no row, or a name has two.
    """
    return named_rows(table, KEYS[axis], getattr(tensor, axis), where)


def named_rows(
    table: pd.DataFrame, key: str, names: np.ndarray | pd.Series, where: object
) -> pd.DataFrame:
    """Return the rows of a table by the names in its column `key`, in the order given.

    Raises
    ------
    LacunaError
        As `described`.
    """
    of_rows = pd.Index(table[key].astype(str))
    if not of_rows.is_unique:
        twice = of_rows[of_rows.duplicated()][0]
        raise LacunaError(f"{where}: {key} {twice!r} has more than one row; expected one. {REMEDY}")
    position = of_rows.get_indexer(pd.Index(list(map(str, names)), dtype=object))
    if (position < 0).any():
        first = names[int(np.argmax(position < 0))]
        raise LacunaError(
            f"{where}: has no row for {key} {str(first)!r} of the tensor "
            f"({int((position < 0).sum())} of {len(names)} {key}s have none). {REMEDY}"
        )
    return table.iloc[position].reset_index(drop=True)


def read_described(tensor: ProfileSet, axis: str, path: str | Path) -> pd.DataFrame:
    """Read a table of drugs, cells or genes, and return what `described` does."""
    return described(tensor, axis, read_table(path), path)


def read_types(tensor: ProfileSet, path: str | Path) -> np.ndarray:
    """Read the table of drugs, and return the type of treatment of each, shape (drugs,)."""
    return read_described(tensor, "drugs", path)["pert_type"].to_numpy(str)


def of_profiles(tensor: ProfileSet, table: pd.DataFrame, column: str, where: object) -> np.ndarray:
    """Return what a table says of each profile of a tensor, shape (n,), by drug and cell.

    Parameters
    ----------
    tensor
        Gives the profiles, and their order.
    table
        drug, cell and `column`, one row a profile.
    column
        What is asked for.
    where
        The table's file, for the message.

    Raises
    ------
    LacunaError
        If a profile has no row or two, or a row is of no profile.
    """
    found = pd.MultiIndex.from_arrays([table["drug"].astype(str), table["cell"].astype(str)])
    drugs, cells = tensor.drugs[tensor.drug], tensor.cells[tensor.cell]
    wanted = pd.MultiIndex.from_arrays([drugs.astype(str), cells.astype(str)])
    if found.equals(wanted):
        return table[column].to_numpy()
    for names, fault in (
        (found[found.duplicated()], "has more than one row for"),
        (wanted.difference(found, sort=False), "has no row for"),
        (found.difference(wanted, sort=False), "has a row for a profile that is not there:"),
    ):
        if len(names):
            drug, cell = names[0]
            raise LacunaError(
                f"{where}: {fault} drug {drug!r} in cell {cell!r} ({len(names)} such); expected "
                f"one for each of the tensor's {len(tensor)} profiles. {REMEDY}"
            )
    return table[column].to_numpy()[found.get_indexer(wanted)]


def read_of_profiles(tensor: ProfileSet, path: str | Path, column: str) -> np.ndarray:
    """Read a table, such as that of folds, and return what `of_profiles` does."""
    return of_profiles(tensor, read_table(path), column, path)
