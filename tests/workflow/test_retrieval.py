"""A retrieval in a run of its own, on a simulated screen whose structures carry what drugs do."""

import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from project import Project, overlay

from lacuna.retrieval.split import ROLES

FOLDER = "results/demo/retrieval"
PAUSE = """if not __import__("pathlib").Path("paused").touch():
        while True: pass
    """
CONFIG = {
    "acquire": {"simulator": {"drugs": 60, "cells": 3, "mechanisms": 4}},
    "completion": {"methods": [], "completed": []},
    "classification": {"completed": []},
    "retrieval": {
        "methods": ["double_nearest", "cca", "correlation", "popularity"],
        "encoders": ["morgan"],
        "alignments": {
            "aligned": {"epochs": 4, "batch": 32, "profile_layers": [32], "dimensions": 16}
        },
        "time": 6,
        "dose": 10,
        "in_all_lines": False,
        "lines": {"training": ["SIMBRE1"], "validation": ["SIMBRE2"], "test": ["SIMPRO3"]},
        "split": {"folds": 2, "validation": 0.2},
        "examples": 2,
    },
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("retrieval"))
    project.options = project.configure(CONFIG)
    project.run("--cores", "2", *project.options)
    return project


def read(finished, name):
    return pd.read_csv(finished.folder / FOLDER / name, sep="\t")


def test_every_drug_is_judged_once_and_never_trained_on(finished):
    roles = read(finished, "roles.tsv").set_index("drug")
    assert ((roles == "test").sum(axis=1) == 1).all()
    assert set(roles.to_numpy().ravel()) == set(ROLES)
    found = set()
    for fold in range(2):
        ranks = read(finished, f"ranks/{fold}.tsv.gz")
        judged = roles.index[roles[f"fold_{fold}"] == "test"]
        assert set(ranks["drug"]) <= set(judged)
        found |= set(ranks["drug"])
    assert len(found) > 0.9 * len(roles)


def test_all_methods_stand_beside_oracles_and_chance(finished):
    metrics = read(finished, "metrics.tsv")
    assert {"double_nearest", "cca", "correlation", "popularity", "oracle"} == set(
        metrics["method"]
    )
    assert metrics[["value", "chance"]].notna().to_numpy().all()
    assert (metrics["low"].dropna() <= metrics["value"][metrics["low"].notna()]).all()
    oracle = metrics.query("method == 'oracle' and metric == 'mrr' and right == 'own'")
    assert len(oracle) == 2 * 2 * 2  # raw and aligned; both lines; library and plate


def test_the_report_has_a_section_and_a_second_run_has_nothing_to_do(finished):
    report = (finished.folder / "results/demo/report.html").read_text()
    assert re.search(r"<h2[^>]*>\d+\. Retrieval<", report)
    page = (finished.folder / FOLDER / "pages/examples.html").read_text()
    assert page.count("<svg") >= 4 * 6  # two queries a fold: what it was, and five found
    assert "Nothing to be done" in finished.run("--cores", "2", *finished.options)


def made(project):
    """Return what the stage made, by name."""
    folder = project.folder / FOLDER
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.fault(
    "SIGKILL after a training, before its network is written; then again on one core",
    "no half file is left; networks, ranks and scores are the same, byte by byte",
)
def test_a_killed_run_begun_again_on_one_core_makes_the_same(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    for name in ("aligned", "ranks"):
        shutil.rmtree(project.folder / FOLDER / name)
    for name in ("metrics.tsv", "model.h5"):
        (project.folder / FOLDER / name).unlink()
    project.alter(
        "retrieval/align_jobs.py",
        '    hdf5.save(output["model"]',
        f'    {PAUSE}hdf5.save(output["model"]',
    )
    asked = (*finished.options, "--", f"{FOLDER}/metrics.tsv", f"{FOLDER}/model.h5")
    running = project.start("--cores", "2", *asked)
    project.kill(running, "paused")
    assert not list((project.folder / FOLDER / "aligned").rglob("?.h5"))
    project.unlock()
    project.restore()
    project.run("--cores", "1", *asked)
    before, after = made(finished), made(project)
    assert {"aligned/aligned/0.h5", "ranks/1.tsv.gz", "metrics.tsv", "model.h5"} <= set(after)
    assert [name for name in after if before[name] != after[name]] == []
    assert not list((project.folder / FOLDER).rglob("*.work"))


@pytest.mark.fault(
    "profiles between two steps cut short",
    "the job that reads them names the file and sets it aside; run again they are made anew",
)
def test_damaged_profiles_are_named_and_made_anew(finished, tmp_path):
    project = Project.copy(finished, tmp_path / "project")
    path = project.folder / FOLDER / "treated.h5ad"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (project.folder / FOLDER / "oracles.tsv").unlink()
    asked = ("--cores", "2", *finished.options, "--", f"{FOLDER}/oracles.tsv")
    said = project.run(*asked, fails=True)
    assert re.search(r"Error: \S*treated\.h5ad: .*Run again", said)
    assert "Traceback" not in said
    project.run(*asked)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": {"test": ["SIMBRE1"]}}, "SIMBRE1' is judged (test) and stands in training"),
        ({"lines": {"validation": []}}, "lines: validation is empty"),
        ({"methods": ["ccaa"]}, "unknown method 'ccaa' (did you mean 'cca'?)"),
        ({"encoders": ["dmpnn"]}, "dmpnn is trained with an alignment"),
        ({"alignments": {"aligned": {"losss": "cca"}}}, "losss"),
        ({"alignments": {"aligned": {"encoder": "descriptors"}}}, "expected one of retrieval: enc"),
    ],
)
@pytest.mark.fault("mistakes in the block retrieval", "named before anything runs")
def test_mistakes_of_the_configuration_are_named(finished, tmp_path, change, said):
    project = Project.copy(finished, tmp_path / "project")
    options = project.configure(overlay(CONFIG, {"retrieval": change}))
    shown = project.run("--cores", "1", *options, fails=True)
    assert said in " ".join(shown.split())
    assert "Traceback" not in shown


def test_the_model_ranks_a_library_from_the_command_line(finished, tmp_path):
    (tmp_path / "library.smi").write_text("CCO ethanol\nc1ccccc1O phenol\n")
    level3 = next((finished.folder / "results/demo/acquire").rglob("*Level3.gctx"))
    series = level3.parent
    gene_info = next(series.glob("*gene_info*"))
    command = [sys.executable, "-m", "lacuna.command", "retrieve"]
    command += ["--model", f"{FOLDER}/model.h5", "--profile", str(level3), "--control", str(level3)]
    command += ["--gene-info", str(gene_info), "--library", str(tmp_path / "library.smi")]
    command += ["--output", str(tmp_path / "out.tsv"), "--top", "1"]
    ended = subprocess.run(command, cwd=finished.folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    table = pd.read_csv(tmp_path / "out.tsv", sep="\t")
    assert set(table["name"]) <= {"ethanol", "phenol"}
    assert table["profile"].is_unique
