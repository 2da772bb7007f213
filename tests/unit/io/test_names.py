"""Names that are one name, however a table writes them; counted, and never taken for two."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wells import inst_info, write_text

from lacuna.io.geo import read_drugs, read_wells
from lacuna.io.names import INVISIBLE, drug_key, one_spelling, spelt_as, tidy
from lacuna.signatures.signature_set import spell_alike
from lacuna.tensor.substances import add_facts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        *(
            (" A375", "A375"),
            ("A375 ", "A375"),
            ("A3\u200b75\ufeff", "A375"),
            ("A375\u00a0", "A375"),
        ),
        *(("MCF\u2009 7", "MCF 7"), ("e\u0301", "é"), ("\u200b", ""), ("10 µM", "10 µM")),
    ],
)
def test_what_nobody_sees_is_taken_away(text, plain):
    assert tidy(text) == plain


@given(st.text(max_size=8))
@settings(max_examples=50)
def test_what_is_tidy_stays_so(text):
    once = tidy(text)
    assert tidy(once) == once
    assert not INVISIBLE.search(once)


@pytest.mark.fault(
    "cells called 'A375', 'A375 ', 'A375' with a zero-width blank, and 'a375'",
    "one cell line; what was changed is counted and named",
)
def test_one_cell_line_is_one(tmp_path):
    cells = ["A375", "A375 ", "A375\u200b", "a375", "A375\u00a0"]
    table = inst_info(*({"cell_id": cell} for cell in cells))
    account = []
    wells = read_wells(write_text(table, tmp_path / "a.txt"), account)
    assert wells["cell"].tolist() == ["A375"] * 5
    assert account == [
        (
            "blanks or invisible signs in cell_id: taken away",
            3,
            r"'A375 ', 'A375\u200b', 'A375\xa0'",
        ),
        ("cell_id that differ only in case: one spelling counts", 1, "'a375 is A375'"),
    ]


@pytest.mark.fault(
    "drugs, plates and batches that differ only in case or blanks",
    "one each, in the spelling of most rows",
)
def test_drugs_plates_and_batches_are_spelt_alike(tmp_path):
    rows = [
        {"pert_id": "BRD-A1", "rna_plate": "P_X1"},
        {"pert_id": "brd-a1 ", "rna_plate": "p_x1"},
        {"pert_id": "BRD-A1", "rna_plate": "P_X1"},
    ]
    table = inst_info(*rows).assign(batch=["one", "One", "one "])
    wells = read_wells(write_text(table, tmp_path / "a.txt"))
    assert {name: set(wells[name]) for name in ("drug", "plate", "batch")} == {
        "drug": {"BRD-A1"},
        "plate": {"P_X1"},
        "batch": {"one"},
    }
    drugs = pd.DataFrame({"pert_id": ["brd-a1", "BRD-A1"], "canonical_smiles": ["CCO", "-666"]})
    read = read_drugs(write_text(drugs, tmp_path / "b.txt"))
    assert read[["drug", "smiles"]].to_numpy().tolist() == [["brd-a1", "CCO"]]
    # What its table says is found, whatever its spelling.
    assert add_facts(wells, [read.assign(inchi_key="K")])["inchi_key"].tolist() == ["K"] * 3


def test_ids_of_a_matrix_stay_as_they_are(tmp_path):
    table = inst_info({"inst_id": "P:a01 "}, {"inst_id": "P:A01"})
    assert read_wells(write_text(table, tmp_path / "a.txt"))["well"].tolist() == ["P:a01 ", "P:A01"]


def test_a_blank_beside_a_missing_value_is_none(tmp_path):
    account = []
    wells = read_wells(write_text(inst_info({"cell_id": " -666 "}), tmp_path / "a.txt"), account)
    assert wells["cell"].tolist() == [""]
    assert "well without cell_id: left out" in [odd.what for odd in account]


def test_structures_as_names_stay_apart():
    """Cyclohexane is no benzene."""
    ring, aromatic = "C1CCCCC1", "c1ccccc1"
    names = pd.Series([ring, aromatic, "Aspirin", "aspirin"])
    account = []
    assert one_spelling(names, "pert_id", account, drug_key).tolist() == [
        *(ring, aromatic, "Aspirin", "Aspirin")
    ]
    assert [odd.rows for odd in account] == [1]
    assert spelt_as(names, [aromatic.upper(), "ASPIRIN"], drug_key).tolist() == [
        *(ring, aromatic, "ASPIRIN", "ASPIRIN")
    ]


def test_series_that_spell_a_cell_in_two_ways_share_it():
    table = pd.DataFrame({"drug": ["BRD-A1", "BRD-A1", "brd-a1"], "cell": ["PC3", "pc3", "pc3"]})
    alike, account = spell_alike(table)
    assert alike.to_numpy().tolist() == [["BRD-A1", "pc3"]] * 3
    assert [odd.named for odd in account] == ["'brd-a1 is BRD-A1'", "'PC3 is pc3'"]


@given(st.lists(st.sampled_from(["A375", "a375", "A-375", "Pc3", "PC3", "mcf7"]), max_size=12))
@settings(max_examples=40)
def test_no_two_names_differ_only_in_case(names):
    alike = one_spelling(pd.Series(names, dtype=object), "cell")
    assert [name.casefold() for name in alike] == [name.casefold() for name in names]
    assert alike.nunique() == alike.str.casefold().nunique()
