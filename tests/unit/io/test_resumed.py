"""Downloads that go on: only bytes of one version of the server's file ever come together."""

import os
import time
from dataclasses import replace
from email.utils import formatdate

import pytest
from misbehaving import strong_tag
from shelf import CONTENT, FILE

from lacuna.errors import LacunaError
from lacuna.io import asking

NEW = CONTENT[:3] + os.urandom(len(CONTENT) - 3)
DAY = 86400


def of_one_day(content):
    """A tag that changes with nothing, as replicas that were not brought in line give it."""
    return '"one"'


def weak_tag(content):
    return f"W/{strong_tag(content)}"


@pytest.fixture
def unknown(source):
    """The file, of which neither size nor checksum is known."""
    return replace(source, bytes=None, sha256=None)


def get(place, source):
    place.acquire(source)
    assert [path.name for path in place.destination.parent.iterdir()] == [FILE]
    return place.destination.read_bytes()


@pytest.mark.fault(
    "a new version that is published while the first part is read, before the connection is cut",
    "the part is thrown away: the whole new file, whether the server minds If-Range or not",
)
@pytest.mark.parametrize("by", ["tag", "date"])
@pytest.mark.parametrize("minds", [True, False])
def test_two_versions_are_never_mixed(server, unknown, place, by, minds):
    server.if_range = minds
    if by == "date":
        server.tag, server.modified = None, time.time() - DAY
    known_by = strong_tag(CONTENT) if by == "tag" else formatdate(time.time() - DAY, usegmt=True)
    server.script = [("replace", 100_000, NEW), "serve"]
    assert get(place, unknown) == NEW
    assert server.requests[1]["range"] == "bytes=100000-"
    assert server.requests[1]["if_range"][:20] == known_by[:20]
    assert [row["bytes"] for row in place.rows()] == [str(len(NEW))]


@pytest.mark.fault(
    "a client whose clock is ahead of the server's, and a file that changed between two runs",
    "begun afresh: no clock but the server's counts",
)
def test_the_clients_clock_does_not_count(server, unknown, place):
    place.begin(server, unknown, 100_000)
    ahead = time.time() + 100 * DAY
    os.utime(place.part, (ahead, ahead))
    server.files[FILE] = NEW
    assert get(place, unknown) == NEW


def test_a_resumed_download_is_the_same_file(server, unknown, place):
    place.begin(server, unknown, 100_000)
    assert get(place, unknown) == CONTENT
    assert server.ranges == ["bytes=100000-"]
    place.destination.unlink()
    server.tag, server.modified = None, time.time() - DAY
    place.begin(server, unknown, 50_000)
    assert get(place, unknown) == CONTENT
    assert server.ranges == ["bytes=50000-"]


@pytest.mark.fault(
    "a part of which the server names no version, or a weak one (RFC 9110, 8.8)",
    "begun afresh, which the log says",
)
@pytest.mark.parametrize(
    ("tag", "age"),
    [
        (None, None),
        (weak_tag, None),
        (weak_tag, DAY),  # who has a tag must not go by the date
        (lambda content: "unquoted", DAY),
        (None, 5),  # seconds: it may change once more within one
        (None, -DAY),
    ],
)
def test_without_a_strong_validator_it_begins_afresh(server, unknown, place, capsys, tag, age):
    server.tag, server.modified = tag, None if age is None else time.time() - age
    server.script = [("replace", 100_000, NEW), "serve"]
    assert get(place, unknown) == NEW
    assert server.ranges == [None, None]
    assert "100000 bytes are thrown away" in capsys.readouterr().out


def test_what_cannot_be_gone_on_with_is_not_kept(server, unknown, place):
    server.tag = None
    server.script = [("cut", 100_000), 503]
    with pytest.raises(LacunaError, match="it begins afresh, as the server names no version"):
        place.acquire(unknown, attempts=1)
    place.assert_nothing_left()


@pytest.mark.fault(
    "a part whose note is damaged, gone or of another address",
    "begun afresh",
)
@pytest.mark.parametrize("note", [None, b"", b"\xff", b"[]", b"{}", "address", "total"])
def test_a_part_without_its_note_is_not_trusted(server, unknown, place, note):
    place.begin(server, unknown, 100_000)
    beside = place.part.with_name(place.part.name + ".json")
    if note is None:
        beside.unlink()
    elif isinstance(note, bytes):
        beside.write_bytes(note)
    else:
        said = beside.read_text()
        altered = {"address": ("127.0.0.1", "localhost"), "total": ("300000", '"300000"')}[note]
        assert altered[0] in said
        beside.write_text(said.replace(*altered))
    assert get(place, unknown) == CONTENT
    assert server.ranges == [None]


@pytest.mark.fault(
    "a server whose answer to a range ends before the file does, with or without a total",
    "the rest is asked for until all of it is there",
)
@pytest.mark.parametrize("total", [str, lambda length: "*"])
def test_a_range_that_ends_early_is_gone_on_with(server, unknown, place, total):
    place.begin(server, unknown, 100_000)
    server.longest, server.total_of = 90_000, total
    assert get(place, unknown) == CONTENT
    assert server.ranges == [f"bytes={start}-" for start in (100_000, 190_000, 280_000)]


def test_a_range_of_a_file_without_a_known_end_is_not_taken(server, unknown, place):
    server.chunked = True
    place.begin(server, unknown, 100_000)
    server.longest, server.total_of = 90_000, lambda length: "*"
    assert get(place, unknown) == CONTENT
    assert server.ranges == ["bytes=100000-", None]


@pytest.mark.fault(
    "a file on the server that now ends where the part does, or is another one of the same length",
    "the part is thrown away",
)
@pytest.mark.parametrize("minds", [True, False])
@pytest.mark.parametrize("here", [100_000, 300_000])
def test_a_part_as_long_as_another_file_is_not_taken(server, unknown, place, minds, here):
    place.begin(server, unknown, 100_000)
    place.part.write_bytes(CONTENT[:here])
    server.files[FILE], server.if_range = NEW[:here], minds
    assert get(place, unknown) == NEW[:here]


@pytest.mark.parametrize(
    "changed",
    [
        {"Content-Type": "multipart/byteranges; boundary=x", "Content-Range": None},
        {"Content-Range": "bytes 100000-299999/300001"},
        {"Content-Range": "bytes 100000-299998/300000"},
        {"Content-Range": "bytes 100000-99999/300000"},
        {"Content-Range": "bytes 100000-299999"},
        {"Content-Range": f"bytes 100000-{'9' * 5000}/*"},
        {"Content-Range": "lines 100000-299999/300000"},
        {"ETag": None},
        {"ETag": '"other"'},
    ],
)
@pytest.mark.fault(
    "a range that contradicts itself or what is here, or comes in many parts",
    "not appended: all is asked for again",
)
def test_a_range_that_does_not_fit_is_not_appended(server, unknown, place, changed):
    place.begin(server, unknown, 100_000)
    server.changed = changed
    server.script = [("cut", 200_000), "serve"]
    assert get(place, unknown) == CONTENT
    assert server.ranges == ["bytes=100000-", None]


@pytest.mark.fault(
    "a server that sends the second half of a download to another copy of the file",
    "begun afresh there",
)
def test_two_copies_are_never_mixed(server, unknown, place):
    server.tag, server.files["copy"] = of_one_day, NEW
    server.script = [("redirect", server.url(FILE)), ("cut", 100_000), 503]
    place.begin(server, unknown, 100_000) if False else None
    server.script = [("cut", 100_000), ("redirect", server.url("copy")), "serve"]
    server.script += [("redirect", server.url("copy")), "serve"]
    assert get(place, unknown) == NEW


@pytest.mark.fault(
    "a login page in answer to a request for the rest",
    "refused; what is here is kept, and gone on with later",
)
def test_a_page_does_not_cost_the_part(server, unknown, place):
    place.begin(server, unknown, 100_000)
    server.files[FILE] = b"<html>Please log in.</html>"
    with pytest.raises(LacunaError, match="a page or a message"):
        place.acquire(unknown)
    assert place.part.stat().st_size == 100_000
    server.files[FILE] = CONTENT
    assert get(place, unknown) == CONTENT
    assert server.ranges[-1] == "bytes=100000-"


@pytest.mark.fault(
    "two runs that download one file at once, of which one begins afresh",
    "the other sees that its part is gone, and begins again",
)
def test_a_part_that_another_run_took_away_is_not_taken_for_whole(
    server, unknown, place, monkeypatch
):
    read, sizes = asking._piece, []

    def read_and_lose(raw, size):
        if len(sizes) == 3:
            place.part.unlink()
        sizes.append(size)
        return read(raw, size)

    monkeypatch.setattr(asking, "PIECE", 50_000)
    monkeypatch.setattr(asking, "_piece", read_and_lose)
    assert get(place, unknown) == CONTENT
    assert server.ranges == [None, None]
