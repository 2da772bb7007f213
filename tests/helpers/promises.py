"""A reader gives what it promises, or a LacunaError."""

import contextlib
import resource
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from lacuna.errors import LacunaError


def bytes_of(write) -> bytes:
    """The bytes that a function writes to a path."""
    with tempfile.TemporaryDirectory() as made:
        write(Path(made) / "a.file")
        return (Path(made) / "a.file").read_bytes()


def reads_or_refuses(read, path):
    with contextlib.suppress(LacunaError):
        read(path)


def refused_in_little_memory(read, path, *said):
    """The reader refuses the file by name, soon, and with little memory to do it in."""
    begun = time.process_time()
    with little_memory(), pytest.raises(LacunaError) as error:
        read(path)
    assert time.process_time() - begun < 20
    assert "want of memory" not in str(error.value)
    for words in (str(path), *said):
        assert words in str(error.value)


@contextlib.contextmanager
def little_memory():
    """Let this process take 256 MiB more than it has, whatever takes it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + 2**28, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
