"""How Lacuna's own HDF5 files are laid out: one dataset per array, one group per table."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.files import whole

ROWS_PER_CHUNK = 64

Content = dict[str, np.ndarray | pd.DataFrame]


class Writer:
    """A file being written, which appears whole or not at all; use it as a context manager."""

    def __init__(self, path: str | Path):
        self._whole = whole(path)

    def __enter__(self) -> "Writer":
        self._file = h5py.File(self._whole.__enter__(), "w", track_order=True)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()
        self._whole.__exit__(*exc_info)

    def write(self, content: Content) -> None:
        """Write named arrays and tables."""
        for name, value in content.items():
            if isinstance(value, pd.DataFrame):
                group = self._file.create_group(name, track_order=True)
                for column, series in value.items():
                    _put(group, column, series.to_numpy())
            else:
                _put(self._file, name, np.asarray(value))

    def append(self, name: str, rows: np.ndarray) -> None:
        """Add rows below those that the array of this name has already."""
        if name not in self._file:
            chunks = (ROWS_PER_CHUNK, *rows.shape[1:])
            shape, most = (0, *rows.shape[1:]), (None, *rows.shape[1:])
            self._file.create_dataset(name, shape, rows.dtype, maxshape=most, chunks=chunks)
        array = self._file[name]
        array.resize(len(array) + len(rows), axis=0)
        array[len(array) - len(rows) :] = rows


def save(path: str | Path, content: Content) -> None:
    """Write named arrays and tables to one file, which appears whole or not at all."""
    with Writer(path) as writer:
        writer.write(content)


def load(path: str | Path, unread: tuple[str, ...] = ()) -> Content:
    """Read a file that `save` or a `Writer` wrote.

    Parameters
    ----------
    path
        The file.
    unread
        Names of arrays to leave in the file: h5py datasets, read when they are sliced.

    Raises
    ------
    LacunaError
        If the file is missing or damaged.
    """
    try:
        file = h5py.File(path, "r")
        content = {name: item if name in unread else _get(item) for name, item in file.items()}
        if not unread:
            file.close()
        return content
    except (OSError, RuntimeError, KeyError) as error:
        raise LacunaError(
            f"{path}: cannot be read ({error}). It is missing or damaged; "
            "delete it and run again, the workflow makes it anew."
        ) from error


def _put(group: h5py.Group, name: str, values: np.ndarray) -> None:
    if values.dtype.kind in "OU":
        values = np.array(["" if pd.isna(value) else str(value) for value in values], dtype=object)
        group.create_dataset(name, data=values, dtype=h5py.string_dtype())
    else:
        group.create_dataset(name, data=values)


def _get(item: h5py.Dataset | h5py.Group) -> np.ndarray | pd.DataFrame:
    if isinstance(item, h5py.Group):
        return pd.DataFrame({column: _get(item[column]) for column in item})
    return item.asstr()[:] if h5py.check_string_dtype(item.dtype) else item[:]
