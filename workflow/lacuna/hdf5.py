"""How Lacuna's own HDF5 files are laid out: one dataset per array, one group per table.

All of a file is under checksums, so that no damaged byte goes unnoticed.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.files import readable, whole

ROWS_PER_CHUNK = 64
VERSION = "v110"  # of HDF5, the first whose every structure has a checksum

FAULTS = (OSError, RuntimeError, KeyError, ValueError)  # what h5py makes of damaged bytes

Content = dict[str, np.ndarray | pd.DataFrame]


@contextmanager
def created(path: str | Path, **options: object) -> Iterator[h5py.File]:
    """Yield a new HDF5 file, which appears whole or not at all when the block ends.

    Parameters
    ----------
    path
        The file.
    **options
        For `h5py.File`.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    with whole(path) as unfinished, _Sink(unfinished, "w+") as sink:
        try:
            with h5py.File(sink, "w", **options) as file:
                yield file
        finally:
            if sink.error:
                raise sink.error


class _Sink(io.FileIO):
    """A file that takes whatever it is given, room or not.

    HDF5 crashes the process when it cannot write. So it is told that it could, until it has closed
    the file; `error` is what really happened first.
    """

    error: OSError | None = None

    def write(self, data: memoryview) -> int:
        left = memoryview(data)
        while left and not self.error:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self.error = error
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        return size if self.error else super().truncate(size)

    def readinto(self, buffer: memoryview) -> int:
        found = super().readinto(buffer)
        buffer[found:] = bytes(len(buffer) - found)  # of what was never written
        return len(buffer)


class Writer:
    """A file being written, which appears whole or not at all; use it as a context manager."""

    def __init__(self, path: str | Path):
        self._path = path

    def __enter__(self) -> "Writer":
        self._created = created(self._path, libver=VERSION, track_order=True)
        self._file = self._created.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._created.__exit__(*exc_info)

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
            layout = {"maxshape": most, "chunks": chunks, "fletcher32": True}
            self._file.create_dataset(name, shape, rows.dtype, **layout)
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
    DamagedFile
        If the file is damaged; arrays left in it raise the same when they are sliced.
    LacunaError
        If the file is missing.
    """
    with readable(path, *FAULTS):
        file = h5py.File(path, "r")
        content = {
            name: _Unread(file[name].id) if name in unread else _get(file[name]) for name in file
        }
        if not unread:
            file.close()
        return content


class _Unread(h5py.Dataset):
    """An array that is still in its file."""

    def __getitem__(self, *what: object) -> np.ndarray:
        with readable(self.file.filename, *FAULTS):
            return super().__getitem__(*what)


def _put(group: h5py.Group, name: str, values: np.ndarray) -> None:
    if values.dtype.kind in "OU":
        # Of one length: HDF5 keeps strings of different lengths where no checksum covers them.
        encoded = [b"" if pd.isna(value) else str(value).encode() for value in values]
        length = max(map(len, encoded), default=0) or 1
        values = np.array(encoded, dtype=h5py.string_dtype(length=length))
    group.create_dataset(name, data=values, fletcher32=values.size > 0)


def _get(item: h5py.Dataset | h5py.Group) -> np.ndarray | pd.DataFrame:
    if isinstance(item, h5py.Group):
        return pd.DataFrame({column: _get(item[column]) for column in item})
    return item.asstr()[:] if h5py.check_string_dtype(item.dtype) else item[:]
