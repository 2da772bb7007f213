"""A run looks at its data once, and stops before its first job where it leads nowhere."""

import json
import os
import time

import pytest
from own_data import FILES, change_table, configuration, prepared, write_plates

from lacuna.errors import LacunaError
from lacuna.project import preflight as module
from lacuna.project.leftovers import PREFLIGHT
from lacuna.project.plan import Plan
from lacuna.project.preflight import preflight

NOWHERE = "nowhere.tsv"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_plates(tmp_path / "data")


@pytest.fixture
def looks(monkeypatch):
    made = []
    check = module.check
    monkeypatch.setattr(module, "check", lambda *given: made.append(1) or check(*given))
    return made


def test_a_run_that_gets_there_is_told_of_warnings_alone(data, capsys):
    preflight(prepared(data), NOWHERE)
    assert capsys.readouterr() == ("", "")
    change_table(data, "inst_info", pert_time="360")
    preflight(prepared(data), NOWHERE)
    said = capsys.readouterr().err
    assert said.startswith("WARNING  ")
    assert "minutes?" in said
    assert "0 errors, 1 warning" in said
    assert "Files" not in said


def test_a_run_that_does_not_is_stopped_with_all_that_stands_in_the_way(data):
    config = prepared(data, evaluation={"splits": {"drugs": {"folds": 50}, "cells": {"folds": 7}}})
    for _ in range(2):  # what was found is kept, too
        with pytest.raises(LacunaError) as error:
            preflight(config, NOWHERE)
        said = str(error.value)
        assert said.startswith("no job was started.")
        assert "splits: drugs: 50 folds" in said
        assert "splits: cells: 7 folds" in said


def test_it_looks_again_only_where_something_changed(data, looks):
    config = prepared(data)
    start = time.monotonic()
    for _ in range(3):
        preflight(config, NOWHERE)
    assert len(looks) == 1
    assert time.monotonic() - start < 10
    preflight(prepared(data, seed=3), NOWHERE)
    assert len(looks) == 2
    path = data / FILES["pert_info"]
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    preflight(prepared(data, seed=3), NOWHERE)
    assert len(looks) == 3
    (data / FILES["pert_info"]).unlink()
    with pytest.raises(LacunaError, match=r"drugs\.txt"):
        preflight(prepared(data, seed=3), NOWHERE)
    assert len(looks) == 4


@pytest.mark.parametrize("kept", ["", "{", "[]", "null", '{"digest": 3}'])
def test_a_record_that_is_no_record_is_made_anew(data, looks, kept):
    config = prepared(data)
    preflight(config, NOWHERE)
    path = data.parent / "results/mine" / PREFLIGHT
    record = json.loads(path.read_text())
    path.write_text(kept)
    preflight(config, NOWHERE)
    assert len(looks) == 2
    assert json.loads(path.read_text()) == record


def test_a_simulated_screen_is_not_looked_at(data, looks):
    config = {"dataset": "mine", "acquire": {"source": "simulator"}}
    Plan.of(config).preflight(NOWHERE, [])
    assert looks == []
    assert not (data.parent / "results").exists()


def test_the_plan_looks_with_the_table_of_sources_of_the_configuration(data):
    plan = Plan.of(configuration(data, acquire={"sources": "own.tsv"}))
    (data.parent / "own.tsv").write_text("file\turl\n")
    with pytest.raises(LacunaError, match=r"own\.tsv: missing column"):
        plan.preflight(NOWHERE, [])


@pytest.mark.parametrize(
    ("targets", "stopped"),
    [
        ([], True),
        (["all"], True),
        (["results/mine/report.html"], True),
        (["results/mine/signatures/mine/signatures.h5"], False),
    ],
)
def test_a_run_that_was_not_asked_for_its_report_is_told_and_goes_on(
    data, targets, stopped, capsys
):
    plan = Plan.of(configuration(data, evaluation={"splits": {"drugs": {"folds": 50}}}))
    if stopped:
        with pytest.raises(LacunaError, match="50 folds"):
            plan.preflight(NOWHERE, targets)
        return
    plan.preflight(NOWHERE, targets)
    assert "ERROR  evaluation: splits: drugs: 50 folds" in capsys.readouterr().err
