"""Signatures as a table of text, one a line, which becomes a GCTX as others ship them.

So are Characteristic Directions kept by those who downloaded them from L1000CDS2: a matrix of
signatures x genes as R or Python writes it, separated by tabs or commas, with the ids of the
signatures before the values and the ids of the genes above them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.gctx import write_gctx
from lacuna.io.untrusted import LONGEST_HEADER, MIXED, check_header, decode, open_untrusted

SIGNATURE = "\0"  # the column of ids while a table is read: no gene is called so
AT_ONCE = 1024  # lines in memory


class Top(NamedTuple):
    """What the first two lines of a table of text say.

    Attributes
    ----------
    names : list of str
        Ids above the values.
    first : str
        The id of the first line below; empty if there is none.
    fields : tuple of int
        How many fields the two lines have.
    separator : str
    """

    names: list[str]
    first: str
    fields: tuple[int, int]
    separator: str


def read_top(path: str | Path) -> Top:
    """Read the first two lines of a table of text, plain or gzipped.

    Raises
    ------
    LacunaError
        If the file is missing or no text, or a line never ends.
    """
    with open_untrusted(path, text=True) as file:
        lines = [_text(file.readline(LONGEST_HEADER)) for _ in range(2)]
    separator = "\t" if "\t" in lines[0] else ","
    check_header(path, separator)
    try:
        above, below = (next(csv.reader([line], delimiter=separator), []) for line in lines)
    except csv.Error as error:
        raise LacunaError(f"{path}: its first lines are no table of text ({error}).") from error
    # R leaves out the name of the first column, unless it is told not to.
    names = above if len(above) == len(below) - 1 else above[1:]
    return Top(names, below[0] if below else "", (len(above), len(below)), separator)


def write_signatures(source: str | Path, destination: str | Path) -> None:
    """Turn a table of text with a signature in each line into a GCTX.

    Parameters
    ----------
    source
        A table of signatures x genes, plain or gzipped.
    destination
        The GCTX.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If it is missing or no such table, or a value is no number.
    """
    source = Path(source)
    genes, _, (above, below), separator = read_top(source)
    if not genes or len(genes) != below - 1:
        raise LacunaError(
            f"{source}: neither GCTX, GCT, h5ad nor a table of signatures: its first line has "
            f"{above} fields and its second {below}. Expected one signature a line, separated "
            "by tabs or commas: its id, then a value for each gene that the first line names."
        )
    ids = [name for block in _lines(source, genes, separator, [SIGNATURE]) for name in block.index]
    write_gctx(
        destination,
        (block.to_numpy(np.float32) for block in _lines(source, genes, separator)),
        pd.DataFrame(index=genes),
        pd.DataFrame(index=ids),
    )


def _lines(
    path: Path, genes: list[str], separator: str, columns: list[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Read some lines at a time, indexed by signature."""
    try:
        with open_untrusted(path, text=True) as file:
            reader = pd.read_csv(
                file,
                sep=separator,
                header=None,
                skiprows=1,
                names=[SIGNATURE, *genes],
                usecols=columns,
                index_col=SIGNATURE,
                dtype={SIGNATURE: str} | dict.fromkeys(genes, np.float32),
                na_values=["NA"],
                encoding="utf-8-sig",
                encoding_errors=MIXED,
                chunksize=AT_ONCE,
            )
            while (block := _next(reader)) is not None:
                _check_finite(path, block)
                yield block
    except (ValueError, OverflowError) as error:
        raise LacunaError(
            f"{path}: not a table of signatures ({error}). Expected one a line: its id, then a "
            f"number for each of the {len(genes)} genes that the first line names."
        ) from error


def _next(reader: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    with np.errstate(over="ignore"):  # `_check_finite` says where
        return next(reader, None)


def _check_finite(path: Path, block: pd.DataFrame) -> None:
    infinite = np.argwhere(np.isinf(block.to_numpy(np.float32)))
    if len(infinite):
        row, column = infinite[0]
        raise LacunaError(
            f"{path}: signature {block.index[row]!r}, gene {block.columns[column]!r} is beyond "
            f"{np.finfo(np.float32).max:.2g} ({len(infinite)} such values); expected a change of "
            "expression, stored as float32."
        )


def _text(line: bytes) -> str:
    return decode(line.rstrip(b"\r\n")).removeprefix("\ufeff")
