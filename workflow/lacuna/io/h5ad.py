"""Expression in AnnData's HDF5 layout, read and written in blocks of samples.

Layers, embeddings and raw are left alone.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError
from lacuna.io.atomic import unreadable
from lacuna.io.blocks import Expression, runs
from lacuna.io.hdf5 import VERSION, LazyArray, Sink, create, member

# Columns of var.
SYMBOLS = (
    *("symbol", "gene_symbol", "gene_symbols", "gene_name", "feature_name", "gene_short_name"),
)
SPARSE = "csr_matrix"
Block = TypeVar("Block", np.ndarray, sparse.csr_matrix)
SAMPLES_PER_CHUNK = 64  # of files that Lacuna writes
VALUES_PER_CHUNK = 2**15  # of sparse matrices: a cell is read with few that are not its own


class H5ad(Expression):
    """An open file of AnnData; `samples` is its obs, `genes` the names of its var.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or laid out in another way.
    LacunaError
        If the file is missing, X is neither dense nor CSR, or anndata is not installed.
    """

    def _read_names(self) -> None:
        try:
            from anndata.io import (
                read_elem,
                sparse_dataset,
            )
        except ImportError as error:
            raise LacunaError(
                f"{self.path}: is read with anndata, which is not there ({error}). "
                "Install it: pip install anndata."
            ) from error
        with self._readable():
            file = self._open.enter_context(h5py.File(self.path, "r"))
            parts = {name: member(file, name) for name in ("obs", "var", "X")}
            for part in parts.values():
                check_promises(part, set())
            var, self.samples = read_elem(parts["var"]), read_elem(parts["obs"])
            if not isinstance(var, pd.DataFrame) or not isinstance(self.samples, pd.DataFrame):
                raise ValueError("obs and var are no tables")
            self.genes = pd.Index(var.index.astype(str))
            self.samples.index = self.samples.index.astype(str)
            named = [column for column in SYMBOLS if column in var]
            self.symbols = pd.Index(var[named[0]].astype(object)) if named else None
            matrix = parts["X"]
            if isinstance(matrix, h5py.Group):
                layout = matrix.attrs.get("encoding-type", matrix.attrs.get("h5sparse_format"))
                if layout != SPARSE:
                    raise LacunaError(
                        f"{self.path}: X is laid out as {layout}; expected a dense matrix or "
                        "CSR (csr_matrix), which is read by samples. Convert it: "
                        "adata.X = adata.X.tocsr()."
                    )
                matrix = sparse_dataset(matrix)
            self._matrix = matrix
            expected = (len(self.samples), len(self.genes))
            if tuple(matrix.shape) != expected or matrix.dtype.kind not in "fiu":
                raise ValueError(
                    f"X holds {matrix.dtype} in shape {matrix.shape}, obs and var name {expected}"
                )

    def _values(self, positions: np.ndarray) -> np.ndarray:
        values = np.empty((len(positions), len(self.genes)))
        with self._readable():
            chunks = getattr(self._matrix, "chunks", None)  # a sparse matrix has none
            for run in runs(positions, chunks[0] if chunks else 1):
                first, last = int(positions[run.start]), int(positions[run.stop - 1])
                block = self._matrix[first : last + 1]
                if not isinstance(block, np.ndarray):
                    block.check_format(full_check=True)  # a damaged index would write anywhere
                    block = block.toarray()
                values[run] = block[positions[run] - first]
        return values

    def _readable(self) -> AbstractContextManager[None]:
        return explained(self.path)


@contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Tell the user why the block cannot read its h5ad, whatever anndata raises."""
    try:
        yield
    except LacunaError:
        raise
    except Exception as error:  # anndata has errors of its own for files it cannot read
        raise unreadable(path, error, " as h5ad") from error


def check_promises(item: h5py.Group | h5py.Dataset, seen: set[int]) -> None:
    """Refuse links to elsewhere, and arrays that the file has no room for, before they are read."""
    if not isinstance(item, h5py.Group):
        return
    address = h5py.h5o.get_info(item.id).addr
    if address in seen:
        raise ValueError(f"{item.name} stands within itself")
    for name in item:
        check_promises(member(item, name), seen | {address})


def is_h5ad(file: h5py.File) -> bool:
    """Return whether an open HDF5 file is laid out as AnnData's."""
    return {"X", "obs", "var"} <= set(file)


def write_h5ad(
    path: str | Path,
    blocks: Iterable[np.ndarray],
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict[str, Any],
) -> None:
    """Write a matrix with what is known of its samples and genes, a block of samples at a time.

    anndata writes all but the matrix, which it would want in memory.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    blocks
        Arrays of shape (n, genes), one below the other.
    obs, var
        Of samples and genes, indexed by their names.
    uns
        Facts about the whole.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If the blocks and the names differ in number.
    """
    shape = len(obs), len(var)
    with _new(path, obs, var, uns) as (file, sink):
        cut = {"chunks": (min(SAMPLES_PER_CHUNK, shape[0]), shape[1]), "fletcher32": True}
        matrix = file.create_dataset("X", shape, np.float32, **(cut if all(shape) else {}))
        matrix.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        for done, block in _fitting(blocks, shape):
            matrix[done : done + block.shape[0]] = block
            sink.check()  # stops as soon as the disk is full


def write_sparse_h5ad(
    path: str | Path,
    blocks: Iterable[sparse.csr_matrix],
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict[str, Any],
    layer: str | None = None,
) -> None:
    """Write a sparse matrix (CSR) with what is known of its samples and genes, block by block.

    Values are stored as float32, which holds whole numbers up to 16,777,216.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    blocks
        Sparse matrices of shape (n, genes), one below the other; none but the one at hand is in
        memory.
    obs, var
        Of samples and genes, indexed by their names, of which some may stand twice.
    uns
        Facts about the whole.
    layer
        The layer that the matrix becomes, in a file without X; X by default.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If the blocks and the names differ in number.
    """
    shape = len(obs), len(var)
    with _new(path, obs, var, uns) as (file, sink):
        matrix = file.create_group(f"layers/{layer}" if layer else "X")
        matrix.attrs.update({"encoding-type": SPARSE, "encoding-version": "0.1.0"})
        matrix.attrs["shape"] = np.array(shape, np.int64)
        kinds = {"data": np.float32, "indices": np.int32, "indptr": np.int64}
        for part, kind in kinds.items():
            grows = {"maxshape": (None,), "chunks": (VALUES_PER_CHUNK,), "fletcher32": True}
            matrix.create_dataset(part, (0,), kind, **grows)
        _append(matrix["indptr"], np.zeros(1))
        for _, block in _fitting(blocks, shape):
            rows = sparse.csr_matrix(block)
            if not rows.has_canonical_format:
                rows = rows.copy()
                rows.sum_duplicates()
            _append(matrix["indptr"], len(matrix["data"]) + rows.indptr[1:].astype(np.int64))
            _append(matrix["data"], rows.data)
            _append(matrix["indices"], rows.indices)
            sink.check()


@contextmanager
def _new(
    path: str | Path, obs: pd.DataFrame, var: pd.DataFrame, uns: dict[str, Any]
) -> Iterator[tuple[h5py.File, Sink]]:
    """Yield a file that has all but the matrix, which anndata would want in memory."""
    import anndata  # takes a second

    with create(path, libver=VERSION) as (file, sink):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(Observation|Variable) names are not unique")
            anndata.io.write_elem(file, "/", anndata.AnnData(obs=obs, var=var, uns=uns))
        if "X" in file:
            del file["X"]
        yield file, sink


def _fitting(blocks: Iterable[Block], shape: tuple[int, int]) -> Iterator[tuple[int, Block]]:
    """Yield how many samples stand above each block, and the block; all make up the shape."""
    done = 0
    for block in blocks:
        if block.shape[1:] != shape[1:] or done + block.shape[0] > shape[0]:
            raise ValueError(f"a block of shape {block.shape} in a matrix of {shape}")
        yield done, block
        done += block.shape[0]
    if done != shape[0]:
        raise ValueError(f"{done} samples in a matrix of {shape}")


def _append(array: h5py.Dataset, values: np.ndarray) -> None:
    done = len(array)
    array.resize(done + len(values), axis=0)
    array[done:] = values


class Written(NamedTuple):
    """What `write_h5ad` wrote.

    Attributes
    ----------
    X : float32 array of shape (samples, genes)
        In its file until it is sliced.
    obs, var : DataFrame
    uns : dict
    """

    X: LazyArray
    obs: pd.DataFrame
    var: pd.DataFrame
    uns: dict[str, Any]


def read_written(path: str | Path) -> Written:
    """Read what `write_h5ad` wrote; the matrix stays in its file.

    Raises
    ------
    DamagedFile
        If the file is damaged, also when the matrix is sliced.
    LacunaError
        If the file is missing.
    """
    from anndata.io import read_elem  # takes a second

    with explained(path):
        file = h5py.File(path, "r")
        obs, var, uns = (read_elem(member(file, name)) for name in ("obs", "var", "uns"))
        matrix = LazyArray(member(file, "X").id)
        if matrix.shape != (len(obs), len(var)):
            raise ValueError(f"X has shape {matrix.shape}, obs and var {len(obs)}, {len(var)}")
    return Written(matrix, obs, var, uns)
