"""Cells that others measured, in h5ad: of any version, with X or a layer, and repeated names.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

import warnings
from pathlib import Path
from typing import NamedTuple

import h5py
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.blocks import SYMBOLS
from lacuna.io.h5ad import check_promises, explained, is_h5ad
from lacuna.io.h5ad_rows import Matrix
from lacuna.io.h5ad_write import LAYERS, X
from lacuna.io.hdf5 import member
from lacuna.io.untrusted_texts import check_texts

MONOCLE = "gene_short_name"  # the column of symbols in what comes from monocle, as sci-Plex3 does


class Cells(NamedTuple):
    """What a file says of cells.

    Attributes
    ----------
    path : Path
    matrix : Matrix
        Of shape (cells, genes); it stays in the file.
    obs : DataFrame
        By the names of the cells, of which some may stand twice.
    genes : Index of str
        Names as the file has them.
    symbols : Series of str, or None
        What the file gives as symbols beside the names.
    """

    path: Path
    matrix: Matrix
    obs: pd.DataFrame
    genes: pd.Index
    symbols: pd.Series | None


def open_cells(path: str | Path, layer: str | None = None) -> Cells:
    """Open a file of cells; its matrix is read by rows.

    Parameters
    ----------
    path
        The file.
    layer
        The matrix that is wanted; X by default.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or laid out in another way.
    LacunaError
        If the file is missing, has no such layer, or the matrix is neither dense nor CSR.
    """
    path = Path(path)
    with explained(path):
        file = h5py.File(path, "r")
        if not is_h5ad(file):
            raise ValueError(f"it has {listed(file)}, and not X, obs and var")
        check_promises(file, set())
        check_texts(path, file, ("obs", "var"))
        obs, var = _tables(path, file)
        matrix = Matrix(path, _matrix(path, file, layer))
        if matrix.shape != (len(obs), len(var)):
            raise ValueError(
                f"the matrix has shape {matrix.shape}, obs and var name {len(obs)}, {len(var)}"
            )
    named = [column for column in (*SYMBOLS, MONOCLE) if column in var]
    symbols = var[named[0]].astype(object).reset_index(drop=True) if named else None
    obs.index = obs.index.astype(str)
    return Cells(path, matrix, obs, pd.Index(var.index.astype(str).astype(object)), symbols)


def _tables(path: Path, file: h5py.File) -> tuple[pd.DataFrame, pd.DataFrame]:
    import anndata  # takes a second

    parts = [member(file, name) for name in ("obs", "var")]
    if any(isinstance(part, h5py.Dataset) for part in parts):  # before 2019: records in one array
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the layout is old
            read = anndata.read_h5ad(path, backed="r")
        tables = read.obs.copy(), read.var.copy()
        read.file.close()
        return tables
    obs, var = (anndata.io.read_elem(part) for part in parts)
    if not (isinstance(obs, pd.DataFrame) and isinstance(var, pd.DataFrame)):
        raise ValueError("obs and var are no tables")
    return obs, var


def _matrix(path: Path, file: h5py.File, layer: str | None) -> h5py.Group | h5py.Dataset:
    if layer is None or layer == X:
        return member(file, X)
    there = list(member(file, LAYERS)) if LAYERS in file else []
    if layer not in there:
        raise LacunaError(
            f"{path}: has no layer {layer!r}{did_you_mean(layer, there)}; it has X"
            f"{' and the layers ' + listed(there, 20) if there else ' and no layers'}."
        )
    return member(member(file, LAYERS), layer)
