"""MATLAB files of version 7.3, which are HDF5: arrays of numbers and of names.

MATLAB writes axes the other way round, says in the attribute MATLAB_class what an array is, keeps
characters as numbers of 16 bits, and a cell array as references to arrays in the group #refs#.
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from lacuna.io.hdf5 import check_stored, member
from lacuna.io.matlab_shared import FLOATING, WrongKind, readable, whole_numbers

KIND, EMPTY = "MATLAB_class", "MATLAB_empty"
INTERNAL = "#"  # how the names of groups begin that are no variables


class MatlabV73:
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
        with readable(path):
            self._file = h5py.File(path, "r")
            self.names = [name for name in self._file if not name.startswith(INTERNAL)]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the lengths of a variable's axes."""
        with readable(self.path, name):
            array = self._array(name)
            return (0,) if array.attrs.get(EMPTY, 0) else array.shape[::-1]

    def texts(self, name: str) -> list[str]:
        """Read names: a cell array of texts and numbers, rows of characters, or whole numbers."""
        with readable(self.path, name):
            array = self._array(name)
            if array.attrs.get(EMPTY, 0):
                return []
            if _kind(array) != "cell":
                return _named(array)
            if h5py.check_ref_dtype(array.dtype) is not h5py.Reference:
                raise ValueError(f"a cell array of {array.dtype}")
            found = []
            for number, reference in enumerate(array[()].ravel(), start=1):
                texts = _named(self._referred(reference))
                if len(texts) != 1:
                    raise WrongKind(f"place {number} holds {len(texts)} values; expected one")
                found += texts
            return found

    def slabs(self, name: str) -> Iterator[np.ndarray]:
        """Read numbers, a position of the last of three axes at a time.

        Yields
        ------
        float64 array of the shape of the first two axes
        """
        with readable(self.path, name):
            array = self._array(name)
            if _kind(array) not in FLOATING or array.dtype.kind != "f":
                raise WrongKind(
                    f"is of class {_kind(array)} ({array.dtype}); expected double or single"
                )
            if array.ndim < 3:
                yield array[()].T.astype(np.float64)
                return
            for position in range(len(array)):
                yield array[position].T.astype(np.float64)

    def _array(self, name: str) -> h5py.Dataset:
        return _dataset(member(self._file, name))

    def _referred(self, reference: h5py.Reference) -> h5py.Dataset:
        if not reference:
            raise ValueError("a reference to nothing")
        return _dataset(check_stored(self._file[reference], "what a cell array refers to"))


def _dataset(item: h5py.Dataset | h5py.Group) -> h5py.Dataset:
    if not isinstance(item, h5py.Dataset):
        raise WrongKind(f"is of class {_kind(item)}; expected an array")
    return item


def _kind(item: h5py.Dataset | h5py.Group) -> str:
    kind = item.attrs.get(KIND, b"")
    return kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)


def _named(array: h5py.Dataset) -> list[str]:
    """Read the names that one array holds."""
    kind = _kind(array)
    if array.dtype.kind not in "iuf" or kind == "cell":
        raise WrongKind(f"holds an array of class {kind}; expected texts or numbers")
    if array.attrs.get(EMPTY, 0):
        return [""] if kind == "char" else []
    if kind != "char":
        return whole_numbers(array[()].ravel().astype(np.float64))
    characters = array[()].astype("<u2").reshape(-1, array.shape[-1])
    return [row.tobytes().decode("utf-16-le") for row in characters.T]
