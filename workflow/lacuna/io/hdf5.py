"""How Lacuna's own HDF5 files are laid out: one dataset per array, one group per table.

All of a file is under checksums, so that no damaged byte goes unnoticed, but for arrays that are
mapped into memory (`Writer.reserve`). A file is read for what it holds, not for what its header
promises.
"""

import io
import math
from collections.abc import Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import listed
from lacuna.io.atomic import explain_read_errors, write_whole

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

ROWS_PER_CHUNK = 64
VERSION = "v110"  # the first version of HDF5 in which every structure has a checksum
MAX_CHUNK_BYTES = 2**30  # HDF5 unpacks a chunk as a whole
MAX_COMPRESSION = 1100  # bytes out of one byte of a file; gzip, the strongest, reaches 1032
FLOATS, INDICES, FLAGS, NAMES = "f", "iu", "b", "O"  # NumPy's letters for kinds of values
TABLE = "table"

Content = Mapping[str, np.ndarray | pd.DataFrame]
# Of each array the kinds of values that it may hold and its number (or numbers) of dimensions.
Layout = Mapping[str, str | tuple[str, int | tuple[int, ...]]]


@contextmanager
def create(path: str | Path, **options: Any) -> Iterator[tuple[h5py.File, "Sink"]]:
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
    with write_whole(path) as unfinished, Sink(unfinished, "w+") as sink:
        try:
            with h5py.File(sink, "w", **options) as file:
                yield file, sink
        finally:
            sink.check()


class Sink(io.FileIO):
    """A file that accepts all that it is given, even on a full disk.

    HDF5 crashes the process when it cannot write. So this file reports success until HDF5 has
    closed it, and keeps the first real error in `error`.
    """

    error: OSError | None = None

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self.error:
            raise self.error

    def write(self, data: "ReadableBuffer", /) -> int:
        left = memoryview(data)
        size = len(left)
        while left and not self.error:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self.error = error
        return size

    def truncate(self, size: int | None = None, /) -> int:
        if self.error:
            return self.tell() if size is None else size
        return super().truncate(size)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        found = super().readinto(view) or 0
        view[found:] = bytes(len(view) - found)  # zeros for what was never written
        return len(view)


class Writer:
    """A file being written, which appears whole or not at all; use it as a context manager."""

    def __init__(self, path: str | Path):
        self._path = path
        self._stack = ExitStack()

    def __enter__(self) -> "Writer":
        file = create(self._path, libver=VERSION, track_order=True)
        self._file, self._sink = self._stack.enter_context(file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def write(self, content: Content) -> None:
        """Write named arrays and tables."""
        for name, value in content.items():
            if isinstance(value, pd.DataFrame):
                group = self._file.create_group(name, track_order=True)
                for column, series in value.items():
                    _put(group, str(column), series.to_numpy())
            else:
                _put(self._file, name, np.asarray(value))

    def append(self, name: str, rows: np.ndarray) -> None:
        """Add rows, shape (n, ...), below those that the array of this name has already.

        Raises
        ------
        UnwritableFile
            When the block ends, if the disk is full or the folder may not be written to.
        """
        if name not in self._file:
            chunks = (ROWS_PER_CHUNK, *rows.shape[1:])
            self._file.create_dataset(
                name,
                (0, *rows.shape[1:]),
                rows.dtype,
                maxshape=(None, *rows.shape[1:]),
                chunks=chunks,
                fletcher32=True,
            )
        array = self._file[name]
        array.resize(len(array) + len(rows), axis=0)
        array[len(array) - len(rows) :] = rows
        self._sink.check()  # stops a long computation as soon as the disk is full

    def reserve(self, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        """Make room for an array that is written part by part and lies there in one piece.

        Such an array has no checksum; `mapped` maps it into memory.
        """
        self._file.create_dataset(name, shape, dtype)

    def place(self, name: str, where: Any, part: np.ndarray) -> None:
        """Write a part of an array that `reserve` made room for.

        Raises
        ------
        UnwritableFile
            When the block ends, if the disk is full or the folder may not be written to.
        """
        self._file[name][where] = part
        self._sink.check()


def save(path: str | Path, content: Content) -> None:
    """Write named arrays and tables to one file, which appears whole or not at all."""
    with Writer(path) as writer:
        writer.write(content)


def load(
    path: str | Path,
    lazy: Container[str] = (),
    layout: Layout | None = None,
    optional: Layout | None = None,
    only: Container[str] | None = None,
) -> dict[str, Any]:
    """Read a file that `save` or a `Writer` wrote.

    Parameters
    ----------
    path
        The file.
    lazy
        Names of arrays to leave in the file, which are read when they are sliced.
    layout, optional
        What the file must hold, and what it may hold: by name, the kind of values of an array and
        its number of dimensions (or numbers), or TABLE. None for anything.
    only
        Names of what is read; what else there is stays unread. None for all.

    Returns
    -------
    dict of arrays, DataFrames and h5py datasets (the lazy ones)
        By name.

    Raises
    ------
    DamagedFile
        If the file is damaged; arrays left in it raise the same when they are sliced.
    LacunaError
        If the file is missing.
    """
    with explain_read_errors(path):
        file = h5py.File(path, "r")
        names = [name for name in file if only is None or name in only]
        items = {name: member(file, name) for name in names}
        if layout is not None:
            _check_layout(items, layout, optional or {})
        content = {
            name: LazyArray(item.id) if name in lazy else _get(item) for name, item in items.items()
        }
        if not lazy:
            file.close()
        return content


class LazyArray(h5py.Dataset):
    """An array that is still in its file.

    Raises
    ------
    DamagedFile
        When it is sliced, if the file is damaged there.
    """

    def __getitem__(self, *where: object) -> np.ndarray:
        with explain_read_errors(self.file.filename, (OSError, RuntimeError)):
            return super().__getitem__(*where)


def mapped(array: h5py.Dataset) -> np.ndarray:
    """Map an array that `Writer.reserve` laid out into memory; it is read where it is used.

    Raises
    ------
    ValueError
        If it does not lie in its file in one piece, as it is.
    """
    offset = None if array.chunks or array.external else array.id.get_offset()
    if offset is None or array.id.get_create_plist().get_nfilters():
        raise ValueError(f"{array.name} does not lie in one piece")
    return np.memmap(array.file.filename, array.dtype, "r", offset, array.shape)


def member(group: h5py.Group, name: str) -> h5py.Dataset | h5py.Group:
    """Return what stands in a group under a name; an array only if the file really holds it.

    A header can promise any number of values, or point to another file; neither is trusted.

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
    return check_stored(group[name], name)


def check_stored(item: h5py.Dataset | h5py.Group, name: str) -> h5py.Dataset | h5py.Group:
    """Return an array only if the file really holds it, whatever leads to it; a group as it is.

    Raises
    ------
    ValueError
        If an array is promised that the file has no room for, lies outside the file, or has chunks
        that were never written.

    Notes
    -----
    HDF5 reads a chunk that was never written as fill values, mostly zeros, which pass for measured
    ones. A program that writes an array writes all of its chunks, also those that are all zeros; so
    one that is not there tells of a writer that was stopped midway. Counting takes about 0.12 s for
    a million chunks. Where room is made for all chunks before the first is written (as parallel
    HDF5 does), none is missing, and nothing can be told.
    """
    if not isinstance(item, h5py.Dataset):
        return item
    if item.is_virtual or item.external:
        raise ValueError(f"the values of {name} lie in another file")
    if item.chunks and np.prod(item.chunks, dtype=float) * item.dtype.itemsize > MAX_CHUNK_BYTES:
        raise ValueError(f"{name} is cut into chunks of shape {item.chunks}, too large to unpack")
    stored = item.id.get_storage_size()
    packed = item.id.get_create_plist().get_nfilters() > 0
    if item.size and item.nbytes > stored * (MAX_COMPRESSION if packed else 1):
        raise ValueError(
            f"{name} promises {item.size} values in shape {item.shape}, "
            f"but the file holds {stored} bytes of them"
        )
    if item.chunks and item.size:
        along = zip(item.shape, item.chunks, strict=True)
        expected = math.prod(-(-length // part) for length, part in along)
        written = item.id.get_num_chunks()
        if written != expected:
            raise ValueError(
                f"of {expected:,} chunks of {name}, {expected - written:,} were never written: "
                "what wrote the file was stopped midway"
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
        expected = layout[name] if name in layout else optional[name]
        is_table = isinstance(item, h5py.Group)
        if is_table != (expected == TABLE):
            raise ValueError(f"{name} is {'a' if is_table else 'no'} table")
        if isinstance(expected, str):
            continue
        kinds, dimensions = expected
        if _kind(item) not in kinds or item.ndim not in np.atleast_1d(dimensions):
            raise ValueError(f"{name} holds {item.dtype} in {item.ndim} dimensions")


def _kind(item: h5py.Dataset) -> str:
    return NAMES if h5py.check_string_dtype(item.dtype) else item.dtype.kind


def _put(group: h5py.Group, name: str, values: np.ndarray) -> None:
    if values.dtype.kind in "OU":
        # Texts of one length, because HDF5 keeps texts of different lengths where no checksum
        # covers them, and loops for ever over some damaged ones.
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
