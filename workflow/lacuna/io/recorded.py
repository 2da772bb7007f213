"""Sizes and checksums that files of unknown checksum had when they were first seen.

They go by data set, series and name: two data sets may each have a pert_info.txt of their own.
"""

import fcntl
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from lacuna.io.file_table import read_rows
from lacuna.io.tsv import write_table

COLUMNS = ("dataset", "series", "file", "bytes", "sha256", "came_from")
OF_BEFORE = (
    ". In tables of earlier versions files went by their names alone: put the columns dataset and "
    "series (or annotations, gene_sets, external, rnaseq, cells) before file; or remove the table, "
    "and what is acquired from now on is recorded anew."
)


class Key(NamedTuple):
    """Which file of which data set.

    Attributes
    ----------
    dataset : str
        The data set.
    series : str
        The series, or the folder of files that belong to the whole data set (annotations, ...).
    file : str
        Its name there.
    """

    dataset: str
    series: str
    file: str

    def __str__(self) -> str:
        return f"{self.file!r} of {self.series} ({self.dataset})"


def read_recorded(table: Path) -> dict[tuple[str, ...], dict]:
    """Read the table, empty if there is none.

    Returns
    -------
    dict of `Key` to dict
        `bytes`, `sha256` and `came_from` among its entries.

    Raises
    ------
    LacunaError
        If it cannot be read, or is of an earlier version that went by names alone.
    """
    return read_rows(table, Key._fields, COLUMNS, OF_BEFORE) if table.exists() else {}


def record(table: Path, key: Key, size: int, sha256: str, came_from: str) -> dict:
    """Return the file's row in the table: this one, unless another job was quicker.

    Raises
    ------
    LacunaError
        As `read_recorded`.
    UnwritableFile
        If the table cannot be written.
    """
    table.parent.mkdir(parents=True, exist_ok=True)
    # The table itself is replaced at each write, so the lock needs a file that stays.
    with table.with_name(table.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read_recorded(table)
        if key not in rows or rows[key]["sha256"] is None:
            rows[key] = dict(zip(COLUMNS, (*key, size, sha256, came_from), strict=True))
            write_table(pd.DataFrame(list(rows.values()), dtype=object), table)
        return rows[key]
