"""Jobs train on files, drop what is held out, and say of a fold all that the judge asks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted_cells import TABLE, planted_cells

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.tsv import read_table
from lacuna.single_cell import train_jobs
from lacuna.single_cell.distances import DISTANCES
from lacuna.single_cell.interface import CONTROL, TEST, TRAINING, VALIDATION, Fold, Predicted
from lacuna.single_cell.model import unseen
from lacuna.single_cell.model.trained import restore
from lacuna.single_cell.prepare_jobs import split_cells
from lacuna.single_cell.train_jobs import predict_unseen, pretrain_bulk, train_cells

OPTIONS = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 2, "check_every": 1, "device": "cpu",
    "extension": "adapters",
}  # fmt: skip
MODEL = {"model": "tiny", "encoder": TABLE, "encoder_options": {}, "number": 0, "seed": 7}
# Of the compounds in bulk, the first nine are the drugs of the cells under other names.
BULK = planted_cells(kind="bulk", names="compound", drugs=15, genes=24, cells=2, descriptors=6)
CELLS = planted_cells(drugs=9, genes=30, cells=7, controls=16, descriptors=6)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    slow = unseen.disentanglement
    monkeypatch.setattr(unseen, "disentanglement", lambda *arguments: slow(*arguments, epochs=2))


def write_vectors(path, *tables):
    table = pd.concat(tables)
    table = table[~table.index.duplicated()]
    hdf5.save(path, {"smiles": table.index.to_numpy(object), "vectors": table.to_numpy()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Observations, drugs, vectors and a fold, as the stage's other rules write them."""
    folder = tmp_path_factory.mktemp("single_cell")
    BULK.observations.save(folder / "bulk.h5ad", folder / "bulk_drugs.tsv")
    CELLS.observations.save(folder / "cells.h5ad", folder / "drugs.tsv")
    write_vectors(folder / f"{TABLE}.h5", CELLS.table, BULK.table)
    split_cells(
        folder / "cells.h5ad", folder / "drugs.tsv", folder / "bulk.h5ad",
        folder / "bulk_drugs.tsv", folder / "fold.h5", fold_name="drugs_0",
        split={"folds": 3, "lines": [], "named": []}, genes={"total": 28, "of": "training"},
        degs={"number": 10, "of": "training"}, validation={"by": "drugs", "share": 0.2}, seed=7,
    )  # fmt: skip
    return folder


def files(folder, *names, **others):
    known = {
        "bulk": "bulk.h5ad", "bulk_drugs": "bulk_drugs.tsv", "observations": "cells.h5ad",
        "drugs": "drugs.tsv", "vectors": f"{TABLE}.h5", "fold": "fold.h5",
    }  # fmt: skip
    return {name: str(folder / known[name]) for name in names} | others


TARGET = ("observations", "drugs", "vectors", "fold")


def pretrained(folder, out, held_out, **changed):
    output = {"model": str(out / f"{held_out}.h5"), "losses": str(out / f"{held_out}_losses.tsv")}
    pretrain_bulk(
        files(folder, "bulk", "bulk_drugs", *TARGET), output, held_out=held_out, options=OPTIONS,
        **{"validation": {"by": "cells", "share": 0.2}} | MODEL | changed,
    )  # fmt: skip
    return output


def trained(folder, out, start="scratch", trials=0, options=OPTIONS, **changed):
    output = {
        name: str(out / f"{start}{ending}")
        for name, ending in (("model", ".h5"), ("losses", "_losses.tsv"),
                             ("carried", "_carried.tsv"), ("trials", "_trials.tsv"))
    }  # fmt: skip
    given = files(folder, *TARGET)
    if start != "scratch":
        given["start"] = str(out / f"{start}.pretrained")
    train_cells(
        given, output, fold="drugs_0", start=start, trials=trials, options=options,
        **MODEL | changed,
    )  # fmt: skip
    return output


def predicted(folder, out, model, vectors=None, **changed):
    output = {
        "predicted": str(out / "predicted.h5"), "latent": str(out / "latent.tsv"),
        "disentangled": str(out / "disentangled.tsv"), "distances": str(out / "distances.tsv"),
    }  # fmt: skip
    given = files(folder, *TARGET, model=model) | ({"vectors": str(vectors)} if vectors else {})
    predict_unseen(given, output, fold="drugs_0", **MODEL | changed)
    return output


def model_of(output):
    return restore(hdf5.load(output["model"]))


def test_strict_pretraining_sees_no_skeleton_that_the_fold_holds_out(folder, tmp_path):
    fold = Fold.load(folder / "fold.h5")
    assert len(fold.held_out) == 3
    overlap = model_of(pretrained(folder, tmp_path, "overlap"))
    strict = model_of(pretrained(folder, tmp_path, "strict_drugs_0"))
    twins = {name.replace("drug", "compound") for name in fold.held_out}
    assert set(overlap.drugs) == {CONTROL, *BULK.drugs}
    assert set(strict.drugs) == set(overlap.drugs) - twins
    assert strict.genes.equals(BULK.observations.genes)
    losses = read_table(tmp_path / "overlap_losses.tsv")
    assert list(losses)[:4] == ["stage", "epoch", "training", "validation"]
    assert losses["validation"].notna().all()


def test_pretraining_has_the_genes_that_the_target_has_too(tmp_path):
    few = replace(CELLS, observations=planted_cells(drugs=9, genes=24, cells=2, descriptors=6)
                  .observations)  # fmt: skip
    few.observations.genes = pd.Index([f"G{number}" for number in range(23, -1, -1)])
    few.observations.save(tmp_path / "cells.h5ad", tmp_path / "drugs.tsv")
    genes = train_jobs.shared_genes(BULK.observations, few.observations)
    assert genes.equals(BULK.observations.genes)
    few.observations.genes = pd.Index([f"H{number}" for number in range(24)])
    with pytest.raises(LacunaError, match="have none in common"):
        train_jobs.shared_genes(BULK.observations, few.observations)


def test_cells_are_trained_on_from_scratch_or_from_bulk(folder, tmp_path):
    start = pretrained(folder, tmp_path, "overlap")["model"]
    Path(start).rename(tmp_path / "overlap.pretrained")
    scratch, tuned = (trained(folder, tmp_path, name) for name in ("scratch", "overlap"))
    fold = Fold.load(folder / "fold.h5")
    for output in (scratch, tuned):
        model = model_of(output)
        assert model.genes.equals(fold.genes)
        assert not set(model.drugs) & set(fold.held_out)
    assert read_table(scratch["carried"]).empty
    carried = read_table(tuned["carried"])
    assert list(carried) == ["part", "tensor", "what", "shape"]
    assert set(carried.loc[carried["part"] == "encoder", "what"]) == {"carried"}
    assert set(carried.loc[carried["part"] == "drug_adversary", "what"]) == {"new"}
    assert carried.set_index("tensor").loc["before.0.weight", "shape"] == "24x28"
    before = restore(hdf5.load(tmp_path / "overlap.pretrained"))
    assert np.array_equal(model_of(tuned).scaler.mean, before.scaler.mean)
    once = Path(scratch["model"]).read_bytes()
    trained(folder, tmp_path)
    assert Path(scratch["model"]).read_bytes() == once
    trained(folder, tmp_path, number=1)
    assert Path(scratch["model"]).read_bytes() != once


def test_a_search_writes_its_trials_and_takes_the_best(folder, tmp_path, monkeypatch):
    pytest.importorskip("optuna", reason="pip install 'lacuna[retrieval]'")
    from lacuna.single_cell.model import search

    slow = search.disentanglement
    monkeypatch.setattr(search, "disentanglement", lambda *given: slow(*given, epochs=2))
    free = {name: value for name, value in OPTIONS.items() if not name.startswith("adversary")}
    output = trained(folder, tmp_path, trials=2, options=free)
    trials = read_table(output["trials"])
    best = trials.sort_values("score", ascending=False).iloc[0]
    assert model_of(output).settings.adversary_width == best["adversary_width"]


def test_a_fold_is_predicted_and_the_model_told_of(folder, tmp_path):
    model = trained(folder, tmp_path)["model"]
    asked = []

    def distances(measured, cells, control, rng):
        asked.append((measured.shape, cells.shape, control.shape, rng.random()))
        return {"e_distance": float(len(measured))}

    output = predicted(folder, tmp_path, model, distances=distances)
    fold, found = Fold.load(folder / "fold.h5"), Predicted.load(output["predicted"])
    role = pd.MultiIndex.from_frame(found.conditions)
    assert role.is_unique
    treated = fold.conditions[~fold.conditions["control"]]
    counts = {}
    for name in (TEST, VALIDATION, TRAINING):
        own = treated.loc[treated["role"] == name, ["drug", "line", "dose"]]
        counts[name] = pd.MultiIndex.from_frame(own).isin(role).sum()
        assert counts[name] == len(own) or name == TRAINING
    assert counts[TRAINING] == counts[TEST] == 3 * 3 * 2
    assert found.mean.shape == (len(role), 28)
    assert np.isfinite(found.mean).all()
    assert (found.variance > 0).all()
    latent = read_table(output["latent"])
    assert list(latent) == ["drug", "dose", "pathway", "held_out", *(f"z_{n}" for n in range(1, 7))]
    assert len(latent) == 9 * 2
    assert set(latent.loc[latent["held_out"].astype(bool), "drug"]) == set(fold.held_out)
    expected = restore(hdf5.load(model)).latent(CELLS.molecules.of_names(["drug 3"]), [10.0])
    row = latent[(latent["drug"] == "drug 3") & (latent["dose"] == 10)].iloc[0]
    np.testing.assert_allclose(row.iloc[4:].to_numpy(float), expected[0], rtol=1e-4, atol=1e-5)
    told = read_table(output["disentangled"])
    assert list(told) == ["of", "way", "accuracy", "most_frequent", "threshold", "passes"]
    assert told[["of", "way"]].to_numpy().tolist() == [
        ["drug", "published"], ["drug", "held_out"], ["line", "published"], ["line", "held_out"],
    ]  # fmt: skip
    table = read_table(output["distances"])
    assert list(table) == ["drug", "line", "dose", "e_distance"]
    assert len(table) == counts[TEST] == len(asked)
    assert (table["e_distance"] == 7).all()
    # All models are measured by the same cells: the stream knows no model.
    streams = [draw for *_, draw in asked]
    assert len(set(streams)) == len(streams)
    asked.clear()
    predicted(folder, tmp_path, model, distances=distances, number=3)
    assert [draw for *_, draw in asked] == streams
    # of 16 controls, 6 judge: genes are listed by more than 5
    assert all(cells == (10, 28) and control == (10, 28) for _, cells, control, _ in asked)


def test_populations_are_compared_as_the_judge_does(folder, tmp_path):
    output = predicted(folder, tmp_path, trained(folder, tmp_path)["model"])
    assert set(DISTANCES) < set(read_table(output["distances"]))
    once = Path(output["predicted"]).read_bytes()
    predicted(folder, tmp_path, str(tmp_path / "scratch.h5"))
    assert Path(output["predicted"]).read_bytes() == once


def test_other_structures_for_the_same_names_are_other_predictions(folder, tmp_path):
    model = trained(folder, tmp_path)["model"]
    fold = Fold.load(folder / "fold.h5")
    before = Predicted.load(predicted(folder, tmp_path, model)["predicted"])
    shuffled = CELLS.table.copy()
    smiles = CELLS.observations.drugs.loc[fold.held_out, "smiles"]
    shuffled.loc[smiles] = CELLS.table.loc[np.roll(smiles, 1)].to_numpy()
    write_vectors(tmp_path / f"{TABLE}.h5", shuffled)
    after = Predicted.load(
        predicted(folder, tmp_path, model, vectors=tmp_path / f"{TABLE}.h5")["predicted"]
    )
    same = (before.mean == after.mean).all(axis=1)
    assert np.array_equal(same, ~before.conditions["drug"].isin(fold.held_out))


def test_drugs_without_a_vector_are_left_out_and_told(folder, tmp_path, capsys):
    fold = Fold.load(folder / "fold.h5")
    obs = CELLS.observations.obs
    learnt = sorted(set(obs["drug"][fold.role == TRAINING]) - {CONTROL})
    gone = [learnt[0], fold.held_out[0]]
    table = CELLS.table.copy()
    table.loc[CELLS.observations.drugs.loc[gone, "smiles"]] = np.nan
    write_vectors(tmp_path / f"{TABLE}.h5", table)
    given = files(folder, "observations", "drugs", "fold") | {
        "vectors": str(tmp_path / f"{TABLE}.h5")
    }
    output = {name: str(tmp_path / name) for name in ("model", "losses", "trials")}
    train_cells(given, output, fold="drugs_0", start="scratch", trials=0, options=OPTIONS, **MODEL)
    assert "no vector of 2 drugs" in capsys.readouterr().out
    assert gone[0] not in model_of(output).drugs
    found = predicted(folder, tmp_path, output["model"], vectors=tmp_path / f"{TABLE}.h5")
    assert not Predicted.load(found["predicted"]).conditions["drug"].isin(gone).any()
    assert not read_table(found["latent"])["drug"].isin(gone).any()


def test_learnt_vectors_train_and_refuse_the_drugs_held_out(folder, tmp_path):
    learned = {"encoder": "learned"}
    output = trained(folder, tmp_path, **learned)
    assert model_of(output).network.molecules.weight.shape[1] == 6
    with pytest.raises(LacunaError, match="learnt a vector for each training drug"):
        predicted(folder, tmp_path, output["model"], **learned)


def test_learnt_vectors_of_bulk_validate_on_wells_of_their_own_drugs(folder, tmp_path):
    by_drugs = {"validation": {"by": "drugs", "share": 0.2}}
    model = model_of(pretrained(folder, tmp_path, "overlap", encoder="learned", **by_drugs))
    assert set(model.drugs) == {CONTROL, *BULK.drugs}
    model = model_of(pretrained(folder, tmp_path, "overlap", **by_drugs))
    both = read_table(folder / "drugs.tsv")["block"]
    others = ~BULK.observations.drugs["block"].isin(both).to_numpy()
    assert 0 < others.sum() < len(BULK.drugs)
    assert set(BULK.observations.drugs.index[~others]) <= set(model.drugs)  # cells have them
    assert len(model.drugs) == 1 + len(BULK.drugs) - max(1, round(0.2 * others.sum()))


def test_a_fold_of_other_observations_is_refused(folder, tmp_path):
    fold = Fold.load(folder / "fold.h5")
    replace(fold, role=fold.role[1:]).save(tmp_path / "fold.h5")
    given = files(folder, "observations", "drugs", "vectors") | {"fold": str(tmp_path / "fold.h5")}
    output = {"model": str(tmp_path / "m.h5"), "losses": str(tmp_path / "l.tsv")}
    with pytest.raises(LacunaError, match="Delete the folds of this target"):
        train_cells(
            given, output, fold="drugs_0", start="scratch", trials=0, options=OPTIONS, **MODEL
        )
