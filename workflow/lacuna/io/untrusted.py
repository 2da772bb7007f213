"""Files from outside are read with care: memory is bounded, and every fault is named."""

import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.atomic import unreadable

GZIP_MAGIC = b"\x1f\x8b"
MOST_UNPACKED = 100  # bytes from one; tables and matrices of expression give 20 at most
SMALL = 2**28  # bytes that may always come out
LONGEST_HEADER, MOST_COLUMNS = 2**23, 2**16
CONTROL = "[\x00-\x1f\x7f]"


def opened(path: str | Path, text: bool = False) -> BinaryIO:
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
        file = io.BufferedReader(_Unpacked(path)) if is_gzip(path) else path.open("rb")
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
        self._most = max(SMALL, MOST_UNPACKED * path.stat().st_size)
        self._left = self._most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        try:
            piece = self._packed.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DamagedFile(
                self._path,
                f"cannot be decompressed ({error}). It is cut short or damaged.",
            ) from error
        self._left -= len(piece)
        if self._left < 0:
            raise LacunaError(
                f"{self._path}: gives more than {self._most:,} bytes when it is decompressed, over "
                f"{MOST_UNPACKED} times its size: no table or matrix of expression does. If it is "
                "what it should be, decompress it yourself and name the plain file."
            )
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Text(io.RawIOBase):
    """The bytes of a text; pandas takes a zero byte for the end of a name, and says nothing."""

    def __init__(self, path: Path, file: BinaryIO):
        self._path, self._file = path, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        size = self._file.readinto(buffer)
        if b"\0" in bytes(buffer[:size]):
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
    with opened(path, text=True) as file:
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


def check_plain(texts: pd.Series, column: str, path: str | Path) -> None:
    """Refuse texts with control characters, which no name holds and not every format keeps.

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
