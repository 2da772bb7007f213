"""Who a compound is: hostile structures are counted, salts and twins are seen through."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import example, given, settings
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.rdBase import BlockLogs

from lacuna.errors import LacunaError
from lacuna.structures import reading
from lacuna.structures.identity import (
    COLUMNS,
    count_reasons,
    drug_groups,
    group_compounds,
    identify,
    unique_compounds,
)

LETTERS = "CNOPSFclnos[]()=#+-@/\\.%123456789H*:"
RIGHT, LEFT = "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"  # alanine
LACTAM, LACTIM = "O=c1cccc[nH]1", "Oc1ccccn1"  # tautomers: one InChIKey, two scaffolds
MINI = "lincs-mini/MINI_Broad_LINCS_"


def look(*smiles):
    return identify(list(smiles), progress=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", reading.MISSING),
        ("  ", reading.MISSING),
        ("-666", reading.MISSING),
        (None, reading.MISSING),
        (float("nan"), reading.MISSING),
        (-666, reading.MISSING),
        ("restricted", reading.RESTRICTED),
        ("aspirin", reading.UNREADABLE),
        ("C1CC", reading.UNREADABLE),
        ("C(C)(C)(C)(C)C", reading.UNREADABLE),  # five bonds
        ("CCO ethanol", reading.UNREADABLE),
        ("CCO |$R1;;$|", reading.UNREADABLE),
        ("CC>>CO", reading.UNREADABLE),
        ("CCO |r", reading.UNREADABLE),
        ("C\0C", reading.UNREADABLE),
        ("C\ud800", reading.UNREADABLE),
        ("(" * 5000, reading.UNREADABLE),
        ("C" * 20_000, reading.TOO_LARGE),
        ("C" * 1001, reading.TOO_LARGE),
        (".".join(["CCO"] * 400), reading.TOO_LARGE),
        ("*CC", reading.NOT_ONLY_ELEMENTS),
        ("[H+]", reading.NO_HEAVY_ATOM),
        ("[H][H]", reading.NO_HEAVY_ATOM),
        ("[2H]O[2H]", ""),
        ("C" * 1000, ""),
        (" CCO\n", ""),
    ],
)
@pytest.mark.fault("a text that is no usable SMILES", "it is counted by its reason")
def test_what_cannot_be_used_is_said(text, said):
    row = look(text).iloc[0]
    assert row["said"] == said
    assert row[COLUMNS[:4]].isna().all() == bool(said)


def test_a_remark_that_chemaxon_keeps_as_an_atom_is_no_part_of_the_drug():
    plain = "Cl.N[C@@H]1C[C@H]1C1=CC=CC=C1"
    label = "|r,$;relative stereochemistry_R0;;;;;;;;;;$,c:7,9,t:5|"  # of sci-Plex3
    rows = look(plain, plain.replace("Cl.", "Cl.[*].") + f" {label}")
    assert rows.iloc[0].equals(rows.iloc[1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[*]CO |$R1;;$|", reading.UNREADABLE),  # bound: a place for anything
        ("[*].CO |$;R1;$|", reading.UNREADABLE),  # of an atom with an element
        ("CO |$;;remark$|", reading.UNREADABLE),  # of no atom
        ("[*].CO |r|", reading.NOT_ONLY_ELEMENTS),  # without a label
        ("[*] |$remark$|", reading.NO_HEAVY_ATOM),
    ],
)
def test_labels_of_other_atoms_are_no_remarks(text, said):
    assert look(text).iloc[0]["said"] == said


@given(st.one_of(st.text(max_size=30), st.text(LETTERS, max_size=30)))
@example("[Fe+2].[O-]c1ccccc1")
@example("C[N+]([O-])=O.[U]")
@example("F[P-](F)(F)(F)(F)F.CCCCN1C=C[N+](C)=C1")
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_whole_row_or_a_reason(text):
    row = look(text).iloc[0]
    if row["said"]:
        assert row["said"] in reading.REASONS
        assert row[COLUMNS[:4]].isna().all()
        return
    again = look(row["smiles"]).iloc[0]
    assert list(again) == list(row)  # a parent is its own parent
    assert len(row["inchi_key"]) == 27
    assert row["inchi_key"].startswith(row["block"] + "-")


def test_nothing_is_printed_for_hostile_structures(capfd):
    look("C1CC", "C(C)(C)(C)(C)C", "c1ccc1", "[Xx]", "*", "F/C=C/F.[Na+].[Cl-]", "\ud800")
    assert capfd.readouterr() == ("", "")


def test_reasons_are_counted_and_no_row_is_lost():
    smiles = pd.Series(["-666", "CCO", "x", "restricted", "", "CCO"], index=list("abcdef"))
    found = identify(smiles, progress=False)
    assert list(found.index) == list("abcdef")
    assert list(found.columns) == COLUMNS
    assert count_reasons(found) == {
        reading.MISSING: 2,
        reading.RESTRICTED: 1,
        reading.UNREADABLE: 1,
    }
    assert list(found.loc["b"]) == list(found.loc["f"])
    assert count_reasons(look()) == {}
    assert list(look().columns) == COLUMNS


@pytest.mark.parametrize(
    "salt",
    [
        "CC(=O)Oc1ccccc1C(=O)O",
        "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]",
        "[Ca+2].CC(=O)Oc1ccccc1C(=O)[O-].CC(=O)Oc1ccccc1C(=O)[O-]",
        "O.O.CC(=O)Oc1ccccc1C(=O)O[K]",
        "OC(=O)c1ccccc1OC(C)=O.C(CO)N",
        "[CH3:7]C(=O)Oc1ccccc1C(=O)O",
    ],
)
def test_salts_of_a_drug_are_one_compound(salt):
    row = look(salt).iloc[0]
    assert row["inchi_key"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"  # aspirin, as everywhere
    assert row["smiles"] == "CC(=O)Oc1ccccc1C(=O)O"
    assert row["scaffold"] == "c1ccccc1"


def test_substances_without_carbon_stay_whole():
    cisplatin, salt, acid = look("N.N.Cl[Pt]Cl", "[Na+].[Cl-]", "Cl")["inchi_key"]
    assert len({cisplatin, salt, acid}) == 3


def test_a_parent_is_what_rdkit_calls_one(shared_data):
    table = pd.read_csv(shared_data / f"{MINI}pert_info.txt.gz", sep="\t", dtype=str)
    smiles = table["canonical_smiles"][table["canonical_smiles"].str.len() > 10][::8]
    with BlockLogs():
        for text, found in zip(smiles, identify(smiles, progress=False)["smiles"], strict=True):
            cleaned = rdMolStandardize.Cleanup(Chem.MolFromSmiles(text))
            parent = rdMolStandardize.ChargeParent(cleaned, skipStandardize=True)
            assert found == Chem.CanonSmiles(Chem.MolToSmiles(parent))


def test_stereo_twins_share_the_block_and_the_scaffold_and_nothing_else():
    twins = look(RIGHT, LEFT, "CC(N)C(=O)O")
    assert twins["inchi_key"].nunique() == twins["smiles"].nunique() == 3
    assert len(set(twins["block"])) == 1
    cis, trans = look(r"C1CC1/C=C\C1CCCCC1", "C1CC1/C=C/C1CCCCC1")["scaffold"]
    assert cis == trans == "C(=CC1CC1)C1CCCCC1"
    assert look("CCO").iloc[0]["scaffold"] == ""


def test_groups_keep_twins_together():
    found = look(RIGHT, "x", LACTIM, LEFT, LACTAM, "Cc1ccccn1", "Cc1cccc(=O)[nH]1", "CCO")
    by_block = group_compounds(found)
    assert list(by_block.index) == [0, 2, 3, 4, 5, 6, 7]
    assert by_block[0] == by_block[3] != by_block[7]
    assert by_block[2] == by_block[4] != by_block[5]
    by_scaffold = group_compounds(found, "scaffold")
    # The pyridine's and the pyridone's scaffolds meet in one compound of two tautomers.
    assert len(set(by_scaffold[[2, 4, 5, 6]])) == 1
    assert len(set(by_scaffold[[0, 2, 7]])) == 3  # without a ring nothing is shared
    assert set(by_scaffold) <= set(found["block"].dropna())
    with pytest.raises(LacunaError, match="'scafold', expected 'block' or 'scaffold'"):
        group_compounds(found, "scafold")


def test_one_compound_has_one_structure_whatever_the_order():
    found = look(LACTIM, "x", RIGHT, LACTAM, RIGHT)
    compounds = unique_compounds(found)
    assert len(compounds) == 2
    assert list(compounds.columns) == ["smiles", "block", "scaffold"]
    assert compounds.loc["UBQKCCHYAOITMY-UHFFFAOYSA-N", "smiles"] == min(
        Chem.CanonSmiles(one) for one in (LACTIM, LACTAM)
    )
    assert unique_compounds(found[::-1]).equals(compounds)


def test_real_wells_have_the_known_numbers_of_structures(shared_data):
    drugs = pd.read_csv(
        shared_data / f"{MINI}pert_info.txt.gz", sep="\t", dtype=str, keep_default_na=False
    )
    wells = pd.read_csv(shared_data / f"{MINI}inst_info.txt.gz", sep="\t", dtype=str)
    found = identify(drugs["canonical_smiles"], progress=False)
    assert count_reasons(found) == {reading.MISSING: 2, reading.RESTRICTED: 1}
    known = found[found["said"] == ""].join(drugs["pert_id"])
    assert known["smiles"].nunique() == 414
    assert known["inchi_key"].nunique() == 413
    assert known["block"].nunique() == 405
    at_six = wells[wells["pert_time"] == "6"].merge(known, on="pert_id")
    lines = [set(of_one["smiles"]) for _, of_one in at_six.groupby("cell_id")]
    assert len(lines) == 2
    assert len(lines[0] & lines[1]) == 344
    again = identify(known["smiles"], progress=False)
    assert again.equals(known[COLUMNS])


@pytest.mark.parametrize("extension", ["|r|", "|t:10|", "|&1:11,&2:21|", "|c:14,33,t:29,31|", "||"])
def test_what_chemaxon_says_of_stereochemistry_is_dropped(extension):
    known = identify(["C[C@H](O)CN", f"C[C@H](O)CN {extension}"], progress=False)
    assert known["said"].tolist() == ["", ""]
    assert known["inchi_key"].iloc[0] == known["inchi_key"].iloc[1]


def test_twins_salts_and_hairpins_of_one_gene_are_one_group_and_all_others_stand_alone():
    twins = ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"]
    salt = "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"
    aspirin = "CC(=O)Oc1ccccc1C(=O)O"
    keys = identify([twins[0], aspirin])["inchi_key"]
    rows = [
        ("alone", "CCO", None, "trt_cp", "TP53"),
        ("twin", twins[0], None, "trt_cp", "a"),
        ("gene", None, None, "trt_sh", "TP53"),
        ("salt", salt, None, "trt_cp", "b"),
        ("other twin", twins[1], None, "trt_cp", "c"),
        ("key alone", "restricted", keys[1], "trt_cp", "d"),
        ("consensus", None, None, "trt_sh.cgs", "tp53"),
        ("unknown", None, "restricted", "trt_cp", None),
        ("unknown too", "-666", None, "trt_cp", None),
        ("over-expressed", None, None, "trt_oe", "TP53"),
    ]
    drugs = pd.DataFrame(rows, columns=["drug", "smiles", "inchi_key", "pert_type", "name"])
    drugs.index = drugs.index[::-1]  # labels do not count
    expected = {"other twin": "twin", "key alone": "salt", "consensus": "gene"}
    first = drugs["drug"].to_numpy()[drug_groups(drugs)]
    assert first.tolist() == [expected.get(drug, drug) for drug in drugs["drug"]]
    assert drug_groups(drugs[["drug"]]).tolist() == list(range(len(drugs)))


def test_a_key_that_is_said_links_what_the_structure_does_not():
    """The key that LINCS says of a salt has the counter-ion in it; that of its parent has not."""
    salt = "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"
    said = "DDDDDDDDDDDDDD-UHFFFAOYSA-N"
    drugs = pd.DataFrame(
        {
            "smiles": [None, salt, "CC(=O)Oc1ccccc1C(=O)O", None],
            "inchi_key": [said, said, None, "EEEEEEEEEEEEEE-UHFFFAOYSA-N"],
        }
    )
    assert drug_groups(drugs).tolist() == [0, 0, 0, 3]
