"""Requests with deadlines: an answer that trickles in, or sends on and on, is given up."""

import ipaddress
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from lacuna.errors import LacunaError
from lacuna.io.answers import Unacceptable

TIMEOUT = (30, 60)  # seconds to connect, seconds of silence
ANSWER_WITHIN = 120  # seconds until the headers are here, however they trickle in
PIECE = 1 << 18  # bytes that a stalled connection loses at most
PIECE_WITHIN = 300  # seconds for so many bytes: 0.9 kB/s is the least speed
MOST_REDIRECTS = 10
T = TypeVar("T")


class Interrupted(Exception):
    """The download did not finish, and another attempt may."""

    wait = 0.0  # seconds that the server asks for


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


class Session(requests.Session):
    """A session that leaves redirects alone: requests would read their bodies whole."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def ask(
    file: str, url: str, headers: dict[str, str], session: requests.Session
) -> requests.Response:
    """Return the answer to a request, its body still to come, wherever the server sends on to.

    Parameters
    ----------
    file
        The name of the file, for messages.
    url
        Its address.
    headers
        Of the request.
    session
        A `Session`.

    Raises
    ------
    Interrupted, requests.RequestException
        If no answer comes in time, or the connection breaks.
    Unacceptable
        If an address makes no sense, or the server sends on and on.
    LacunaError
        If it sends on to an address of plain http, at another machine.
    """
    for _ in range(MOST_REDIRECTS + 1):
        get = partial(session.get, url, headers=headers, stream=True, timeout=TIMEOUT)
        late = f"no answer within {ANSWER_WITHIN} seconds"
        try:
            response = _within(ANSWER_WITHIN, late, get)
        except requests.RequestException:
            raise
        except ValueError as error:  # what urllib3 and idna make of odd addresses
            raise Unacceptable(f"the address {url!r} makes no sense ({error})") from error
        if not response.is_redirect:
            return response
        response.close()
        url = next_address(file, url, response.headers["Location"])
    raise Unacceptable(f"the server sends on more than {MOST_REDIRECTS} times")


def next_address(file: str, url: str, location: str) -> str:
    """Return where a server sends on to.

    Parameters
    ----------
    file
        The name of the file, for messages.
    url
        The address that was asked.
    location
        The header Location of the answer, its bytes decoded as Latin-1.

    Raises
    ------
    LacunaError
        If it is an address of plain http, at another machine.
    Unacceptable
        If it is no address, or https leads to something else.
    """
    try:
        target = urljoin(url, location.encode("latin-1").decode("utf-8"))
        before, after = urlsplit(url), urlsplit(target)
    except ValueError as error:
        raise Unacceptable(f"the server sends on to {location!r}, no address ({error})") from error
    check_address(target, file)
    if after.scheme != "https" and after.scheme != before.scheme:
        raise Unacceptable(f"the server sends on from {before.scheme} to {location!r}")
    if after.netloc != before.netloc:
        hosts = [parts.netloc.rpartition("@")[2] for parts in (before, after)]
        print(f"{file}: {hosts[0]} sends on to {hosts[1]}.")
    return target


def pieces(response: requests.Response, length: int | None) -> Generator[bytes]:
    """Yield the body in pieces, each of which must come in time.

    Parameters
    ----------
    response
        What `ask` returned.
    length
        The bytes of the body, None where its end is to be found by chunks or by the connection's.

    Raises
    ------
    Interrupted, urllib3.exceptions.HTTPError
        If a piece does not come in time, or the connection breaks, after what came before.
    """
    left = PIECE if length is None else length
    watch = _Watch(response.raw)
    try:
        while left:
            watch.renew()
            piece, error = _piece(response.raw, min(PIECE, left))
            if watch.late:
                raise Interrupted(f"fewer than {PIECE} bytes came in {PIECE_WITHIN} seconds")
            if piece:
                yield piece
            if isinstance(error, ValueError):
                raise Interrupted(f"the answer makes no sense ({error})") from error
            if error:
                raise error
            if not piece:
                return
            left -= 0 if length is None else len(piece)
    finally:
        watch.end()


class _Watch:
    """Ends a body that comes too slowly, while another thread waits for its next byte.

    A timeout of a socket counts silence alone: who sends a byte a second is never timed out.
    """

    def __init__(self, raw: urllib3.HTTPResponse):
        self.late, self._raw, self._ended = False, raw, threading.Event()
        self.renew()
        threading.Thread(target=self._watch, daemon=True).start()

    def renew(self) -> None:
        self._until = time.monotonic() + PIECE_WITHIN

    def end(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while (seconds := self._until - time.monotonic()) > 0:
            if self._ended.wait(seconds):
                return
        # First, since what comes after it may be anything.
        self.late = True
        with suppress(OSError, ValueError, RuntimeError):
            self._raw.shutdown()


def _piece(raw: urllib3.HTTPResponse, size: int) -> tuple[bytes, Exception | None]:
    """Return the next bytes of the body, and what ended it before so many were there."""
    got = bytearray()
    try:
        while len(got) < size and (more := raw.read1(size - len(got), decode_content=False)):
            got += more
    except Exception as error:
        return bytes(got), error
    return bytes(got), None


def _within(seconds: float, late: str, call: Callable[[], T]) -> T:
    """Return what a function returns, or give it up after so many seconds."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        raise Interrupted(late) from error
