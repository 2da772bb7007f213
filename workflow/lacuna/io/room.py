"""Is there room on the disk? Asked before a large file comes, not when the disk is full."""

import re
import shutil
from pathlib import Path

from lacuna.errors import LacunaError

# GEO and LINCS say in the name of a matrix how many columns and rows it has.
SHAPE = re.compile(r"_n([0-9]{1,9})x([0-9]{1,9})(?![0-9]).*\.gctx\.gz$")
BYTES_PER_VALUE = 4  # float32
MOST_OUT = 4  # bytes out of one packed byte; of GSE92742, 65 GB out of 49


def unpacked_size(file: str, packed: int) -> int:
    """Return about how many bytes come out of a packed matrix, as its name says.

    Parameters
    ----------
    file
        Its name; 0 comes out where it says nothing.
    packed
        The bytes of the file itself. No more than four times as many are expected, whatever the
        name says: a part of a matrix may go by the name of the whole.

    Examples
    --------
    >>> unpacked_size("GSE92742_Broad_LINCS_Level3_INF_mlr12k_n1319138x12328.gctx.gz", 49 * 10**9)
    65049333056
    """
    shape = SHAPE.search(file)
    named = int(shape[1]) * int(shape[2]) * BYTES_PER_VALUE if shape else 0
    return min(named, MOST_OUT * packed)


def check_room(folder: Path, what: str, packed: int, unpacked: int) -> None:
    """Check that a disk has room for a file and for what is unpacked from it.

    Parameters
    ----------
    folder
        Where the file goes; the unpacked one goes to the same disk.
    what
        The file, for the message.
    packed, unpacked
        Bytes still to come of both.

    Raises
    ------
    LacunaError
        If not, with the numbers.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    if packed + unpacked > free:
        needs = f"{packed / 1e9:,.2f} GB for the file"
        if unpacked:
            needs += f" and {unpacked / 1e9:,.2f} GB for what is unpacked from it"
        raise LacunaError(
            f"{what} needs {needs}, but {folder} has {free / 1e9:,.2f} GB free. Make room, or let "
            "results/ be a link to a folder on a larger disk, and run again."
        )
