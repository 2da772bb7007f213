"""Where the files of a run are, before it starts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.expression import layout_of
from lacuna.io.gctx import Gctx
from lacuna.io.gctx_matrix import GctxMatrix
from lacuna.io.mirrors import check_path, find_copy
from lacuna.io.sources import SMALL_DATA, SOURCES_TABLE, Source, Wanted
from lacuna.io.unpacking import unpack_matrix
from lacuna.io.untrusted import is_gzip, open_untrusted
from lacuna.project.findings import Finding
from lacuna.project.small_data import RECORDED

HDF5 = b"\x89HDF\r\n\x1a\n"
MOST_PACKED = 2**27  # bytes of a packed matrix, or of one of text, that is unpacked to look at it
# Folders whose files a run always asks for; others may have files that no wanted stage reads.
NEEDED = ("annotations",)


class Found(NamedTuple):
    """A file of a run, and where it is.

    Attributes
    ----------
    folder, kind, file : str
        The series (or annotations, gene_sets, ...), what the file holds, and its name.
    path : Path or None
        Where it can be read now.
    said : str
        Its size, or where it will be downloaded from.
    bytes : int or None
        Its size, where the table of sources says it.
    fault : str
        Why a run would not have it; empty where it would.
    changed : bool
        Whether it was changed since a run before took it.
    """

    folder: str
    kind: str
    file: str
    path: Path | None
    said: str
    bytes: int | None
    fault: str
    changed: bool = False


def find_files(inputs: Inputs, dataset: str, sources: Mapping[str, Source]) -> list[Found]:
    """Find every file of a data set, as `lacuna.io.sources.acquire` would.

    Parameters
    ----------
    inputs, dataset
        The files of the run and its name.
    sources
        What can be downloaded, by name.
    """
    named = [
        (series, kind, Path(inputs.path(dataset, series, kind)))
        for series, files in inputs.series.items()
        for kind in files
    ]
    taken = {path for _, _, path in named}
    named += [
        (path.parent.name, path.parent.name, path)
        for path in map(Path, inputs.all_files(dataset))
        if path not in taken
    ]
    mirrors = [Path(mirror) for mirror in inputs.mirrors]
    found = []
    for folder, kind, path in named:
        wanted = Wanted(**inputs.wanted(dataset, folder, path.name))
        source = wanted.source(sources)
        where, said, fault = _look(path, wanted, source, mirrors)
        size = source.bytes if source else None
        changed = _is_newer(path)
        found.append(Found(folder, kind, path.name, where, said, size, fault, changed))
    return found


def _is_newer(acquired: Path) -> bool:
    """Return whether the file that a link leads to was changed since it was linked to."""
    if not (acquired.is_symlink() and acquired.is_file()):
        return False
    return acquired.stat().st_mtime_ns > acquired.lstat().st_mtime_ns


def _look(
    acquired: Path, wanted: Wanted, source: Source | None, mirrors: Sequence[Path]
) -> tuple[Path | None, str, str]:
    """Return where a file is, what is said of it, and why a run would not have it."""
    try:
        given = wanted.path and check_path(wanted.key, Path(wanted.path))
        copy = given or find_copy(wanted.key, mirrors)
    except LacunaError as error:
        return None, "", str(error)
    if copy is None and acquired.is_file():  # of a run before
        copy = acquired
    if copy:
        return Path(copy), size_of(Path(copy).stat().st_size), ""
    absent = [mirror for mirror in mirrors if not mirror.is_dir()]
    if source and source.url and not absent:
        size = "of unknown size" if source.bytes is None else size_of(source.bytes)
        return None, f"will be downloaded, {size}, from {source.url}", ""
    looked = [f"{each}{' (no such folder)' if each in absent else ''}" for each in mirrors]
    told = f"looked in {', '.join(looked)}" if looked else "no mirror is named"
    origin = (
        f"not listed in {SOURCES_TABLE}" if source is None else f"it comes from: {source.origin}"
    )
    fault = (
        f"{acquired.name!r} is not there; {told}; {origin}. Put it into a folder and name that as "
        "acquire: mirror, or correct the name."
    )
    return None, "", fault


def find_in_files(found: Sequence[Found], mirrors: Sequence[str]) -> Iterator[Finding]:
    """Say what keeps files from being had, or from being the right ones."""
    all_there = all(file.path for file in found)
    for mirror in map(Path, mirrors):
        is_ours = mirror.name == SMALL_DATA  # shipped configurations name it: it may be lacking
        if not mirror.is_dir() and not (is_ours and all_there):
            remedy = "`make small-data` fills it" if is_ours else "Correct it, or create it"
            yield Finding(
                "acquire: mirror",
                f"the folder {mirror} does not exist. {remedy}.",
                stops=not all_there,
            )
    series = {file.folder for file in found if file.kind != file.folder}
    for file in found:
        of_series = file.folder in series
        key = f"series: {file.folder}: {file.kind}" if of_series else file.folder
        if file.fault:
            stops = of_series or file.folder in NEEDED
            yield Finding(f"acquire: {key}", file.fault, stops=stops)
        if file.path and file.changed:
            yield Finding(
                str(file.path),
                "is newer than the run before, which took it as it was: what follows from it is "
                f"made anew. Another run refuses it if its checksum stands in {RECORDED}. If you "
                "did not mean to change it, get it again.",
            )
        if file.path and file.bytes not in (None, file.path.stat().st_size):
            yield Finding(
                str(file.path),
                f"is of {file.path.stat().st_size:,} bytes, but {SOURCES_TABLE} says "
                f"{file.bytes:,}: another file, or damaged. Get it again, or rename yours.",
                stops=True,
            )


def size_of(number: int) -> str:
    """Return bytes as people read them.

    Examples
    --------
    >>> size_of(505), size_of(49_000_000_000)
    ('505 bytes', '49 GB')
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"


def format_of(path: Path) -> str:
    """Tell the format of a file by its first bytes: hdf5, gct, text or other."""
    with open_untrusted(path) as file:
        begins = file.read(1024)
    if begins.startswith(HDF5) or (not is_gzip(path) and h5py.is_hdf5(path)):
        return "hdf5"
    if begins.startswith((b"#1.2", b"#1.3")):
        return "gct"
    return "other" if b"\0" in begins else "text"


def open_matrix(path: Path, level: str, scratch: Path, table: Path | None = None) -> Gctx | None:
    """Open a matrix of a series as a run does, from its own file where that is a plain GCTX.

    Parameters
    ----------
    path
        The user's file.
    level
        level3 or level5.
    scratch
        A folder for an unpacked copy.
    table
        The table that names its columns, if there is one.

    Returns
    -------
    Gctx or None
        None where it is too large to be brought into a GCTX only to look at it.

    Raises
    ------
    LacunaError
        If it cannot be read; it names the user's file.
    """
    if format_of(path) == "hdf5" and not is_gzip(path) and layout_of(path) is GctxMatrix:
        return Gctx(path)
    if path.stat().st_size > MOST_PACKED:
        return None
    plain = scratch / f"{level}.gctx"
    try:
        unpack_matrix(path, plain, table, by_line=level == "level5")
        return Gctx(plain)
    except LacunaError as error:
        raise LacunaError(str(error).replace(str(plain), str(path))) from error
