"""Level 5 as GEO has that of phase 2, with genes of another series, and values as they are."""

import numpy as np
import pandas as pd
import pytest
from project import Project

from lacuna.io.gctx import write_gctx
from lacuna.tensor.profiles import ProfileSet

CELLS = ["MCF7", "PC3", "A375"]
ELEMENTS = "CNOS"
GENES = [str(number) for number in range(100, 130)]
TWINS = {"BRD-1": "CC[C@H](N)C(=O)O", "BRD-12": "CC[C@@H](N)C(=O)O"}


def info(rows, prefix):
    columns = ["pert_id", "pert_iname", "pert_type", "cell_id", "pert_idose", "pert_itime"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "sig_id", [f"{prefix}_{number}" for number in range(len(table))])
    return table.assign(distil_id=[f"{prefix}_{cell}_24H_X1:A01" for cell in table["cell_id"]])


def write_series(folder, name, table, rng):
    of_drug = {drug: rng.normal(size=len(GENES)) for drug in sorted(set(table["pert_id"]))}
    effects = np.stack([of_drug[drug] for drug in table["pert_id"]])
    values = (effects + rng.normal(size=effects.shape)) * rng.uniform(0.2, 4, (len(table), 1))
    values = values.astype(np.float32)
    table.to_csv(folder / f"{name}_sig.txt", sep="\t", index=False)
    columns = pd.DataFrame(index=table["sig_id"])
    write_gctx(folder / f"{name}.gctx", values, pd.DataFrame(index=GENES), columns)
    return dict(zip(table["sig_id"], values, strict=True))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phase_2")
    rng = np.random.default_rng(0)
    drugs = [f"BRD-{number}" for number in range(16)]
    cp = [
        (drug, f"name {drug}" if drug != "BRD-3" else "TP53", "trt_cp", cell, dose, time)
        for drug in drugs
        for cell in CELLS
        for dose, time in (("10 uM", "24 h"), ("0.04 µM", "24 h"), ("10 uM", "6 h"))
    ]
    other = [("BRD-1", "name BRD-1", "ctl_vehicle", "MCF7", "-666", "24 h")]
    genes = [
        (f"TRCN{number}", ["TP53", "MYC", "EGFR", "MET"][number % 4], kind, cell, "-666", "24 h")
        for number in range(8)
        for cell in CELLS
        for kind in ("trt_sh",)
    ]
    tables = {"drugs": info(cp + other, "REP"), "genes": info(genes, "CGS")}
    values = {}
    for name, table in tables.items():
        values |= write_series(folder, name, table, rng)
    smiles = [TWINS.get(drug, f"{'C' * (number + 2)}O") for number, drug in enumerate(drugs)]
    pert = pd.DataFrame({"pert_id": drugs, "pert_iname": "-666", "canonical_smiles": smiles})
    pert.to_csv(folder / "pert.txt", sep="\t", index=False)
    config = {
        "dataset": "phase2",
        "acquire": {
            "source": "files",
            "mirror": str(folder),
            "series": {
                "drugs": {"level5": "drugs.gctx", "sig_info": "drugs_sig.txt"}
                | {"pert_info": "pert.txt"},
                "genes": {"level5": "genes.gctx", "sig_info": "genes_sig.txt"}
                | {"pert_types": ["trt_sh"]},
            },
        },
        "tensor": {
            **{"scale": "z", "cells": ["MCF7", "pc3"], "times": [24], "doses": {"min": 0.01}},
            **{"max_p_value": 1, "unreplicated": "keep"},
            **{"min_cells_per_drug": 1, "min_drugs_per_cell": 1},
        },
        "completion": {"methods": ["mean_1d", "dnpp"], "completed": []},
        "evaluation": {
            "folds_per_job": 4,
            "splits": {
                "profiles": {"sizes": ["large"], "folds": 3},
                "drugs": {"sizes": ["large"], "folds": 4},
                **{split: {"sizes": []} for split in ("cells", "plates", "cell_transfer")},
            },
            "density": {"percents": []},
        },
        "classification": {"completed": []},
    }
    project = Project(tmp_path_factory.mktemp("project"))
    made = [
        f"results/phase2/{file}"
        for file in (
            "evaluation/metrics_by_pert_type.tsv",
            "evaluation/large/drugs/folds.tsv",
            "tensor/dropped.tsv",
            "evaluation/pages/methods.html",
        )
    ]
    project.run("--cores", "2", *project.configure(config), "--", *made)
    results = project.folder / "results/phase2"

    def read(file):
        return pd.read_csv(results / file, sep="\t")

    return results, read, tables, values


def test_the_tensor_is_the_average_of_raw_values_of_what_was_asked_for(run):
    results, read, tables, values = run
    tensor, drugs = ProfileSet.load(results / "tensor/large.h5"), read("tensor/drugs.tsv")
    assert sorted(tensor.cells) == ["MCF7", "PC3"]
    assert drugs["pert_type"].value_counts().to_dict() == {"trt_cp": 16, "trt_sh": 4}
    merged = drugs[drugs["name"] == "TP53"].set_index("pert_type")["ids"].to_dict()
    assert merged == {"trt_cp": "BRD-3", "trt_sh": "TRCN0; TRCN4"}
    table = pd.concat(tables.values())
    table = table[table["pert_type"].isin(["trt_cp", "trt_sh"]) & table["pert_itime"].eq("24 h")]
    ids = dict(zip(drugs["drug"], drugs["ids"].str.split("; "), strict=True))
    for (drug, cell), profile in zip(tensor.pairs, tensor.profiles, strict=True):
        rows = table["pert_id"].isin(ids[tensor.drugs[drug]])
        mine = table.loc[rows & table["cell_id"].eq(tensor.cells[cell]), "sig_id"]
        expected = np.mean([values[signature] for signature in mine], axis=0)
        assert np.allclose(profile, expected, atol=1e-5)


def test_what_fell_out_is_told_by_type(run):
    _, read, _, _ = run
    filters = read("tensor/filters.tsv")
    assert list(filters["pert_type"].unique()) == ["all", "trt_cp", "trt_sh"]
    dropped = read("tensor/dropped.tsv").query("what == 'experiment'")
    counts = dropped.groupby(["step", "pert_type"]).size().to_dict()
    assert counts == {
        ("cells: 2 named", "trt_cp"): 48,
        ("cells: 2 named", "trt_sh"): 8,
        ("times: 24 h", "trt_cp"): 32,
    }


def test_no_fold_of_drugs_divides_twins_and_scores_stand_apart(run):
    results, read, _, _ = run
    folds = read("evaluation/large/drugs/folds.tsv")
    assert folds.groupby("drug")["fold"].nunique().max() == 1
    assert folds[folds["drug"].isin(TWINS)]["fold"].unique().size == 1
    scores = read("evaluation/metrics_by_pert_type.tsv")
    assert set(scores["pert_type"]) == {"trt_cp", "trt_sh"}
    page = (results / "evaluation/pages/methods.html").read_text()
    assert "trt_sh alone" in page and "trt_cp alone" in page
    whole = read("metrics.tsv")
    assert list(whole) == ["size", "split", "method", "metric", "value", "low", "high"]
    keys = ["size", "split", "method"]
    both = scores[scores["metric"] == "profile_pearson"]
    both = (
        both.assign(sum=both["value"] * both["profiles"]).groupby(keys)[["sum", "profiles"]].sum()
    )
    of_all = whole[whole["metric"] == "profile_pearson"].set_index(keys)["value"]
    mean = (both["sum"] / both["profiles"]).reindex(of_all.index)
    assert np.allclose(mean, of_all, atol=1e-6)
