"""Reads files from outside with bounded memory, and names every fault in them."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.atomic import unreadable
from lacuna.io.odd_rows import Account, note

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
MAX_COMPRESSION = 100  # bytes out of one byte; tables and matrices of expression give at most 20
SMALL = 2**28  # bytes; a file may always unpack to as many
LONGEST_HEADER, MOST_COLUMNS = 2**23, 2**16  # bytes and columns of a table's first line
# Of ASCII and of Latin-1, ends of lines and paragraphs, and what turns the direction of writing.
CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
# How UTF-8 is decoded where some bytes are none: LINCS and Windows mix it with Latin-1.
MIXED = "lacuna-mixed"


def _of_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that are no UTF-8 as Windows-1252, which has all signs of Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    piece = error.object[error.start : error.end]
    try:
        return piece.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return piece.decode("latin-1"), error.end


codecs.register_error(MIXED, _of_windows)


def decode(text: bytes) -> str:
    """Decode a text in UTF-8, or in Latin-1, or in both."""
    return text.decode("utf-8", MIXED)


def open_untrusted(path: str | Path, text: bool = False) -> "io.BufferedReader[Any]":
    """Open a file for reading, unpacked if it is gzip, whatever its name.

    Parameters
    ----------
    path
        The file.
    text
        Whether it must be text, in an encoding without zero bytes.

    Raises
    ------
    DamagedFile
        While it is read: if it is cut short or damaged.
    LacunaError
        If there is no such file. While it is read: if far more comes out than data ever hold, or it
        should be text and is not.
    """
    path = Path(path)
    try:
        raw = _Unpacked(path) if is_gzip(path) else io.FileIO(path)
        file: io.BufferedReader[Any] = io.BufferedReader(raw)
        return io.BufferedReader(_Text(path, file)) if text else file
    except OSError as error:
        raise unreadable(path, error) from error


def is_gzip(path: Path) -> bool:
    """Return whether a file begins as gzip files do."""
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


class _Unpacked(io.RawIOBase):
    """What a gzip file holds, up to a limit."""

    def __init__(self, path: Path):
        self._path, self._packed = path, gzip.open(path)  # noqa: SIM115 - closed in `close`
        self._most = max(SMALL, MAX_COMPRESSION * path.stat().st_size)
        self._left = self._most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        try:
            piece = self._packed.read(len(view))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DamagedFile(
                self._path,
                f"cannot be decompressed ({error}). It is cut short or damaged.",
            ) from error
        self._left -= len(piece)
        if self._left < 0:
            raise LacunaError(
                f"{self._path}: gives more than {self._most:,} bytes when it is decompressed, over "
                f"{MAX_COMPRESSION} times its size: no table or matrix of expression does. If it "
                "is what it should be, decompress it yourself and name the plain file."
            )
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Text(io.RawIOBase):
    """The bytes of a text; pandas takes a zero byte for the end of a name, and says nothing."""

    def __init__(self, path: Path, file: "io.BufferedReader[Any]"):
        self._path, self._file = path, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        size = self._file.readinto(view)
        if b"\0" in bytes(view[:size]):
            raise LacunaError(
                f"{self._path}: holds a zero byte; expected text in UTF-8 or Latin-1. "
                "Save it as plain text in UTF-8."
            )
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def check_header(path: str | Path, separator: str = "\t", comment: str = "") -> int:
    """Refuse a table that begins with an endless line; return the number of lines before it.

    Parameters
    ----------
    path
        A table of text, plain or gzipped.
    separator
        What stands between two columns.
    comment
        How the lines before the table begin, if there are any.

    Raises
    ------
    LacunaError
        If the line with the names of the columns is too long, or names too many.
    """
    lines = 0
    with open_untrusted(path, text=True) as file:
        while line := file.readline(LONGEST_HEADER):
            columns = line.count(separator.encode()) + 1
            if len(line) == LONGEST_HEADER or columns > MOST_COLUMNS:
                raise LacunaError(
                    f"{path}: line {lines + 1} has {columns} columns in {len(line):,} bytes or "
                    f"more; expected a table with at most {MOST_COLUMNS:,} columns."
                )
            if not comment or not line.startswith(comment.encode()):
                return lines
            lines += 1
    return 0


def parse_table(
    path: Path, expected: str, account: Account | None = None, **options: Any
) -> pd.DataFrame:
    """Read a text table with pandas, in UTF-8, or byte by byte in Latin-1 where it is none.

    Parameters
    ----------
    path
        The file, plain or gzipped.
    expected
        What the file should be, for the message.
    account
        Gets the lines that are not in UTF-8.
    **options
        For `pandas.read_csv`.

    Raises
    ------
    LacunaError
        If the file is missing, damaged or no table, or a row has more fields than there are names.
    """
    try:
        table = _read(path, "strict", expected, options)
    except UnicodeDecodeError:
        table = _read(path, MIXED, expected, options)
        lines = pd.Series([f"line {number}" for number in _not_in_utf_8(path)])
        note(account, "not in UTF-8: these bytes are read as Latin-1", lines)
    # Where the first row is longer than the names, pandas takes its first fields for an index.
    if isinstance(table.index, pd.RangeIndex):
        return table
    more, names = table.index.nlevels, table.shape[1]
    line = _first_row(path, options.get("skiprows", 0))
    plain = _read(path, MIXED, expected, {**options, "na_values": [""]})
    if plain.iloc[:, -more:].isna().all(axis=None) and not _is_numbered(table.index):
        note(
            account,
            "rows end with an empty field that has no name: it is passed over",
            pd.Series([f"from line {line} on"]),
            len(table),
        )
        return _read(path, MIXED, expected, {**options, "index_col": False})
    raise LacunaError(
        f"{path}: line {line} has {names + more} fields, but the line of names has {names} "
        f"({listed(table.columns, 20)}): it cannot be told which field is whose. Remove what is "
        "too much, or name it; R leaves out the name of the first column, unless it is told "
        "col.names = NA or row.names = FALSE."
    )


def _read(path: Path, errors: str, expected: str, options: Mapping[str, Any]) -> pd.DataFrame:
    try:
        with open_untrusted(path, text=True) as content:
            return pd.read_csv(content, encoding="utf-8-sig", encoding_errors=errors, **options)
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError) as error:
        raise LacunaError(f"{path}: not {expected} ({error}).") from error


def _is_numbered(index: pd.Index) -> bool:
    """Return whether these are the numbers of rows, as R writes them before all columns."""
    return index.nlevels == 1 and list(index.astype(str)) == [*map(str, range(1, len(index) + 1))]


def _not_in_utf_8(path: Path) -> Iterator[int]:
    with open_untrusted(path, text=True) as file:
        number = 0
        while line := file.readline(LONGEST_HEADER):
            number += 1
            try:
                line.decode()
            except UnicodeDecodeError:
                yield number


def _first_row(path: Path, above: int) -> int:
    """Return the number of the first line with anything below that of the names."""
    with open_untrusted(path, text=True) as file:
        number = 0
        while line := file.readline(LONGEST_HEADER):
            number += 1
            if number > above + 1 and line.strip(b"\r\n"):
                return number
    return number


def check_plain(
    texts: pd.Series, column: str, path: str | Path, first_line: int | None = None
) -> None:
    """Refuse texts with control characters: names have none, and not every format keeps them.

    Parameters
    ----------
    texts, column
        A column and its name.
    path
        The file.
    first_line
        The line of the first text, where each stands in a line of its own.

    Raises
    ------
    LacunaError
        Naming the first such text, and where it stands.
    """
    distinct = pd.Series(texts.dropna().unique(), dtype=object)
    strange = distinct[distinct.str.contains(CONTROL)]
    if len(strange):
        text = strange.iloc[0]
        row = int(np.flatnonzero(texts.eq(text))[0])
        where = f"text {row + 1}" if first_line is None else f"line {row + first_line}"
        sign = ord(re.search(CONTROL, text)[0])  # type: ignore[index]
        raise LacunaError(
            f"{path}: column {column}: {text!r} holds a control character ({where}, U+{sign:04X}; "
            f"{len(strange)} texts do); expected plain text. Remove these characters."
        )
