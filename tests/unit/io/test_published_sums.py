"""Checksums that a publisher ships beside its files: used, missed aloud, and refused by name."""

import gzip
import hashlib
from dataclasses import replace

import pytest
from shelf import CONTENT, FILE, wanted

from lacuna.errors import LacunaError
from lacuna.io.published_sums import read_sums
from lacuna.io.sources import Source, acquire

SUMS = "GSE1_SHA512SUMS.txt.gz"
OURS = hashlib.sha512(CONTENT).hexdigest()
OTHER = hashlib.sha512(b"other").hexdigest()


@pytest.fixture
def get(server, source, place):
    """Download the file from a server whose list of checksums is this text; None for no list."""
    unknown = replace(source, bytes=None, sha256=None)
    lists = Source(SUMS, server.url(SUMS), None, None, "CC0", "the local shelf")
    sources = {FILE: unknown, SUMS: lists}

    def run(text, mirrors=()):
        server.files[SUMS] = gzip.compress((text or "").encode())
        if text is None:
            server.script = [404, "serve"]
        acquire(wanted(), place.destination, sources, place.recorded, mirrors, progress=False)

    return run


@pytest.mark.parametrize("between", ["  ", " *", "  ./"])
def test_a_file_that_has_the_published_sum_is_taken(get, place, capsys, between):
    get(f"{OTHER}  another.txt\n{OURS.upper()}{between}{FILE}\n")
    place.assert_complete()
    assert f"{SUMS} says which SHA-512 {FILE} must have" in capsys.readouterr().out
    assert [row["file"] for row in place.rows()] == [FILE]
    assert sorted(path.name for path in place.destination.parent.iterdir()) == [FILE]


@pytest.mark.fault(
    "a download whose SHA-512 is not the one that GEO publishes",
    "refused by name with both sums, nothing kept or recorded",
)
def test_a_file_that_differs_from_the_published_sum_is_refused(get, place):
    with pytest.raises(LacunaError) as error:
        get(f"{OTHER}  {FILE}\n")
    for said in (FILE, SUMS, OTHER, OURS, "run again"):
        assert said in str(error.value)
    place.assert_nothing_left()
    assert not place.recorded.exists()


def test_a_file_that_the_list_lacks_is_taken_and_that_is_said(get, place, capsys):
    get(f"{OTHER}  another.txt\n")
    place.assert_complete()
    assert f"{SUMS} does not list {FILE}" in capsys.readouterr().out


def test_a_list_that_is_not_there_is_said(get, place, capsys):
    get(None)
    place.assert_complete()
    said = capsys.readouterr().out
    assert f"Unchecked against published checksums: {FILE}" in said and "404" in said


def test_a_list_that_is_none_stops_before_the_download(get, server, place):
    with pytest.raises(LacunaError, match="line 1: '<html>' is no checksum"):
        get("<html>\n")
    assert [request["file"] for request in server.requests] == [SUMS]
    place.assert_nothing_left()


def test_a_mirror_is_checked_by_the_list_that_it_holds(get, server, place):
    held = place.hold(CONTENT)
    (held / SUMS).write_bytes(gzip.compress(f"{OTHER}  {FILE}\n".encode()))
    with pytest.raises(LacunaError, match=f"SHA-512 is {OURS}, but {SUMS} says {OTHER}"):
        get(f"{OURS}  {FILE}\n", [held])
    (held / SUMS).unlink()
    get(f"{OTHER}  {FILE}\n", [held])  # a mirror without a list: nothing is downloaded for it
    assert place.destination.is_symlink() and server.requests == []


def test_a_known_checksum_needs_no_list(server, source, place):
    lists = Source(SUMS, server.url(SUMS), None, None, "CC0", "the local shelf")
    sources = {FILE: source, SUMS: lists}
    acquire(wanted(), place.destination, sources, place.recorded, [], progress=False)
    assert [request["file"] for request in server.requests] == [FILE]


def test_a_list_of_another_folder_does_not_count(server, source, place):
    elsewhere = server.url(f"elsewhere/{SUMS}")
    sources = {
        FILE: replace(source, sha256=None),
        SUMS: Source(SUMS, elsewhere, None, None, "CC0", "elsewhere"),
    }
    acquire(wanted(), place.destination, sources, place.recorded, [], progress=False)
    assert [request["file"] for request in server.requests] == [FILE]


def test_a_list_that_says_two_things_of_a_file_is_refused(tmp_path):
    (tmp_path / "sums.txt").write_text(f"{OURS}  a\n{OURS}  a\n\n{OTHER}  a\n")
    with pytest.raises(LacunaError, match="line 4: 'a' has another sum further up"):
        read_sums(tmp_path / "sums.txt")


def test_an_endless_list_is_refused(tmp_path):
    (tmp_path / "sums.txt").write_text(f"{OURS}  a\n" * 8000)
    with pytest.raises(LacunaError, match="more than 1,048,576 bytes"):
        read_sums(tmp_path / "sums.txt")
