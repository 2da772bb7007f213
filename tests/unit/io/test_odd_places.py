"""Links, pipes and folders where a download would write."""

import os
from dataclasses import replace

import pytest
from shelf import CONTENT, FILE

from lacuna.errors import LacunaError


@pytest.fixture
def unknown(source):
    """The file, of which neither size nor checksum is known."""
    return replace(source, bytes=None, sha256=None)


@pytest.mark.fault(
    "a link or a folder where a download would put its part, or a folder in the file's own place",
    "refused by name before anything is asked for; what the link leads to is not touched",
)
@pytest.mark.parametrize("ending", [".part", ".part.json"])
@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
def test_what_is_no_part_is_not_written_into(server, unknown, place, ending, kind):
    there = place.destination.with_name(FILE + ending)
    there.parent.mkdir(parents=True)
    elsewhere = place.folder / "precious"
    if kind == "folder":
        there.mkdir()
    elif kind == "pipe":
        os.mkfifo(there)
    else:
        there.symlink_to(elsewhere)
    if kind == "link":
        elsewhere.write_bytes(CONTENT[:1000])
    with pytest.raises(LacunaError) as error:
        place.acquire(unknown)
    assert str(there) in str(error.value) and "remove it" in str(error.value)
    assert server.requests == []
    assert os.path.lexists(there) and not place.destination.exists()
    assert elsewhere.exists() == (kind == "link")
    if kind == "link":
        assert elsewhere.read_bytes() == CONTENT[:1000]


def test_a_folder_is_not_replaced(server, unknown, place):
    place.destination.mkdir(parents=True)
    for mirror in ((), place.hold(CONTENT)):
        with pytest.raises(LacunaError, match=rf"{FILE} is a folder.* remove it"):
            place.acquire(unknown, mirror=mirror)
    assert server.requests == []


def test_a_link_is_replaced_and_what_it_leads_to_is_not(server, unknown, place):
    held = place.hold(b"of the user")
    place.destination.parent.mkdir(parents=True)
    place.destination.symlink_to(held / FILE)
    place.acquire(unknown)
    assert not place.destination.is_symlink()
    place.assert_complete()
    assert (held / FILE).read_bytes() == b"of the user"
