"""What a server's answer says of a file, after RFC 9110, and whether it can be that file at all."""

import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

NUMBER = r"[0-9]{1,18}"
STRONG_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]{0,500}"')
PLAIN = re.compile(r"[\x20-\x7e]{1,100}")
# A file may change twice in a second, and clocks of one server differ: RFC 9110, 8.8.2.2, wants a
# second between its date and that of the answer; RFC 7232 wanted a minute.
SETTLED = timedelta(minutes=1)
GZIP = b"\x1f\x8b"
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_AT = (0, 512, 1024)  # where a file of HDF5 may begin
HEAD = HDF5_AT[-1] + len(HDF5)  # bytes that show what a file is
# How files of these endings begin, and what to call them.
BEGINNINGS = {
    (".gz",): ((0,), GZIP, "gzip"),
    (".gctx", ".h5", ".hdf5", ".h5ad"): (HDF5_AT, HDF5, "HDF5"),
    (".npz", ".zip"): ((0,), b"PK", "zip"),
    (".parquet",): ((0,), b"PAR1", "Parquet"),
}
MARKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # byte-order marks, blanks, and UTF-16's zeros
MESSAGES = ("text/html", "application/xhtml+xml", "application/json", "application/problem+json")


class Unacceptable(Exception):
    """An answer that cannot be taken, and that no further attempt mends."""


class Range(NamedTuple):
    """The bytes of an answer within the file, both ends inclusive; None for an unknown total."""

    first: int
    last: int
    total: int | None


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return how many bytes the answer says it has, None if it does not say.

    Raises
    ------
    Unacceptable
        If that is no number.
    """
    said = headers.get("Content-Length")
    if said is None:
        return None
    if not re.fullmatch(NUMBER, said.strip()):
        raise Unacceptable(f"the header Content-Length is {said[:80]!r}; expected one number")
    return int(said)


def content_range(headers: Mapping[str, str]) -> Range | None:
    """Return which bytes of the file an answer of status 206 holds, None if that makes no sense."""
    said = headers.get("Content-Range", "").strip()
    match = re.fullmatch(rf"bytes ({NUMBER})-({NUMBER})/({NUMBER}|\*)", said)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    sound = first <= last and (total is None or last < total)
    return Range(first, last, total) if sound else None


def strong_validator(headers: Mapping[str, str]) -> str | None:
    """Return what tells this version of the file from every other, byte by byte.

    Returns
    -------
    str or None
        The entity tag if it is strong; the date of change if there is no entity tag, and the date
        is strong, too (RFC 9110, 8.8.2.2 and 13.1.5); else None.
    """
    tag, changed = headers.get("ETag"), headers.get("Last-Modified")
    if tag is not None:
        return tag if STRONG_TAG.fullmatch(tag) else None
    if changed is None:
        return None
    asked, since = _date(headers.get("Date", "")), _date(changed)
    settled = asked is not None and since is not None and asked - since >= SETTLED
    return changed if settled and PLAIN.fullmatch(changed) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds the server asks to wait, 0 where it does not say in a known way."""
    try:
        return Retry(0).parse_retry_after(headers.get("Retry-After", "0"))
    except (InvalidHeader, ValueError, TypeError, OverflowError):
        return 0.0


def check_codings(file: str, headers: Mapping[str, str]) -> None:
    """Refuse bytes that are not the file's own.

    Raises
    ------
    Unacceptable
        If the answer is compressed though that was declined, or sent in an unknown way.
    """
    coding = headers.get("Content-Encoding", "").strip().lower()
    # Some servers say of any .gz that it is a text which they compressed.
    named = coding in ("gzip", "x-gzip") and file.lower().endswith(".gz")
    if coding not in ("", "identity") and not named:
        raise Unacceptable(
            f"the answer has the Content-Encoding {coding[:80]!r}; the file was asked for as it is"
        )
    transfer = headers.get("Transfer-Encoding", "chunked").strip().lower()
    if transfer != "chunked":
        raise Unacceptable(
            f"the answer has the Transfer-Encoding {transfer[:80]!r}; expected chunked or none"
        )


def check_beginning(file: str, head: bytes, headers: Mapping[str, str], summed: bool) -> None:
    """Refuse a login page, or another message, in place of the file.

    Parameters
    ----------
    file
        The name of the file; its ending says how it begins.
    head
        Its first `HEAD` bytes, or all if it has fewer.
    headers
        Of the answer.
    summed
        Whether a checksum is known, so that it alone says what is right.

    Raises
    ------
    Unacceptable
        If it is a message, does not begin as its name says, or is compressed once more.
    """
    if not head:
        raise Unacceptable("the answer is empty")
    shown = f"it begins with {head[:60]!r}"
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    start = head.replace(b"\0", b"").lstrip(MARKS).lower()
    page = start[:1] == b"<" and (b"<html" in start or b"<!doctype html" in start)
    if page or (kind in MESSAGES and start[:1] in (b"<", b"{", b"[")):
        raise Unacceptable(
            f"the answer is a page or a message (of the type {kind or 'none said'}; {shown}), as "
            "of a login or an error, and not the file"
        )
    if headers.get("Content-Encoding", "").strip() and _unpacked(head)[:2] == GZIP:
        raise Unacceptable("the answer is compressed once more than the file")
    for endings, (places, begins, called) in BEGINNINGS.items():
        right = any(head[at:].startswith(begins) for at in places)
        if file.lower().endswith(endings) and not right and not summed:
            raise Unacceptable(f"the answer is no {called}, which the file's name says: {shown}")


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 16)
    except zlib.error:
        return b""
