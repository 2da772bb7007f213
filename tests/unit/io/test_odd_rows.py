"""Odd rows of GEO's tables: left out or merged, counted and named, never in the way of others."""

import pandas as pd
import pytest
from wells import inst_info, write_text

from lacuna.io.geo import ODD, read_cells, read_drugs, read_wells


def test_a_row_that_stands_twice_alike_counts_once(tmp_path):
    account = []
    table = inst_info({}, {"inst_id": "P:A1"}, {"inst_id": "P:A1"}, {})
    wells = read_wells(write_text(table, tmp_path / "a.txt"), account)
    assert wells["well"].tolist() == [table["inst_id"][0], "P:A1", table["inst_id"][3]]
    assert account == [("inst_id in more than one row, all alike: one counts", 1, "'P:A1'")]


@pytest.mark.fault(
    "-666 in plate, drug, type or cell of a well",
    "the well is left out, counted and named; all others count",
)
@pytest.mark.parametrize("column", ["rna_plate", "pert_id", "pert_type", "cell_id"])
@pytest.mark.parametrize("kind", ["trt_cp", "ctl_vehicle", "trt_sh"])
def test_a_well_that_lacks_what_it_is_about_is_of_no_use_and_named(tmp_path, column, kind):
    whole = {"pert_type": kind}
    rows = [whole, whole | {column: "-666"}, whole, whole | {column: ""}]
    table, account = inst_info(*rows), []
    wells = read_wells(write_text(table, tmp_path / "a.txt"), account)
    assert wells["kind"].tolist() == [kind, ODD, kind, ODD]
    upstream = "plate" if column == "rna_plate" else column
    named = ", ".join(map(repr, table["inst_id"][[1, 3]]))
    assert account == [(f"well without {upstream}: left out", 2, named)]
    assert wells["well"].tolist() == table["inst_id"].tolist()  # the matrix has a column of each
    assert not wells[["plate", "batch", "drug", "kind", "cell"]].isna().any(axis=None)
    whole_rows = inst_info(whole, {}, whole).drop(index=1)
    alone = read_wells(write_text(whole_rows, tmp_path / "b.txt"))
    pd.testing.assert_frame_equal(wells.iloc[[0, 2]].reset_index(drop=True), alone)


def merged(tmp_path, *rows):
    names = ["pert_id", "pert_iname", "inchi_key", "canonical_smiles"]
    account = []
    drugs = read_drugs(write_text(pd.DataFrame(rows, columns=names), tmp_path / "a.txt"), account)
    return drugs.fillna("?").to_numpy().tolist(), account


@pytest.mark.fault(
    "a duplicated pert_id",
    "its rows are merged, counted and named; what they contradict each other in counts as missing",
)
def test_rows_of_one_drug_are_merged(tmp_path):
    rows, account = merged(
        tmp_path,
        ("a", "aspirin", "-666", "C"),
        ("b", "b", "B", "CC"),
        ("a", "aspirin", "A", "-666"),
        ("c", "c", "C", "CCC"),
        ("c", "c", "D", "CCC"),
        ("a", "-666", "A", "C"),
    )
    assert rows == [["a", "aspirin", "A", "C"], ["b", "b", "B", "CC"], ["c", "c", "?", "CCC"]]
    assert account == [
        ("pert_id in more than one row: merged", 5, "'a', 'c'"),
        ("rows of one pert_id differ in inchi_key: it counts as missing", 1, "'c'"),
    ]


def test_a_drug_without_an_id_is_left_out_and_its_line_named(tmp_path):
    rows, account = merged(tmp_path, ("a", "a", "A", "C"), ("-666", "b", "B", "N"))
    assert rows == [["a", "a", "A", "C"]]
    assert account == [("without pert_id: left out", 1, "'line 3'")]


def test_a_table_without_odd_rows_has_nothing_to_account_for(tmp_path):
    rows, account = merged(tmp_path, ("a", "a", "A", "C"), ("b", "a", "A", "-666"))
    assert rows == [["a", "a", "A", "C"], ["b", "a", "A", "?"]]
    assert account == []


def test_cells_of_two_lineages_have_none(tmp_path):
    table = pd.DataFrame({"cell_id": ["A", "B", "A", "B"], "primary_site": ["x", "y", "z", "y"]})
    cells = read_cells(write_text(table, tmp_path / "a.txt"))
    assert cells.fillna("?").to_numpy().tolist() == [["A", "?"], ["B", "y"]]
