"""Matrices of h5ad that are read by rows: X and layers, dense, or CSR that stays so.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError
from lacuna.io.h5ad import check_promises, explained
from lacuna.io.h5ad_write import LAYERS, SPARSE, Block, X
from lacuna.io.hdf5 import member

AT_ONCE = 4096  # rows read at once
GAP = 32  # rows that are read and left out, sooner than to read twice


class Matrix:
    """A matrix in an open file.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    sparse : bool
        Whether it is CSR.
    size : int
        Bytes that it takes in memory.
    """

    def __init__(self, path: str | Path, item: h5py.Group | h5py.Dataset) -> None:
        self._path, self._item = path, item
        self.sparse = isinstance(item, h5py.Group)
        if not self.sparse:
            if item.ndim != 2 or item.dtype.kind not in "fiu":
                raise ValueError(f"{item.name} holds {item.dtype} in {item.ndim} dimensions")
            self.shape, self.size = tuple(item.shape), int(item.nbytes)
            return
        layout = item.attrs.get("encoding-type", item.attrs.get("h5sparse_format"))
        if layout not in (SPARSE, "csr"):  # so called before 2019
            raise LacunaError(
                f"{path}: {item.name} is laid out as {layout}; expected a dense matrix or CSR "
                "(csr_matrix), which is read by rows. Convert it: adata.X = adata.X.tocsr()."
            )
        said = item.attrs.get("shape", item.attrs.get("h5sparse_shape"))
        self.shape = (int(said[0]), int(said[1]))
        self._data, self._indices = member(item, "data"), member(item, "indices")
        self._start = np.asarray(member(item, "indptr")[:], np.int64)
        rising = len(self._start) == self.shape[0] + 1 and (np.diff(self._start) >= 0).all()
        if not rising or self._start[0] != 0 or self._start[-1] != len(self._data):
            raise ValueError(f"{item.name} has rows that do not fit its numbers")
        if self._indices.shape != self._data.shape or self._data.dtype.kind not in "fiu":
            raise ValueError(f"{item.name} holds {self._data.dtype}, with {self._indices.shape}")
        self.size = int(self._data.nbytes + self._indices.nbytes + self._start.nbytes)

    def read(self, positions: np.ndarray | None = None) -> Block:
        """Return rows by their ascending positions (all by default), with the values of the file.

        Raises
        ------
        DamagedFile
            If the file is damaged there.
        """
        with explained(self._path):
            if positions is None:
                return self._between(0, self.shape[0])
            parts: list[Any] = [
                self._between(first, last + 1)[positions[run] - first]
                for run in _runs(positions)
                for first, last in [(int(positions[run][0]), int(positions[run][-1]))]
            ]
            if not parts:
                return self._between(0, 0)
            if self.sparse:
                return sparse.vstack(parts, format="csr") if len(parts) > 1 else parts[0]
            return np.concatenate(parts)

    def _between(self, first: int, end: int) -> Block:
        if not self.sparse:
            return np.asarray(self._item[first:end])
        start = self._start[first : end + 1]
        begin, stop = int(start[0]), int(start[-1])
        numbers = self._data[begin:stop], self._indices[begin:stop], start - begin
        block = sparse.csr_matrix(numbers, shape=(end - first, self.shape[1]))
        block.check_format(full_check=True)  # a damaged index would write anywhere
        return block


class Layers(NamedTuple):
    """What an h5ad holds.

    Attributes
    ----------
    matrices : dict of Matrix
        X, and each layer by its name; they stay in the file.
    obs, var : DataFrame
        By name.
    uns : dict
    """

    matrices: dict[str, Matrix]
    obs: pd.DataFrame
    var: pd.DataFrame
    uns: dict[str, Any]


def read_layers(path: str | Path) -> Layers:
    """Read what `lacuna.io.h5ad_write.write_h5ad` wrote; the matrices stay in the file.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If the file is missing.
    """
    from anndata.io import read_elem  # takes a second

    with explained(path):
        file = h5py.File(path, "r")
        check_promises(file, set())
        obs, var, uns = (read_elem(member(file, name)) for name in ("obs", "var", "uns"))
        layers = member(file, LAYERS)
        items = {X: member(file, X)} | {name: member(layers, name) for name in layers}
        matrices = {name: Matrix(path, item) for name, item in items.items()}
        for name, matrix in matrices.items():
            if matrix.shape != (len(obs), len(var)):
                raise ValueError(f"{name} has shape {matrix.shape}, not {len(obs)}, {len(var)}")
    return Layers(matrices, obs, var, uns)


def _runs(positions: np.ndarray) -> Iterator[slice]:
    """Cut ascending positions into runs that are read at once: few gaps, not too long."""
    edges = [0, *(np.flatnonzero(np.diff(positions) > GAP) + 1), len(positions)]
    for start, stop in pairwise(edges):
        first = start
        while first < stop:
            last = int(np.searchsorted(positions[first:stop], positions[first] + AT_ONCE)) + first
            yield slice(int(first), last)
            first = last
