"""What a configuration says of a file: where it lies, where it comes from, which one it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from shelf import CONTENT, FILE, sha256, wanted

from lacuna.errors import LacunaError
from lacuna.io.sources import Source


@pytest.fixture
def two(place):
    """Two folders with different files of one name."""
    return [place.hold(b"first", "first"), place.hold(b"the second", "second")]


# Like-named files of several mirrors


@pytest.mark.fault(
    "two mirror folders with different files of one name",
    "refused with both places and how to say which one is meant; none is taken",
)
@pytest.mark.parametrize("known", [False, True])
def test_different_files_of_one_name_are_refused_with_both_places(place, two, source, known):
    with pytest.raises(LacunaError) as error:
        place.acquire(source if known else None, mirror=two)
    for folder, size in zip(two, ("5 bytes", "10 bytes"), strict=True):
        assert f"{folder / FILE} ({size})" in str(error.value)
    for said in (f"{FILE!r} of plates (mine)", f"{{path: {two[0] / FILE}}}", "`mirror:`"):
        assert said in str(error.value)
    place.assert_nothing_left()
    assert not place.recorded.exists()


def test_files_of_one_size_are_compared_byte_by_byte(place):
    folders = [place.hold(b"one", "first"), place.hold(b"two", "second")]
    with pytest.raises(LacunaError, match="two different files"):
        place.acquire(None, mirror=folders)


def test_copies_of_one_file_are_the_same(place):
    folders = [place.hold(b"one", "first"), place.hold(b"one", "second")]
    place.acquire(None, mirror=folders)
    assert place.destination.readlink() == (folders[0] / FILE).resolve()


def test_a_path_says_which_one_a_series_means(place, two):
    for series, folder in zip(("one", "other"), two, strict=True):
        place.acquire(None, wanted(series=series, path=folder / FILE), two)
        assert place.destination.readlink() == (folder / FILE).resolve()
    assert [(row["series"], row["sha256"]) for row in place.rows()] == [
        ("one", sha256(b"first")),
        ("other", sha256(b"the second")),
    ]


# path


def test_a_path_is_linked_recorded_and_verified(place, source):
    held = place.hold(b"my own", file="another name.gz") / "another name.gz"
    mine = wanted(path=str(held))
    place.acquire(source, mine)  # what the sources table has under this name is another file
    assert place.destination.readlink() == held.resolve()
    (row,) = place.rows()
    assert (row["file"], row["sha256"]) == (FILE, sha256(b"my own"))
    assert row["came_from"] == str(held.resolve())
    held.write_bytes(b"My own")
    with pytest.raises(LacunaError, match=r"recorded\.tsv says"):
        place.acquire(source, mine)


def test_a_relative_path_is_relative_to_where_the_run_is(place, monkeypatch):
    monkeypatch.chdir(place.hold(CONTENT).parent)
    place.acquire(None, wanted(path=Path("mirror") / FILE))
    place.assert_complete()
    assert place.destination.readlink().is_absolute()


@pytest.mark.fault("a path: that is misspelt, or a folder", "named first; nothing is downloaded")
@pytest.mark.parametrize(("path", "fault"), [("nowhere/a.txt", "does not exist"), (".", "folder")])
def test_a_path_without_a_file_is_named_first(server, place, source, path, fault):
    with pytest.raises(LacunaError) as error:
        place.acquire(source, wanted(path=path, url=source.url), place.hold(CONTENT))
    assert str(error.value).startswith(path) and fault in str(error.value)
    assert "`path:`" in str(error.value) and "plates" in str(error.value)
    assert server.requests == []
    place.assert_nothing_left()


# url


def test_a_url_is_where_the_file_is_downloaded_from(server, place, source):
    elsewhere = replace(source, url=server.url("not-this"), sha256=sha256(b"another"))
    place.acquire(elsewhere, wanted(url=server.url(FILE)))
    place.assert_complete()
    (row,) = place.rows()
    assert (row["sha256"], row["came_from"]) == (sha256(CONTENT), server.url(FILE))


def test_a_mirror_comes_before_a_url(server, place):
    place.acquire(None, wanted(url=server.url(FILE)), place.hold(b"my own"))
    assert server.requests == []
    assert place.destination.read_bytes() == b"my own"


# sha256


@pytest.mark.parametrize("given", ["path", "url", "mirror", "source"])
def test_a_sha256_is_verified_wherever_the_file_comes_from(server, place, source, given):
    mirror = place.hold(CONTENT) if given == "mirror" else []
    where = {"path": place.folder / "mirror" / FILE, "url": server.url(FILE)}
    if given == "path":
        place.hold(CONTENT)
    said = {given: where[given]} if given in where else {}
    known = replace(source, sha256=sha256(b"of the table"), bytes=1)
    right = wanted(sha256=sha256(CONTENT).upper(), **said)
    place.acquire(known, right, mirror)
    place.assert_complete()
    assert not place.recorded.exists()
    place.destination.unlink()
    with pytest.raises(LacunaError) as error:
        place.acquire(known, replace(right, sha256=sha256(b"other")), mirror)
    for part in (sha256(CONTENT), sha256(b"other"), "the configuration says", "`sha256:`"):
        assert part in str(error.value)
    place.assert_nothing_left()


def test_a_file_that_differs_from_its_row_may_be_the_users_own(place, source):
    with pytest.raises(LacunaError, match=r"bytes is 6, .*\{path: \.\.\.\} in place of its name"):
        place.acquire(source, mirror=place.hold(b"my own"))


# What is nowhere: the cause first


@pytest.mark.fault(
    "a mirror folder whose name is misspelt",
    "named first, then the file and hints",
)
def test_a_misspelt_mirror_is_the_first_thing_said(place, source):
    held, missing = place.hold(b"a", file="other.txt"), place.folder / "mirorr"
    with pytest.raises(LacunaError) as error:
        place.acquire(source, "wels.gctx.gz", [held, missing])
    said = str(error.value)
    assert said.startswith(f"The mirror folder {missing} does not exist, and ")
    order = [f"{held} does not hold it", "'wels.gctx.gz' of plates", f"did you mean '{FILE}'"]
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_the_folder_of_small_data_says_how_it_is_filled(place):
    row = Source(FILE, None, None, None, "CC0", "the local shelf")
    with pytest.raises(LacunaError, match="`make small-data` fills small-data"):
        place.acquire(row, mirror=place.folder / "small-data")
