"""Expression in AnnData's HDF5 layout, read in blocks of samples.

Layers, embeddings and raw are left alone.

Virshup et al. 2024, Journal of Open Source Software 9:4371, doi:10.21105/joss.04371.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.atomic import unreadable
from lacuna.io.blocks import Expression, runs, symbols_of
from lacuna.io.h5ad_write import SPARSE
from lacuna.io.hdf5 import LazyArray, member
from lacuna.io.untrusted_texts import check_texts


class H5ad(Expression):
    """An open file of AnnData; `samples` is its obs, `genes` the names of its var.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or laid out in another way.
    LacunaError
        If the file is missing, or X is neither dense nor CSR.
    """

    def _read_names(self) -> None:
        from anndata.io import read_elem, sparse_dataset  # takes a second

        with self._readable():
            file = self._open.enter_context(h5py.File(self.path, "r"))
            parts = {name: member(file, name) for name in ("obs", "var", "X")}
            for part in parts.values():
                check_promises(part, set())
            check_texts(self.path, file, ("obs", "var"))
            var, self.samples = read_elem(parts["var"]), read_elem(parts["obs"])
            if not isinstance(var, pd.DataFrame) or not isinstance(self.samples, pd.DataFrame):
                raise ValueError("obs and var are no tables")
            self.genes = pd.Index(var.index.astype(str))
            self.samples.index = self.samples.index.astype(str)
            var.index = self.genes
            self.about_genes, self.symbols = var, symbols_of(var)
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


class Written(NamedTuple):
    """What `lacuna.io.h5ad_write.write_h5ad` wrote, dense.

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
    """Read what `lacuna.io.h5ad_write.write_h5ad` wrote, dense; the matrix stays in its file.

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
