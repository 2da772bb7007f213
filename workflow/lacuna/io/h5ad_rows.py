"""Matrices of h5ad that are written and read by rows: X and layers, dense, or CSR that stays so.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError
from lacuna.io.h5ad import SPARSE, check_promises, explained
from lacuna.io.hdf5 import VERSION, create, member

Block = np.ndarray | sparse.csr_matrix
X, LAYERS = "X", "layers"
ROWS_PER_CHUNK = 64  # of dense matrices
NUMBERS_PER_CHUNK = 2**16  # of sparse ones
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
    """Read what `write_layers` wrote; the matrices stay in the file.

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


def write_layers(
    path: str | Path,
    blocks: Iterable[Mapping[str, Block]],
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict[str, Any],
) -> None:
    """Write matrices of one shape, a block of rows at a time.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    blocks
        By name, X and layers: arrays or CSR of shape (n, columns), one below the other. Each has
        the same names, and a matrix is sparse as its first block is.
    obs, var
        Of rows and columns, indexed by their names.
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
        anndata.io.write_elem(file, "/", anndata.AnnData(obs=obs, var=var, uns=uns))
        if X in file:
            del file[X]
        growing: dict[str, _Growing] = {}
        for block in blocks:
            for name, rows in block.items():
                if name not in growing:
                    group = file if name == X else file[LAYERS]
                    growing[name] = _kind_of(rows)(group, name, shape)
                growing[name].add(rows)
            sink.check()  # stops as soon as the disk is full
        if X not in growing:
            growing[X] = _Dense(file, X, shape)
        for matrix in growing.values():
            matrix.end()


class _Growing:
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
            raise ValueError(f"{self._done} rows in a matrix of {self._shape}")

    def _create(self, group: h5py.Group, name: str) -> None:
        raise NotImplementedError

    def _append(self, rows: Block) -> None:
        raise NotImplementedError


class _Dense(_Growing):
    def _create(self, group: h5py.Group, name: str) -> None:
        rows, columns = self._shape
        cut = {"chunks": (min(ROWS_PER_CHUNK, rows), columns), "fletcher32": True}
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
                part, (0,), kind, maxshape=(None,), chunks=(NUMBERS_PER_CHUNK,), fletcher32=True
            )
            for part, kind in (("data", np.float32), ("indices", np.int32))
        }

    def _append(self, rows: Block) -> None:
        if not sparse.issparse(rows):
            raise ValueError("a dense block in a sparse matrix")
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


def _runs(positions: np.ndarray) -> Iterator[slice]:
    """Cut ascending positions into runs that are read at once: few gaps, not too long."""
    edges = [0, *(np.flatnonzero(np.diff(positions) > GAP) + 1), len(positions)]
    for start, stop in pairwise(edges):
        first = start
        while first < stop:
            last = int(np.searchsorted(positions[first:stop], positions[first] + AT_ONCE)) + first
            yield slice(int(first), last)
            first = last
