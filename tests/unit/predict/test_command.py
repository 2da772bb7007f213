"""`lacuna predict`, called as a user would."""

import json

import numpy as np
import pandas as pd
import pytest
from structured import finished_run

from lacuna.command import main
from lacuna.completion.completed import CompletedTensor
from lacuna.completion.methods import kernel
from lacuna.io.tsv import read_table

NEW = "OCCCCc1ccoc1"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    finished_run(results, drugs=60)
    return results


def test_a_structure_is_answered_with_a_row_for_each_cell(ask):
    printed = ask("--smiles", NEW, "--name", "mine")
    rows = [line.split("\t") for line in printed.out.splitlines()]
    assert rows[0][:5] == ["name", "cell", "source", "expected_r", "tier"]
    assert all(0 < float(row[3]) < 1 and row[4] for row in rows[1:])
    assert [row[:3] for row in rows[1:]] == [["mine", f"c{i}", "predicted"] for i in range(4)]
    up, down = rows[1][rows[0].index("up")].split(), rows[1][rows[0].index("down")].split()
    assert len(set(up) | set(down)) == 10
    assert "drugs held out whole" in printed.err
    assert "nearest_measured: drug " in printed.err
    assert "run: demo, completed by Kernel" in printed.err
    assert "The data are SIMULATED" in printed.err


def test_cells_formats_and_files(ask, tmp_path):
    path = tmp_path / "p.tsv"
    words = ("--smiles", NEW, "--name", "mine", "--cell", "C1", "--output")
    ask(*words, path)
    table = read_table(path)
    assert list(table) == ["gene", "symbol", "mine:c1"]
    answer = json.loads(ask(*words, tmp_path / "p.gctx", "--format", "json").out)
    with CompletedTensor.open(tmp_path / "p.gctx") as product:
        profile = product.profile("mine", "c1")
    values = profile.values  # noqa: PD011 - an attribute of ours
    assert np.allclose(values.to_numpy(), table["mine:c1"], atol=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == {"p.tsv", "p.gctx"}
    ask(*words, tmp_path / "p.h5ad")
    assert {path.name for path in tmp_path.iterdir()} == {"p.tsv", "p.gctx", "p.h5ad"}
    assert str(answer).count("mine") >= 2
    up = values.sort_values(ascending=False).index[:5]
    shown = ask(*words[:-1], "--format", "tsv").out.splitlines()[1]
    assert " ".join(up) in shown
    assert "mine" in ask(*words[:-1], "--format", "table").out


def test_a_table_is_answered_drug_by_drug(ask, tmp_path):
    path = tmp_path / "new.tsv"
    write = pd.DataFrame({"name": ["a", "b"], "smiles": [NEW, "c1ccccc1C"], "cells": ["c0", "c1"]})
    write.to_csv(path, sep="\t", index=False)
    printed = ask("--table", path)
    rows = [line.split("\t")[:3] for line in printed.out.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["a", "c0"], ["a", "c1"], ["b", "c0"], ["b", "c1"]]
    assert "This is drug 0 (d0), measured in" in printed.err


def test_nothing_is_learnt_anew(ask, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("learns anew")

    for name in ("tune", "fit_weights"):
        monkeypatch.setattr(kernel, name, refuse)
    assert ask("--smiles", NEW, "--cell", "c0").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected --smiles, --table or --profile"),
        (["--smiles", "C", "--table", "x.tsv"], "one of these"),
        (["--table", "x.tsv", "--cell", "c0"], "--name and --cell go with --smiles"),
        (["--table", "x.tsv"], "x.tsv"),
        (["--smiles", "not a smiles"], "--smiles: 'not a smiles' .SMILES that cannot be read"),
        (["--smiles", "C", "--to", "c0"], "--to and --model go with --profile"),
        (["--smiles", "C", "--cell", "c9"], "no cell 'c9'"),
        (["--smiles", "C", "--output", "p.csv"], "--output p.csv: expected a name that ends with"),
        (["--smiles", "C", "--dataset", "dem"], "no run 'dem' .did you mean 'demo'"),
    ],
)
def test_mistakes_are_said(ask, words, said, tmp_path, monkeypatch):
    import re

    monkeypatch.chdir(tmp_path)
    assert re.search(said, ask(*words, fails=True))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_runs_is_told(tmp_path, capsys):
    assert main(["predict", "--smiles", "C", "--results", str(tmp_path)]) == 1
    assert "holds no run" in capsys.readouterr().err


def test_the_newest_of_several_runs_is_asked_and_that_is_said(tmp_path, capsys):
    import os

    for number, name in enumerate(("one", "two")):
        folder = finished_run(tmp_path, name, held_out=False, drugs=30)
        os.utime(folder / "completed/kernel.model.h5", (number + 1, number + 1))
    assert main(["predict", "--smiles", NEW, "--results", str(tmp_path)]) == 0
    assert "Asking two, the newest" in capsys.readouterr().err
