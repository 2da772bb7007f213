"""Files that appear whole or not at all."""

import errno
import glob
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lacuna.errors import DamagedFile, LacunaError, UnwritableFile
from lacuna.io.process import TAG, Fate, Process

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ENTRY = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
PERMISSION = "Give yourself the right to write there, or work in another folder"  # the remedy
FULL_DISK = 1 << 20  # bytes; a disk with less free space is full, whatever a library reports
SILENCE = 24 * 3600  # seconds without a byte, after which whoever wrote on another host is gone
# h5py, NumPy, pandas and PyTorch raise these on bytes that are damaged or laid out in another way.
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
OUT_OF_MEMORY = r"allocat|not enough memory"  # in messages of HDF5 and PyTorch


@contextmanager
def write_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    The temporary file keeps the name's ending, and is removed when the block fails. One that a
    process left which is gone for certain is removed, too, and never that of one which may be
    writing: two runs in one folder write each its own, and the last to end is the one that stays.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    path = Path(path)
    unfinished = unfinished_name(path)
    with explain_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in _abandoned(path):
            abandoned.unlink(missing_ok=True)
        try:
            yield unfinished
            replace_file(path, unfinished)
        finally:
            unfinished.unlink(missing_ok=True)


def unfinished_name(path: Path) -> Path:
    """Return where this process writes a file, or a folder, before it has its name."""
    return path.with_name(f".unfinished-{Process.this().tag}-{path.name}")


def _abandoned(path: Path) -> Iterator[Path]:
    """Find what killed jobs left of a file."""
    pattern = re.compile(rf"\.unfinished-({TAG}|\d+)-{re.escape(path.name)}")
    for file in path.parent.glob(f".unfinished-*-{glob.escape(path.name)}"):
        if named := pattern.fullmatch(file.name):
            known = re.fullmatch(TAG, named[1])  # not in the names that older versions gave
            fate = Process.of(named[1]).fate() if known else Fate.ELSEWHERE
            if fate is Fate.GONE or (fate is not Fate.ALIVE and _is_left(file)):
                yield file


def _is_left(file: Path) -> bool:
    """Return whether nobody has written to a file for so long that nobody will."""
    try:
        return time.time() - file.lstat().st_mtime > SILENCE
    except OSError:
        return False


def replace_file(path: Path, finished: Path) -> None:
    """Rename a finished file to `path`, and remove the damaged one that `set_aside` left."""
    os.replace(finished, path)
    _damaged(path).unlink(missing_ok=True)


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Tell the user why the block cannot write its file: no space left, or no permission.

    Raises
    ------
    UnwritableFile
        In these two cases; other errors pass.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        culprit = getattr(error, "filename", None)
        if culprit and not _is_beside_or_above(Path(culprit).absolute(), path.absolute()):
            raise
        full = shutil.disk_usage(_nearest_existing(path.parent)).free < FULL_DISK
        if explanation := explain_write_error(error, path, full=full):
            raise explanation from error
        raise


def _is_beside_or_above(other: Path, path: Path) -> bool:
    return other.parent == path.parent or other in path.parents


@contextmanager
def explain_read_errors(
    path: str | Path, kinds: tuple[type[Exception], ...] = UNREADABLE
) -> Iterator[None]:
    """Tell the user why the block cannot read its file: it is damaged, missing, or something else.

    Parameters
    ----------
    path
        The file.
    kinds
        What its reader raises.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or laid out in another way.
    LacunaError
        If the file is missing, or permissions, disk or memory are at fault.
    """
    try:
        yield
    except kinds as error:
        raise unreadable(path, error) from error


def unreadable(path: str | Path, error: Exception, kind: str = "") -> LacunaError:
    """Return what to tell the user of a file that cannot be read: a `DamagedFile`, if it is one.

    Parameters
    ----------
    path
        The file.
    error
        What its reader raised.
    kind
        The format it should have, as in " as HDF5".
    """
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return LacunaError(f"{path}: no such file. Run again: the workflow makes what it can.")
    if isinstance(error, MemoryError) or re.search(OUT_OF_MEMORY, str(error)):
        return LacunaError(
            f"{path}: cannot be read for want of memory ({error}). Free some, or give the job more."
        )
    if number in (None, errno.EINVAL):
        return DamagedFile(path, f"cannot be read{kind} ({error}). It is cut short or damaged.")
    return LacunaError(f"{path}: cannot be read: {os.strerror(number)}.")


def explain_write_error(
    error: Exception, path: str | Path | None, *, full: bool = False
) -> UnwritableFile | None:
    """Return what to tell the user of a file that cannot be written; None for any other error.

    Parameters
    ----------
    error
        What the writer raised.
    path
        The file; None if nobody knows which.
    full
        Whether the disk is full for certain; libraries do not always say so.
    """
    number = getattr(error, "errno", None)
    if full or number in NO_ROOM:
        remedy = "Make room on its disk (or allow files of this size)"
        return _unwritable(path or "a file", number or errno.ENOSPC, remedy)
    if path and number in NO_ENTRY:
        return _unwritable(path, number, PERMISSION)
    return None


def _unwritable(path: str | Path, number: int, remedy: str) -> UnwritableFile:
    return UnwritableFile(
        f"{path}: cannot be written: {os.strerror(number)}. {remedy}, and run again; "
        "what is finished stays."
    )


def check_writable(folder: str | Path) -> None:
    """Check that files can be made in a folder, or that it can be made itself.

    Raises
    ------
    UnwritableFile
        If not.
    """
    nearest = _nearest_existing(Path(folder).absolute())
    if not nearest.is_dir():
        raise _unwritable(nearest, errno.ENOTDIR, PERMISSION)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _unwritable(nearest, errno.EACCES, PERMISSION)


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file, so that the workflow makes it anew; return its new name.

    A link stays as it is, because its target belongs to the user; it gives None, as does a file
    that is gone.
    """
    if path.is_symlink() or not path.is_file():
        return None
    os.replace(path, _damaged(path))
    return _damaged(path)


def _damaged(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")
