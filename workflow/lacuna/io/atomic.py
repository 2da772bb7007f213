"""Files that appear whole or not at all."""

import errno
import glob
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lacuna.errors import DamagedFile, LacunaError, UnwritableFile

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ENTRY = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
LEAST_ROOM = 1 << 20  # bytes; a disk with less is full, whatever a library says went wrong
# What h5py, NumPy, pandas and PyTorch raise of bytes that are damaged or laid out in another way.
UNREADABLE = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)
WANT_OF_MEMORY = r"allocat|not enough memory"  # how HDF5 and PyTorch speak of it


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    The temporary file keeps the name's ending, and is removed when the block fails.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    path = Path(path)
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    with written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in path.parent.glob(f".unfinished-*-{glob.escape(path.name)}"):
            abandoned.unlink(missing_ok=True)  # left by a job that was killed
        try:
            yield unfinished
            put_in_place(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def put_in_place(finished: Path, path: Path) -> None:
    """Rename a finished file to `path`, and remove the damaged one that `set_aside` left."""
    os.replace(finished, path)
    _damaged(path).unlink(missing_ok=True)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Say of a file that the block writes that there is no room for it, or no right to write it.

    Raises
    ------
    UnwritableFile
        In these two cases; other errors pass.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        named = getattr(error, "filename", None)
        if named and not _lies_by(Path(named).absolute(), path.absolute()):
            raise
        full = shutil.disk_usage(_existing(path.parent)).free < LEAST_ROOM
        if explanation := explain(error, path, full=full):
            raise explanation from error
        raise


def _lies_by(other: Path, path: Path) -> bool:
    return other.parent == path.parent or other in path.parents


@contextmanager
def readable(path: str | Path, kinds: tuple[type[Exception], ...] = UNREADABLE) -> Iterator[None]:
    """Say of a file that the block reads that it is damaged, or why else it cannot be read.

    Parameters
    ----------
    path
        The file.
    kinds
        What its reader raises.

    Raises
    ------
    DamagedFile
        If the reader cannot make sense of the file.
    LacunaError
        If there is no such file, or rights, disk or memory are at fault.
    """
    try:
        yield
    except kinds as error:
        raise unreadable(path, error) from error


def unreadable(path: str | Path, error: Exception, kind: str = "") -> LacunaError:
    """Return what to tell the user of a file that cannot be read; `DamagedFile` if that is why.

    Parameters
    ----------
    path
        The file.
    error
        What its reader raised.
    kind
        What the user may have taken it for, as in " as HDF5".
    """
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return LacunaError(f"{path}: no such file. Run again: the workflow makes what it can.")
    if isinstance(error, MemoryError) or re.search(WANT_OF_MEMORY, str(error)):
        return LacunaError(
            f"{path}: cannot be read for want of memory ({error}). Free some, or give the job more."
        )
    if number in (None, errno.EINVAL):
        return DamagedFile(path, f"cannot be read{kind} ({error}). It is cut short or damaged.")
    return LacunaError(f"{path}: cannot be read: {os.strerror(number)}.")


def explain(
    error: Exception, path: str | Path | None, *, full: bool = False
) -> UnwritableFile | None:
    """Return what to tell the user of a file that cannot be written; None if it is another error.

    Parameters
    ----------
    error
        What the writing raised.
    path
        The file, where it is known.
    full
        The disk is known to be full; libraries do not always say so.
    """
    number = getattr(error, "errno", None)
    if full or number in NO_ROOM:
        remedy = "Make room on its disk (or allow files of this size)"
    elif path and number in NO_ENTRY:
        remedy = "Give yourself the right to write there, or work in another folder"
    else:
        return None
    reason = os.strerror(number or errno.ENOSPC)
    return UnwritableFile(
        f"{path or 'a file'}: cannot be written: {reason}. {remedy}, and run again; "
        "what is finished stays."
    )


def check_writable(folder: str | Path) -> None:
    """Check that files can be made in a folder, or that it can be made itself.

    Raises
    ------
    UnwritableFile
        If not.
    """
    found = _existing(Path(folder).absolute())
    if not found.is_dir():
        raise explain(NotADirectoryError(errno.ENOTDIR, ""), found)
    if not os.access(found, os.W_OK | os.X_OK):
        raise explain(PermissionError(errno.EACCES, ""), found)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file, so that the workflow makes it anew; return its new name.

    A link is left as it is, as what it leads to is not ours; it gives None, as does a file that is
    gone.
    """
    if path.is_symlink() or not path.is_file():
        return None
    os.replace(path, _damaged(path))
    return _damaged(path)


def _damaged(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")
