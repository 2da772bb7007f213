"""What is asked of a model: structures, doses, tables of drugs; or a reason why not."""

import anndata
import numpy as np
import pandas as pd
import pytest
from used_model import ASPIRIN, CAFFEINE, call, controls, used_model

from lacuna.command import main
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell import treatments
from lacuna.structures.fingerprints import structure_similarity
from lacuna.structures.identity import identify
from lacuna.structures.similar import FAR, similarity

DRUGS = ["drug", "smiles", "dose"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return used_model(tmp_path_factory)


@pytest.fixture(scope="module")
def held_out(made):
    """Two held-out drugs: names and SMILES."""
    drugs = made.observations.drugs.loc[made.fold.held_out[:2]]
    return list(zip(drugs.index, drugs["smiles"], strict=True))


@pytest.fixture
def folder(made, tmp_path):
    """A folder with the untreated cells of both lines."""
    controls(made).write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path


def test_a_dose_without_a_unit_is_nanomolar_and_one_beyond_is_warned_of(made, folder, capsys):
    found = []
    for dose in ("1000", "1000nM", "1 uM", "1e-3mM"):
        assert call(folder, made, "--smiles", ASPIRIN, "--dose", dose) == 0
        found.append(anndata.read_h5ad(folder / "out.h5ad"))
    assert all(np.array_equal(one.X, found[0].X) for one in found)
    assert (found[0].obs["dose"] == 1.0).all()
    assert "beyond the doses" not in capsys.readouterr().out
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "50uM", "--dose", "10") == 0
    assert "0.01, 50 uM: beyond the doses of the training, 0.1, 10 uM" in capsys.readouterr().out


def test_structures_are_met_whatever_their_salt_and_far_ones_are_warned_of(made, folder, capsys):
    name = made.predictor.drugs.index[0]
    salt = made.predictor.drugs["smiles"].iloc[0] + ".Cl"
    assert call(folder, made, "--smiles", salt, "--dose", "1uM") == 0
    said = capsys.readouterr().out
    assert (
        f"{salt}: trained on; nearest training drugs, by Tanimoto similarity: {name} (1.00)" in said
    )
    assert "unlike all" not in said
    assert read_table(folder / "out.tsv")["drug"].unique().tolist() == [name]
    drugs = made.predictor.drugs
    alike = pd.Series(similarity([CAFFEINE], drugs["smiles"])[0], drugs.index)
    alike = alike.sort_values(ascending=False, kind="stable")
    assert alike.iloc[0] < FAR
    assert call(folder, made, "--smiles", CAFFEINE, "--dose", "1uM") == 0
    said = capsys.readouterr().out
    named = "; ".join(f"{drug} ({value:.2f})" for drug, value in alike.iloc[:3].items())
    assert "Warning: " + CAFFEINE in said and f"the nearest are {named}." in said
    warned = anndata.read_h5ad(folder / "out.h5ad").uns["lacuna"]["warnings"]
    assert any(CAFFEINE in str(text) for text in warned)


def test_similarity_is_that_of_the_tables_of_the_run(made):
    smiles = made.observations.drugs["smiles"].to_numpy()
    np.testing.assert_allclose(similarity(smiles, smiles), structure_similarity(smiles))
    assert similarity([], smiles).shape == (0, len(smiles))


def test_many_unlike_structures_are_counted(made):
    rows = [f"{'C' * n}O" for n in range(1, 9)]
    asked = treatments.compared(identify(rows, progress=False).assign(given=rows), made.predictor)
    said = treatments.warnings_of(treatments.Treatments(asked, []), made.predictor)
    far = int((asked["similarity"] < FAR).sum())
    assert far > treatments.MOST_NAMED
    assert len(said) == treatments.MOST_NAMED + 1
    assert f"So are {far - treatments.MOST_NAMED} more" in said[-1]


def test_a_table_of_drugs_is_predicted_row_by_row(made, folder, held_out, capsys):
    (one, first), (two, second) = held_out
    rows = [(one, first, "1uM"), (one, first, "10uM"), (two, second, "500"), ("bad", "C1CC", "1"),
            (one, first, "1000nM")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["drug", "smiles", "dose"])
    write_table(table, folder / "drugs.tsv")
    assert call(folder, made, "--drugs", folder / "drugs.tsv") == 0
    assert "left out: 1 (SMILES that cannot be read)" in capsys.readouterr().out
    found = read_table(folder / "out.tsv")
    asked = [(one, 1.0), (one, 10.0), (two, 0.5)]
    assert list(zip(found["drug"], found["dose"], strict=True))[::2] == asked
    cells = anndata.read_h5ad(folder / "out.h5ad")
    assert len(cells) == 3 * 320 and cells.obs_names.is_unique
    for drug, smiles, dose in ((one, first, 10.0), (two, second, 0.5)):
        assert call(folder, made, "--smiles", smiles, "--dose", f"{dose}uM", output="b.h5ad") == 0
        own = cells[(cells.obs["drug"] == drug) & (cells.obs["dose"] == dose)]
        assert np.array_equal(own.X, anndata.read_h5ad(folder / "b.h5ad").X)
    write_table(table[["drug", "smiles"]], folder / "drugs.tsv")
    words = ["--drugs", folder / "drugs.tsv", "--dose", "1uM", "--dose", "10uM"]
    assert call(folder, made, *words, output="t.tsv") == 0
    found = read_table(folder / "t.tsv")
    assert found.groupby("drug")["dose"].unique().map(sorted).tolist() == [[1.0, 10.0]] * 2
    assert not (folder / "t.h5ad").exists() and (folder / "t_genes.tsv").exists()
    assert call(folder, made, *words, output="t.tsv.gz") == 0
    assert read_table(folder / "t.tsv.gz").equals(found)
    assert (folder / "t_genes.tsv.gz").exists()


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        ([("a", "CCO", "1")], ["--dose", "1"], "has a column of doses, and --dose is given, too"),
        ([("a", "CCO", None)], [], "has no column of doses, and --dose is not given"),
        ([("a", "CCO", "1"), ("b", "CCN", None)], [], "the column read as dose is empty in 1 rows"),
        ([("a", "CCO", "1"), ("a", "CCN", "1")], [], "'a' have more than one structure"),
        ([("control", "CCO", "1")], [], "as untreated cells are here"),
        ([("a", "C1CC", "1")], [], "none of its 1 structures can be read"),
        ([("a", "CCO", "much")], [], "'much' is no dose"),
        ([("a", "CCO", "-3")], [], "is negative"),
        ([(None, "CCO", "1")], [], "the column read as drug is empty"),
        ([], ["--dose", "1"], "has no row"),
    ],
)  # fmt: skip
@pytest.mark.fault("a table of drugs for `lacuna predict-cells`", "named, without a traceback")
def test_a_table_that_cannot_be_asked_is_named(made, folder, capsys, rows, words, said):
    write_table(pd.DataFrame(rows, columns=DRUGS), folder / "drugs.tsv")
    assert call(folder, made, "--drugs", folder / "drugs.tsv", *words) == 1
    shown = capsys.readouterr().err
    assert said in shown and "drugs.tsv" in shown and "Traceback" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--smiles", "C1CC", "--dose", "1"], "--smiles 'C1CC': SMILES that cannot be read"),
        (["--smiles", ASPIRIN], "no dose is given"),
        (["--dose", "1"], "expected --smiles or --drugs"),
        (["--smiles", ASPIRIN, "--dose", "1 parsec"], "doses are in 'parsec'"),
        (["--smiles", ASPIRIN, "--dose", "-666"], "'-666' is no dose"),
        (["--smiles", ASPIRIN, "--dose", "-5"], "is negative"),
        (["--smiles", ASPIRIN, "--smiles", CAFFEINE, "--dose", "1"], "2 --smiles and 1 --dose"),
        (["--smiles", ASPIRIN, "--smiles", f"{ASPIRIN}.Cl", "--dose", "1", "--dose", "2"],
         "stands twice"),
        (["--smiles", ASPIRIN, "--dose", "1", "--line", "A", "--line-column", "cell_type"],
         "expected one of both"),
        (["--smiles", ASPIRIN, "--dose", "1", "--line-column", "line"], "no column 'line'"),
        (["--smiles", ASPIRIN, "--dose", "1", "--genes", "gone.tsv"], "gone.tsv: no such file"),
        (["--smiles", ASPIRIN, "--dose", "1", "-o", "out.csv"], "ends with .h5ad"),
    ],
)  # fmt: skip
@pytest.mark.fault("what is asked of `lacuna predict-cells`", "named, without a traceback")
def test_what_cannot_be_asked_is_named(made, folder, capsys, monkeypatch, words, said):
    monkeypatch.chdir(folder)
    given = ["predict-cells", "--model", made.model, "--cells", "cells.h5ad", "-o", "out.h5ad"]
    assert main([*given, *words]) == 1
    shown = capsys.readouterr().err
    assert said in shown and "Traceback" not in shown
    assert not list(folder.glob("*out*"))
