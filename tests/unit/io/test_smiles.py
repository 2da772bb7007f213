"""Structures by name, in the layouts that others give them in."""

import gzip

import pytest

from lacuna.errors import LacunaError
from lacuna.io.smiles import read_smiles


@pytest.mark.parametrize(
    "text",
    [
        "drug\tsmiles\na/b, c\tCCO\nNA1\tCC |r,c:1|\nnone\t-666\n",
        "other\tcanonical_smiles\tname\n1\tCCO\ta/b, c\n2\tCC |r,c:1|\tNA1\n3\tCCO\ta/b, c\n",
        "pert_id\tSMILES\na/b, c\tCCO \nNA1\tCC |r,c:1|\n",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_tables_with_tabs(tmp_path, text, packed):
    path = tmp_path / "d.tsv"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read_smiles(path).to_dict() == {"a/b, c": "CCO", "NA1": "CC |r,c:1|"}


@pytest.mark.parametrize("header", ["", "pert_id,canonical_smiles\n"])
def test_two_columns_with_a_comma(tmp_path, header):
    path = tmp_path / "d.csv"
    path.write_text(header + "BRD-1, CCO\nBRD-2, C[C@H](N)O\nBRD-3,\n")
    assert read_smiles(path).to_dict() == {"BRD-1": "CCO", "BRD-2": "C[C@H](N)O"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drug\tsmiles\na\tCCO\na\tCCN\n", "1 drugs have more than one SMILES: 'a'"),
        ("drug\tstructure\na\tCCO\n", "no column smiles"),
        ("just names\nand more\n", "first line has 1 fields; expected two"),
        ("a,\nb,\n", "no second column"),
        ("a, \x01\n", "control character"),
    ],
)
def test_what_gives_no_structures_is_refused(tmp_path, text, said):
    path = tmp_path / "d.tsv"
    path.write_text(text)
    with pytest.raises(LacunaError, match=said):
        read_smiles(path)


def test_all_of_lincs(shared_data):
    found = read_smiles(shared_data / "lincs-smiles" / "lincs_drugs_smiles.csv.gz")
    assert len(found) == 17_775
    assert found["BRD-A00100033"].startswith("CC1CS")
    sciplex = shared_data / "single-cell" / "sciplex-wells" / "Supplementary_Table_3.txt.gz"
    assert len(read_smiles(sciplex)) == 188  # a row for each well
