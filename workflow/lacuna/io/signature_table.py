"""Signatures as a table of text, one a line, which becomes a GCTX as others ship them.

So are Characteristic Directions kept by those who downloaded them from L1000CDS2: a matrix of
signatures x genes as R or Python writes it, separated by tabs or commas, with the ids of the
signatures before the values and the ids of the genes above them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.gctx import write_gctx
from lacuna.io.geo import unpack
from lacuna.io.untrusted import LONGEST_HEADER, check_header, open_untrusted

HDF5 = b"\x89HDF\r\n\x1a\n"  # how GCTX begins
SIGNATURE = "\0"  # the column of ids while a table is read: no gene is called so
AT_ONCE = 1024  # lines in memory


def unpack_signatures(source: str | Path, destination: str | Path) -> None:
    """Bring signatures into a GCTX: decompress or link to one, or turn a table of text into one.

    Parameters
    ----------
    source
        A GCTX or a table of signatures x genes, plain or gzipped.
    destination
        The GCTX.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If it is missing, neither of the two, or a value is no number.
    """
    source = Path(source)
    with open_untrusted(source) as file:
        begins = file.read(len(HDF5))
    if begins == HDF5 or h5py.is_hdf5(source):
        unpack(source, destination)
        return
    genes, separator = _header(source)
    ids = [name for block in _lines(source, genes, separator, [SIGNATURE]) for name in block.index]
    write_gctx(
        destination,
        (block.to_numpy(np.float32) for block in _lines(source, genes, separator)),
        pd.DataFrame(index=genes),
        pd.DataFrame(index=ids),
    )


def _header(path: Path) -> tuple[list[str], str]:
    """Return the genes and what separates the fields."""
    with open_untrusted(path, text=True) as file:
        lines = [_text(file.readline(LONGEST_HEADER)) for _ in range(2)]
    separator = "\t" if "\t" in lines[0] else ","
    check_header(path, separator)
    names, first = (next(csv.reader([line], delimiter=separator), []) for line in lines)
    # R leaves out the name of the first column, unless it is told not to.
    genes = names if len(names) == len(first) - 1 else names[1:]
    if not genes or len(genes) != len(first) - 1:
        raise LacunaError(
            f"{path}: neither a GCTX nor a table of signatures: its first line has {len(names)} "
            f"fields and its second {len(first)}. Expected one signature a line, separated by tabs "
            "or commas: its id, then a value for each gene that the first line names."
        )
    return genes, separator


def _lines(
    path: Path, genes: list[str], separator: str, columns: list[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Read some lines at a time, indexed by signature."""
    try:
        with open_untrusted(path, text=True) as file:
            yield from pd.read_csv(
                file,
                sep=separator,
                header=None,
                skiprows=1,
                names=[SIGNATURE, *genes],
                usecols=columns,
                index_col=SIGNATURE,
                dtype={SIGNATURE: str} | dict.fromkeys(genes, np.float32),
                na_values=["NA"],
                encoding="latin-1",
                chunksize=AT_ONCE,
            )
    except (ValueError, OverflowError) as error:
        raise LacunaError(
            f"{path}: not a table of signatures ({error}). Expected one a line: its id, then a "
            f"number for each of the {len(genes)} genes that the first line names."
        ) from error


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("latin-1")
