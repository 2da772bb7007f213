"""The answer for drugs of the user's own: predicted, measured where they are, and judged."""

import shutil

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml
from structured import finished_run

from lacuna.completion.completed import CompletedTensor
from lacuna.completion.interface import Completion
from lacuna.completion.tiers import tier_of
from lacuna.errors import LacunaError
from lacuna.predict import answer as module
from lacuna.predict.answer import Answer
from lacuna.predict.new_drugs import name_new_drugs
from lacuna.predict.pages import page_table
from lacuna.predict.run import open_run
from lacuna.predict.said import NO_BETTER, NOT_HELD_OUT

NEW = "OCCCCc1ccoc1"
MEASURED = "c1ccccc1C"  # drug 0, spelt in another way


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("results"), drugs=60)


@pytest.fixture(scope="module")
def run(folder):
    return open_run(folder)


def ask(run, *smiles, cells=(), names=()):
    return Answer.to(name_new_drugs(list(smiles), names, cells), run)


def test_a_new_drug_is_predicted_by_the_model(run):
    found = Completion.join(list(ask(run, NEW).completions()))
    cells = len(run.tensor.cells)
    pairs = np.column_stack([np.zeros(cells, int), np.arange(cells)])
    expected = run.model.predict_new(run.tensor, run.side, np.array([NEW], object))(pairs)
    assert np.array_equal(found.profiles, expected.profiles)
    assert np.array_equal(found.stderr, expected.stderr)


def test_a_measured_drug_is_shown_as_measured_and_as_the_product_has_it(run, folder):
    asked = ask(run, NEW, MEASURED, names=["new", "old"])
    held = asked.grid
    tensor = run.tensor
    measured = np.flatnonzero(tensor.drug == 0)
    assert 0 < len(measured) < len(tensor.cells), "the drug has profiles and a gap"
    assert held.drug.tolist() == [1] * len(measured)
    assert np.array_equal(held.profiles, tensor.profiles[measured])
    assert held.reliability["replicates"].tolist() == measured.tolist()
    found = Completion.join(list(asked.completions()))
    gaps = held.missing_pairs
    with CompletedTensor.open(folder / "completed/kernel.gctx") as product:
        of_product = product.read([tensor.drugs[0]], list(tensor.cells))[0]
    rows = gaps[:, 0] == 1
    assert np.allclose(found.profiles[rows], of_product[gaps[rows, 1]], atol=1e-6)


def test_blocks_change_nothing(run, monkeypatch):
    smiles = [NEW, MEASURED, "CCCCCc1ccccc1", "NCCC1CCNCC1", "OCC1CCSCC1"]
    whole = Completion.join(list(ask(run, *smiles).completions()))
    monkeypatch.setattr(module, "AT_ONCE", 2)
    parts = list(ask(run, *smiles).completions())
    assert len(parts) == 3
    assert np.allclose(Completion.join(parts).profiles, whole.profiles, atol=1e-5)


def of_new(run, cell):
    """What held-out drugs teach of a new drug in a cell, written out."""
    place = run.tensor.cells.tolist().index(cell)
    predict = run.model.predict_new(run.tensor, run.side, np.array([NEW], object))
    found = predict(np.array([[0, place]]))
    known = {
        "stderr": found.stderr,
        "norm": np.linalg.norm(found.profiles, axis=1),
        "cells": 0,
        "drugs": (run.tensor.cell == place).sum(),
        "fallback": False,
    }
    return run.learnt.curves["drugs"].of(pd.DataFrame(known).astype(float))[0]


def test_the_files_are_laid_out_as_the_product_and_always_the_same(run, tmp_path):
    asked = ask(run, NEW, MEASURED, names=["new", "old"], cells=["c2", "c0"])
    asked.write(tmp_path / "p.gctx")
    with CompletedTensor.open(tmp_path / "p.gctx") as product:
        assert product.drugs["drug"].tolist() == ["new", "old"]
        assert product.cells["cell"].tolist() == ["c0", "c2"]
        profile = product.profile("new", "c2")
        assert profile.source == "predicted"
        assert profile.stderr > 0
        assert profile.expected_r == pytest.approx(of_new(run, "c2"), abs=1e-6)
        assert profile.tier == tier_of(np.array([profile.expected_r]))[0]
        for cell in ("c0", "c2"):
            old = product.profile("old", cell)
            position = run.tensor.find(np.array([[0, int(cell[1])]]))[0]
            if position >= 0:
                assert old.source == "measured"
                expected = run.tensor.reliability["signal"].iloc[position]
                assert old.expected_r == pytest.approx(expected)
            else:  # no held-out single profiles taught anything
                assert (old.source, old.expected_r, old.tier) == ("predicted", None, "")
        assert product.measured.loc["new"].tolist() == [False, False]
    read = anndata.read_h5ad(tmp_path / "p.h5ad")
    assert read.uns["dataset"] == "demo"
    assert read.uns["simulated"]
    assert read.obs_names.tolist() == ["new:c0", "new:c2", "old:c0", "old:c2"]
    first = (tmp_path / "p.gctx").read_bytes()
    ask(run, NEW, MEASURED, names=["new", "old"], cells=["c2", "c0"]).write(tmp_path / "p.gctx")
    assert (tmp_path / "p.gctx").read_bytes() == first
    ask(run, NEW, names=["new"]).write(tmp_path / "alone.gctx")  # nothing of it is measured
    with CompletedTensor.open(tmp_path / "alone.gctx") as product:
        assert not product.measured.any(axis=None)
        assert product.profile("new", "c2").expected_r == pytest.approx(of_new(run, "c2"), abs=1e-6)
        assert product.profile("new", "c2").acd is None


def test_the_table_says_who_a_drug_is_and_what_to_expect(run):
    table = ask(run, NEW, MEASURED, names=["new", "old"]).table()
    new, old = table.to_dict("records")
    assert new["measured"] == ""
    assert new["nearest"].count("(") == 3
    assert new["nearest_ids"].split("; ")[0] in set(run.tensor.drugs)
    assert 0 < new["tanimoto"] < 1
    assert new["r_low"] < new["r"] < new["r_high"]
    assert new["lead_low"] > 0
    assert "drugs held out whole" in new["said"]
    assert "better than the cell's mean" in new["said"]
    assert old["measured"] == "d0"
    assert np.isnan(old["r"])
    assert old["said"].startswith("This is drug 0 (d0), measured in ")
    assert all(text == text for text in table["said"])


def test_where_structures_say_nothing_the_answer_says_no_better_than_the_mean(tmp_path):
    run = open_run(finished_run(tmp_path, unrelated=True))
    [row] = ask(run, NEW).table().to_dict("records")
    assert row["lead_low"] <= 0
    assert NO_BETTER in row["said"] or "worse than the cell's mean" in row["said"]


def test_a_run_without_held_out_drugs_says_so(tmp_path):
    run = open_run(finished_run(tmp_path, held_out=False, drugs=30))
    [row] = ask(run, NEW).table().to_dict("records")
    assert row["said"] == NOT_HELD_OUT
    assert np.isnan(row["r"])
    [(heading, _)] = page_table(pd.DataFrame([row]), run.accuracy)
    assert heading == "The drugs"


def test_the_page_shows_drugs_and_what_held_out_ones_reached(run):
    table = ask(run, NEW, MEASURED).table()
    (_, drugs), (_, held_out) = page_table(table, run.accuracy)
    assert drugs["r to expect"].tolist()[1] == "measured"
    assert drugs["structure"].tolist() == table["smiles"].tolist()
    assert held_out.iloc[0, 0] == "all held-out drugs"


def test_the_blend_answers_as_its_last_member(tmp_path):
    run = open_run(finished_run(tmp_path, method="blend", held_out=False, drugs=30))
    found = Completion.join(list(ask(run, NEW).completions())).profiles
    alone = open_run(finished_run(tmp_path, "alone", held_out=False, drugs=30))
    kernel = Completion.join(list(ask(alone, NEW).completions())).profiles
    assert np.allclose(found, kernel, atol=1e-5)


# Runs that cannot be asked


def test_a_run_without_a_model_says_which_method_to_complete_with(tmp_path):
    folder = finished_run(tmp_path, held_out=False, drugs=30)
    (folder / "completed/kernel.model.h5").unlink()
    (folder / "completed/kernel.gctx").rename(folder / "completed/falrtc.gctx")
    with pytest.raises(LacunaError) as caught:
        open_run(folder)
    said = str(caught.value)
    assert "This run completed with falrtc." in said
    assert "Complete with blend (Blend) or kernel (Kernel)" in said


def test_a_model_of_an_older_configuration_answers_nothing(tmp_path):
    folder = finished_run(tmp_path, held_out=False, drugs=30)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    (folder / "config.yaml").write_text(
        yaml.safe_dump({**config, "completion": {"completed": ["dnpp"]}})
    )
    shutil.copy(folder / "completed/kernel.gctx", folder / "completed/dnpp.gctx")
    with pytest.raises(LacunaError, match=r"This run completed with dnpp\. Complete with"):
        open_run(folder)


def test_a_model_of_another_run_is_refused(tmp_path, folder):
    other = finished_run(tmp_path, held_out=False, drugs=30)
    model = other / "completed/kernel.model.h5"
    model.write_bytes((folder / "completed/kernel.model.h5").read_bytes())
    with pytest.raises(LacunaError, match=r"kernel.model.h5: .* learnt from 60 drugs"):
        open_run(other)
