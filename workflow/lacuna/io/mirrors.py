"""The user's own copies of files: found in mirror folders, or where the configuration says."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.atomic import explain_read_errors, write_whole
from lacuna.io.known_sums import known_sum
from lacuna.io.recorded import Key


def find_copy(key: Key, mirrors: Sequence[Path]) -> Path | None:
    """Return the user's copy of a file, None if no mirror folder holds one.

    Parameters
    ----------
    key
        Which file.
    mirrors
        The folders, in their order; of copies with the same content the first one counts.

    Raises
    ------
    LacunaError
        If two of them hold different files of this name: which one the series means, only the user
        knows.
    """
    copies = [mirror / key.file for mirror in mirrors if os.path.isfile(mirror / key.file)]
    for other in copies[1:]:
        if not _are_same(copies[0], other):
            raise LacunaError(
                f"{key} stands for two different files: {copies[0]} "
                f"({copies[0].stat().st_size:,} bytes) and {other} ({other.stat().st_size:,} "
                "bytes). Say which one is meant, in place of the file's name: "
                f"{{path: {copies[0]}}}, or take one of the folders out of `mirror:`."
            )
    return copies[0] if copies else None


def check_path(key: Key, path: Path) -> Path:
    """Return the path that the configuration gives for a file.

    Raises
    ------
    LacunaError
        If no file is there.
    """
    if os.path.isfile(path):
        return path
    what = "is a folder" if os.path.isdir(path) else "does not exist"
    raise LacunaError(
        f"{path} {what}; the configuration gives this `path:` for {key}. Expected a file; a path "
        f"is absolute, or relative to where Snakemake runs ({Path.cwd()})."
    )


def link(held: Path, destination: Path) -> None:
    """Put a link to the user's file at `destination`, whole or not at all."""
    # A mirror that is the destination's own folder: a link would replace the file by itself.
    if held == destination.parent.resolve() / destination.name:
        return
    with write_whole(destination) as unfinished:
        unfinished.symlink_to(held)


def relink(held: Path, destination: Path) -> None:
    """Have a link lead to where the user's file is now; it stays as old as it was.

    What may not be written to stays as it is.
    """
    if not destination.is_symlink() or os.path.realpath(destination) == str(held):
        return
    before = destination.lstat()
    with suppress(OSError, LacunaError):
        link(held, destination)
        os.utime(destination, ns=(before.st_atime_ns, before.st_mtime_ns), follow_symlinks=False)


def _are_same(one: Path, other: Path) -> bool:
    with explain_read_errors(other, (OSError,)):
        if os.path.samefile(one, other):
            return True
        return one.stat().st_size == other.stat().st_size and known_sum(one) == known_sum(other)
