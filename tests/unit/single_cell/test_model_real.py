"""Real wells, real cells and real signatures go through pretraining, training and prediction."""

from pathlib import Path

import numpy as np
import pytest

from lacuna.io import hdf5
from lacuna.io.tsv import read_table
from lacuna.single_cell.drug_vectors import encode_drugs
from lacuna.single_cell.interface import TEST, Fold, Predicted
from lacuna.single_cell.model.trained import restore
from lacuna.single_cell.model.validation import correlation
from lacuna.single_cell.prepare_jobs import prepare_bulk, prepare_cells, split_cells
from lacuna.single_cell.train_jobs import predict_unseen, pretrain_bulk, train_cells

KINDS = {"observations": "h5ad", "drugs": "tsv", "account": "tsv", "left_out": "tsv"}
SMALL = {
    "dimensions": 8, "autoencoder_width": 32, "autoencoder_depth": 2, "doser_width": 16,
    "doser_depth": 1, "encoder_width": 32, "encoder_depth": 1, "adversary_width": 16,
    "adversary_depth": 1, "device": "cpu", "base_cells": 50, "extension": "adapters",
}  # fmt: skip
MODEL = {"model": "small", "encoder": "descriptors", "encoder_options": {}, "number": 0, "seed": 1}


def prepared(folder, name):
    return {kind: str(folder / f"{name}_{kind}.{ending}") for kind, ending in KINDS.items()}


def cut(target, bulk, output, name, genes):
    split_cells(
        target["observations"], target["drugs"], bulk and bulk["observations"],
        bulk and bulk["drugs"], output, fold_name=name, split={"folds": 5},
        genes={"total": genes, "of": "training"}, degs={"number": 20, "of": "training"},
        validation={"by": "drugs" if name == "drugs_0" else "cells", "share": 0.1}, seed=1,
    )  # fmt: skip
    return Fold.load(output)


def changes(fold, found):
    """Return predicted and measured changes of the test, against the control of the line."""
    table = fold.conditions
    control = table[table["control"] & (table["role"] == TEST)]
    if control.empty:
        control = table[table["control"]].drop_duplicates("line")
    base = {row.line: fold.mean[row.Index] for row in control.itertuples()}
    wanted = found.conditions.merge(
        table[table["role"] == TEST].reset_index(), on=["drug", "line", "dose"]
    )
    at = found.conditions.reset_index().merge(wanted, on=["drug", "line", "dose"])
    before = np.stack([base[line] for line in at["line"]])
    return found.mean[at["index_x"]] - before, fold.mean[at["index_y"]] - before


@pytest.fixture(scope="module")
def glioblastoma(mini, shared_data, tmp_path_factory):
    """The bulk screen, cells of seven patients under one drug, and what encodes both."""
    folder = tmp_path_factory.mktemp("glioblastoma")
    bulk, target = prepared(folder, "bulk"), prepared(folder, "cells")
    prepare_bulk([mini], [], bulk)
    (folder / "panobinostat.tsv").write_text(
        "drug\tsmiles\npanobinostat\tCc1[nH]c2ccccc2c1CCNCc1ccc(/C=C/C(=O)NO)cc1\n"
    )
    source = shared_data / "single-cell" / "glioblastoma-panobinostat"
    prepare_cells(
        {
            "expression": source / "zhao2021_5000x300.h5ad",
            "structures": folder / "panobinostat.tsv",
        },
        {"scale": "counts", "columns": {"drug": "condition", "line": "patient_id"},
         "control": "ctrl"},
        shared_data / "genes" / "human_genes.tsv.gz", target,
    )  # fmt: skip
    vectors = str(folder / "descriptors.h5")
    encode_drugs([bulk["drugs"], target["drugs"]], encoder="descriptors", options={}, vectors=None,
                 output=vectors, cache=None)  # fmt: skip
    fold = str(folder / "fold.h5")
    cut(target, bulk, fold, "lines_1", 120)
    start = {"model": str(folder / "bulk.h5"), "losses": str(folder / "bulk.tsv")}
    pretrain_bulk(
        {"bulk": bulk["observations"], "bulk_drugs": bulk["drugs"], "vectors": vectors,
         "observations": target["observations"], "drugs": target["drugs"]},
        start, held_out="overlap", validation={"by": "cells", "share": 0.1},
        options=SMALL | {"epochs": 20, "batch": 128}, **MODEL,
    )  # fmt: skip
    files = {"observations": target["observations"], "drugs": target["drugs"],
             "vectors": vectors, "fold": fold}  # fmt: skip
    return files, start


def predict(files, folder, fold):
    output = {name: str(folder / f"{name}{ending}") for name, ending in (
        ("predicted", ".h5"), ("latent", ".tsv"), ("disentangled", ".tsv"), ("distances", ".tsv"),
    )}  # fmt: skip
    predict_unseen(files, output, fold=fold, **MODEL)
    return output


@pytest.mark.parametrize("likelihood", ["gaussian", "negative_binomial"])
def test_a_patient_that_no_cell_was_trained_of_is_predicted(glioblastoma, tmp_path, likelihood):
    """From a bulk screen that shares 34 of 120 genes: adapters; of counts, from scratch."""
    files, start = glioblastoma
    output = {name: str(tmp_path / f"cells{ending}") for name, ending in (
        ("model", ".h5"), ("losses", ".tsv"), ("carried", "_carried.tsv"),
        ("trials", "_trials.tsv"))}  # fmt: skip
    begun = {"start": start["model"]} if likelihood == "gaussian" else {}
    train_cells(
        files | begun, output, fold="lines_1", start="overlap" if begun else "scratch", trials=0,
        options=SMALL | {"epochs": 40, "batch": 128, "likelihood": likelihood}, **MODEL,
    )  # fmt: skip
    model = restore(hdf5.load(output["model"]))
    if begun:
        shapes = read_table(output["carried"]).set_index("tensor")["shape"]
        inner = len(restore(hdf5.load(start["model"])).genes)
        assert model.network.sizes.inner == inner >= 34
        assert shapes["before.0.weight"] == f"{inner}x120"
    said = predict(files | {"model": output["model"]}, tmp_path, "lines_1")
    fold, found = Fold.load(files["fold"]), Predicted.load(said["predicted"])
    predicted, measured = changes(fold, found)
    assert len(predicted) == 1
    assert correlation(predicted, measured)[0] > 0.3
    assert np.isfinite(found.mean).all()
    distances = read_table(said["distances"]).iloc[0]
    assert np.isfinite(distances[["e_distance", "mmd"]].astype(float)).all()


def test_signatures_of_blood_cells_are_learned_from_ranks_alone(shared_data, tmp_path):
    """Of drugs never seen: at least as a line's mean says, in the sense of a sane training."""
    target = prepared(tmp_path, "op3")
    folder = shared_data / "op3-ranks"
    prepare_cells(
        {"ranks": folder / "op3_ranks.npz", "structures": folder / "op3_drugs.tsv"}, {}, None,
        target,
    )  # fmt: skip
    vectors = str(tmp_path / "descriptors.h5")
    encode_drugs([target["drugs"]], encoder="descriptors", options={}, vectors=None,
                 output=vectors, cache=None)  # fmt: skip
    fold = cut(target, None, str(tmp_path / "fold.h5"), "drugs_0", 500)
    files = {"observations": target["observations"], "drugs": target["drugs"],
             "vectors": vectors, "fold": str(tmp_path / "fold.h5")}  # fmt: skip
    output = {name: str(tmp_path / f"op3_{name}") for name in ("model", "losses", "trials")}
    train_cells(
        files, output, fold="drugs_0", start="scratch", trials=0,
        options=SMALL | {"epochs": 40, "batch": 64}, **MODEL,
    )  # fmt: skip
    said = predict(files | {"model": output["model"]}, tmp_path, "drugs_0")
    found = Predicted.load(said["predicted"])
    table = fold.conditions
    test = table[(table["role"] == TEST) & ~table["control"]].reset_index()
    at = found.conditions.reset_index().merge(test, on=["drug", "line", "dose"])
    assert len(at) == len(test) > 50
    mean = correlation(found.mean[at["index_x"]], fold.mean[at["index_y"]]).mean()
    assert mean > 0.15
    assert Path(said["distances"]).read_text() == "drug\tline\tdose\n"
