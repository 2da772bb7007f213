"""Cells of a user's own, under drugs of a user's own: as in the run, and told in tables."""

from dataclasses import replace
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from used_model import ASPIRIN, CAFFEINE, call, controls, retrained, saved, used_model

from lacuna.errors import UnwritableFile
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell import new_cells, predict, predicted_files
from lacuna.single_cell.expected import Expected
from lacuna.single_cell.interface import CONTROL, SEEN
from lacuna.single_cell.model.conditions import Conditions
from lacuna.single_cell.new_cells import Asked, read_cells
from lacuna.structures.similar import similarity

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


def test_predictions_are_those_of_the_run(made, folder, held_out):
    (name, smiles), _ = held_out
    seen = np.isin(made.fold.role, SEEN)[made.observations.obs["control"]]
    controls(made)[seen].write_h5ad(folder / "seen.h5ad")
    assert call(folder, made, "--smiles", smiles, "--dose", "10uM", cells="seen.h5ad") == 0
    wanted = pd.DataFrame({"drug": name, "line": ["SIMBRE1", "SIMBRE2"], "dose": 10.0})
    run = Conditions(made.predictor.trained, made.observations, made.fold, made.molecules)
    expected = run.predict(wanted).mean
    made_cells = anndata.read_h5ad(folder / "out.h5ad")
    assert list(made_cells.var_names) == list(made.predictor.trained.genes)
    for row, line in enumerate(wanted["line"]):
        own = made_cells[made_cells.obs["line"] == line]
        np.testing.assert_allclose(own.X.mean(axis=0), expected[row], atol=2e-4)
    genes = read_table(folder / "out_genes.tsv").set_index(["line", "gene"])["predicted"]
    for row, line in enumerate(wanted["line"]):
        own = genes[line].loc[made.predictor.trained.genes]
        np.testing.assert_allclose(own, expected[row], atol=2e-4)


def test_the_file_opens_elsewhere_and_says_where_it_is_from(made, folder, held_out):
    """Mean and variance are the network's for each cell, beside what it started from."""
    (_, smiles), _ = held_out
    assert call(folder, made, "--smiles", smiles, "--dose", "1uM", "--dose", "10uM") == 0
    found = sc.read_h5ad(folder / "out.h5ad")
    source = controls(made)
    assert found.shape == (2 * len(source), 80) and found.obs_names.is_unique
    assert found.obs.columns.tolist() == ["cell", "drug", "dose", "line"]
    assert found.obs["dose"].value_counts().to_dict() == {1.0: 320, 10.0: 320}
    line_of = source.obs["cell_type"]
    assert (found.obs["line"].astype(str) == found.obs["cell"].map(line_of).astype(str)).all()
    rows = made.observations.rows(
        made.observations.obs.index.get_indexer(found.obs["cell"]), found.var_names.astype(object)
    )
    np.testing.assert_allclose(found.layers["control"], rows, atol=1e-4)
    drug = made.molecules.of_names(held_out[0][:1])
    for dose in (1.0, 10.0):
        own = (found.obs["line"] == "SIMBRE2") & (found.obs["dose"] == dose)
        mean, variance = made.predictor.trained.predict(rows[own], drug, [dose], "SIMBRE2")
        np.testing.assert_allclose(found.X[own], mean, atol=1e-3)
        np.testing.assert_allclose(found.layers["variance"][own], variance, rtol=1e-2)
    said = found.uns["lacuna"]
    assert said["model"]["data"] == "demo" and said["model"]["digest"]
    assert any("taken as counts" in str(note) for note in said["notes"])
    sc.pp.pca(found, n_comps=3)
    assert found.obsm["X_pca"].shape == (640, 3)


def test_the_tables_say_what_changes(made, folder, held_out):
    (name, smiles), _ = held_out
    assert call(folder, made, "--smiles", smiles, "--dose", "10uM") == 0
    table, genes = read_table(folder / "out.tsv"), read_table(folder / "out_genes.tsv")
    assert table[["line", "line_is", "cells"]].to_numpy().tolist() == [
        ["SIMBRE1", "trained", 160], ["SIMBRE2", "trained", 160],
    ]  # fmt: skip
    model = made.predictor
    cells = read_cells(folder / "cells.h5ad", model, Asked(line_column="cell_type"))
    for row, line in enumerate(["SIMBRE1", "SIMBRE2"]):
        rows = cells.rows[cells.line == line]
        nothing = model.trained.predict(rows, [], [], line)[0].mean(axis=0)
        drug = made.molecules.of_names([name])
        mean = model.trained.predict(rows, drug, [10.0], line)[0].mean(axis=0)
        own = genes[genes["line"] == line].set_index("gene").loc[model.trained.genes]
        for column, expected in {
            "control": rows.mean(axis=0), "untreated": nothing, "predicted": mean,
            "change": mean - nothing,
        }.items():  # fmt: skip
            np.testing.assert_allclose(own[column], expected, atol=1e-4)
        change = mean - nothing
        assert table["change"][row] == pytest.approx(np.sqrt((change**2).mean()), rel=1e-3)
        decoded = model.trained.decoded(rows, [], [], line)[0].mean(axis=0)
        off = np.sqrt(((decoded - rows.mean(axis=0)) ** 2).mean())
        assert table["off"][row] == pytest.approx(off, rel=1e-3)
        order = pd.Series(change, model.trained.genes).sort_values()
        assert table["up"][row].split(", ")[0] == order.index[-1]
        assert table["down"][row].split(", ")[:3] == list(order.index[:3])
        assert len(table["up"][row].split(", ")) == predict.TOP
    reached = model.expected.reached.iloc[0]
    assert table["expected"][0] == pytest.approx(reached["median"])
    assert table["expected_low"][0] == pytest.approx(reached["lower_quartile"])
    alike = similarity([smiles], model.drugs["smiles"])[0]
    assert table["similarity"][0] == pytest.approx(alike.max(), rel=1e-5)
    best = model.drugs.index[alike.argmax()]
    assert table["nearest"][0].startswith(f"{best} ({alike.max():.2f}); ")
    assert table["smiles"][0] == smiles


def test_a_combination_is_the_sum_of_what_its_drugs_do(made, folder, held_out):
    (one, first), (two, second) = held_out
    words = ["--smiles", first, "--dose", "1uM", "--smiles", second, "--dose", "10uM"]
    assert call(folder, made, *words) == 0
    found = anndata.read_h5ad(folder / "out.h5ad")
    assert len(found) == 320
    assert found.obs["drug"].unique().tolist() == [f"{first} + {second}"]
    assert found.obs["dose"].unique().tolist() == ["1 + 10"]
    trained = made.predictor.trained
    effects = trained.latent(made.molecules.of_names([one, two]), [1.0, 10.0])
    own = found[found.obs["line"] == "SIMBRE1"]
    place = trained.line("SIMBRE1") + effects.sum(axis=0)
    rows = own.layers["control"]
    missed = rows.mean(axis=0) - trained.decoded(rows, [], [], "SIMBRE1")[0].mean(axis=0)
    expected = trained.decoded(rows, [], [], place)[0] + missed
    np.testing.assert_allclose(own.X, expected, atol=1e-5)
    alone = trained.decoded(rows, [], [], trained.line("SIMBRE1") + effects[0])[0] + missed
    assert np.abs(alone - expected).max() > 1e-3
    table = read_table(folder / "out.tsv")
    assert table["expected"].isna().all()  # no combination was held out
    assert table["smiles"][0] == f"{first}.{second}" and " + " in table["nearest"][0]
    turned = ["--smiles", second, "--dose", "10uM", "--smiles", first, "--dose", "1uM"]
    assert call(folder, made, *turned) == 0
    again = anndata.read_h5ad(folder / "out.h5ad")
    np.testing.assert_allclose(again.X, found.X, atol=1e-5)


def test_dose_zero_is_no_drug(made, folder, held_out):
    (_, first), (_, second) = held_out
    assert call(folder, made, "--smiles", first, "--dose", "0") == 0
    genes = read_table(folder / "out_genes.tsv")
    assert (genes["change"] == 0).all()
    table = read_table(folder / "out.tsv")
    assert (table["change"] == 0).all() and table[["up", "down"]].isna().all(axis=None)
    assert call(folder, made, "--smiles", second, "--dose", "3uM", output="one.h5ad") == 0
    words = ["--smiles", first, "--dose", "0", "--smiles", second, "--dose", "3uM"]
    assert call(folder, made, *words, output="two.h5ad") == 0
    one, two = (anndata.read_h5ad(folder / name) for name in ("one.h5ad", "two.h5ad"))
    assert np.array_equal(one.X, two.X)
    # As published, the vehicle is a drug: dose 0 is the vehicle, and changes nothing beside it.
    published = retrained(made, preset="v1", epochs=2)
    model = saved(folder, published)
    assert call(folder, made, "--smiles", first, "--dose", "0", model=model) == 0
    assert (read_table(folder / "out_genes.tsv")["change"] == 0).all()
    own = anndata.read_h5ad(folder / "out.h5ad")
    own = own[own.obs["line"] == "SIMBRE1"]
    vehicle = made.molecules.of_names([CONTROL])
    expected, _ = published.trained.predict(own.layers["control"], vehicle, [0.0], "SIMBRE1")
    np.testing.assert_allclose(own.X, expected, atol=1e-4)
    bare, _ = published.trained.predict(own.layers["control"], [], [], "SIMBRE1")
    assert np.abs(bare - expected).max() > 1e-3


def test_what_is_expected_follows_the_nearest_training_drug(made, folder, capsys):
    reached = made.predictor.expected.reached
    rows = [[0, 1, 30, 0.2, 0.3, 0.4, 0.1, 0], [0, 0.5, 15, 0.1, 0.15, 0.2, 0.1, 0],
            [0.5, 1, 15, 0.5, 0.6, 0.7, 0.1, 0]]  # fmt: skip
    expected = Expected("change_pearson", "drugs", pd.DataFrame(rows, columns=reached.columns))
    model = saved(folder, replace(made.predictor, expected=expected))
    trained_on = made.predictor.drugs["smiles"].iloc[0]
    for smiles, median in ((trained_on, 0.6), (CAFFEINE, 0.15)):
        assert call(folder, made, "--smiles", smiles, "--dose", "1", model=model) == 0
        assert read_table(folder / "out.tsv")["expected"].unique() == [median]
    assert "says little of the structure" not in capsys.readouterr().out
    # the median of 30 drugs with these quartiles is known to 0.06: 0.24 is not surely less
    assert expected.doubts() == []
    assert replace(expected, reached=expected.reached.assign(line_mean=0.24)).doubts() == []
    assert replace(expected, reached=expected.reached.assign(line_mean=0.25)).doubts()
    doubted = replace(expected, reached=expected.reached.assign(line_mean=0.9))
    model = saved(folder, replace(made.predictor, expected=doubted))
    assert call(folder, made, "--smiles", CAFFEINE, "--dose", "1", model=model) == 0
    assert "Warning: Held-out drugs reached change_pearson 0.30" in capsys.readouterr().out
    of_lines = replace(expected, split="lines")
    model = saved(folder, replace(made.predictor, expected=of_lines))
    assert call(folder, made, "--smiles", CAFFEINE, "--dose", "1", model=model) == 0
    assert read_table(folder / "out.tsv")["expected"].isna().all()


def test_a_network_that_is_further_off_than_the_drug_changes_is_doubted(made, folder, capsys):
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1uM") == 0
    table = read_table(folder / "out.tsv")
    assert (table["off"] > table["change"]).all()
    said = "In 2 of 2 predictions (lines 'SIMBRE1', 'SIMBRE2') the network is further off"
    assert said in capsys.readouterr().out
    assert predicted_files.doubts(table.assign(off=0.0)) == []
    assert predicted_files.doubts(table.assign(change=0.0)) == []  # no drug


def test_inputs_are_not_written_over(made, folder, capsys):
    whole = (folder / "cells.h5ad").read_bytes()
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1", output="cells.h5ad") == 1
    assert "is read; expected another name" in capsys.readouterr().err
    assert (folder / "cells.h5ad").read_bytes() == whole
    write_table(pd.DataFrame([("a", "CCO", 1)], columns=DRUGS), folder / "out_genes.tsv")
    words = ["--drugs", folder / "out_genes.tsv"]  # a table beside the output
    assert call(folder, made, *words) == 1
    assert call(folder, made, *words, output="out.tsv") == 1
    assert len(read_table(folder / "out_genes.tsv")) == 1


def test_all_files_appear_or_none(made, folder, monkeypatch):
    write = predicted_files.write_table

    def fails_at_last(table, path):
        if "genes" in Path(path).name:
            raise UnwritableFile(f"{path}: no room")
        write(table, path)

    (folder / "out.tsv").write_text("of before")
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(predicted_files, "write_table", fails_at_last)
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1") == 1
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "out.tsv").read_text() == "of before"


def test_the_same_call_writes_the_same_bytes_in_any_blocks(made, folder, monkeypatch):
    words = ["--smiles", ASPIRIN, "--dose", "1uM", "--line", "NEW", "--fit-line"]
    made_of = []
    for _ in range(2):
        assert call(folder, made, *words) == 0
        made_of.append(
            [(folder / f"out{end}").read_bytes() for end in (".h5ad", ".tsv", "_genes.tsv")]
        )
    assert made_of[0] == made_of[1]
    whole = anndata.read_h5ad(folder / "out.h5ad")
    for module in (predict, new_cells):
        monkeypatch.setattr(module, "AT_ONCE", 7)
    assert call(folder, made, *words) == 0
    found = anndata.read_h5ad(folder / "out.h5ad")
    np.testing.assert_allclose(found.X, whole.X, atol=1e-4)
    np.testing.assert_allclose(found.layers["control"], whole.layers["control"], atol=1e-5)


def test_more_than_fits_into_memory_is_refused(made, folder, monkeypatch, capsys):
    monkeypatch.setattr(predict, "MOST_ROWS", 159)
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1") == 1
    assert "1 treatments of 2 lines are 160 rows" in capsys.readouterr().err
