"""GCTX, the HDF5 layout in which LINCS ships its matrices.

The matrix lies at /0/DATA/0/matrix with shape (columns, rows): one line per well or signature,
one value per gene. Names and metadata lie at /0/META/ROW and /0/META/COL, the field `id` first
(Enache et al. 2019, Bioinformatics 35:1427, doi:10.1093/bioinformatics/bty784).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.atomic import UNREADABLE, unreadable
from lacuna.io.hdf5 import create, member
from lacuna.io.untrusted import CONTROL
from lacuna.io.untrusted_texts import check_texts

MATRIX = "0/DATA/0/matrix"
META = {"rows": "0/META/ROW", "columns": "0/META/COL"}
MOST_COLUMNS_AT_ONCE, MOST_VALUES_AT_ONCE = 1024, 2**26  # a read holds no more in memory
COLUMNS_PER_CHUNK = 64  # of matrices that Lacuna writes


class Gctx:
    """An open GCTX file; use it as a context manager.

    Attributes
    ----------
    rows, columns : pandas.Index of str
        Gene ids and well (or signature) ids, in file order.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or not HDF5.
    LacunaError
        If the file is missing, not GCTX, or an id stands twice, is empty or has control characters.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with self._readable():
            self._file = h5py.File(self.path, "r")
        try:
            with self._readable():
                self._matrix = self._find(MATRIX)
                check_texts(self.path, self._file, META.values())
                self.rows = self._ids("rows")
                self.columns = self._ids("columns")
                self._check_matrix()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Gctx":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def metadata(self, axis: str) -> pd.DataFrame:
        """Return the metadata of `axis` ("rows" or "columns"), indexed by id.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If it has no metadata in the layout of GCTX.
        """
        with self._readable():
            group = self._find(META[axis])
            fields = {name: _decode_all(member(group, name)[:]) for name in group}
            return pd.DataFrame(fields).set_index("id")

    def read(self, rows: Iterable[object], columns: Iterable[object]) -> np.ndarray:
        """Read some genes of some wells.

        Parameters
        ----------
        rows, columns
            Ids, in the order wanted.

        Returns
        -------
        float32 array of shape (len(columns), len(rows))
            One line per well, as the file has it.

        Raises
        ------
        DamagedFile
            If the file cannot be read to the end.
        LacunaError
            If an id is not in the file, or a value is NaN or infinite.
        """
        row_ids, column_ids = list(map(str, rows)), list(map(str, columns))
        values = self.read_any(row_ids, column_ids)
        self._check_finite(values, row_ids, column_ids)
        return values

    def read_any(self, rows: Iterable[str], columns: Iterable[str]) -> np.ndarray:
        """Read as `read` does, NaN and infinite values as they stand there."""
        row_at = self._positions("rows", list(rows))
        column_at = self._positions("columns", list(columns))
        values = np.empty((len(column_at), len(row_at)), dtype=np.float32)
        order = np.argsort(column_at)
        with self._readable():
            fitting = MOST_VALUES_AT_ONCE // max(len(self.rows), 1)
            at_once = max(min(MOST_COLUMNS_AT_ONCE, fitting), 1)
            for run in _consecutive_runs(column_at[order], at_once):
                wanted = order[run]
                first = column_at[wanted[0]]
                values[wanted] = self._matrix[first : first + len(wanted)][:, row_at]
        return values

    def _find(self, path: str) -> h5py.Dataset | h5py.Group:
        found = self._file
        for name in path.split("/"):
            found = member(found, name)
        return found

    def _ids(self, axis: str) -> pd.Index:
        ids = pd.Index(_decode_all(self._find(f"{META[axis]}/id")[:]).astype(str))
        if not ids.is_unique:
            twice = ids[ids.duplicated()].unique()
            raise LacunaError(
                f"{self.path}: the {axis[:-1]} ids {listed(twice)} stand more than once; "
                "every id must be unique. Remove or rename the duplicates."
            )
        odd = [name for name in ids if not name or re.search(CONTROL, name)]
        if odd:
            raise LacunaError(
                f"{self.path}: {len(odd)} of {len(ids)} {axis[:-1]} ids are empty, or hold "
                f"control characters: {listed(odd)}. The file is damaged, or was written "
                "wrongly; get it again."
            )
        return ids

    def _positions(self, axis: str, ids: Sequence[str]) -> np.ndarray:
        positions = getattr(self, axis).get_indexer(pd.Index(ids))
        if (positions < 0).any():
            missing = pd.Index(ids)[positions < 0]
            raise LacunaError(
                f"{self.path}: the matrix has no {axis} {listed(missing)} ({len(missing)} missing)."
            )
        return positions

    def _check_matrix(self) -> None:
        if self._matrix.dtype.kind not in "fiu":
            raise LacunaError(f"{self.path}: {MATRIX} holds {self._matrix.dtype}, not numbers.")
        expected = (len(self.columns), len(self.rows))
        if self._matrix.shape != expected:
            raise LacunaError(
                f"{self.path}: {MATRIX} has shape {self._matrix.shape}, but META names {expected} "
                "(columns, rows). The file is damaged; get it again."
            )

    def _check_finite(
        self, values: np.ndarray, rows: Sequence[str], columns: Sequence[str]
    ) -> None:
        if np.isfinite(values).all():
            return
        column, row = np.argwhere(~np.isfinite(values))[0]
        bad = int((~np.isfinite(values)).sum())
        raise LacunaError(
            f"{self.path}: column {columns[column]!r}, row {rows[row]!r} is {values[column, row]} "
            f"({bad} such values among those read); expected finite expression values. "
            "Remove these wells from the matrix and from inst_info, or get the file again."
        )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, AttributeError, TypeError) as error:
            raise LacunaError(
                f"{self.path}: this HDF5 file is not GCTX ({error}). Expected the layout of LINCS "
                f"(version GCTX1.0): {MATRIX}, {META['rows']}/id and {META['columns']}/id."
            ) from error
        except UNREADABLE as error:
            raise unreadable(self.path, error, " as HDF5") from error


def write_gctx(
    path: str | Path,
    matrix: np.ndarray | Iterable[np.ndarray],
    row_metadata: pd.DataFrame,
    column_metadata: pd.DataFrame,
) -> None:
    """Write a GCTX file that cmapPy and cmapR open.

    Parameters
    ----------
    path
        The file; it appears whole or not at all.
    matrix : array of shape (columns, rows), or such arrays that follow each other
        One line per column id; stored as float32.
    row_metadata, column_metadata
        Indexed by id; numbers stay numbers, everything else becomes text. They are read after the
        matrix, so that what yields its blocks may add to them.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If the matrix and its metadata differ in shape.
    """
    columns, rows = expected = (len(column_metadata), len(row_metadata))
    with create(path) as (file, sink):
        file.attrs["version"] = np.bytes_("GCTX1.0")
        file.attrs["src"] = np.bytes_(Path(path).name)
        chunks = (min(COLUMNS_PER_CHUNK, columns), rows) if columns and rows else None
        written = file.create_dataset(
            MATRIX, expected, np.float32, chunks=chunks, fletcher32=chunks is not None
        )
        done = 0
        for block in [matrix] if isinstance(matrix, np.ndarray) else matrix:
            if block.shape[1:] != (rows,) or done + len(block) > columns:
                raise ValueError(f"matrix has a block of {block.shape}, its metadata {expected}")
            written[done : done + len(block)] = block
            done += len(block)
            sink.check()  # stops a long computation as soon as the disk is full
        if done != columns:
            raise ValueError(f"matrix has shape {(done, rows)}, its metadata {expected}")
        for axis, metadata in (("rows", row_metadata), ("columns", column_metadata)):
            group = file.create_group(META[axis])
            _put(group, "id", _encode_all(metadata.index))
            for name, column in metadata.items():
                numeric = pd.api.types.is_numeric_dtype(column)
                _put(group, str(name), column.to_numpy() if numeric else _encode_all(column))


def _put(group: h5py.Group, name: str, values: np.ndarray, **layout: Any) -> None:
    """Write an array under checksums, which notice a damaged byte."""
    group.create_dataset(name, data=values, fletcher32=values.size > 0, **layout)


def _encode_all(texts: Iterable[object]) -> np.ndarray:
    encoded = [str(text).encode() for text in texts]
    return np.array(encoded, dtype=f"S{max(map(len, encoded), default=1) or 1}")


def _decode_all(values: np.ndarray) -> np.ndarray:
    """Decode byte strings: LINCS wrote some as UTF-8 and some as Latin-1."""
    if values.dtype.kind not in "SO":
        return values
    return np.array([_decode(value) for value in values], dtype=object)


def _decode(value: bytes | str) -> str:
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _consecutive_runs(positions: np.ndarray, at_once: int) -> list[slice]:
    """Cut sorted positions into runs without a gap, none longer than `at_once`."""
    if not len(positions):
        return []
    starts = np.flatnonzero(np.diff(positions, prepend=-2) != 1)
    stops = np.append(starts[1:], len(positions))
    return [
        slice(first, min(first + at_once, stop))
        for start, stop in zip(starts, stops, strict=True)
        for first in range(start, stop, at_once)
    ]
