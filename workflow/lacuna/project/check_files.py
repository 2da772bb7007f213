"""Where the files of a run are, before it starts."""

import filecmp
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.geo import unpack
from lacuna.io.signature_table import unpack_signatures
from lacuna.io.sources import SOURCES_TABLE, Source
from lacuna.io.untrusted import is_gzip, open_untrusted
from lacuna.project.findings import Finding

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
        Its size, or where it comes from, or where it was looked for.
    comes : bool
        Whether a run would have it: it is here, or can be downloaded.
    """

    folder: str
    kind: str
    file: str
    path: Path | None
    said: str
    comes: bool


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
    return [
        Found(folder, kind, path.name, *_look(path, mirrors, sources))
        for folder, kind, path in named
    ]


def _look(
    acquired: Path, mirrors: Sequence[Path], sources: Mapping[str, Source]
) -> tuple[Path | None, str, bool]:
    copies = [mirror / acquired.name for mirror in mirrors if (mirror / acquired.name).is_file()]
    copies += [acquired] if acquired.is_file() else []  # of a run before
    if copies:
        return copies[0], size_of(copies[0].stat().st_size), True
    source = sources.get(acquired.name)
    absent = [mirror for mirror in mirrors if not mirror.is_dir()]
    looked = [f"{each}{' (no such folder)' if each in absent else ''}" for each in mirrors]
    told = f"looked in {', '.join(looked)}" if looked else "no mirror is named"
    if source and source.url and not absent:
        size = "of unknown size" if source.bytes is None else size_of(source.bytes)
        return None, f"will be downloaded, {size}, from {source.url}", True
    origin = (
        f"not listed in {SOURCES_TABLE}" if source is None else f"it comes from: {source.origin}"
    )
    return None, f"{told}; {origin}", False


def find_in_files(
    found: Sequence[Found], mirrors: Sequence[str], sources: Mapping[str, Source]
) -> Iterator[Finding]:
    """Say what keeps files from being had, or from being the right ones."""
    for mirror in map(Path, mirrors):
        if not mirror.is_dir():
            yield Finding(
                "acquire: mirror",
                f"the folder {mirror} does not exist. Correct it, or create it.",
                stops=not all(file.path for file in found),
            )
    series = {file.folder for file in found if file.kind != file.folder}
    for file in found:
        of_series = file.folder in series
        key = f"series: {file.folder}: {file.kind}" if of_series else file.folder
        if not file.comes:
            yield Finding(
                f"acquire: {key}",
                f"{file.file!r} is not there; {file.said}. Put it into a folder and name that as "
                "acquire: mirror, or correct the name.",
                stops=of_series or file.folder in NEEDED,
            )
        source = sources.get(file.file)
        if file.path and source and source.bytes not in (None, file.path.stat().st_size):
            yield Finding(
                str(file.path),
                f"is of {file.path.stat().st_size:,} bytes, but {SOURCES_TABLE} says "
                f"{source.bytes:,}: another file, or damaged. Get it again, or rename yours.",
                stops=True,
            )
    yield from _like_named(found, [Path(mirror) for mirror in mirrors])


def _like_named(found: Sequence[Found], mirrors: Sequence[Path]) -> Iterator[Finding]:
    """Say where several files of one name are meant and only the first is read."""
    users: dict[str, list[Found]] = {}
    for file in found:
        users.setdefault(file.file, []).append(file)
    for name, files in users.items():
        copies = [mirror / name for mirror in mirrors if (mirror / name).is_file()]
        if len({file.path for file in files}) > 1:  # each says for itself where it lies
            continue
        others = [copy for copy in copies[1:] if not _same(copies[0], copy)]
        if others:
            of = " and ".join(f"{file.folder} ({file.kind})" for file in files)
            yield Finding(
                str(copies[0]),
                f"is read for {of}, and {others[0]}, another file of this name, by nobody. Give "
                "each file a name of its own.",
                stops=len(files) > 1,
            )


def _same(one: Path, other: Path) -> bool:
    """Compare two files; of large ones, the size tells enough."""
    size = one.stat().st_size
    if size > MOST_PACKED:
        return size == other.stat().st_size
    return filecmp.cmp(one, other, shallow=False)


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


def open_matrix(path: Path, level: str, scratch: Path) -> Gctx | None:
    """Open a matrix of a series as a run does, from its own file where that is not packed.

    Parameters
    ----------
    path
        The user's file.
    level
        level3 or level5.
    scratch
        A folder for an unpacked copy.

    Returns
    -------
    Gctx or None
        None where it is too large to be unpacked only to look at it.

    Raises
    ------
    LacunaError
        If it cannot be read; it names the user's file.
    """
    form = format_of(path)
    if form == "hdf5" and not is_gzip(path):
        return Gctx(path)
    if form == "gct" or (form == "text" and level == "level3"):
        kind = "GCT text" if form == "gct" else "a table of text"
        raise LacunaError(
            f"{path}: this is {kind}, whole and not damaged; expected GCTX, which is HDF5. Convert "
            "it, and name the .gctx file."
        )
    if path.stat().st_size > MOST_PACKED:
        return None
    plain = scratch / f"{level}.gctx"
    try:
        (unpack_signatures if level == "level5" else unpack)(path, plain)
        return Gctx(plain)
    except LacunaError as error:
        raise LacunaError(str(error).replace(str(plain), str(path))) from error
