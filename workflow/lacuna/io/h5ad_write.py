"""Writes AnnData's HDF5 layout in blocks of samples: X and layers, dense or CSR.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.io.hdf5 import VERSION, create

Block = np.ndarray | sparse.csr_matrix
X, LAYERS = "X", "layers"
SPARSE = "csr_matrix"
SAMPLES_PER_CHUNK = 64  # of dense matrices
VALUES_PER_CHUNK = 2**15  # of sparse ones: a cell is read with few that are not its own


def write_h5ad(
    path: str | Path,
    blocks: Iterable[Block | Mapping[str, Block]],
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict[str, Any],
) -> None:
    """Write a matrix, or several of one shape, a block of rows at a time.

    anndata writes all but the matrices, which it would want in memory. Values are stored as
    float32, which holds whole numbers up to 16,777,216.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    blocks
        Arrays or CSR of shape (n, columns), one below the other: of X, or by name of X and layers.
        Each block has the same names, and a matrix is sparse as its first block is.
    obs, var
        Of rows and columns, indexed by their names, of which some may stand twice.
    uns
        Facts about the whole.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If the blocks and the names differ in number.
    """
    import anndata  # takes a second

    shape = len(obs), len(var)
    with create(path, libver=VERSION) as (file, sink):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(Observation|Variable) names are not unique")
            anndata.io.write_elem(file, "/", anndata.AnnData(obs=obs, var=var, uns=uns))
        if X in file:
            del file[X]
        growing: dict[str, _Growing] = {}
        for block in blocks:
            named = block if isinstance(block, Mapping) else {X: block}
            for name, rows in named.items():
                if name not in growing:
                    group = file if name == X else file[LAYERS]
                    growing[name] = _kind_of(rows)(group, name, shape)
                growing[name].add(rows)
            sink.check()  # stops as soon as the disk is full
        if X not in growing:
            growing[X] = _Dense(file, X, shape)
        for matrix in growing.values():
            matrix.end()


class _Growing(ABC):
    """A matrix that is being written."""

    def __init__(self, group: h5py.Group, name: str, shape: tuple[int, int]) -> None:
        self._shape, self._done = shape, 0
        self._create(group, name)

    def add(self, rows: Block) -> None:
        if rows.shape[1] != self._shape[1] or self._done + rows.shape[0] > self._shape[0]:
            raise ValueError(f"a block of shape {rows.shape} in a matrix of {self._shape}")
        self._append(rows)
        self._done += rows.shape[0]

    def end(self) -> None:
        if self._done != self._shape[0]:
            raise ValueError(f"{self._done} samples in a matrix of {self._shape}")

    @abstractmethod
    def _create(self, group: h5py.Group, name: str) -> None:
        """Make an empty matrix."""

    @abstractmethod
    def _append(self, rows: Block) -> None:
        """Put rows below those that are there."""


class _Dense(_Growing):
    def _create(self, group: h5py.Group, name: str) -> None:
        rows, columns = self._shape
        cut = {"chunks": (min(SAMPLES_PER_CHUNK, rows), columns), "fletcher32": True}
        self._array = group.create_dataset(
            name, self._shape, np.float32, **(cut if rows and columns else {})
        )
        self._array.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})

    def _append(self, rows: Block) -> None:
        if sparse.issparse(rows):
            raise ValueError("a sparse block in a dense matrix")
        self._array[self._done : self._done + rows.shape[0]] = rows


class _Sparse(_Growing):
    def _create(self, group: h5py.Group, name: str) -> None:
        self._group = group.create_group(name)
        said = {"encoding-type": SPARSE, "encoding-version": "0.1.0"}
        self._group.attrs.update(said | {"shape": np.array(self._shape)})
        self._starts = [np.zeros(1, np.int64)]
        self._numbers = {
            part: self._group.create_dataset(
                part, (0,), kind, maxshape=(None,), chunks=(VALUES_PER_CHUNK,), fletcher32=True
            )
            for part, kind in (("data", np.float32), ("indices", np.int32))
        }

    def _append(self, rows: Block) -> None:
        if not sparse.issparse(rows):
            raise ValueError("a dense block in a sparse matrix")
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        for part, array in self._numbers.items():
            before = len(array)
            array.resize(before + rows.nnz, axis=0)
            array[before:] = getattr(rows, part)
        self._starts.append(self._starts[-1][-1] + rows.indptr[1:].astype(np.int64))

    def end(self) -> None:
        super().end()
        self._group.create_dataset("indptr", data=np.concatenate(self._starts), fletcher32=True)


def _kind_of(rows: Block) -> type[_Growing]:
    return _Sparse if sparse.issparse(rows) else _Dense
