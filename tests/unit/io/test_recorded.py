"""Recorded checksums go by data set and series: like-named files are told apart."""

import pytest
from shelf import FILE, sha256, wanted

from lacuna.errors import LacunaError
from lacuna.io.recorded import Key, read_recorded

OLD = "file\tbytes\tsha256\tcame_from\npert_info.txt\t3\t{}\t/data\n"


@pytest.mark.fault(
    "two data sets, or two series of one, that each have a file of one name",
    "each has a checksum of its own",
)
@pytest.mark.parametrize("other", [{"dataset": "theirs"}, {"series": "cells"}])
def test_like_named_files_have_checksums_of_their_own(place, other):
    first, second = wanted(), wanted(**other)
    for one, content in ((first, b"first"), (second, b"second")):
        place.acquire(None, one, place.hold(content, folder=f"{one.dataset}-{one.series}"))
        assert place.destination.read_bytes() == content
    keys = [(row["dataset"], row["series"], row["file"]) for row in place.rows()]
    assert keys == [("mine", "plates", FILE), (second.dataset, second.series, FILE)]
    assert [row["sha256"] for row in place.rows()] == [sha256(b"first"), sha256(b"second")]
    # Each is held to its own.
    for one in (first, second):
        altered = place.hold(b"other", folder=f"{one.dataset}-{one.series}")
        with pytest.raises(LacunaError) as error:
            place.acquire(None, one, altered)
        for said in (f"{FILE!r} of {one.series} ({one.dataset})", str(place.recorded)):
            assert said in str(error.value)


@pytest.mark.fault(
    "a table of checksums of an earlier version, without data sets",
    "refused with what to do; the table stays",
)
def test_a_table_of_bare_names_is_refused_with_what_to_do(place):
    place.recorded.parent.mkdir()
    place.recorded.write_text(OLD.format(sha256(b"old")))
    with pytest.raises(LacunaError) as error:
        place.acquire(None, mirror=place.hold(b"new"))
    for said in (str(place.recorded), "dataset, series", "before file", "remove the table"):
        assert said in str(error.value)
    assert place.recorded.read_text() == OLD.format(sha256(b"old"))


def test_a_table_that_was_brought_up_to_date_is_read(place):
    place.recorded.parent.mkdir()
    head, row = OLD.format(sha256(b"old")).splitlines()
    place.recorded.write_text(f"dataset\tseries\t{head}\nmine\tplates\t{row}\n")
    recorded = read_recorded(place.recorded)
    assert recorded[Key("mine", "plates", "pert_info.txt")]["sha256"] == sha256(b"old")


def test_a_record_without_its_series_is_named(place):
    place.recorded.parent.mkdir()
    head = OLD.splitlines()[0]
    place.recorded.write_text(f"dataset\tseries\t{head}\nmine\t\tpert_info.txt\t3\t\t/data\n")
    with pytest.raises(LacunaError, match="line 2, column series: '' is empty"):
        read_recorded(place.recorded)
