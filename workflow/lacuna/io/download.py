"""Downloads that go on where they stopped, over https, where the disk has room for them."""

import ipaddress
import re
import time
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.io.room import check_room, unpacked_size

TIMEOUT = (30, 60)  # seconds to connect, seconds between two pieces of the body
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between attempts, doubled each time
PIECE = 1 << 18  # bytes that a stalled connection loses at most


class NotThere(LacunaError):
    """The server has no such file."""


class Interrupted(Exception):
    """The download did not finish, and another attempt may."""


_TRANSIENT = (
    Interrupted,
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)


def check_address(url: str, where: str) -> None:
    """Refuse an address whose bytes anybody on the way could change.

    Parameters
    ----------
    url
        An address of https passes, and any one of this machine (127.0.0.1, ::1, localhost).
    where
        Where it stands, for the message.

    Raises
    ------
    LacunaError
        If it is one of plain http, at another machine.
    """
    try:
        parts = urlsplit(url)
        plain, host = parts.scheme.lower() == "http", parts.hostname or ""
    except ValueError as error:
        raise LacunaError(f"{where}: {url!r} is no address ({error}).") from error
    if plain and not _is_here(host):
        raise LacunaError(
            f"{where}: {url} is an address of plain http, whose bytes anybody on the way could "
            "change; expected https (plain http is for servers of this machine: 127.0.0.1)."
        )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def download(
    file: str, url: str, part: Path, size: int | None, *, progress: bool, attempts: int
) -> None:
    """Download a file, or the rest of one, in as many attempts as bring something new.

    Parameters
    ----------
    file
        Its name, for messages.
    url
        Where it comes from: https, or any address of this machine.
    part
        Where it goes; what an earlier call left there is gone on with, if the server's file is
        still the same.
    size
        Its bytes; None where they are not known.
    progress
        Show a progress bar on standard error.
    attempts
        Give up after this number of attempts in a row that brought nothing new.

    Raises
    ------
    NotThere
        If the server has no such file.
    LacunaError
        If the server refuses it otherwise or stays unreachable, the address is one of plain http,
        or the disk has no room for the file and what is unpacked from it.
    """
    check_address(url, file)
    furthest, failures = _size(part), 0
    while True:
        try:
            return _continue(file, url, part, size, progress)
        except _TRANSIENT as error:
            problem = error
        except requests.RequestException as error:
            raise LacunaError(f"{_failure(file, url)}: {error}") from error
        # Only a longer file counts: a server that cuts and cannot resume sends bytes for ever.
        failures = 0 if _size(part) > furthest else failures + 1
        furthest = max(furthest, _size(part))
        if failures >= attempts:
            raise LacunaError(
                f"{_failure(file, url)}: {attempts} attempts brought nothing new, the last one: "
                f"{problem}. Run again later: the {_size(part)} bytes that are here are kept. Or "
                "set `mirror:` in the config to a folder that holds the file."
            ) from problem
        time.sleep(min(FIRST_WAIT * 2**failures, LONGEST_WAIT))


def _continue(file: str, url: str, part: Path, size: int | None, progress: bool) -> None:
    begun = _size(part)
    # No decoding: a .gz file must stay one, whatever the server calls it.
    headers = {"Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
        headers["If-Unmodified-Since"] = formatdate(part.stat().st_mtime, usegmt=True)
    hooks = {"response": partial(_check_hop, file)}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT, hooks=hooks) as response:
        start, total = _content_range(response)
        if response.status_code == 416 and begun and begun in (total, size):
            return
        resumed = response.status_code == 206
        if (begun and response.status_code in (412, 416)) or (resumed and start != begun):
            part.unlink(missing_ok=True)
            raise Interrupted("the partial download does not fit the server's file")
        _check_status(file, url, response)
        length = response.headers.get("Content-Length")
        if total is None and length is not None:
            total = int(length) + (begun if resumed else 0)
        if total is not None:
            to_come = total - (begun if resumed else 0)
            check_room(part.parent, f"{url}: {file}", to_come, unpacked_size(file, total))
        bar = tqdm(
            desc=file,
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
        raise Interrupted(f"{_size(part)} of {total} bytes arrived")


def _check_hop(file: str, response: requests.Response, **_: Any) -> None:
    """Refuse to be sent on to an address of plain http."""
    if response.is_redirect:
        check_address(urljoin(response.url, response.headers["Location"]), file)


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Return where the answer starts and how long the whole file is, where it says so."""
    header = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", header)
    start, total = match.groups() if match else (None, None)
    return int(start) if start else None, int(total) if total else None


def _check_status(file: str, url: str, response: requests.Response) -> None:
    answer = f"the server answered {response.status_code} {response.reason}"
    if response.status_code == 429 or response.status_code >= 500:
        raise Interrupted(answer)
    if response.status_code not in (200, 206):
        raise (NotThere if response.status_code == 404 else LacunaError)(
            f"{_failure(file, url)}: {answer}. Check the url in resources/sources.tsv or in the "
            "configuration, or set `mirror:` there to a folder that holds the file."
        )


def _failure(file: str, url: str) -> str:
    return f"Cannot download {file!r} from {url}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
