"""Opens expression of samples, whatever its layout: ARCHS4, h5ad, GCT, or a table of text."""

from pathlib import Path

import h5py

from lacuna.errors import LacunaError, listed
from lacuna.io.archs4 import MATRIX, Archs4
from lacuna.io.atomic import explain_read_errors
from lacuna.io.blocks import Expression
from lacuna.io.gctx import MATRIX as GCTX_MATRIX
from lacuna.io.h5ad import H5ad, is_h5ad
from lacuna.io.text_matrix import TextMatrix
from lacuna.io.untrusted import is_gzip, open_untrusted

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def open_expression(path: str | Path, samples: str | Path | None = None) -> Expression:
    """Open a matrix of expression by what it holds, whatever it is called.

    Parameters
    ----------
    path
        ARCHS4's HDF5 of any version, h5ad, GCT 1.2, or a table of genes x samples separated by
        tabs; text may be gzipped.
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
    opened = _kind(path)(path)
    if samples is not None:
        try:
            opened.describe(samples)
        except BaseException:
            opened.__exit__()
            raise
    return opened


def _kind(path: Path) -> type[Expression]:
    with open_untrusted(path) as file:
        is_hdf5 = file.read(len(HDF5_MAGIC)) == HDF5_MAGIC
    if not is_hdf5:
        return TextMatrix
    if is_gzip(path):
        raise LacunaError(
            f"{path}: is HDF5 in gzip, which cannot be read in blocks. Decompress it first: "
            f"gunzip {path.name}."
        )
    with explain_read_errors(path), h5py.File(path, "r") as file:
        if is_h5ad(file):
            return H5ad
        if "data" in file and "meta" in file:
            return Archs4
        there = list(file)
        is_gctx = GCTX_MATRIX in file
    if is_gctx:
        raise LacunaError(
            f"{path}: is GCTX, the layout of L1000; expected RNA-seq: ARCHS4, h5ad, GCT or a table "
            "of genes x samples."
        )
    raise LacunaError(
        f"{path}: this HDF5 file has {listed(there)}; expected ARCHS4's {MATRIX} and meta, or "
        "h5ad's X, obs and var."
    )


__all__ = ["Expression", "open_expression"]
