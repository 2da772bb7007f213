"""Where a well lies, and which plates replicate each other: what inst_info says of plates."""

import pandas as pd
import pytest
from wells import inst_info, refused, write_text

from lacuna.io.geo import read_wells
from lacuna.io.positions import read_positions


def read(folder, table):
    return read_wells(write_text(table, folder / "inst_info.txt"))


def places(wells):
    return list(zip(wells["row"], wells["column"], strict=True))


# Positions


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A01", (1, 1)),
        ("A1", (1, 1)),
        ("p24", (16, 24)),
        (" F04 ", (6, 4)),
        ("H12", (8, 12)),
        ("Z9", (26, 9)),
        ("AA10", (27, 10)),
        ("AF48", (32, 48)),  # the last well of the largest plates
        ("AG01", (0, 0)),
        ("A49", (0, 0)),
        ("A00", (0, 0)),
        ("A0", (0, 0)),
        ("A001", (0, 0)),
        ("A", (0, 0)),
        ("12", (0, 0)),
        ("1A", (0, 0)),
        ("A01;B02", (0, 0)),
        ("Ä01", (0, 0)),
        ("A٣", (0, 0)),  # a digit, but none of ours
        ("", (0, 0)),
    ],
)
def test_a_position_is_a_letter_and_a_number(text, place):
    ids = pd.Series(["no position", f"PLATE:{text}"])
    assert places(read_positions(pd.Series([text, None]), ids)) == [place, place]


@pytest.mark.parametrize("column", ["det_well", "rna_well", "pert_well"])
def test_a_column_says_it_or_else_the_end_of_the_id(tmp_path, column):
    table = inst_info(*[{"inst_id": f"X:Y:{end}"} for end in ("B02", "C03", "D04", "?")])
    table = table.drop(columns="rna_well").assign(**{column: ["P24", "-666", "nowhere", ""]})
    assert places(read(tmp_path, table)) == [(16, 24), (3, 3), (4, 4), (0, 0)]


def test_without_any_column_the_ids_are_read(tmp_path):
    table = inst_info({"inst_id": "P_X1:A03"}, {"inst_id": "A04"}, {"inst_id": "S:1"})
    assert places(read(tmp_path, table.drop(columns="rna_well"))) == [(1, 3), (0, 0), (0, 0)]


def test_an_empty_table_has_no_positions():
    nothing = pd.Series([], dtype=object)
    assert read_positions(nothing, nothing).empty


# Batches


def with_batches(*batches, plates=("a_rep1", "a_rep1", "a_rep2", "b_X1")):
    table = inst_info(*[{"rna_plate": plate} for plate in plates])
    return table.assign(batch=batches)


def test_a_column_says_which_plates_replicate_each_other(tmp_path):
    wells = read(tmp_path, with_batches("one", "one", "one", "two"))
    assert list(wells["batch"]) == ["one", "one", "one", "two"]


def test_a_plate_of_which_it_says_nothing_goes_by_its_name(tmp_path):
    wells = read(tmp_path, with_batches("one", "-666", "one", ""))
    assert list(wells["batch"]) == ["one", "one", "one", "b"]  # a plate has one batch


def test_a_plate_of_two_batches_is_refused_by_name(tmp_path):
    table = with_batches("one", "two", "one", "two")
    path = write_text(table, tmp_path / "inst_info.txt")
    refused(read_wells, path, "the plate 'a_rep1' is of the batches 'one', 'two'", "column batch")


def test_wells_without_a_plate_are_of_no_batch(tmp_path):
    table = with_batches("one", "two", "three", "four", plates=("", "-666", "p", "q"))
    assert list(read(tmp_path, table)["batch"])[2:] == ["three", "four"]
