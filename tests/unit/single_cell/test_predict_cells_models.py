"""Models of any kind predict: learnt and outside vectors, counts, signatures; new lines."""

from dataclasses import replace
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from planted_cells import planted_cells
from used_model import ASPIRIN, call, controls, morgan, retrained, rewritten, saved, used_model

from lacuna.command import main
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell import new_cells, treatments
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.molecules import Molecules, Source
from lacuna.single_cell.model.train import train
from lacuna.single_cell.new_cells import Asked, read_cells

ANY = Asked()


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


@pytest.fixture(scope="module")
def planted():
    """What a network that has learnt something says of new drugs, and what is true.

    Returns a function of the rows of untreated cells (by line) which yields, by line and drug, what
    is predicted with and without the drug; and these rows, and the true changes.
    """
    world = planted_cells(drugs=70, lines=2, genes=100, descriptors=10, cells=4, controls=40)
    cells, names = world.observations, list(world.observations.drugs.index)
    examples = Examples.of(cells, world.where(names[:60]), cells.genes, world.molecules)
    small = {"autoencoder_width": 64, "autoencoder_depth": 2, "encoder_width": 64, "batch": 64}
    model = train(examples, None, np.random.default_rng(0), epochs=25, device="cpu", **small)
    effects = model.latent(world.molecules.of_names(names[60:]), np.full(10, 10.0))
    rows = {
        line: cells.rows(
            np.flatnonzero((cells.obs["control"] & (cells.obs["line"] == line)).to_numpy())
        )
        for line in model.lines
    }
    truth = [change for line in range(2) for change in world.change[60:, line]]

    def predicted(of_lines):
        for line, own in of_lines.items():
            nothing = model.decoded(own, [], [], line)[0].mean(axis=0)
            for effect in effects:
                place = model.line(line) + effect
                yield model.decoded(own, [], [], place)[0].mean(axis=0), nothing

    return SimpleNamespace(predicted=predicted, rows=rows, truth=truth, model=model)


def correlations(found, expected):
    return np.array([np.corrcoef(one, two)[0, 1] for one, two in zip(found, expected, strict=True)])


def test_half_of_the_genes_may_be_filled(planted):
    """Changes of new drugs are then what they are from all genes: that is the limit's reason."""
    rng, filled = np.random.default_rng(0), {}
    for line, rows in planted.rows.items():
        missing = rng.permutation(100)[: round(100 * (1 - new_cells.LEAST_FOUND))]
        filled[line] = rows.copy()
        filled[line][:, missing] = planted.model.typical[missing]
    of_all, of_half = (
        [treated - nothing for treated, nothing in planted.predicted(rows)]
        for rows in (planted.rows, filled)
    )
    assert np.median(correlations(of_all, planted.truth)) > 0.3  # something that could be lost
    assert np.quantile(correlations(of_all, of_half), 0.05) > 0.9


def test_changes_are_right_in_cells_of_another_laboratory(planted):
    """Where all cells are shifted, the change from those measured is mostly the shift."""
    shift = 0.8 * np.random.default_rng(0).normal(size=100).astype(np.float32)
    shifted = {line: rows + shift for line, rows in planted.rows.items()}
    measured = [rows.mean(axis=0) for rows in shifted.values() for _ in range(10)]
    found = list(planted.predicted(shifted))
    change = correlations([treated - nothing for treated, nothing in found], planted.truth)
    from_measured = [treated - own for (treated, _), own in zip(found, measured, strict=True)]
    assert np.median(change) > 0.3
    assert np.median(correlations(from_measured, planted.truth)) < np.median(change) - 0.1


def test_a_new_line_is_the_mean_of_all_or_fitted(made, folder, capsys):
    """A line of its own level is predicted better, untreated, by an embedding of its own."""
    trained = made.predictor.trained
    words = ["--smiles", ASPIRIN, "--dose", "1uM", "--line", "SIMBRE"]
    assert call(folder, made, *words) == 0
    said = capsys.readouterr().out
    assert "The line 'SIMBRE' was not trained on (did you mean 'SIMBRE" in said
    assert "mean of 2 training lines" in said
    mean = read_table(folder / "out.tsv")
    assert mean["line_is"].tolist() == ["mean of lines"]
    found = anndata.read_h5ad(folder / "out.h5ad")
    middle = (trained.line("SIMBRE1") + trained.line("SIMBRE2")) / 2
    rows = found.layers["control"]
    drug = trained.latent(np.asarray(morgan([ASPIRIN])), [1.0])[0]
    expected, _ = trained.decoded(rows, [], [], middle + drug)
    missed = rows.mean(axis=0) - trained.decoded(rows, [], [], middle)[0].mean(axis=0)
    np.testing.assert_allclose(found.X, expected + missed, atol=1e-4)
    own = controls(made)
    own[own.obs["cell_type"] == "SIMBRE1"].write_h5ad(folder / "own.h5ad")
    off = {}
    for how in ((), ("--fit-line",)):
        assert call(folder, made, *words, *how, cells="own.h5ad") == 0
        row = read_table(folder / "out.tsv").iloc[0]
        off[row["line_is"]] = row["off"]
    assert off["fitted"] < off["mean of lines"]
    assert call(folder, made, *words[:-1], "SIMBRE1", "--fit-line") == 0
    assert "was trained on: nothing is fitted" in capsys.readouterr().out
    assert read_table(folder / "out.tsv")["line_is"].tolist() == ["trained"]
    read = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    assert (read.line == "").all()
    rewritten(folder, lambda c: c[c.obs["cell_type"] == "SIMBRE1"].copy())
    words = ["--model", made.model, "--cells", folder / "cells.h5ad", "--smiles", ASPIRIN]
    words += ["--dose", "1uM", "-o", folder / "out.tsv"]
    assert main(["predict-cells", *map(str, words)]) == 0
    assert "No line is named: it was not trained on" in capsys.readouterr().out


def test_learnt_vectors_know_training_drugs_alone(made, folder, capsys):
    molecules = Molecules.of(Source("learned"), made.observations.drugs["smiles"].to_dict())
    model = saved(folder, retrained(made, molecules))
    name = made.predictor.drugs.index[2]
    known = made.predictor.drugs["smiles"].iloc[2]
    assert call(folder, made, "--smiles", known, "--dose", "1uM", model=model) == 0
    found = read_table(folder / "out.tsv")
    assert found["drug"].tolist() == [name, name] and (found["change"] > 0).all()
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1uM", model=model) == 1
    shown = capsys.readouterr().err
    assert "learnt a vector for each of its 6 training drugs" in shown and ASPIRIN in shown


def test_a_model_of_outside_vectors_asks_for_them(made, folder, held_out, capsys):
    rng = np.random.default_rng(0)
    smiles = [*made.observations.drugs["smiles"], "CS(C)=O"]
    vectors = pd.DataFrame(rng.normal(size=(len(smiles), 4)).astype(np.float32), index=smiles)
    drugs = made.observations.drugs["smiles"].to_dict()
    molecules = Molecules.of(Source("grover"), drugs, vectors)
    model = retrained(made, molecules)
    path = saved(folder, model)
    table = vectors.rename_axis("smiles").reset_index()
    table.columns = ["smiles", *"abcd"]
    (name, text), _ = held_out
    write_table(table, folder / "vectors.tsv")
    words = ["--smiles", text, "--dose", "1uM"]
    assert call(folder, made, *words, model=path) == 1
    assert "by grover, a table of vectors from outside" in capsys.readouterr().err
    words += ["--vectors", folder / "vectors.tsv"]
    assert call(folder, made, *words, model=path) == 0
    found = anndata.read_h5ad(folder / "out.h5ad")
    own = found[found.obs["line"] == "SIMBRE1"]
    expected, _ = model.trained.predict(
        own.layers["control"], molecules.of_names([name]), [1.0], "SIMBRE1"
    )
    np.testing.assert_allclose(own.X, expected, atol=1e-4)
    words[1] = ASPIRIN
    assert call(folder, made, *words, model=path) == 1
    assert "--vectors: has no vector of" in capsys.readouterr().err


def test_another_version_of_the_encoder_is_told_by_the_vehicle(made, folder, monkeypatch, capsys):
    trained = replace(made.predictor.trained, vehicle=1 - made.predictor.trained.vehicle)
    model = saved(folder, replace(made.predictor, trained=trained))
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1", model=model) == 0
    assert "Warning: morgan computes another vector of DMSO" in capsys.readouterr().out
    monkeypatch.setattr(
        treatments, "encode_structures", lambda name, smiles, **_: np.zeros((len(smiles), 9))
    )
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1") == 1
    assert "computes 9 numbers of a structure, and did 512" in capsys.readouterr().err


def test_a_model_of_counts_reads_how_many_each_cell_has(made, folder, held_out):
    model = retrained(made, likelihood="negative_binomial")
    path = saved(folder, model)
    (name, smiles), _ = held_out
    assert call(folder, made, "--smiles", smiles, "--dose", "1uM", model=path) == 0
    found = anndata.read_h5ad(folder / "out.h5ad")
    own = found[found.obs["line"] == "SIMBRE1"]
    at = made.observations.obs.index.get_indexer(own.obs["cell"])
    library = made.observations.counts(at, model.trained.genes).sum(axis=1)
    drug = made.molecules.of_names([name])
    rows = own.layers["control"]
    expected, variance = model.trained.predict(rows, drug, [1.0], "SIMBRE1", library)
    np.testing.assert_allclose(own.X, expected, atol=1e-3)
    np.testing.assert_allclose(own.layers["variance"], variance, rtol=1e-2, atol=1e-3)
    typical, _ = model.trained.predict(rows, drug, [1.0], "SIMBRE1")
    assert np.abs(typical - expected).max() > 0.01


def test_signatures_are_predicted_for_the_lines_of_the_training(made, folder, capsys):
    world = planted_cells(
        drugs=8, cells=1, controls=0, doses=(1.0,), kind="signatures", genes=20, descriptors=6
    )
    smiles = world.observations.drugs["smiles"]
    table = pd.DataFrame(morgan([*smiles, "CS(C)=O"]), index=[*smiles, "CS(C)=O"])
    molecules = Molecules.of(Source("morgan"), smiles.to_dict(), table)
    cells = world.observations
    examples = Examples.of(cells, world.where(list(smiles.index[:6])), cells.genes, molecules)
    trained = train(
        examples, None, np.random.default_rng(0), dimensions=4, autoencoder_width=8,
        autoencoder_depth=1, epochs=2, device="cpu",
    )  # fmt: skip
    lines = trained.lines
    starts = pd.DataFrame(
        np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32), lines, trained.genes
    )
    model = replace(
        made.predictor, trained=trained, doses=np.array([1.0]), starts=starts,
        drugs=made.predictor.drugs, level=pd.Series(dtype=float),
    )  # fmt: skip
    path = saved(folder, model)

    def ask(*words, output="out.h5ad"):
        given = ["predict-cells", "--model", path, "--smiles", ASPIRIN, *words]
        return main([str(word) for word in (*given, "-o", folder / output)])

    assert ask() == 0
    found = anndata.read_h5ad(folder / "out.h5ad")
    assert found.obs["line"].tolist() == list(lines)
    np.testing.assert_array_equal(found.layers["control"], starts.to_numpy())
    for row, line in enumerate(lines):
        expected, _ = trained.predict(
            starts.to_numpy()[row : row + 1], morgan([ASPIRIN]), [1.0], line
        )
        np.testing.assert_allclose(found.X[row], expected[0], atol=1e-5)
    assert ask("--line", lines[1]) == 0
    assert anndata.read_h5ad(folder / "out.h5ad").obs["line"].tolist() == [lines[1]]
    capsys.readouterr()
    for words, said in (
        (["--line", "elsewhere"], "starts from those of its lines"),
        (["--cells", folder / "cells.h5ad"], "reads no cells: leave out --cells"),
        (["--fit-line"], "leave out --fit-line"),
    ):
        assert ask(*words) == 1
        assert said in capsys.readouterr().err
    words = ["--model", made.model, "--smiles", ASPIRIN, "--dose", "1", "-o", folder / "x.tsv"]
    assert main(["predict-cells", *map(str, words)]) == 1
    assert "expected them: --cells" in capsys.readouterr().err
