"""Gets the files of a data set, from the user's mirror or by download, and verifies each."""

import csv
import fcntl
import hashlib
import io
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import TypeVar

import pandas as pd
import requests
import urllib3
from tqdm import tqdm

from lacuna.errors import LacunaError, did_you_mean
from lacuna.io.atomic import explain_write_errors, replace_file, write_whole
from lacuna.io.tsv import write_table
from lacuna.io.untrusted import open_untrusted

SOURCES_TABLE = "resources/sources.tsv"
SOURCES_COLUMNS = ("file", "url", "bytes", "sha256", "licence", "origin")
RECORDED_COLUMNS = ("file", "bytes", "sha256", "came_from")
TIMEOUT = (30, 60)  # seconds to connect, seconds between two pieces of the body
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between attempts, doubled each time
PIECE = 1 << 18  # bytes that a stalled connection loses at most

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


class _Interrupted(Exception):
    """The download did not finish, and another attempt may."""


_TRANSIENT = (
    _Interrupted,
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)


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
        `bytes` is no whole number, or `sha256` is not 64 hexadecimal digits.
    """
    rows = _read_rows(Path(path), SOURCES_COLUMNS)
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
        What `read_sources` returned.
    recorded : Path
        Table of the sizes and checksums found at first sight; a file that neither table knows
        is added to it.
    mirrors : sequence of Path
        Folders of the user's own copies, looked into first, in their order.
    progress : bool
        Show a progress bar on standard error.
    attempts : int
        Give up after this number of attempts in a row that brought nothing new.

    Raises
    ------
    LacunaError
        When the file is nowhere to be had, the server refuses it or stays unreachable, or its
        size or checksum differs from the expected one.
    """
    source = sources.get(file)
    copies = [mirror / file for mirror in mirrors if (mirror / file).is_file()]
    if copies:
        held = copies[0].resolve()
        _verify(held, file, source, recorded, came_from=str(held))
        _link(held, destination)
    elif source is not None and source.url:
        part = destination.with_name(destination.name + ".part")
        with explain_write_errors(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            _download(source, source.url, part, progress, attempts)
        try:
            _verify(part, file, source, recorded, came_from=source.url)
        except _Mismatch:
            part.unlink()
            raise
        replace_file(destination, part)
    else:
        raise LacunaError(_explain_unavailable(file, sources, mirrors))


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
    origin = sources[file].origin
    return f"{file!r} cannot be downloaded, and {looked}. It comes from: {origin}. {remedy}"


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


def _verify(path: Path, file: str, source: Source | None, recorded: Path, came_from: str) -> None:
    size_known, sha256_known = (source.bytes, source.sha256) if source else (None, None)
    row = None if sha256_known else _read_recorded(recorded).get(file)
    size = path.stat().st_size
    _compare(file, "bytes", size_known, size, SOURCES_TABLE, came_from)
    if row:
        _compare(file, "bytes", row["bytes"], size, recorded, came_from)
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    _compare(file, "sha256", sha256_known, sha256, SOURCES_TABLE, came_from)
    if not sha256_known:
        row = _record(recorded, file, size, sha256, came_from)
        _compare(file, "sha256", row["sha256"], sha256, recorded, came_from)


def _compare(
    file: str, what: str, expected: object, found: object, stands_in: str | Path, came_from: str
) -> None:
    if expected is None or expected == found:
        return
    raise _Mismatch(
        f"{file!r} from {came_from} is not the expected file: {what} is {found}, but {stands_in} "
        f"says {expected}. If the copy is damaged, replace it (a download: run again, it begins "
        f"afresh); if the file was changed on purpose, correct or remove its row in {stands_in}."
    )


def _download(source: Source, url: str, part: Path, progress: bool, attempts: int) -> None:
    furthest, failures = _size(part), 0
    while True:
        try:
            return _continue_download(source, url, part, progress)
        except _TRANSIENT as error:
            problem = error
        except requests.RequestException as error:
            raise LacunaError(f"{_failure(source)}: {error}") from error
        # Only a longer file counts: a server that cuts and cannot resume sends bytes for ever.
        failures = 0 if _size(part) > furthest else failures + 1
        furthest = max(furthest, _size(part))
        if failures >= attempts:
            raise LacunaError(
                f"{_failure(source)}: {attempts} attempts brought nothing new, the last one: "
                f"{problem}. Run again later: the {_size(part)} bytes that are here are kept. Or "
                "set `mirror:` in the config to a folder that holds the file."
            ) from problem
        time.sleep(min(FIRST_WAIT * 2**failures, LONGEST_WAIT))


def _continue_download(source: Source, url: str, part: Path, progress: bool) -> None:
    begun = _size(part)
    # No decoding: a .gz file must stay one, whatever the server calls it.
    headers = {"Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
        headers["If-Unmodified-Since"] = formatdate(part.stat().st_mtime, usegmt=True)
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        start, total = _content_range(response)
        if response.status_code == 416 and begun and begun in (total, source.bytes):
            return
        resumed = response.status_code == 206
        if (begun and response.status_code in (412, 416)) or (resumed and start != begun):
            part.unlink(missing_ok=True)
            raise _Interrupted("the partial download does not fit the server's file")
        _check_status(source, response)
        length = response.headers.get("Content-Length")
        if total is None and length is not None:
            total = int(length) + (begun if resumed else 0)
        bar = tqdm(
            desc=source.file,
            initial=begun if resumed else 0,
            total=total,
            unit="B",
            unit_scale=True,
            mininterval=5,
            disable=not progress,
        )
        with bar, part.open("ab" if resumed else "wb") as out:
            for piece in response.raw.stream(PIECE, decode_content=False):
                out.write(piece)
                bar.update(len(piece))
    if total not in (None, _size(part)):
        raise _Interrupted(f"{_size(part)} of {total} bytes arrived")


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Return where the answer starts and how long the whole file is, where it says so."""
    header = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", header)
    start, total = match.groups() if match else (None, None)
    return int(start) if start else None, int(total) if total else None


def _check_status(source: Source, response: requests.Response) -> None:
    answer = f"the server answered {response.status_code} {response.reason}"
    if response.status_code == 429 or response.status_code >= 500:
        raise _Interrupted(answer)
    if response.status_code not in (200, 206):
        raise LacunaError(
            f"{_failure(source)}: {answer}. Check the url in {SOURCES_TABLE}, or set `mirror:` in "
            "the config to a folder that holds the file."
        )


def _failure(source: Source) -> str:
    return f"Cannot download {source.file!r} from {source.url}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
