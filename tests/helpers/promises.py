"""A reader gives what it promises, or a LacunaError."""

import contextlib
import tempfile
from pathlib import Path

from lacuna.errors import LacunaError


def bytes_of(write) -> bytes:
    """The bytes that a function writes to a path."""
    with tempfile.TemporaryDirectory() as made:
        write(Path(made) / "a.file")
        return (Path(made) / "a.file").read_bytes()


def reads_or_refuses(read, path):
    with contextlib.suppress(LacunaError):
        read(path)
