"""Dataset files from a mirror, and files that are nowhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from shelf import CONTENT, FILE, sha256

from lacuna.errors import LacunaError

# The mirror


def test_the_mirror_comes_first_and_is_linked_to(server, source, place):
    mirror = place.hold(CONTENT)
    place.acquire(source, mirror=mirror)
    assert server.requests == []
    assert place.destination.is_symlink()
    assert place.destination.readlink() == (mirror / FILE).resolve()
    place.acquire(source, mirror=mirror)  # again, over the link
    place.assert_complete()


def test_a_relative_mirror_gives_an_absolute_link(source, place, monkeypatch):
    mirror = place.hold(CONTENT)
    monkeypatch.chdir(mirror.parent)
    place.acquire(source, mirror=Path("mirror"))
    place.assert_complete()
    assert place.destination.readlink().is_absolute()


@pytest.mark.fault(
    "a mirror file with one byte altered, its checksum known",
    "refused with both checksums; the user's file stays",
)
def test_one_altered_byte_in_the_mirror_is_refused(server, source, place):
    altered = CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:]
    mirror = place.hold(altered)
    with pytest.raises(LacunaError) as error:
        place.acquire(source, mirror=mirror)
    for said in (str(mirror / FILE), sha256(CONTENT), sha256(altered)):
        assert said in str(error.value)
    place.assert_nothing_left()
    assert server.requests == []
    assert (mirror / FILE).read_bytes() == altered  # the user's file stays


def test_a_mirror_that_is_the_destination_keeps_its_file(source, place):
    place.destination.parent.mkdir(parents=True)
    place.destination.write_bytes(CONTENT)
    place.acquire(source, mirror=place.destination.parent)
    assert not place.destination.is_symlink()
    place.assert_complete()


def test_a_mirror_without_the_file_falls_through_to_the_download(source, place):
    place.mirror.mkdir()
    place.acquire(source, mirror=place.mirror)
    place.assert_complete()
    assert not place.destination.is_symlink()


def test_a_file_of_the_users_own_is_accepted_and_recorded(place):
    mirror = place.hold(b"my own")
    place.acquire(None, mirror=mirror)
    (row,) = place.rows()
    assert (row["file"], row["bytes"], row["sha256"]) == (FILE, "6", sha256(b"my own"))
    assert row["came_from"] == str((mirror / FILE).resolve())
    place.hold(b"My own")
    with pytest.raises(LacunaError, match="recorded"):
        place.acquire(None, mirror=mirror)


# Files that are nowhere


@pytest.mark.parametrize("mirror", ["none", "empty", "absent"])
def test_a_file_without_address_says_where_it_comes_from(source, place, mirror):
    if mirror == "empty":
        place.mirror.mkdir()
    with pytest.raises(LacunaError) as error:
        place.acquire(replace(source, url=None), mirror=[] if mirror == "none" else place.mirror)
    looked = {
        "none": "no mirror is configured",
        "empty": f"{place.mirror} does not hold it",
        "absent": f"{place.mirror} does not exist",
    }
    for said in (FILE, "the local shelf", "`mirror:`", looked[mirror]):
        assert said in str(error.value)


def test_nothing_is_downloaded_while_a_mirror_does_not_exist(server, source, place):
    with pytest.raises(LacunaError, match=f"{place.mirror} does not exist\\. .*not downloaded"):
        place.acquire(source, mirror=place.mirror)
    assert not server.requests
    place.mirror.mkdir()
    place.acquire(source, mirror=place.mirror)
    place.assert_complete()


def test_an_unknown_file_is_guessed_at(source, place):
    with pytest.raises(LacunaError, match=f"did you mean '{FILE}'"):
        place.acquire(source, file="wels.gctx.gz")
