"""Results of a long job, part by part, so that a job that was killed goes on where it stood."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib

import lacuna
from lacuna.errors import LacunaError
from lacuna.io import hdf5


def resume(
    work: Path | None, start: object, layout: hdf5.Layout, compute: Callable[[], hdf5.Content]
) -> dict[str, Any]:
    """Return a part of a result: from the folder where an earlier start of the job left it, or new.

    Parameters
    ----------
    work
        The folder, which the job removes when it is done; None to keep nothing.
    start
        All that the part is made from: of another start nothing is taken.
    layout
        What a part holds, see `lacuna.io.hdf5`.
    compute
        Makes the part.
    """
    if work is None:
        return {**compute()}
    path = work / f"{joblib.hash((lacuna.__version__, start))}.h5"
    if path.exists():
        try:
            return hdf5.load(path, layout=layout)
        except LacunaError as error:  # damaged, as by a power cut
            print(f"{error} It is made again.")
    part = {**compute()}
    work.mkdir(parents=True, exist_ok=True)
    hdf5.save(path, part)
    return part
