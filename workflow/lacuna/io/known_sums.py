"""Sums of files, and a memory of those that take long: a file is hashed once as long as it stays.

What is remembered goes by what the file system says of a file (`Seen`). Every change of its bytes
moves its ctime, which no program can set, whatever becomes of its mtime.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lacuna.errors import LacunaError
from lacuna.io.atomic import explain_read_errors, write_whole

# Beside what Snakemake keeps: a loss of it costs time and nothing else.
MEMORY = Path(".snakemake/lacuna/sums")
# Two changes within one tick of the clock look like one. So a file that changed a moment ago is
# hashed again, until it is older than any file system's tick.
TICK = 2_000_000_000  # nanoseconds
WAITED_FOR = 1 << 30  # bytes of a file that takes longer to hash again than to grow old


class Sum(NamedTuple):
    """What a file holds: its size, and the SHA-256 of its content."""

    bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.bytes} bytes with the SHA-256 {self.sha256}"


class Seen(NamedTuple):
    """What the file system says of a file."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, path: str | Path) -> "Seen":
        """Look at a file; a link stands for its target.

        Raises
        ------
        OSError
            If it is not there.
        """
        found = os.stat(path)
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)

    def is_young(self, now: int) -> bool:
        """Return whether a change of this moment (in nanoseconds) might not be seen."""
        return max(self.mtime_ns, self.ctime_ns) + TICK > now


def sum_of(path: str | Path) -> Sum:
    """Return the size and the checksum of a file, or of all files in a folder and their names.

    Raises
    ------
    LacunaError
        If it cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        with explain_read_errors(path, (OSError,)), path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            return Sum(os.fstat(content.fileno()).st_size, sha256)
    found = {file: sum_of(file) for file in sorted(path.rglob("*")) if file.is_file()}
    listed = "".join(f"{file.relative_to(path)}\0{its.sha256}\0" for file, its in found.items())
    return Sum(
        sum(its.bytes for its in found.values()), hashlib.sha256(listed.encode()).hexdigest()
    )


def known_sum(path: str | Path, memory: Path = MEMORY) -> Sum:
    """Return the size and the checksum of a file, from memory if it stayed as it was.

    Raises
    ------
    LacunaError
        If it cannot be read.
    """
    return _recall(path, memory) or fresh_sum(path, memory=memory)


def fresh_sum(
    path: str | Path, read: Callable[[Path], Sum] | None = None, memory: Path = MEMORY
) -> Sum:
    """Return the size and the checksum of a file, and remember them.

    Parameters
    ----------
    path
        The file.
    read
        Reads it to its end, for another checksum beside; if None, for this one alone.
    memory
        The folder of what is remembered.

    Raises
    ------
    LacunaError
        If it cannot be read.
    """
    with explain_read_errors(path, (OSError,)):
        before = Seen.of(path)
        if before.size > WAITED_FOR and before.is_young(time.time_ns()):
            time.sleep(TICK / 1e9)
        start = time.time_ns()
        found = (read or sum_of)(Path(path))
        if before == Seen.of(path) and not before.is_young(start):
            _remember(path, before, found, memory)
    return found


def _remember(path: str | Path, seen: Seen, found: Sum, memory: Path) -> None:
    text = json.dumps({"path": os.path.realpath(path), "seen": seen, "sha256": found.sha256})
    with suppress(OSError, LacunaError), write_whole(_entry(path, memory)) as unfinished:
        unfinished.write_text(text)


def _recall(path: str | Path, memory: Path) -> Sum | None:
    try:
        found = json.loads(_entry(path, memory).read_text())
        seen = Seen.of(path)
        if found["path"] == os.path.realpath(path) and found["seen"] == [*seen]:
            return Sum(seen.size, found["sha256"])
    except (OSError, ValueError, KeyError, TypeError):  # nothing there, or damaged
        pass
    return None


def _entry(path: str | Path, memory: Path) -> Path:
    return memory / f"{hashlib.sha256(os.path.realpath(path).encode()).hexdigest()[:32]}.json"
