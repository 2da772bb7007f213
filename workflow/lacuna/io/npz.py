"""Arrays that others saved with NumPy: read without pickle, and no larger than what they hold."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.atomic import UNREADABLE, unreadable
from lacuna.io.untrusted import MAX_COMPRESSION, SMALL


def read_arrays(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read arrays of an .npz file.

    Parameters
    ----------
    path
        The file.
    names
        The arrays that are wanted.

    Raises
    ------
    DamagedFile
        If the file is damaged, or holds objects instead of numbers and texts.
    LacunaError
        If the file is missing, lacks an array, or gives far more than it holds.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            there = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if missing := [name for name in names if name not in there]:
            raise LacunaError(
                f"{path}: has no array {listed(missing)}; it has {listed(sorted(there), 20)}."
            )
        size = sum(there[name].file_size for name in names)
        most = max(SMALL, MAX_COMPRESSION * path.stat().st_size)
        if size > most:
            raise LacunaError(
                f"{path}: gives {size:,} bytes, over {MAX_COMPRESSION} times its size: no array of "
                "expression does."
            )
        with np.load(path, allow_pickle=False) as content:
            return {name: content[name] for name in names}
    except zipfile.BadZipFile as error:
        raise DamagedFile(path, f"cannot be read as .npz ({error}).") from error
    except UNREADABLE as error:
        raise unreadable(path, error, " as .npz") from error
