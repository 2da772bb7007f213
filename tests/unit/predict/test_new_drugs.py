"""Drugs of the user's own are read, or refused by name and row before anything is predicted."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.predict.measured import NONE, compare_with_measured
from lacuna.predict.new_drugs import choose_cells, name_new_drugs, read_new_drugs

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


@pytest.fixture
def table(tmp_path):
    def write(text, name="new.tsv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / name

    return write


def test_a_table_is_read(table):
    path = table(f"name\tsmiles\tcells\naspirin\t{ASPIRIN}\tMCF7; A549 ;\nethanol \tOCC\t\n")
    read = read_new_drugs(path)
    assert read["name"].tolist() == ["aspirin", "ethanol"]
    assert read["cells"].tolist() == [("MCF7", "A549"), ()]
    assert read["smiles"].tolist() == [ASPIRIN, "CCO"]
    assert read["given"].tolist() == [ASPIRIN, "OCC"]
    assert read["inchi_key"][0] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


@pytest.mark.fault(
    "a table of drugs to predict with one name in two cases, or with signs that nobody sees",
    "the first refused with both spellings, the second read without them and told",
)
def test_a_name_is_one_whatever_its_case_and_unseen_signs(table, capsys):
    with pytest.raises(LacunaError, match="'Ethanol', 'ethanol' stand in more than one row"):
        read_new_drugs(table("name\tsmiles\nEthanol\tOCC\nethanol\tCCO\n"))
    read = read_new_drugs(table("name\tsmiles\tcells\neth\u200banol\tOCC\u00a0\tPC3 ;A375\n"))
    assert read[["name", "given", "cells"]].to_numpy().tolist() == [
        ["ethanol", "OCC", ("PC3", "A375")]
    ]
    assert "blanks or invisible signs in smiles: taken away" in capsys.readouterr().err


def test_salts_and_charges_are_left_out_and_the_user_s_text_is_kept(table):
    read = read_new_drugs(table("drug\tcanonical_smiles\nsalt\tCC(=O)Oc1ccccc1C(=O)[O-].[Na+]\n"))
    assert read["smiles"].tolist() == [ASPIRIN]
    assert read["given"].tolist() == ["CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"]


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("not a smiles", "SMILES that cannot be read"),
        ("C1CC", "SMILES that cannot be read"),
        ("c1ccccc", "SMILES that cannot be read"),
        ("F(C)C", "SMILES that cannot be read"),
        ("", "missing"),
        ("-666", "missing"),
        ("restricted", "restricted"),
        ("[H][H]", "no heavy atom"),
        ("*CC", "no element"),
        ("C" * 20_000, "too large"),
        ("C" * 1500, "too large"),
        ("CCO |$R1;;$|", "SMILES that cannot be read"),
    ],
)
def test_what_is_no_structure_is_refused_with_file_row_and_reason(table, smiles, said):
    path = table(f"name\tsmiles\ngood\tCCO\nbad one\t{smiles}\n")
    with pytest.raises(LacunaError) as caught:
        read_new_drugs(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: 1 of 2 structures cannot be predicted")
    assert "row 3, bad one: " in told
    assert said in told
    assert len(told) < 600
    with pytest.raises(LacunaError, match="--smiles, bad one: "):
        name_new_drugs(["CCO", smiles], ["good", "bad one"])


def test_all_bad_structures_are_named_at_once(table):
    rows = "".join(f"d{number}\tnonsense {number}\n" for number in range(14))
    with pytest.raises(
        LacunaError, match=r"14 of 14(?s:.*)row 2, d0(?s:.*)row 11, d9(?s:.*)and 4 more"
    ):
        read_new_drugs(table(f"name\tsmiles\n{rows}"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\tsmile\na\tCCO\n", "no column smiles"),
        ("smiles\nCCO\n", "no column name"),
        ("name\tsmiles\n", "has no row"),
        ("name\tsmiles\na\tCCO\na\tCCN\n", "'a' stand in more than one row"),
        ("name\tsmiles\n\tCCO\n", "name"),
        ("name\tsmiles\na\x07b\tCCO\n", "control"),
        (b"\x00\x01\x02" * 50, "new.tsv"),
        (b"\x1f\x8b broken", "new.tsv"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table, text, said):
    path = table(text)
    with pytest.raises(LacunaError, match=said) as caught:
        read_new_drugs(path)
    assert str(path) in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(LacunaError, match=r"new.tsv"):
        read_new_drugs(tmp_path / "new.tsv")


def test_structures_of_a_command_line_go_by_their_names_or_themselves():
    assert name_new_drugs(["OCC"]).to_dict("records")[0]["name"] == "OCC"
    named = name_new_drugs(["OCC", "CCN"], ["one", "two"], ["MCF7"])
    assert named["name"].tolist() == ["one", "two"]
    assert named["cells"].tolist() == [("MCF7",)] * 2
    with pytest.raises(LacunaError, match="2 --smiles and 1 --name"):
        name_new_drugs(["OCC", "CCN"], ["one"])
    with pytest.raises(LacunaError, match="'OCC' stands twice"):
        name_new_drugs(["OCC", "OCC"])


def test_cells_are_those_that_any_drug_is_wanted_in():
    cells = ["MCF7", "A549", "PC3"]
    new = name_new_drugs(["C", "CC"], cells=["pc3", "MCF7"])
    assert choose_cells(new, cells) == [0, 2]
    assert choose_cells(name_new_drugs(["C"]), cells) == [0, 1, 2]
    with pytest.raises(LacunaError, match=r"t.tsv: C: no cell 'PC4' \(did you mean 'PC3'\?\)"):
        choose_cells(name_new_drugs(["C"], cells=["PC4"]), cells, "t.tsv")


# Measured drugs


def drugs(*smiles, keys=None):
    return pd.DataFrame({"smiles": smiles, "inchi_key": keys or [""] * len(smiles)})


def test_the_nearest_are_the_most_similar_first():
    measured = drugs("CCCCO", "c1ccccc1", "", "nonsense", "CCCO", "CCCCCO", "CCCCCCO")
    found = compare_with_measured(name_new_drugs(["CCCCCCCO"]), measured).iloc[0]
    assert found["measured"] == NONE
    assert found["nearest"][0] == 6
    assert list(found["tanimoto"]) == sorted(found["tanimoto"], reverse=True)
    assert len(found["nearest"]) == 3
    assert not {2, 3} & set(found["nearest"])


def test_a_measured_drug_is_found_whatever_its_salt_or_spelling():
    measured = drugs("CCO", "[Na+].CC(=O)Oc1ccccc1C(=O)[O-]", "c1ccccc1")
    new = name_new_drugs(["OC(=O)c1ccccc1OC(C)=O", "CCCO", "C1=CC=CC=C1"])
    found = compare_with_measured(new, measured)
    assert found["measured"].tolist() == [1, NONE, 2]
    assert 1 not in found["nearest"].iloc[0]


def test_a_measured_drug_without_a_readable_structure_is_found_by_its_key():
    measured = drugs("restricted", "CCN", keys=["BSYNRYMUTXBXSQ-UHFFFAOYSA-N", ""])
    assert compare_with_measured(name_new_drugs([ASPIRIN]), measured)["measured"].tolist() == [0]


def test_a_stereo_twin_is_another_drug():
    measured = drugs("C[C@H](N)C(=O)O")
    found = compare_with_measured(name_new_drugs(["C[C@@H](N)C(=O)O"]), measured).iloc[0]
    assert found["measured"] == NONE
    assert found["tanimoto"] == (1.0,)


def test_a_structure_that_is_like_none_has_no_neighbour():
    found = compare_with_measured(name_new_drugs(["[Pt]"]), drugs("CCO", "CCN")).iloc[0]
    assert found["nearest"] == ()
    assert np.isscalar(found["measured"])
