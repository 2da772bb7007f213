"""A translation in a run of its own, on a simulated transcriptome whose truth was planted."""

import re
import shutil
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest
from project import Project

from lacuna.io.gctx import Gctx, write_gctx

RECEPTOR = "SIMG0189"  # of the demo's seed
FOLDER = "results/demo/translation"
PAUSE = """if not __import__("pathlib").Path("paused").touch():
            while True: pass
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("translation"))
    project.options = project.configure(
        {
            "acquire": {"simulator": {"drugs": 20, "cells": 6, "mechanisms": 5}},
            "completion": {"methods": [], "completed": []},
            "classification": {"completed": []},
            "translation": {
                "landmarks": ["ratio", "moments", "paired_ridge"],
                "genome": ["ridge", "nearest"],
                "end_to_end": ["ratio"],
                "translated": ["moments", "ridge"],
                "types": ["trt_sh"],
                "genes_shown": [RECEPTOR],
                "targets": [
                    {
                        "drug": "Simulated-Glucocorticoid-1",
                        "set": f"{RECEPTOR}_receptor",
                        "studies": [
                            {
                                "study": "simulated-steroid-1",
                                "treated": "simulated-glucocorticoid-1",
                                "control": "control",
                            }
                        ],
                    }
                ],
                "ageing": "simulated",
            },
        }
    )
    project.run("--cores", "2", *project.options)
    return project


def read(finished, name):
    return pd.read_csv(finished.folder / FOLDER / name, sep="\t")


def test_every_chain_stands_beside_controls_and_the_planted_truth_is_found(finished):
    metrics = read(finished, "metrics.tsv")
    chains = set(zip(metrics["first"], metrics["second"], strict=True))
    steps = {(a, b) for a in ("ratio", "moments", "paired_ridge") for b in ("ridge", "nearest")}
    controls = {("mean_profile", "mean_profile"), ("random_pair", "random_pair")}
    controls |= {("true_landmarks", "ridge"), ("true_landmarks", "nearest")}
    assert chains == steps | {("ratio", "end_to_end")} | controls
    whole = metrics[metrics["genes"] == "all"].set_index(["first", "second", "metric"])
    assert whole.loc[("mean_profile", "mean_profile", "gene_pearson"), "value"] == 0
    assert whole.loc[("mean_profile", "mean_profile", "identified"), "value"] == 0
    ours = whole.loc[("ratio", "ridge", "gene_pearson")]
    assert ours["low"] > 0.2
    assert whole.loc[("ratio", "ridge", "identified"), "low"] > 0.5


def test_a_model_states_errors_that_hold(finished):
    left_out = read(finished, "left_out.tsv")
    ridge = left_out[left_out["step"] == "ridge"].set_index("metric")["value"]
    assert 0.85 < ridge["coverage_all"] < 0.95
    mean = left_out[left_out["step"] == "mean_profile"].set_index("metric")["value"]
    assert ridge["rmse"] < mean["rmse"]
    assert "ratio/end_to_end" in set(left_out["step"])
    coverage = read(finished, "coverage.tsv").query("errors == 'with pairs'")
    assert coverage["value"].between(0.85, 0.95).all()


def test_wells_are_translated_to_both_formats_alike(finished):
    genes = read(finished, "genes.tsv")["gene"].tolist()
    made = anndata.read_h5ad(finished.folder / FOLDER / "translated/simulated_translation.h5ad")
    with Gctx(finished.folder / FOLDER / "translated/simulated_translation.gctx") as matrix:
        assert list(matrix.rows) == genes == list(made.var_names)
        first = matrix.columns[:50]
        assert (matrix.read(genes, first) == made[first].X).all()
    assert "cell" in made.obs


def test_targets_of_a_planted_receptor_stand_at_the_top(finished):
    bridges = read(finished, "signatures/simulated_translation/bridges.tsv")
    assert set(bridges["platform"]) == {"translated", "baseline", "L1000"}
    assert {"common", "model_only", "all"} == set(bridges["universe"])
    translated = bridges.query("platform == 'translated' and universe == 'all'")
    for control in ("other wells", "shuffled genes"):
        assert (translated[translated["control"] == control]["p"] < 0.05).any()


def test_studies_of_a_planted_drug_agree_with_its_signatures(finished):
    studies = read(finished, "signatures/simulated_translation/studies.tsv")
    mean = studies.query("signature == 'mean' and metric == 'pearson' and universe == 'model_only'")
    assert (mean["value"] > mean["random_high"]).all()
    assert (finished.folder / FOLDER / "pages/signatures.html").exists()
    assert (finished.folder / FOLDER / "figures/drug_studies.svg").exists()


def test_the_search_by_gene_lists_signatures_and_knock_downs_their_target(finished):
    folder = finished.folder / FOLDER / "signatures/simulated_translation"
    found = pd.read_parquet(folder / "gene_search.parquet")
    assert set(found["by"]) == {"fold_change", "cd", "rank"}
    assert set(found["type"]) == {"trt_sh"}
    ranks = read(finished, "signatures/simulated_translation/knock_downs.tsv")
    assert ranks["share_before"].median() < 0.2


def test_genes_of_ageing_are_counted(finished):
    genes = read(finished, "ageing/genes.tsv")
    assert set(genes["direction"]) == {"up", "down"}
    assert (finished.folder / FOLDER / "ageing/library.gmt").read_text().count("\n") >= 4


def test_a_signature_file_is_refused_as_level_3_and_passes_as_differences(finished, tmp_path):
    listed = read(finished, "genes.tsv").query("landmark")["gene"]
    values = np.random.default_rng(0).normal(size=(3, len(listed))).astype("f4")
    rows, columns = pd.DataFrame(index=listed), pd.DataFrame(index=["a", "b", "c"])
    write_gctx(tmp_path / "level5.gctx", values, rows, columns)
    words = [sys.executable, "-m", "lacuna.command", "translate", "level5.gctx", "out.h5ad"]
    words += ["--model", str(finished.folder / FOLDER / "model.h5")]
    refused = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "signatures (Level 5)" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "out.h5ad").exists()
    made = subprocess.run(
        [*words, "--signatures"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "linear part" in made.stdout
    assert anndata.read_h5ad(tmp_path / "out.h5ad").shape[0] == 3


def test_the_report_has_a_section_and_a_second_run_has_nothing_to_do(finished):
    report = (finished.folder / "results/demo/report.html").read_text()
    assert re.search(r"<h2[^>]*>\d+\. Translation<", report) and "L1000 to RNA-seq" in report
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)


def made(project):
    """Return what the stage made, by name."""
    folder = project.folder / FOLDER
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.fault(
    "samples of RNA-seq between two steps cut short",
    "the job that reads them names the file and sets it aside; run again it is made anew",
)
def test_damaged_samples_are_named_and_made_anew(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    path = project.folder / FOLDER / "rnaseq.h5ad"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (project.folder / FOLDER / "steps/genome/ridge.h5").unlink()
    asked = ("--cores", "2", *finished.options, "--", f"{FOLDER}/steps/genome/ridge.h5")
    said = project.run(*asked, fails=True)
    assert re.search(r"Error: \S*rnaseq\.h5ad: .*Run again", said)
    assert "Traceback" not in said
    project.run(*asked)
    assert path.read_bytes() == whole


@pytest.mark.fault(
    "SIGKILL while wells are translated, then from the prepared samples again on one core",
    "no half file is left; steps, scores, model and translated wells are the same, byte by byte",
)
def test_a_killed_run_begun_again_on_one_core_makes_the_same(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    for name in ("steps", "translated"):
        shutil.rmtree(project.folder / FOLDER / name)
    for name in ("metrics.tsv", "left_out.tsv", "model.h5"):
        (project.folder / FOLDER / name).unlink()
    project.alter(
        "translation/translate.py",
        "        yield translate(matrix",
        f"        {PAUSE}        yield translate(matrix",
    )
    wells = f"{FOLDER}/translated/simulated_translation.gctx"
    asked = (*finished.options, "--", wells, f"{FOLDER}/metrics.tsv", f"{FOLDER}/left_out.tsv")
    running = project.start("--cores", "2", *asked)
    project.kill(running, "paused")
    assert not list((project.folder / FOLDER / "translated").glob("[!.]*"))
    project.unlock()
    project.restore()
    project.run("--cores", "1", *asked)
    before, after = made(finished), made(project)
    remade = [name for name in after if "steps/" in name or name in ("metrics.tsv", "model.h5")]
    assert len(remade) > 10
    assert [name for name in after if before[name] != after[name]] == []
