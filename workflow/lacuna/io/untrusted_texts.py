"""Texts of varying length in HDF5, which may be damaged so that HDF5 reads them for ever.

They lie in heaps that no checksum covers, and HDF5 loops over a damaged one without an end, where
nothing in this process can stop it. So another process reads them first, with a limit to its time.
"""

import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import h5py

SECONDS = 10  # of processor time, however busy the machine is; 100,000 texts take 0.1
TEXTS_PER_SECOND = 20_000
READ_ALL = """
import resource, sys, h5py
seconds, path, *names = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
def read(name, item):
    list(item.attrs.values())
    if isinstance(item, h5py.Dataset) and h5py.check_vlen_dtype(item.dtype):
        item[()]
with h5py.File(path, "r") as file:
    for name in names:
        read(name, file[name])
        if isinstance(file[name], h5py.Group):
            file[name].visititems(read)
"""


def check_texts(path: Path, file: h5py.File, names: Iterable[str]) -> None:
    """Read texts of varying length where they can do no harm, before they are read here.

    Parameters
    ----------
    path, file
        The file, and the same opened.
    names
        Groups and arrays whose texts and attributes are to be read.

    Raises
    ------
    ValueError
        If they cannot be read to an end.
    """
    there = [name for name in names if name in file]
    texts = sum(_texts(file[name]) for name in there)
    if not texts:
        return
    seconds = SECONDS + texts // TEXTS_PER_SECOND
    state = path.stat()
    if not _are_read(path, tuple(there), seconds, (state.st_ino, state.st_size, state.st_mtime_ns)):
        raise ValueError(
            f"the texts of {', '.join(there)} cannot be read to an end: reading them was stopped "
            f"after {seconds} s at most"
        )


@lru_cache(maxsize=64)  # a job opens a file more than once
def _are_read(path: Path, names: tuple[str, ...], seconds: int, _state: tuple[int, ...]) -> bool:
    """Let another process read the texts; False where it had to be stopped.

    What is refused in words there is refused here, too.
    """
    # -P: no file of the folder in which we stand is imported in place of h5py.
    arguments = [sys.executable, "-P", "-c", READ_ALL, str(seconds), str(path), *names]
    ended = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ended.returncode >= 0


def _texts(item: h5py.Group | h5py.Dataset) -> int:
    """Count texts of varying length, in an array or all below a group, and their attributes."""
    count = 0

    def add(_: str, found: h5py.Group | h5py.Dataset) -> None:
        nonlocal count
        if isinstance(found, h5py.Dataset) and h5py.check_vlen_dtype(found.dtype):
            count += found.size or 0
        for name in found.attrs:
            count += h5py.check_vlen_dtype(found.attrs.get_id(name).dtype) is not None

    add("", item)
    if isinstance(item, h5py.Group):
        item.visititems(add)
    return count
