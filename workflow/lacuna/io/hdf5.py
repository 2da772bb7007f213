"""How Lacuna's own HDF5 files are laid out: one dataset per array, one group per table.

All of a file is under checksums, so that no damaged byte goes unnoticed. A file is read for what it
holds, not for what its header promises.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import listed
from lacuna.io.atomic import readable, whole

ROWS_PER_CHUNK = 64
VERSION = "v110"  # of HDF5, the first whose every structure has a checksum
MOST_PER_CHUNK = 2**30  # bytes; HDF5 unpacks a chunk as a whole
MOST_PACKED = 1100  # bytes in one byte of a file; gzip, which packs most, reaches 1032
FLOATS, INDICES, FLAGS, NAMES = "f", "iu", "b", "O"  # NumPy's letters for kinds of values
TABLE = "table"

Content = dict[str, np.ndarray | pd.DataFrame]
Layout = dict[str, str | tuple[str, int | tuple[int, ...]]]


@contextmanager
def created(path: str | Path, **options: object) -> Iterator[tuple[h5py.File, "_Sink"]]:
    """Yield a new HDF5 file and where it goes; it appears whole or not at all when the block ends.

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
                yield file, sink
        finally:
            sink.check()


class _Sink(io.FileIO):
    """A file that takes whatever it is given, room or not.

    HDF5 crashes the process when it cannot write. So it is told that it could, until it has closed
    the file; `error` is what really happened first.
    """

    error: OSError | None = None

    def check(self) -> None:
        """Raise what happened first, if anything did."""
        if self.error:
            raise self.error

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
        self._file, self._sink = self._created.__enter__()
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
        self._sink.check()  # rather than to compute on with nowhere to put it


def save(path: str | Path, content: Content) -> None:
    """Write named arrays and tables to one file, which appears whole or not at all."""
    with Writer(path) as writer:
        writer.write(content)


def load(
    path: str | Path,
    unread: tuple[str, ...] = (),
    layout: Layout | None = None,
    optional: Layout | None = None,
) -> Content:
    """Read a file that `save` or a `Writer` wrote.

    Parameters
    ----------
    path
        The file.
    unread
        Names of arrays to leave in the file: h5py datasets, read when they are sliced.
    layout, optional
        What the file must hold, and what it may: by name, the kind of values of an array and its
        number of dimensions (or numbers), or TABLE. None for anything.

    Raises
    ------
    DamagedFile
        If the file is damaged; arrays left in it raise the same when they are sliced.
    LacunaError
        If the file is missing.
    """
    with readable(path):
        file = h5py.File(path, "r")
        items = {name: member(file, name) for name in file}
        if layout is not None:
            _check_layout(items, layout, optional or {})
        content = {
            name: _Unread(item.id) if name in unread else _get(item) for name, item in items.items()
        }
        if not unread:
            file.close()
        return content


class _Unread(h5py.Dataset):
    """An array that is still in its file."""

    def __getitem__(self, *what: object) -> np.ndarray:
        with readable(self.file.filename, (OSError, RuntimeError)):
            return super().__getitem__(*what)


def member(group: h5py.Group, name: str) -> h5py.Dataset | h5py.Group:
    """Return what stands in a group under a name; an array only if the file really holds it.

    A header can promise any number of values, or point to another file. Neither is believed.

    Raises
    ------
    KeyError
        If nothing stands there, or a link to elsewhere.
    ValueError
        If an array is promised that the file has no room for, or lies outside the file.
    """
    links = group.id.links
    if not links.exists(name.encode()):
        raise KeyError(f"nothing is called {name}")
    if links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise KeyError(f"{name} is a link to elsewhere")
    item = group[name]
    if not isinstance(item, h5py.Dataset):
        return item
    if item.is_virtual or item.external:
        raise ValueError(f"the values of {name} lie in another file")
    if item.chunks and np.prod(item.chunks, dtype=float) * item.dtype.itemsize > MOST_PER_CHUNK:
        raise ValueError(f"{name} is cut into chunks of shape {item.chunks}, too large to unpack")
    stored = item.id.get_storage_size()
    packed = item.id.get_create_plist().get_nfilters() > 0
    if item.size and item.nbytes > stored * (MOST_PACKED if packed else 1):
        raise ValueError(
            f"{name} promises {item.size} values in shape {item.shape}, "
            f"but the file holds {stored} bytes of them"
        )
    return item


def _check_layout(
    items: dict[str, h5py.Dataset | h5py.Group], layout: Layout, optional: Layout
) -> None:
    if unknown := items.keys() - layout.keys() - optional.keys():
        raise ValueError(f"unexpected {listed(sorted(unknown))}")
    if missing := layout.keys() - items.keys():
        raise ValueError(f"no {listed(sorted(missing))}")
    for name, item in items.items():
        expected = (layout | optional)[name]
        is_table = isinstance(item, h5py.Group)
        if is_table != (expected == TABLE):
            raise ValueError(f"{name} is {'a' if is_table else 'no'} table")
        if not is_table:
            kinds, dimensions = expected
            if _kind(item) not in kinds or item.ndim not in np.atleast_1d(dimensions):
                raise ValueError(f"{name} holds {item.dtype} in {item.ndim} dimensions")


def _kind(item: h5py.Dataset) -> str:
    return NAMES if h5py.check_string_dtype(item.dtype) else item.dtype.kind


def _put(group: h5py.Group, name: str, values: np.ndarray) -> None:
    if values.dtype.kind in "OU":
        # Of one length: HDF5 keeps texts of different lengths where no checksum covers them, and a
        # damaged heap of them can keep it busy for ever.
        texts = [b"" if pd.isna(value) else str(value).encode() for value in values]
        dtype = h5py.string_dtype("utf-8", max(map(len, texts), default=0) or 1)
        values = np.array(texts, dtype)
    group.create_dataset(name, data=values, fletcher32=values.size > 0)


def _get(item: h5py.Dataset | h5py.Group) -> np.ndarray | pd.DataFrame:
    if isinstance(item, h5py.Group):
        columns = {name: member(item, name) for name in item}
        return pd.DataFrame({name: _values(column) for name, column in columns.items()})
    return _values(item)


def _values(item: h5py.Dataset) -> np.ndarray:
    if _kind(item) == NAMES:
        return item.asstr()[:].astype(object)
    return np.asarray(item[:], item.dtype.newbyteorder("="))  # PyTorch takes no other order
