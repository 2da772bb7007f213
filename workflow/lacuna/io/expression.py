"""Opens matrices of expression by what they hold: ARCHS4, h5ad, GCT, GCTX, or a table of text."""

from pathlib import Path

import h5py

from lacuna.errors import LacunaError, listed
from lacuna.io.archs4 import MATRIX, Archs4
from lacuna.io.atomic import explain_read_errors
from lacuna.io.blocks import Expression
from lacuna.io.gctx import MATRIX as GCTX_MATRIX
from lacuna.io.gctx_matrix import GctxMatrix
from lacuna.io.h5ad import H5ad, is_h5ad
from lacuna.io.text_matrix import TextMatrix
from lacuna.io.untrusted import is_gzip, open_untrusted

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def open_expression(path: str | Path, samples: str | Path | None = None) -> Expression:
    """Open a matrix of RNA-seq by what it holds, whatever it is called.

    Parameters
    ----------
    path
        ARCHS4's HDF5 of any version, h5ad, GCT, or a table of genes x samples separated by tabs or
        commas; text may be gzipped.
    samples
        A table of its samples, see `Expression.describe`.

    Returns
    -------
    Expression
        To be used as a context manager.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing or in no layout that is known, or the tables do not belong together.
    """
    path = Path(path)
    kind = layout_of(path)
    if kind is GctxMatrix:
        raise LacunaError(
            f"{path}: is GCTX, the layout of L1000; expected RNA-seq: ARCHS4, h5ad, GCT or a table "
            "of genes x samples."
        )
    opened = kind(path)
    if samples is not None:
        try:
            opened.describe(samples)
        except BaseException:
            opened.__exit__()
            raise
    return opened


def open_matrix(path: str | Path) -> Expression:
    """Open a matrix of L1000, or of anything else, by what it holds, whatever it is called.

    Parameters
    ----------
    path
        GCTX, or what `open_expression` opens.

    Returns
    -------
    Expression
        To be used as a context manager.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing or in no layout that is known.
    """
    return layout_of(path)(path)


def is_hdf5(path: str | Path) -> bool:
    """Return whether a file, plain or gzipped, begins as HDF5 files do."""
    with open_untrusted(path) as file:
        return file.read(len(HDF5_MAGIC)) == HDF5_MAGIC


def layout_of(path: str | Path) -> type[Expression]:
    """Return what reads a matrix, by what the file holds; it is not opened.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing, HDF5 in gzip, or in no layout that is known.
    """
    path = Path(path)
    if not is_hdf5(path):
        return TextMatrix
    if is_gzip(path):
        raise LacunaError(
            f"{path}: is HDF5 in gzip, which cannot be read in blocks. Decompress it first: "
            f"gunzip {path.name}."
        )
    with explain_read_errors(path), h5py.File(path, "r") as file:
        if is_h5ad(file):
            return H5ad
        if GCTX_MATRIX in file:
            return GctxMatrix
        if "data" in file and "meta" in file:
            return Archs4
        there = list(file)
    raise LacunaError(
        f"{path}: this HDF5 file has {listed(there)}; expected GCTX's {GCTX_MATRIX}, ARCHS4's "
        f"{MATRIX} and meta, or h5ad's X, obs and var."
    )


__all__ = ["Expression", "is_hdf5", "layout_of", "open_expression", "open_matrix"]
