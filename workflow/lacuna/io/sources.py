"""Gets the files of a data set, from the user's mirror or by download, and verifies each."""

import csv
import fcntl
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd

from lacuna.errors import LacunaError, did_you_mean
from lacuna.io.atomic import explain_write_errors, replace_file, write_whole
from lacuna.io.download import NotThere, check_address, download
from lacuna.io.published_sums import SUMS, read_sums
from lacuna.io.tsv import write_table
from lacuna.io.untrusted import open_untrusted

SOURCES_TABLE = "resources/sources.tsv"
SOURCES_COLUMNS = ("file", "url", "bytes", "sha256", "licence", "origin")
RECORDED_COLUMNS = ("file", "bytes", "sha256", "came_from")
HASHED_AT_ONCE = 1 << 20  # bytes

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """One row of the sources table; None where the table leaves the cell empty."""

    file: str
    url: str | None
    bytes: int | None
    sha256: str | None
    licence: str
    origin: str


class _Mismatch(LacunaError):
    """The file's content is not the expected one."""


class _Published(NamedTuple):
    """The SHA-512 that the publisher of a file lists for it, and the file that lists it."""

    sha512: str
    listed_in: str


def read_sources(path: str | Path) -> dict[str, Source]:
    """Read the table that says where each dataset file comes from.

    Parameters
    ----------
    path : str or Path
        Tab-separated file with the columns file, url, bytes, sha256, licence and origin.

    Returns
    -------
    dict of str to Source
        By file name, in the order of the table.

    Raises
    ------
    LacunaError
        When the file cannot be read, a column is missing, a file is named twice or not at all,
        `bytes` is no whole number, `sha256` is not 64 hexadecimal digits, or a url is that of plain
        http, unless it is of this machine.
    """
    rows = _read_rows(Path(path), SOURCES_COLUMNS)
    for file, row in rows.items():
        if row["url"]:
            check_address(row["url"], f"{path}, file {file}, column url")
    return {
        file: Source(
            file, row["url"] or None, row["bytes"], row["sha256"], row["licence"], row["origin"]
        )
        for file, row in rows.items()
    }


def acquire(
    file: str,
    destination: Path,
    sources: dict[str, Source],
    recorded: Path,
    mirrors: Sequence[Path],
    *,
    progress: bool = True,
    attempts: int = 5,
) -> None:
    """Put a verified dataset file at `destination`: a link into the mirror, or a download.

    Parameters
    ----------
    file : str
        Name of the file, in the sources table or in the mirror.
    destination : Path
        Where it appears, whole or not at all. An interrupted download stays beside it with the
        ending ``.part`` and is resumed by the next call.
    sources : dict of str to Source
        What `read_sources` returned. Where it has a list of checksums (`GSE..._SHA512SUMS.txt.gz`)
        in the folder that the file comes from, a file of unknown checksum is checked against that.
    recorded : Path
        Table of the sizes and checksums found at first sight; a file that neither table knows
        is added to it.
    mirrors : sequence of Path
        Folders of the user's own copies, looked into first, in their order. What none of them
        holds is downloaded, but not while one of them does not exist.
    progress : bool
        Show a progress bar on standard error.
    attempts : int
        Give up after this number of attempts in a row that brought nothing new.

    Raises
    ------
    LacunaError
        When the file is nowhere to be had, the server refuses it or stays unreachable, its size or
        checksum differs from the expected one, or the disk has no room for it (and for what is
        unpacked from it).
    """
    source = sources.get(file)
    copies = [mirror / file for mirror in mirrors if (mirror / file).is_file()]
    if copies:
        held = copies[0].resolve()
        published = _held_sum(file, copies[0].parent, source, sources)
        _verify(held, file, source, recorded, str(held), published)
        _link(held, destination)
    elif source is not None and source.url and all(mirror.is_dir() for mirror in mirrors):
        part = destination.with_name(destination.name + ".part")
        with explain_write_errors(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            published = _fetch_sum(source, sources, part, attempts)
            download(file, source.url, part, source.bytes, progress=progress, attempts=attempts)
        try:
            _verify(part, file, source, recorded, source.url, published)
        except _Mismatch:
            part.unlink()
            raise
        replace_file(destination, part)
    else:
        raise LacunaError(_explain_unavailable(file, sources, mirrors))


def _lists(source: Source | None, sources: dict[str, Source]) -> Source | None:
    """Return the row of the list of checksums beside a file whose own checksum is not known."""
    if source is None or not source.url or source.sha256 or SUMS.search(source.file):
        return None
    folder = source.url.rpartition("/")[0]
    beside = (
        row
        for name, row in sources.items()
        if SUMS.search(name) and row.url and row.url.rpartition("/")[0] == folder
    )
    return next(beside, None)


def _held_sum(
    file: str, mirror: Path, source: Source | None, sources: dict[str, Source]
) -> _Published | None:
    """Return the published checksum of a file in a mirror that holds the list, too."""
    lists = _lists(source, sources)
    if lists is None or not (mirror / lists.file).is_file():
        return None
    return _look_up(file, mirror / lists.file)


def _fetch_sum(
    source: Source, sources: dict[str, Source], part: Path, attempts: int
) -> _Published | None:
    """Return the published checksum of a file that is to be downloaded."""
    lists = _lists(source, sources)
    if lists is None or lists.url is None:
        return None
    # Each job gets its own copy, since jobs of one folder run side by side: it is of 1 KB.
    copy = part.with_name(f".{source.file}-{lists.file}")
    try:
        download(lists.file, lists.url, copy, lists.bytes, progress=False, attempts=attempts)
        return _look_up(source.file, copy)
    except NotThere as error:
        print(f"Unchecked against published checksums: {source.file}. {error}")
        return None
    finally:
        copy.unlink(missing_ok=True)


def _look_up(file: str, lists: Path) -> _Published | None:
    name = lists.name.removeprefix(f".{file}-")
    sums = read_sums(lists)
    if file not in sums:
        print(f"Unchecked against published checksums: {name} does not list {file}.")
        return None
    print(f"{name} says which SHA-512 {file} must have.")
    return _Published(sums[file], name)


def _link(held: Path, destination: Path) -> None:
    # A mirror that is the destination's own folder: a link would replace the file by itself.
    if held == destination.parent.resolve() / destination.name:
        return
    with write_whole(destination) as unfinished:
        unfinished.symlink_to(held)


def _explain_unavailable(file: str, sources: dict[str, Source], mirrors: Sequence[Path]) -> str:
    looked = ", and ".join(
        f"the mirror folder {mirror} does not {'hold it' if mirror.is_dir() else 'exist'}"
        for mirror in mirrors
    )
    looked = looked or "no mirror is configured"
    remedy = "Set `mirror:` in the config to a folder that holds it."
    if file not in sources:
        hint = did_you_mean(file, sources)
        return f"{file!r} is not listed in {SOURCES_TABLE}{hint}, and {looked}. {remedy}"
    source = sources[file]
    unavailable = "is not downloaded" if source.url else "cannot be downloaded"
    return f"{file!r} {unavailable}, and {looked}. It comes from: {source.origin}. {remedy}"


def _read_rows(path: Path, columns: tuple[str, ...]) -> dict[str, dict]:
    try:
        return _parse_rows(path, columns)
    except (csv.Error, UnicodeDecodeError) as error:
        raise LacunaError(
            f"{path}: not a tab-separated table in UTF-8 ({error}). Correct or restore it."
        ) from error


def _parse_rows(path: Path, columns: tuple[str, ...]) -> dict[str, dict]:
    with open_untrusted(path, text=True) as content:
        table = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
        reader = csv.DictReader(table, delimiter="\t", restval="")
        if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
            raise LacunaError(f"{path}: missing column(s) {', '.join(missing)} in the first line")
        rows: dict[str, dict] = {}
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row:
                raise LacunaError(f"{where}: more cells than the first line has columns")
            if not row["file"] or row["file"] in rows:
                fault = "named twice" if row["file"] else "empty"
                raise LacunaError(f"{where}, column file: {row['file']!r} is {fault}")
            row["bytes"] = _parse(
                row["bytes"], r"[0-9]{1,18}", "a whole number", int, f"{where}, column bytes"
            )
            row["sha256"] = _parse(
                row["sha256"],
                r"[0-9a-fA-F]{64}",
                "64 hexadecimal digits",
                str.lower,
                f"{where}, column sha256",
            )
            rows[row["file"]] = row
    return rows


def _parse(
    cell: str, pattern: str, expected: str, convert: Callable[[str], T], where: str
) -> T | None:
    if not cell:
        return None
    if not re.fullmatch(pattern, cell):
        raise LacunaError(f"{where}: {cell!r} is not {expected}")
    return convert(cell)


def _read_recorded(recorded: Path) -> dict[str, dict]:
    return _read_rows(recorded, RECORDED_COLUMNS) if recorded.exists() else {}


def _record(recorded: Path, file: str, size: int, sha256: str, came_from: str) -> dict:
    """Return the file's recorded row: this one, unless another job was quicker."""
    recorded.parent.mkdir(parents=True, exist_ok=True)
    # The table itself is replaced at each write, so the lock needs a file that stays.
    with recorded.with_name(recorded.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = _read_recorded(recorded)
        if file not in rows or rows[file]["sha256"] is None:
            rows[file] = dict(zip(RECORDED_COLUMNS, (file, size, sha256, came_from), strict=True))
            write_table(pd.DataFrame(list(rows.values()), dtype=object), recorded)
        return rows[file]


def _verify(
    path: Path,
    file: str,
    source: Source | None,
    recorded: Path,
    came_from: str,
    published: _Published | None,
) -> None:
    size_known, sha256_known = (source.bytes, source.sha256) if source else (None, None)
    row = None if sha256_known else _read_recorded(recorded).get(file)
    size = path.stat().st_size
    _compare(file, "bytes", size_known, size, SOURCES_TABLE, came_from)
    if row:
        _compare(file, "bytes", row["bytes"], size, recorded, came_from)
    sha256, sha512 = _digests(path, published is not None)
    _compare(file, "sha256", sha256_known, sha256, SOURCES_TABLE, came_from)
    if published:
        _compare(file, "SHA-512", published.sha512, sha512, published.listed_in, came_from)
    if not sha256_known:
        row = _record(recorded, file, size, sha256, came_from)
        _compare(file, "sha256", row["sha256"], sha256, recorded, came_from)


def _digests(path: Path, both: bool) -> tuple[str, str | None]:
    """Return the SHA-256 and, if both are wanted, the SHA-512 of a file, reading it once."""
    wanted = [hashlib.sha256(), hashlib.sha512()] if both else [hashlib.sha256()]
    with path.open("rb") as content:
        while piece := content.read(HASHED_AT_ONCE):
            for digest in wanted:
                digest.update(piece)
    return wanted[0].hexdigest(), wanted[1].hexdigest() if both else None


def _compare(
    file: str, what: str, expected: object, found: object, stands_in: str | Path, came_from: str
) -> None:
    if expected is None or expected == found:
        return
    ours = isinstance(stands_in, Path) or stands_in == SOURCES_TABLE
    remedy = f"; if it was changed on purpose, correct or remove its row in {stands_in}"
    raise _Mismatch(
        f"{file!r} from {came_from} is not the expected file: {what} is {found}, but {stands_in} "
        f"says {expected}. If the copy is damaged, replace it (a download: run again, it begins "
        f"afresh){remedy if ours else ''}."
    )
