"""MATLAB files of version 5, and 7, which is the same compressed: arrays of numbers and of names.

`scipy.io.loadmat` is not for files of others: cells within cells crash the process (SciPy 1.17),
and a variable is read whole, 1.2 GB of the large tensor. So the few kinds of arrays that a tensor
needs are read here, each element no larger than the file can hold, and nothing is nested.

Source: The MathWorks, MAT-File Format, chapter 1 (version 5).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from lacuna.io.matlab_shared import FLOATING, WrongKind, readable, whole_numbers
from lacuna.io.untrusted import MAX_COMPRESSION, SMALL

HEADER, TAG = 128, 8  # bytes
MATRIX, COMPRESSED = 14, 15  # types of elements
NUMBERS = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
}
CHARACTERS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
CLASSES = {
    **{1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single"},
    **{8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32"},
    **{14: "int64", 15: "uint64", 17: "opaque"},
}
OPAQUE = "opaque"  # without a shape
NUMERIC = [name for number, name in CLASSES.items() if 6 <= number <= 15]
COMPLEX = 0x08  # in the byte of flags
MOST_AXES, LONGEST_NAME = 32, 256
AT_ONCE = 2**20  # bytes of packed data


class _Bytes(Protocol):
    """Bytes that follow each other; `left` is how many there may be."""

    left: int

    def take(self, size: int) -> bytes: ...


@dataclass
class _Plain:
    """The bytes of a file from its position on, up to a limit."""

    file: BinaryIO
    left: int

    def take(self, size: int) -> bytes:
        _check_room(size, self.left)
        self.left -= size
        found = self.file.read(size)
        if len(found) < size:
            raise ValueError("it ends too soon")
        return found


class _Inflated:
    """What the next bytes of a file unpack to, up to a limit."""

    def __init__(self, file: BinaryIO, packed: int):
        self._file, self._packed, self._unpack = file, packed, zlib.decompressobj()
        self.left = max(SMALL, MAX_COMPRESSION * packed)

    def take(self, size: int) -> bytes:
        _check_room(size, self.left)
        self.left -= size
        parts, waiting = [], size
        while waiting:
            data = self._unpack.unconsumed_tail
            if not data:
                data = self._file.read(min(AT_ONCE, self._packed))
                self._packed -= len(data)
            part = self._unpack.decompress(data, waiting)
            if not part and (self._unpack.eof or not data):
                raise ValueError("it ends too soon")
            parts.append(part)
            waiting -= len(part)
        return b"".join(parts)


@dataclass(frozen=True)
class _Array:
    """What stands before the values of an array.

    Attributes
    ----------
    kind : str
        The class, such as double, char or cell.
    shape : tuple of int
    name : str
    size : int
        Bytes of the array that follow.
    """

    kind: str
    shape: tuple[int, ...]
    name: str
    size: int


class MatlabV5:
    """An open file.

    Parameters
    ----------
    path
        The file.

    Attributes
    ----------
    names : list of str
        Its variables.

    Raises
    ------
    DamagedFile
        If it is cut short or damaged.
    LacunaError
        By a method: if a variable is of another kind than it reads.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = path.open("rb")
        try:
            with readable(path):
                self._size = path.stat().st_size
                self._file.seek(HEADER - 2)
                self._order = {b"IM": "<", b"MI": ">"}[self._file.read(2)]
                self._starts = self._find()
        except BaseException:
            self._file.close()
            raise
        self.names = [name for name in self._starts if name]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the lengths of a variable's axes."""
        with readable(self.path, name):
            return self._open(name)[1].shape

    def texts(self, name: str) -> list[str]:
        """Read names: a cell array of texts and numbers, rows of characters, or whole numbers."""
        with readable(self.path, name):
            data, array = self._open(name)
            if array.kind != "cell":
                return self._named(data, array)
            found = []
            for number in range(_count(array.shape)):
                inner = self._element(data)
                texts = self._named(data, inner) if inner else [""]
                if len(texts) != 1:
                    raise WrongKind(f"place {number + 1} holds {len(texts)} values; expected one")
                found += texts
            return found

    def slabs(self, name: str) -> Iterator[np.ndarray]:
        """Read numbers, a position of the last of three axes at a time.

        Yields
        ------
        float64 array of the shape of the first two axes
        """
        with readable(self.path, name):
            data, array = self._open(name)
            if array.kind not in FLOATING:
                raise WrongKind(f"is of class {array.kind}; expected double or single")
            first, second = (*array.shape, 1)[:2]
            kind, size = self._tag(data)
            dtype = np.dtype(self._order + NUMBERS[kind])
            each = first * second * dtype.itemsize
            count = _count(array.shape[2:])
            if size != each * count:
                raise ValueError(f"{size} bytes, and its shape needs {each * count}")
            for _ in range(count):
                values = np.frombuffer(data.take(each), dtype)
                yield values.reshape((first, second), order="F").astype(np.float64)

    def _find(self) -> dict[str, tuple[int, bool, int]]:
        """Find the variables: where each begins, whether it is packed, and its bytes."""
        starts: dict[str, tuple[int, bool, int]] = {}
        at = HEADER
        while at < self._size:
            self._file.seek(at)
            data = _Plain(self._file, self._size - at)
            kind, size = self._tag(data)
            at = self._file.tell()
            _check_room(size, self._size - at)
            start = (at, kind == COMPRESSED, size)
            if kind in (MATRIX, COMPRESSED):
                name = self._begin(*start)[1].name
                if name and name in starts:
                    raise ValueError(f"variable {name!r} stands twice")
                starts[name] = start
            at += size
        return starts

    def _open(self, name: str) -> tuple[_Bytes, _Array]:
        return self._begin(*self._starts[name])

    def _begin(self, at: int, packed: bool, size: int) -> tuple[_Bytes, _Array]:
        self._file.seek(at)
        data: _Bytes = _Inflated(self._file, size) if packed else _Plain(self._file, size)
        if packed:
            kind, size = self._tag(data)
            if kind != MATRIX:
                raise ValueError(f"an element of type {kind} is packed")
            _check_room(size, data.left)
            data.left = size
        return data, self._array(data, size)

    def _element(self, data: _Bytes) -> _Array | None:
        """Read what stands before an array within a cell array; None if it is empty."""
        kind, size = self._tag(data)
        if kind != MATRIX:
            raise ValueError(f"an element of type {kind} in a cell array")
        _check_room(size, data.left)
        return self._array(data, size) if size else None

    def _array(self, data: _Bytes, size: int) -> _Array:
        before = data.left
        flags = int(np.frombuffer(self._part(data, TAG)[1], f"{self._order}u4")[0])
        kind = CLASSES.get(flags & 0xFF, f"number {flags & 0xFF}")
        if (flags >> 8) & COMPLEX:
            kind = f"complex {kind}"
        lengths = b"" if kind == OPAQUE else self._part(data, 4 * MOST_AXES)[1]
        shape = tuple(np.frombuffer(lengths, f"{self._order}i4").tolist())
        if min(shape, default=0) < 0:
            raise ValueError(f"an array of shape {shape}")
        name = self._part(data, LONGEST_NAME)[1].decode("latin-1")
        return _Array(kind, shape, name, size - (before - data.left))

    def _named(self, data: _Bytes, array: _Array) -> list[str]:
        """Read the names that one array holds."""
        kind = array.kind
        if kind != "char" and kind not in NUMERIC:
            raise WrongKind(f"holds an array of class {kind}; expected texts or numbers")
        if not _count(array.shape):
            data.take(array.size)
            return [""] if kind == "char" else []
        stored, values = self._part(data, data.left)
        if kind == "char":
            return self._rows(values, CHARACTERS[stored], array.shape)
        numbers = np.frombuffer(values, self._order + NUMBERS[stored]).astype(np.float64)
        if len(numbers) != _count(array.shape):
            raise ValueError(f"{len(numbers)} numbers in shape {array.shape}")
        return whole_numbers(numbers)

    def _rows(self, values: bytes, encoding: str, shape: tuple[int, ...]) -> list[str]:
        """Split characters, which stand column by column, into the texts of the rows."""
        endings = {"<": "-le", ">": "-be"}
        if encoding in ("utf-16", "utf-32"):
            encoding += endings[self._order]
        text = values.decode(encoding)
        rows, width = shape[0], _count(shape[1:])
        if len(text) != rows * width:
            raise ValueError(f"{len(text)} characters in shape {shape}")
        return [text[row::rows] for row in range(rows)]

    def _part(self, data: _Bytes, most: int) -> tuple[int, bytes]:
        """Read an element whole, and skip to where the next one begins; return its type, too."""
        kind, size = self._tag(data)
        if size > most:
            raise ValueError(f"{size:,} bytes where at most {most:,} belong")
        found = data.take(size)
        data.take(-size % (4 if self._is_small else TAG))
        return kind, found

    def _tag(self, data: _Bytes) -> tuple[int, int]:
        """Read the type and size of the element that follows."""
        word = self._word(data)
        self._is_small = word >= 2**16  # up to 4 bytes, which stand in the tag itself
        return (word & 0xFFFF, word >> 16) if self._is_small else (word, self._word(data))

    def _word(self, data: _Bytes) -> int:
        return int(np.frombuffer(data.take(4), f"{self._order}u4")[0])


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _check_room(size: int, left: int) -> None:
    if size > left:
        raise ValueError(f"{size:,} bytes are promised where {left:,} are")
