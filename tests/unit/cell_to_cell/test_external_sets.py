"""Profiles of another platform, and the drugs of the tensor that they are of."""

import numpy as np
import pandas as pd
import pytest
from toy import grid

from lacuna.cell_to_cell.external_sets import (
    SET_APART,
    drug_table,
    in_training,
    place_external,
    read_set,
    same_drugs,
    set_apart,
    typical_length,
)
from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING
from lacuna.errors import LacunaError
from lacuna.io.external import External

ASPIRIN, TWIN = "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "BSYNRYMUTXBXSQ-ABCDEFGHSA-N"
OTHER = "RZVAJINKPMORJF-UHFFFAOYSA-N"
DRUGS = pd.DataFrame(
    {
        "drug": ["K1", "K-2", "K3", "K4"],
        "name": ["Aspirin", None, "GSK-2110183", "namesake"],
        "inchi_key": [ASPIRIN, None, "restricted", OTHER],
    }
)
GENES = pd.DataFrame({"gene": list("12"), "symbol": ["A", "B"]})


def matched(names, keys=None):
    return [np.flatnonzero(row).tolist() for row in same_drugs(names, keys or {}, DRUGS)]


def test_a_drug_is_known_by_its_name_or_id_whatever_its_case_and_signs():
    assert matched(["ASPIRIN", "k2", "gsk2110183", "new"]) == [[0], [1], [2], []]


def test_where_both_have_a_key_its_first_block_decides():
    assert matched(["acetylsalicylic acid"], {"acetylsalicylic acid": TWIN}) == [[0]]
    assert matched(["namesake"], {"namesake": ASPIRIN}) == [[0]]  # and not the drug of its name
    assert matched(["namesake"], {"namesake": "no key"}) == [[3]]
    assert matched(["k2"], {"k2": OTHER}) == [[1, 3]]  # K-2 has none: its id counts


def test_a_silenced_gene_is_no_drug_of_its_name():
    kinds = DRUGS.assign(pert_type=["trt_sh", *["trt_cp"] * 3])
    assert not same_drugs(["aspirin"], {"aspirin": ASPIRIN}, kinds).any()


@pytest.mark.fault(
    "external profiles of drugs that the tensor has, too",
    "the network that predicts them is trained without these drugs",
)
def test_the_drugs_that_both_have_are_no_part_of_the_training():
    tensor = grid(np.random.default_rng(0).normal(size=(4, 3, 5)), np.ones((4, 3), bool))
    part = np.where(tensor.cell == 2, OTHER_CELL, np.where(tensor.drug > 1, TEST, TRAINING))
    external = np.array([False, True, False, True])
    parts = set_apart(tensor, part, external)["part"].to_numpy()
    assert set(parts[(tensor.cell < 2) & external[tensor.drug]]) == {SET_APART}
    assert set(parts[(tensor.cell < 2) & ~external[tensor.drug]]) == {TRAINING}
    assert set(parts[tensor.cell == 2]) == {OTHER_CELL}
    with pytest.raises(LacunaError, match="none is left to train on"):
        set_apart(tensor, part, np.ones(4, bool))


def test_whether_a_network_saw_a_drug_is_told_by_what_it_was_trained_on():
    external = External(
        np.eye(2, dtype="f4"), np.ones(2, bool), *np.array([["a", "b"], ["x", "x"]])
    )
    placed = place_external(external, np.array(["1", "2"]))
    same = np.array([[True, False, True, False], [False] * 4])
    table = drug_table(placed, "set", same, DRUGS)
    assert table["in_tensor"].tolist() == ["K1|K3", ""]
    assert in_training(table.replace("", np.nan), ["K3"]).tolist() == [True, False]
    assert in_training(table, ["K4"]).tolist() == [False, False]


def test_profiles_are_as_long_as_those_of_the_training():
    rows = np.array([[3, 4], [0, 10], [6, 8]], "f4")
    assert typical_length(rows) == 10
    assert typical_length(rows / np.linalg.norm(rows, axis=1, keepdims=True)) == 1
    external = External(rows[:1] / 5, np.ones(2, bool), *np.array([["a"], ["x"]]))
    placed = place_external(external, np.array(["1", "2"]), typical_length(rows))
    assert np.allclose(placed.profiles, [[6, 8]])


def test_only_the_cells_asked_for_are_kept(tmp_path):
    profiles, samples = tmp_path / "p.tsv", tmp_path / "s.tsv"
    profiles.write_text("symbol\ts1\ts2\ts3\nA\t1\t2\t3\nB\t-1\t1\t1\n")
    samples.write_text("sample\tdrug\tcell\ns1\td\tMCF7\ns2\td\tPC-3\ns3\td\tHL-60\n")
    files = {"profiles": str(profiles), "samples": str(samples)}
    assert read_set(files, GENES, []).cell.tolist() == ["MCF7", "PC-3", "HL-60"]
    found = read_set(files, GENES, ["pc3", "MCF-7"])
    assert found.cell.tolist() == ["MCF7", "PC-3"]
    assert found.profiles.shape == (2, 2)
    with pytest.raises(LacunaError, match=r"no cell 'PC-4' \(did you mean 'PC-3'"):
        read_set(files, GENES, ["PC-4"])
