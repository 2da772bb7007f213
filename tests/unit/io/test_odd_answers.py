"""Answers of servers that are not the file: each ends in a message that says what to do."""

import gzip
import threading
import time
from collections import namedtuple
from dataclasses import replace

import pytest
from shelf import CONTENT, FILE

from lacuna.errors import LacunaError
from lacuna.io import asking, room
from lacuna.io import download as module
from lacuna.io.answers import Unacceptable
from lacuna.io.asking import next_address
from lacuna.io.sources import Source

Usage = namedtuple("Usage", "total used free")
HELD = len(CONTENT)
PACKED = gzip.compress(b"drug\tcell\n", mtime=0)
PAGE = b"<!DOCTYPE html>\n<html><body>Please log in.</body></html>"


@pytest.fixture
def unknown(source):
    """The file, of which neither size nor checksum is known."""
    return replace(source, bytes=None, sha256=None)


@pytest.fixture
def hurried(monkeypatch):
    """Wait for tenths of a second only."""
    monkeypatch.setattr(asking, "ANSWER_WITHIN", 0.3)
    monkeypatch.setattr(asking, "PIECE_WITHIN", 0.3)


def http(*headers, body=b"", status="200 OK"):
    """A whole answer, as bytes."""
    lines = [f"HTTP/1.1 {status}", *headers]
    return b"\r\n".join([line.encode("latin-1") for line in lines] + [b"", body])


def refused(place, source, *said, **more):
    """The file is refused, with its name and address and what to do; nothing of it stays."""
    with pytest.raises(LacunaError) as error:
        place.acquire(source, **more)
    for words in (source.file, source.url, "mirror", *said):
        assert words in str(error.value)
    place.assert_nothing_left()
    assert not place.recorded.exists()


# Files whose end nobody tells


@pytest.mark.fault(
    "a server that says neither the length of a file nor where it ends",
    "refused where no size or checksum is known, as a cut could not be told",
)
def test_a_file_without_a_known_end_is_refused(server, unknown, place):
    server.changed = {"Content-Length": None}
    server.script = [("cut", 100_000)]
    refused(place, unknown, "does not say how long", "sha256:")
    assert len(server.requests) == 1


def test_with_a_size_it_is_resumed_and_with_a_checksum_it_is_compared(server, source, place):
    server.changed = {"Content-Length": None}
    server.script = [("cut", 100_000), "serve"]
    place.acquire(replace(source, sha256=None))
    place.assert_complete()
    place.destination.unlink()
    server.script = [("cut", 100_000), "serve"]
    with pytest.raises(LacunaError, match=r"sha256 is .* but resources/sources\.tsv says"):
        place.acquire(replace(source, bytes=None))
    place.assert_nothing_left()
    place.acquire(replace(source, bytes=None))
    place.assert_complete()


# Pages in place of files


@pytest.mark.fault(
    "a login page, an error message or nothing at all, with the status 200",
    "refused with how it begins, nothing kept or recorded",
)
@pytest.mark.parametrize(
    ("file", "kind", "body"),
    [
        ("a.tsv", "text/html; charset=utf-8", PAGE),
        ("a.tsv", "text/plain", b"\xef\xbb\xbf\n  " + PAGE),
        ("a.tsv", "text/html", b"<p>Gone for lunch.</p>"),
        ("a.tsv", "text/html", PAGE.decode().encode("utf-16")),
        ("a.tsv", "application/json", b'{"error": "no session"}'),
        ("a.tsv", "text/plain", b""),
        ("a.gz", "application/gzip", PAGE),
        ("a.gz", "application/gzip", b"plain"),
        ("a.gz", "application/gzip", b""),
        ("a.gctx", "application/octet-stream", PAGE),
        ("a.gctx", "application/octet-stream", b"\x89PNG" + bytes(5000)),
        ("a.npz", "application/octet-stream", b"numbers"),
        ("a.parquet", "application/octet-stream", b"numbers"),
    ],
)
def test_a_page_is_no_file(server, place, file, kind, body):
    server.files[file], server.changed = body, {"Content-Type": kind}
    refused(place, Source(file, server.url(file), None, None, "", ""), file=file)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("file", "kind", "body"),
    [
        ("a.tsv", "text/html", b"drug\tcell\n<5 uM\tA375\n"),
        ("a.tsv", "text/plain", b"<5 uM\tA375\n"),
        ("a.gctx", "text/html", b"\x89HDF\r\n\x1a\n" + bytes(5000)),
        ("a.h5", "", bytes(512) + b"\x89HDF\r\n\x1a\n"),
        ("a.gz", "text/html", gzip.compress(PAGE, mtime=0)),
    ],
)
def test_a_file_is_no_page_whatever_its_type(server, place, file, kind, body):
    server.files[file], server.changed = body, {"Content-Type": kind}
    place.acquire(Source(file, server.url(file), None, None, "", ""), file=file)
    assert place.destination.read_bytes() == body


@pytest.mark.fault(
    "a file that the server compresses though the request declines that",
    "refused, as its bytes are not the file's",
)
@pytest.mark.parametrize(
    ("file", "coding", "body", "said"),
    [
        ("a.tsv", "gzip", PACKED, "Content-Encoding 'gzip'"),
        ("a.gz", "br", PACKED, "Content-Encoding 'br'"),
        ("a.gz", "gzip", gzip.compress(PACKED * 100, mtime=0), "compressed once more"),
    ],
)
def test_a_compressed_answer_is_refused(server, place, file, coding, body, said):
    server.files[file], server.changed = body, {"Content-Encoding": coding}
    refused(place, Source(file, server.url(file), None, None, "", ""), said, file=file)


# How much may come, and how slowly


CHUNKED = http("Transfer-Encoding: chunked", 'ETag: "a"', body=b"fffffffffff\r\n\x1f\x8b")


@pytest.mark.fault(
    "a server that sends without end, or says that it will, a file of known size",
    "given up at the size, not a byte more on the disk",
)
@pytest.mark.parametrize(
    "begin",
    [CHUNKED, http(f"Content-Length: {10**15}", 'ETag: "a"'), http('ETag: "a"')],
    ids=["chunked", "length", "no length"],
)
def test_a_file_of_known_size_gets_no_longer(server, source, place, monkeypatch, begin):
    monkeypatch.setattr(module, "discard", lambda part: None)
    server.script = [("flood", begin)]
    with pytest.raises(LacunaError, match=f"{HELD}.* set `mirror:`"):
        place.acquire(source)
    assert not place.part.exists() or place.part.stat().st_size <= HELD
    assert len(server.requests) == 1
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    refused(place, source, str(HELD))


@pytest.mark.fault(
    "a server that sends without end a file whose size nobody knows",
    "given up when it has half of what the disk had free",
)
def test_a_file_of_unknown_size_does_not_fill_the_disk(server, unknown, place, monkeypatch):
    monkeypatch.setattr(room.shutil, "disk_usage", lambda path: Usage(0, 0, 4_000_000))
    server.script = [("flood", CHUNKED)]
    refused(place, unknown, "more than 2000000 bytes, half of what the disk has free")
    server.script = [("flood", http(f"Content-Length: {10**15}", body=CONTENT))]
    with pytest.raises(LacunaError, match=r"1,000,000.00 GB for the file, but .* 0.00 GB free"):
        place.acquire(unknown)
    place.assert_nothing_left()


@pytest.mark.fault(
    "a server that sends a byte now and then, in its headers or in the file",
    "given up: headers after two minutes, the file below 0.9 kB/s (in the test: 0.3 s)",
)
@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="headers"),
        pytest.param(http("Content-Length: 300000"), id="length"),
        pytest.param(http("Content-Length: 300000", "Connection: close"), id="closing"),
        pytest.param(http("Connection: close"), id="no length"),
        pytest.param(http("Transfer-Encoding: chunked", body=b"9;"), id="size of a chunk"),
        pytest.param(http("Transfer-Encoding: chunked", body=b"fffff\r\n"), id="chunk"),
        pytest.param(
            http("Transfer-Encoding: chunked", body=b"3\r\n\x1f\x8b\x08\r\n0\r\nX: "),
            id="trailer",
        ),
    ],
)
def test_a_server_that_trickles_is_given_up(server, source, place, hurried, begin):
    server.script = [("drip", begin)]
    began = time.monotonic()
    with pytest.raises(LacunaError, match="2 attempts brought nothing new") as error:
        place.acquire(source, attempts=2)
    assert time.monotonic() - began < 5
    assert "within" in str(error.value) or "fewer than" in str(error.value)
    assert not place.destination.exists()


@pytest.mark.fault(
    "a server that brings a little at every attempt, for ever",
    "given up after the time that the size explains; what came is kept, and gone on with",
)
def test_a_download_does_not_take_for_ever(server, source, place, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 1)
    monkeypatch.setattr(module, "LEAST_AVERAGE", 10**9)
    server.script = [("cut", 2000), ("cut", 1)]
    with pytest.raises(LacunaError) as error:
        place.acquire(source)
    kept = place.part.stat().st_size
    assert 2000 < kept < HELD
    for said in (FILE, source.url, f"{kept} of {HELD} bytes", f"{kept} bytes that are here"):
        assert said in str(error.value)
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.script = ["serve"]
    server.requests.clear()
    place.acquire(source)
    place.assert_complete()
    assert server.ranges == [f"bytes={kept}-"]


# Headers


ODD = {
    "letters": http("Content-Length: abc", body=b"x"),
    "a list": http("Content-Length: 10, 10", body=b"x" * 10),
    "twice": http("Content-Length: 10", "Content-Length: 10", body=b"x" * 10),
    "two lengths": http("Content-Length: 10, 20", body=b"x" * 20),
    "negative": http("Content-Length: -5", body=b"x"),
    "endless digits": http(f"Content-Length: {'9' * 5000}", body=b"x"),
    "superscript": http("Content-Length: \u00b2", body=b"x"),
    "negative chunk": http("Transfer-Encoding: chunked", body=b"-5\r\nxxxxx\r\n0\r\n\r\n"),
    "chunk of -1": http("Transfer-Encoding: chunked", body=b"-1\r\nxxxxx\r\n0\r\n\r\n"),
    "chunk of letters": http("Transfer-Encoding: chunked", body=b"five\r\nxxxxx\r\n0\r\n\r\n"),
    "cut chunk": http("Transfer-Encoding: chunked", body=b"5\r\nxx"),
    "coded transfer": http("Transfer-Encoding: gzip, chunked", body=b"5\r\nxxxxx\r\n0\r\n\r\n"),
    "chunks of another length": http(
        "Transfer-Encoding: chunked", "Content-Length: 9", body=b"2\r\n\x1f\x8b\r\n0\r\n\r\n"
    ),
    "unasked range": http(
        "Content-Length: 5", "Content-Range: bytes 0-4/5", body=b"x" * 5, status="206 Part"
    ),
    "unasked 416": http("Content-Range: bytes */5", status="416 No"),
    "204": http("Content-Length: 0", status="204 None"),
    "304": http("Content-Length: 0", status="304 Same"),
    "302 to nowhere": http("Content-Length: 0", status="302 Found"),
    "status 99": http("Content-Length: 0", status="099 Odd"),
    "status 999": http("Content-Length: 0", status="999 Odd"),
    "half an IPv6": http("Location: http://[::1", status="302 Found"),
    "not UTF-8": http("Location: http://\xff/", status="302 Found"),
    "port 99999": http("Location: http://127.0.0.1:99999/", status="302 Found"),
    "no host": http("Location: http:///", status="302 Found"),
    "empty": http("Location: ", status="302 Found"),
    "file": http("Location: file:///etc/passwd", status="302 Found"),
    "ftp": http("Location: ftp://127.0.0.1/a", status="302 Found"),
    "endless name": http("Location: https://\u00fc.\u00fc\u00fc" + "x" * 300, status="302 Found"),
    "200 headers": http(*["X: y"] * 200),
    "long header": http("X: " + "y" * 70_000),
    "HTTP/9.9": b"HTTP/9.9 lots\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH\r\n",
    "noise": b"\x00\xff" * 50,
    "nothing": b"",
}


@pytest.mark.fault(
    "headers that make no sense: lengths, chunks, addresses, codings, statuses",
    "each is refused with the file, its address and what to do; no traceback",
)
@pytest.mark.parametrize("answer", ODD)
def test_odd_answers_are_refused(server, unknown, place, answer):
    server.script = [ODD[answer]]
    refused(place, unknown, attempts=2)


@pytest.mark.fault(
    "a server that asks for a wait of seven seconds, of days, or of no known time",
    "waited for, up to a minute; what makes no sense does not count",
)
@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7),
        ("1000000", 60),
        ("9" * 5000, 0.002),
        ("-1", 0.002),
        ("soon", 0.002),
        ("Fri, 99 Foo 99999 99:99:99 GMT", 0.002),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.002),
        ("Fri, 31 Dec 9999 23:59:59 +9999", 60),
    ],
)
def test_the_server_may_ask_for_a_wait(server, source, place, monkeypatch, asked, waited):
    waits = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    busy = http(f"Retry-After: {asked}", "Content-Length: 0", status="503 Busy")
    server.script = [busy, "serve"]
    place.acquire(source)
    place.assert_complete()
    assert waits == [waited]


# Redirects


def test_redirects_that_go_round_are_given_up(server, unknown, place):
    server.script = [("redirect", server.url(FILE))]
    refused(place, unknown, "sends on more than 10 times")
    assert len(server.requests) == 11


@pytest.mark.fault(
    "a server that sends on to another host",
    "followed, and said in the log and beside the recorded checksum",
)
def test_another_host_is_said(server, unknown, place, monkeypatch, capsys):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    other = server.url(FILE).replace("127.0.0.1", "localhost")
    server.script = [("redirect", f"{other}?token=secret"), "serve"]
    server.files[f"{FILE}?token=secret"] = CONTENT
    place.acquire(unknown)
    place.assert_complete()
    hosts = f"127.0.0.1:{server.server_port} sends on to localhost:{server.server_port}"
    assert hosts in capsys.readouterr().out
    assert [row["came_from"] for row in place.rows()] == [f"{unknown.url}, sent on to {other}"]


@pytest.mark.fault("a redirect from https to http", "refused, even to this machine")
def test_https_is_not_left():
    assert next_address(FILE, "https://a.org/b/c", "../d?e") == "https://a.org/d?e"
    with pytest.raises(LacunaError, match="plain http"):
        next_address(FILE, "https://a.org/b", "http://a.org/b")
    with pytest.raises(Unacceptable, match=r"from https to 'http://127\.0\.0\.1/b'"):
        next_address(FILE, "https://a.org/b", "http://127.0.0.1/b")


def test_the_body_of_a_redirect_is_not_read(server, source, place):
    moved = http(f"Location: {server.url(FILE)}", f"Content-Length: {1 << 40}", status="302 Found")
    server.script = [("flood", moved), "serve"]
    place.acquire(source)
    place.assert_complete()
    assert server.flooded < 1 << 26


# Where it goes


def test_an_answer_that_was_given_up_leaves_no_reader(server, source, place, hurried):
    server.script = [("drip", http("Content-Length: 300000")), "serve"]
    place.acquire(source)
    place.assert_complete()
    deadline = time.monotonic() + 5
    while any("_watch" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
