"""Gets the files of a data set, from the user's own copies or by download, and verifies each."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lacuna.errors import LacunaError, did_you_mean
from lacuna.io.asking import check_address
from lacuna.io.atomic import explain_write_errors
from lacuna.io.download import NotThere, download
from lacuna.io.file_table import read_rows
from lacuna.io.kept_part import check_place, discard, keep
from lacuna.io.known_sums import Sum, fresh_sum, known_sum
from lacuna.io.mirrors import check_path, find_copy, link
from lacuna.io.published_sums import SUMS, read_sums
from lacuna.io.recorded import Key, read_recorded, record

SOURCES_TABLE = "resources/sources.tsv"
SOURCES_COLUMNS = ("file", "url", "bytes", "sha256", "licence", "origin")
CONFIGURATION = "the configuration"
SMALL_DATA = "small-data"  # the folder that `make small-data` fills
HASHED_AT_ONCE = 1 << 20  # bytes


@dataclass(frozen=True)
class Source:
    """One row of the sources table; None where the table leaves the cell empty."""

    file: str
    url: str | None
    bytes: int | None
    sha256: str | None
    licence: str
    origin: str
    stands_in: str = SOURCES_TABLE


@dataclass(frozen=True)
class Wanted:
    """A file of a data set, and what its configuration says of it.

    Attributes
    ----------
    dataset, series, file : str
        Whose file it is, and its name, as in `lacuna.io.recorded.Key`.
    path : str or Path, optional
        Where the user's copy lies; no mirror is looked into, and nothing is downloaded.
    url : str, optional
        Where it is downloaded from, in place of the address in the sources table.
    sha256 : str, optional
        Its SHA-256, in place of that in the sources table.
    """

    dataset: str
    series: str
    file: str
    path: str | Path | None = None
    url: str | None = None
    sha256: str | None = None

    @property
    def key(self) -> Key:
        """What it goes by."""
        return Key(self.dataset, self.series, self.file)

    def source(self, sources: Mapping[str, Source]) -> Source | None:
        """Return where it comes from and what it must be, None if nothing is known.

        Where the configuration says where a file is, the row of its name in the sources table may
        be of another file, and does not count.
        """
        own = self.path is not None or self.url is not None
        row = None if own else sources.get(self.file)
        if not own and self.sha256 is None:
            return row
        return Source(
            self.file,
            url=row.url if row else self.url,
            bytes=None,
            sha256=self.sha256.lower() if self.sha256 else None,
            licence=row.licence if row else "",
            origin=row.origin if row else "",
            stands_in=CONFIGURATION,
        )


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
    rows = read_rows(Path(path), ("file",), SOURCES_COLUMNS)
    for (file,), row in rows.items():
        if row["url"]:
            check_address(row["url"], f"{path}, file {file}, column url")
    return {
        file: Source(
            file, row["url"] or None, row["bytes"], row["sha256"], row["licence"], row["origin"]
        )
        for (file,), row in rows.items()
    }


def acquire(
    wanted: Wanted,
    destination: Path,
    sources: dict[str, Source],
    recorded: Path,
    mirrors: Sequence[Path],
    *,
    progress: bool = True,
    attempts: int = 5,
) -> None:
    """Put a verified dataset file at `destination`: a link to the user's copy, or a download.

    Parameters
    ----------
    wanted : Wanted
        The file, and what the configuration says of it.
    destination : Path
        Where it appears, whole or not at all. An interrupted download stays beside it with the
        ending ``.part`` and is resumed by the next call (``.part.json`` says what it is of).
    sources : dict of str to Source
        What `read_sources` returned. Where it has a list of checksums (`GSE..._SHA512SUMS.txt.gz`)
        in the folder that the file comes from, a file of unknown checksum is checked against that.
    recorded : Path
        Table of the sizes and checksums found at first sight; a file of unknown checksum is added
        to it, see `lacuna.io.recorded`.
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
        When the file is nowhere to be had, two mirrors hold different ones, the server refuses it
        or stays unreachable, its size or checksum differs from the expected one, or the disk has no
        room for it (and for what is unpacked from it).
    """
    check_place(destination)
    source = wanted.source(sources)
    if wanted.path is not None:
        copy: Path | None = check_path(wanted.key, Path(wanted.path))
    else:
        copy = find_copy(wanted.key, mirrors)
    if copy:
        held = copy.resolve()
        published = _held_sum(copy, source, sources)
        _verify(held, wanted.key, source, recorded, str(held), published)
        link(held, destination)
    elif source is not None and source.url and all(mirror.is_dir() for mirror in mirrors):
        part = destination.with_name(destination.name + ".part")
        with explain_write_errors(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            published = _fetch_sum(source, sources, part, attempts)
            came_from = download(
                source.file,
                source.url,
                part,
                source.bytes,
                summed=source.sha256 is not None or published is not None,
                progress=progress,
                attempts=attempts,
            )
        try:
            _verify(part, wanted.key, source, recorded, came_from, published)
        except _Mismatch:
            discard(part)
            raise
        keep(part, destination)
    else:
        raise LacunaError(_explain_unavailable(wanted.key, source, sources, mirrors))


def compare_known(
    wanted: Wanted, found: Sum, came_from: str, sources: dict[str, Source], recorded: Path
) -> bool:
    """Compare a file with the sum that is pinned for it, or that was recorded at first sight.

    Parameters
    ----------
    wanted : Wanted
        The file, and what the configuration says of it.
    found : Sum
        What it holds.
    came_from : str
        Where it lies, for the message.
    sources, recorded
        As `acquire` takes them.

    Returns
    -------
    bool
        Whether a SHA-256 is known, and it is this one.

    Raises
    ------
    LacunaError
        If another one is known, or another size.
    """
    source = wanted.source(sources)
    if source:
        at = source.stands_in
        _compare(wanted.key, "sha256", source.sha256, found.sha256, at, came_from)
        _compare(wanted.key, "bytes", source.bytes, found.bytes, at, came_from)
        if source.sha256:
            return True
    row = read_recorded(recorded).get(wanted.key)
    if row is None or row["sha256"] is None:
        return False
    _compare(wanted.key, "sha256", row["sha256"], found.sha256, recorded, came_from)
    return True


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


def _held_sum(copy: Path, source: Source | None, sources: dict[str, Source]) -> _Published | None:
    """Return the published checksum of the user's copy, if the list lies beside it."""
    lists = _lists(source, sources)
    if lists is None or not copy.with_name(lists.file).is_file():
        return None
    return _look_up(copy.name, copy.with_name(lists.file))


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
        download(
            lists.file,
            lists.url,
            copy,
            lists.bytes,
            summed=lists.sha256 is not None,
            progress=False,
            attempts=attempts,
        )
        return _look_up(source.file, copy)
    except NotThere as error:
        print(f"Unchecked against published checksums: {source.file}. {error}")
        return None
    finally:
        discard(copy)


def _look_up(file: str, lists: Path) -> _Published | None:
    name = lists.name.removeprefix(f".{file}-")
    sums = read_sums(lists)
    if file not in sums:
        print(f"Unchecked against published checksums: {name} does not list {file}.")
        return None
    print(f"{name} says which SHA-512 {file} must have.")
    return _Published(sums[file], name)


def _explain_unavailable(
    key: Key, source: Source | None, sources: dict[str, Source], mirrors: Sequence[Path]
) -> str:
    absent = [mirror for mirror in mirrors if not mirror.is_dir()]
    told = [f"the mirror folder {mirror} does not exist" for mirror in absent]
    told += [
        f"the mirror folder {mirror} does not hold it" for mirror in mirrors if mirror not in absent
    ]
    looked = ", and ".join(told) or "no mirror is configured"
    if source is None:
        known = f"is not listed in {SOURCES_TABLE}{did_you_mean(key.file, sources)}"
    else:
        known = "is not downloaded" if source.url else "cannot be downloaded"
    origin = f" It comes from: {source.origin}." if source and source.origin else ""
    remedy = (
        "Set `mirror:` in the config to a folder that holds it, or say where it lies in place of "
        "its name: {path: ...}."
    )
    if not absent:
        return f"{key} {known}, and {looked}.{origin} {remedy}"
    # A folder that does not exist is the likely cause, so it comes first.
    if any(mirror.name == SMALL_DATA for mirror in absent):
        remedy = f"`make small-data` fills {SMALL_DATA}. {remedy}"
    return f"{looked[0].upper()}{looked[1:]}. {key} {known}.{origin} {remedy}"


def _verify(
    path: Path,
    key: Key,
    source: Source | None,
    recorded: Path,
    came_from: str,
    published: _Published | None,
) -> None:
    size_known, sha256_known = (source.bytes, source.sha256) if source else (None, None)
    said_in = source.stands_in if source else SOURCES_TABLE
    row = None if sha256_known else read_recorded(recorded).get(key)
    size = path.stat().st_size
    _compare(key, "bytes", size_known, size, said_in, came_from)
    if row:
        _compare(key, "bytes", row["bytes"], size, recorded, came_from)
    sha256, sha512 = _digests(path, published is not None)
    _compare(key, "sha256", sha256_known, sha256, said_in, came_from)
    if published:
        _compare(key, "SHA-512", published.sha512, sha512, published.listed_in, came_from)
    if not sha256_known:
        row = record(recorded, key, size, sha256, came_from)
        _compare(key, "sha256", row["sha256"], sha256, recorded, came_from)


def _digests(path: Path, both: bool) -> tuple[str, str | None]:
    """Return the SHA-256 and, if both are wanted, the SHA-512 of a file, reading it once."""
    if not both:
        return known_sum(path).sha256, None
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()

    def read(path: Path) -> Sum:
        size = 0
        with path.open("rb") as content:
            while piece := content.read(HASHED_AT_ONCE):
                size += len(piece)
                sha256.update(piece)
                sha512.update(piece)
        return Sum(size, sha256.hexdigest())

    return fresh_sum(path, read).sha256, sha512.hexdigest()


def _compare(
    key: Key, what: str, expected: object, found: object, stands_in: str | Path, came_from: str
) -> None:
    if expected is None or expected == found:
        return
    remedies = {
        SOURCES_TABLE: "; if it is a file of your own that has the same name, say so: {path: ...} "
        f"in place of its name; if it was changed on purpose, correct its row in {SOURCES_TABLE}",
        CONFIGURATION: "; if it was changed on purpose, correct its `sha256:`",
    }
    if isinstance(stands_in, Path):
        remedy = f"; if it was changed on purpose, correct or remove its row in {stands_in}"
    else:
        remedy = remedies.get(stands_in, "")
    raise _Mismatch(
        f"{key} from {came_from} is not the expected file: {what} is {found}, but {stands_in} "
        f"says {expected}. If the copy is damaged, replace it (a download: run again, it begins "
        f"afresh){remedy}."
    )
