"""Files that appear whole or not at all."""

import errno
import glob
import gzip
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

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
)
FORMULA = r"[=+\-@\t\r]"  # how a cell begins that a spreadsheet runs


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    The temporary file keeps the name's ending, and is removed when the block fails. A damaged file
    that `set_aside` left is removed when the block succeeds.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in path.parent.glob(f".unfinished-*-{glob.escape(path.name)}"):
        abandoned.unlink(missing_ok=True)  # left by a job that was killed
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        yield unfinished
        os.replace(unfinished, path)
        _damaged(path).unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        full = shutil.disk_usage(path.parent).free < LEAST_ROOM
        if explanation := explain(error, path, full=full):
            raise explanation from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Say of a file that the workflow made and the block reads that it is damaged or missing.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DamagedFile
        If the reader cannot make sense of the file.
    LacunaError
        If there is no such file.
    """
    try:
        yield
    except FileNotFoundError as error:
        message = f"{path}: no such file. Run again: the workflow makes it anew."
        raise LacunaError(message) from error
    except UNREADABLE as error:
        if not is_damage(error):
            raise
        raise DamagedFile(path, f"cannot be read ({error}). It is cut short or damaged.") from error


def is_damage(error: Exception) -> bool:
    """Return whether what a reader raised speaks of the file, not of the disk or its rights."""
    return getattr(error, "errno", None) in (None, errno.EINVAL, errno.EISDIR)


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
    where = path or getattr(error, "filename", None) or "a file"
    if full or number in NO_ROOM:
        remedy = "Make room on its disk (or allow files of this size)"
    elif number in NO_ENTRY:
        remedy = "Give yourself the right to write there, or work in another folder"
    else:
        return None
    reason = os.strerror(number or errno.ENOSPC)
    return UnwritableFile(
        f"{where}: cannot be written: {reason}. {remedy}, and run again; what is finished stays."
    )


def check_writable(folder: str | Path) -> None:
    """Check that files can be made in a folder, or that it can be made itself.

    Raises
    ------
    UnwritableFile
        If not.
    """
    found = Path(folder).absolute()
    while not found.exists():
        found = found.parent
    if not found.is_dir():
        raise explain(NotADirectoryError(errno.ENOTDIR, ""), found)
    if not os.access(found, os.W_OK | os.X_OK):
        raise explain(PermissionError(errno.EACCES, ""), found)


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


TEXT = dict.fromkeys(
    (
        *("drug", "cell", "gene", "name", "plate", "batch", "group", "setting", "profile_type"),
        *("atc_codes", "targets", "mechanisms"),
    ),
    str,
)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; names stay text, even NA or 007."""
    return pd.read_csv(path, sep="\t", dtype=TEXT, keep_default_na=False, na_values=[""])


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as a tab-separated file, without its index."""
    path = Path(path)
    with whole(path) as unfinished:
        text = table.to_csv(sep="\t", index=False, float_format="%.6g").encode()
        # No name and no time stamp inside, so that equal tables are equal files.
        unfinished.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def guard_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run as a formula.

    For tables that people open and nothing reads again: the names in them are no longer those that
    tables are joined by. Numbers stay numbers, negative ones too.
    """
    texts = table.select_dtypes(["object", "string", "category"]).columns
    guarded = table.assign(**{name: table[name].astype(object).map(_guarded) for name in texts})
    return guarded.rename(columns=_guarded)


def _guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and re.match(FORMULA, value) else value
