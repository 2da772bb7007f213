"""Each structure has the vector of its encoder, or of a table from outside, or none: never 0."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError
from lacuna.single_cell.drug_vectors import LEARNED, encode_drugs, read_drug_vectors
from lacuna.single_cell.interface import CONTROL_SMILES
from lacuna.single_cell.observations import write_drugs
from lacuna.structures.encoders import descriptors, morgan
from lacuna.structures.identity import identify

NAMES = {"acid": "CC(=O)O", "amine": "C[C@H](N)c1ccccc1", "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O"}


@pytest.fixture
def tables(tmp_path):
    """Two tables of drugs that share one."""
    made = []
    for number, names in enumerate((["acid", "amine"], ["amine", "caffeine"])):
        who = identify(pd.Series({name: NAMES[name] for name in names}), progress=False)
        made.append(tmp_path / f"drugs_{number}.tsv")
        write_drugs(who.assign(pathway=""), made[-1])
    return made


def encoded(tables, folder, encoder, vectors=None, **options):
    encode_drugs(
        tables,
        encoder=encoder,
        options=options,
        vectors=vectors,
        output=folder / "e.h5",
        cache=None,
    )
    return read_drug_vectors(folder / "e.h5")


@pytest.mark.parametrize(("encoder", "module"), [("morgan", morgan), ("descriptors", descriptors)])
def test_every_structure_and_the_vehicle_have_a_vector(tables, tmp_path, encoder, module):
    found = encoded(tables, tmp_path, encoder)
    assert sorted(found.index) == sorted([CONTROL_SMILES, *NAMES.values()])
    np.testing.assert_array_equal(found.to_numpy(), module.encode(found.index.tolist()))
    assert found.to_numpy().dtype == np.float32


def test_options_reach_the_encoder(tables, tmp_path):
    assert encoded(tables, tmp_path, "morgan", bits=512).shape[1] == 512


def test_learned_vectors_are_none_at_all(tables, tmp_path):
    assert encoded(tables, tmp_path, LEARNED).shape == (4, 0)


WRITINGS = ["OC(C)=O", "N[C@@H](C)c1ccccc1.Cl", "C[S](C)=O"]  # the acid, a salt, and the vehicle


def outside(path, index=False, column="smiles", smiles=WRITINGS):
    """Write vectors of structures in other writings, as a column or as the index."""
    table = pd.DataFrame({"v0": [1.5, 2.0, 9.0], "v1": [-1.0, 0.0, 9.0]}).iloc[: len(smiles)]
    if index:
        table.index = pd.Index(smiles)
    else:
        table[column] = smiles
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t", index=index)
    return path


@pytest.mark.parametrize("index", [False, True], ids=["column", "index"])
@pytest.mark.parametrize("name", ["v.parquet", "v.tsv", "v.tsv.gz"])
def test_a_table_is_met_by_structure_in_any_writing(tables, tmp_path, name, index, capsys):
    found = encoded(tables, tmp_path, "grover", outside(tmp_path / name, index))
    assert found.loc["CC(=O)O"].tolist() == [1.5, -1.0]
    assert found.loc[NAMES["amine"]].tolist() == [2.0, 0.0]
    assert found.loc[CONTROL_SMILES].tolist() == [9.0, 9.0]
    assert found.loc[NAMES["caffeine"]].isna().all()  # not 0
    said = capsys.readouterr().out
    assert "no vector of 1 of 4 structures" in said
    assert NAMES["caffeine"] in said


def test_the_column_may_be_called_as_lincs_does(tables, tmp_path):
    path = outside(tmp_path / "v.tsv", column="canonical_smiles")
    assert encoded(tables, tmp_path, "grover", path).loc["CC(=O)O"].tolist() == [1.5, -1.0]


def test_a_twin_is_not_met(tables, tmp_path):
    path = outside(tmp_path / "v.tsv", smiles=["N[C@H](C)c1ccccc1", "OC(C)=O"])
    assert encoded(tables, tmp_path, "grover", path).loc[NAMES["amine"]].isna().all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("smiles\tv0\nCC(=O)O\tx\n", "'v0' hold what is no number"),
        ("smiles\tv0\nnothing\t1\n", "none of its 1 rows has a SMILES"),
        ("smiles\tv0\nCC(=O)O\t\n", "none of its 1 rows has a SMILES"),
        ("smiles\tv0\nCC(=O)O\tinf\n", "none of its 1 rows has a SMILES"),
        ("smiles\tv0\nCCCCCCCC\t1\n", "has none of the 4 drugs"),
        ("smiles\nCC(=O)O\n", "numbers in all others"),
    ],
)
def test_a_table_that_is_none_of_vectors_is_refused(tables, tmp_path, text, said):
    path = tmp_path / "v.tsv"
    path.write_text(text)
    with pytest.raises(LacunaError, match=said):
        encoded(tables, tmp_path, "grover", path)


@pytest.mark.fault("a table of vectors in Parquet is damaged", "it is named as damaged")
def test_damaged_parquet_is_named(tables, tmp_path):
    path = outside(tmp_path / "v.parquet")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DamagedFile, match=r"v\.parquet"):
        encoded(tables, tmp_path, "grover", path)


@pytest.mark.parametrize(
    ("encoder", "said"),
    [("dmpnn", "is trained"), ("morgen", r"did you mean 'morgan'")],
)
def test_an_encoder_without_vectors_is_refused(tables, tmp_path, encoder, said):
    with pytest.raises(LacunaError, match=said):
        encoded(tables, tmp_path, encoder)
