"""Downloads that go on where they stopped, over https, where the disk has room for them.

Only bytes of one version of the server's file come together: the validator of the first answer is
kept beside the part, and asked for with the rest (RFC 9110: If-Range).
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from lacuna.errors import LacunaError
from lacuna.io.answers import (
    HEAD,
    Unacceptable,
    check_beginning,
    check_codings,
    content_length,
    content_range,
    retry_after,
    strong_validator,
)
from lacuna.io.asking import Interrupted, Session, ask, check_address, pieces
from lacuna.io.kept_part import Version, begin, check_part, discard, read_version
from lacuna.io.room import check_room, unpacked_size

FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between attempts, doubled each time
# A whole download may take an hour, and what its bytes take at this speed (49 GB: 11 days).
PATIENCE, LEAST_AVERAGE = 3600, 50_000  # seconds, bytes per second
UNTOLD_SHARE = 0.5  # of the free disk, for a file whose size nobody says
REMEDY = (
    "Check the url in resources/sources.tsv or in the configuration, or set `mirror:` there to a "
    "folder that holds the file."
)


class NotThere(LacunaError):
    """The server has no such file."""


_TRANSIENT = (
    Interrupted,
    requests.ConnectionError,
    requests.Timeout,
    HTTPError,
    HTTPException,
)


@dataclass(frozen=True)
class _Wanted:
    """What is downloaded; `download` says what each is."""

    file: str
    url: str
    part: Path
    size: int | None
    summed: bool
    progress: bool
    begun: float = field(default_factory=time.monotonic)

    @property
    def failure(self) -> str:
        return f"Cannot download {self.file!r} from {self.url}"


def download(
    file: str,
    url: str,
    part: Path,
    size: int | None,
    *,
    summed: bool,
    progress: bool,
    attempts: int,
) -> str:
    """Download a file, or the rest of one, in as many attempts as bring something new.

    Parameters
    ----------
    file
        Its name, for messages; its ending says how it must begin.
    url
        Where it comes from: https, or any address of this machine.
    part
        Where it goes; what an earlier call left there is gone on with, if the server's file is
        still the same. `lacuna.io.kept_part` has what to do with it afterwards: `keep`, `discard`.
    size
        Its bytes; None where they are not known. Not one more is written.
    summed
        Whether the caller knows its checksum, and compares it. If not, and if nobody says how long
        the file is, it is refused, since a connection that ends early could not be told.
    progress
        Show a progress bar on standard error.
    attempts
        Give up after this number of attempts in a row that brought nothing new.

    Returns
    -------
    str
        Where it came from: the url, and where the server sent on to, if that is another host.

    Raises
    ------
    NotThere
        If the server has no such file.
    LacunaError
        If the server refuses it otherwise, stays unreachable or is too slow, or its answers make no
        sense or are not that file; if the address is one of plain http, the part is no file, or the
        disk has no room for the file and what is unpacked from it.
    """
    check_address(url, file)
    check_part(part)
    wanted = _Wanted(file, url, part, size, summed, progress)
    furthest, failures = _size(part), 0
    while True:
        try:
            return _attempt(wanted)
        except Unacceptable as error:
            raise LacunaError(f"{wanted.failure}: {error}. {REMEDY}") from error
        except _TRANSIENT as error:
            problem: Exception = error
        except requests.RequestException as error:
            raise LacunaError(f"{wanted.failure}: {error}. {REMEDY}") from error
        # Only a longer file counts: a server that cuts and cannot resume sends bytes for ever.
        failures = 0 if _size(part) > furthest else failures + 1
        furthest = max(furthest, _size(part))
        if failures >= attempts:
            raise LacunaError(
                f"{wanted.failure}: {attempts} attempts brought nothing new, the last one: "
                f"{problem}. {_what_stays(wanted)} Or set `mirror:` in the config to a folder that "
                "holds the file."
            ) from problem
        waits = (FIRST_WAIT * 2**failures, getattr(problem, "wait", 0.0))
        time.sleep(min(max(waits), LONGEST_WAIT))


def _what_stays(wanted: _Wanted) -> str:
    """Return what a later run begins with; a part that it could not go on with is removed."""
    version = read_version(wanted.part)
    if version and version.validator:
        return f"Run again later: the {_size(wanted.part)} bytes that are here are kept."
    discard(wanted.part)
    afresh = "it begins afresh, as the server names no version of its file"
    return f"Run again later: {afresh}." if version else "Run again later."


def _attempt(wanted: _Wanted) -> str:
    version, begun = _resumable(wanted)
    # No decoding: a .gz file must stay one, whatever the server calls it.
    headers = {"Accept-Encoding": "identity"}
    if version and version.validator:
        headers |= {"Range": f"bytes={begun}-", "If-Range": version.validator}
    with (
        Session() as session,
        closing(ask(wanted.file, wanted.url, headers, session)) as response,
    ):
        if response.status_code == 416 and version:
            discard(wanted.part)
            raise Interrupted("the server's file ends where the rest of it should begin")
        _check_status(wanted, response)
        check_codings(wanted.file, response.headers)
        at = urlsplit(response.url)
        origin = f"{at.scheme}://{_host(response.url)}{at.path}"
        # Where neither a length nor chunks tell the end of the body, the connection's end does.
        chunked = "Transfer-Encoding" in response.headers
        length = None if chunked else content_length(response.headers)
        with closing(pieces(response, length)) as body:
            _take(wanted, version, begun, origin, response, body)
    moved = _host(origin) != _host(wanted.url)
    return f"{wanted.url}, sent on to {origin}" if moved else wanted.url


def _take(
    wanted: _Wanted,
    version: Version | None,
    begun: int,
    origin: str,
    response: requests.Response,
    body: Iterator[bytes],
) -> None:
    """Take the body of an answer: the rest of the file, or all of it."""
    resumed = response.status_code == 206
    if resumed:
        total, coming = _rest(wanted, version, begun, origin, response)
    else:
        # What is here stays until it is certain that no page of a login came in place of all.
        body = _looked_at(wanted, body, response)
        total = coming = _whole(wanted, response)
        begun = 0
        discard(wanted.part)
    if coming is not None and total is not None:
        unpacked = unpacked_size(wanted.file, total)
        check_room(wanted.part.parent, f"{wanted.url}: {wanted.file}", coming, unpacked)
    if not resumed:
        validator = strong_validator(response.headers)
        begin(wanted.part, Version(wanted.url, origin, validator, total))
    _write(wanted, body, begun, coming, total)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _resumable(wanted: _Wanted) -> tuple[Version | None, int]:
    """Return what the part is of and how many bytes of it hold; (None, 0) for a fresh start."""
    version, here = read_version(wanted.part), _size(wanted.part)
    total = wanted.size if version is None or version.total is None else version.total
    # Of a whole part the last byte is asked for again: the answer tells whether the file is still
    # the same one.
    begun = here if total is None else min(here, total - 1)
    fits = version and version.validator and version.url == wanted.url
    if fits and begun > 0 and (total is None or here <= total):
        return version, begun
    if here:
        print(f"{wanted.part}: {here} bytes are thrown away: nobody can tell of which file.")
    return None, 0


def _rest(
    wanted: _Wanted, version: Version | None, begun: int, origin: str, response: requests.Response
) -> tuple[int | None, int | None]:
    """Return the bytes of the whole file, and how many of them the answer holds."""
    said, length = content_range(response.headers), content_length(response.headers)
    known = (wanted.size, version.total if version else None, said.total if said else None)
    totals = {total for total in known if total is not None}
    fits = (
        version is not None
        and said is not None
        and said.first == begun
        and len(totals) == 1
        and length in (None, said.last - said.first + 1)
        and version.came_from == origin
        # Required of the answer (RFC 9110, 15.3.7); a server that ignores If-Range is seen by it.
        and version.validator == strong_validator(response.headers)
    )
    if not fits or said is None:
        discard(wanted.part)
        raise Interrupted("the server's answer does not go on with what is here, which is dropped")
    return totals.pop(), said.last - said.first + 1


def _looked_at(
    wanted: _Wanted, body: Iterator[bytes], response: requests.Response
) -> Iterator[bytes]:
    """Return the body, of which the beginning is that of the file."""
    head = bytearray()
    for piece in body:
        head += piece
        if len(head) >= HEAD:
            break
    check_beginning(wanted.file, bytes(head[:HEAD]), response.headers, wanted.summed)
    return chain([bytes(head)], body)


def _whole(wanted: _Wanted, response: requests.Response) -> int | None:
    """Return the bytes of the whole file, which the answer holds; None if nobody says."""
    length, size = content_length(response.headers), wanted.size
    chunked = "Transfer-Encoding" in response.headers
    if size is not None and length not in (None, size):
        raise Unacceptable(
            f"bytes is {length} there, but resources/sources.tsv says {size}: it is not the "
            "expected file"
        )
    if size is None and length is None and not chunked and not wanted.summed:
        raise Unacceptable(
            "the server does not say how long the file is, nor where it ends, so that nobody could "
            "tell whether all of it came. Give its checksum: `sha256:` beside its `url:`, or in "
            "its row in resources/sources.tsv"
        )
    return length if size is None else size


def _write(
    wanted: _Wanted, body: Iterator[bytes], begun: int, coming: int | None, total: int | None
) -> None:
    """Write the body behind the bytes of the part that hold, and see that all of it came."""
    part, come = wanted.part, 0
    free = shutil.disk_usage(part.parent).free
    most = int(free * UNTOLD_SHARE) if coming is None else coming
    bar = tqdm(
        desc=wanted.file,
        initial=begun,
        total=total,
        unit="B",
        unit_scale=True,
        mininterval=5,
        disable=not wanted.progress,
    )
    with bar, part.open("r+b" if begun else "wb") as out:
        out.truncate(begun)
        out.seek(begun)
        for piece in body:
            come += len(piece)
            if come > most:
                discard(part)
                share = "half of what the disk has free, and does not say how many there are"
                raise Unacceptable(
                    f"the server sends more than {most} bytes, "
                    f"{share if coming is None else 'the size of the file'}"
                )
            out.write(piece)
            bar.update(len(piece))
            if _is_late(wanted, come if total is None else total):
                out.flush()
                raise LacunaError(_too_late(wanted, total))
    arrived, ends = begun + come, total if coming is None else begun + coming
    if _size(part) != arrived:  # another run has begun afresh meanwhile
        raise Interrupted("something else wrote into the part")
    if ends not in (None, arrived) or total not in (None, arrived):
        raise Interrupted(f"{arrived} of {ends if total is None else total} bytes arrived")


def _is_late(wanted: _Wanted, size: int) -> bool:
    return time.monotonic() - wanted.begun > PATIENCE + size / LEAST_AVERAGE


def _too_late(wanted: _Wanted, total: int | None) -> str:
    hours = (time.monotonic() - wanted.begun) / 3600
    return (
        f"{wanted.failure}: after {hours:,.1f} hours, {_size(wanted.part)} of "
        f"{'an unknown number of' if total is None else total} bytes are here. "
        f"{_what_stays(wanted)} Or download it in another way, and set `mirror:` in the config to "
        "its folder."
    )


def _check_status(wanted: _Wanted, response: requests.Response) -> None:
    answer = f"the server answered {response.status_code} {str(response.reason)[:80]!r}"
    if response.status_code == 429 or response.status_code >= 500:
        busy = Interrupted(answer)
        busy.wait = retry_after(response.headers)
        raise busy
    if response.status_code not in (200, 206):
        raise (NotThere if response.status_code == 404 else LacunaError)(
            f"{wanted.failure}: {answer}. {REMEDY}"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
