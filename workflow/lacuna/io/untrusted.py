"""Reads files from outside with bounded memory, and names every fault in them."""

import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.atomic import unreadable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
MAX_COMPRESSION = 100  # bytes out of one byte; tables and matrices of expression give at most 20
SMALL = 2**28  # bytes; a file may always unpack to as many
LONGEST_HEADER, MOST_COLUMNS = 2**23, 2**16  # bytes and columns of a table's first line
CONTROL = "[\x00-\x1f\x7f]"


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
    path: Path, encodings: Sequence[str], expected: str, **options: Any
) -> pd.DataFrame:
    """Read a text table with pandas, in the first of the encodings that fits.

    Parameters
    ----------
    path
        The file, plain or gzipped.
    encodings
        To try one after the other; Latin-1 fits any bytes.
    expected
        What the file should be, for the message.
    **options
        For `pandas.read_csv`.

    Raises
    ------
    LacunaError
        If the file is missing, damaged, no table or in none of the encodings.
    """
    for encoding in encodings:
        try:
            with open_untrusted(path, text=True) as content:
                return pd.read_csv(content, encoding=encoding, **options)
        except UnicodeDecodeError:
            continue
        except (ValueError, OverflowError) as error:
            raise LacunaError(f"{path}: not {expected} ({error}).") from error
    raise LacunaError(f"{path}: not {expected} in any of the encodings {listed(encodings)}.")


def check_plain(texts: pd.Series, column: str, path: str | Path) -> None:
    """Refuse texts with control characters: names have none, and not every format keeps them.

    Raises
    ------
    LacunaError
        Naming the first such text.
    """
    distinct = pd.Series(texts.dropna().unique(), dtype=object)
    strange = distinct[distinct.str.contains(CONTROL)]
    if len(strange):
        raise LacunaError(
            f"{path}: column {column}: {strange.iloc[0]!r} holds a control character "
            f"({len(strange)} texts do); expected plain text. Remove these characters."
        )
