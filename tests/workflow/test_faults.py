"""Faults on the way: whatever happens, nothing finished is lost, and running again finishes."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest
from damage import cut_short, empty, flip_a_byte
from disks import no_room, read_only
from misbehaving import Misbehaving
from project import NO_SPLITS, TINY, Project, overlay

from lacuna.io import hdf5
from lacuna.project.ending import SILENT
from lacuna.project.provenance import file_digest
from lacuna.simulation import parameters

SMALL = {
    "acquire": {"simulator": {"drugs": 30, "cells": 4, "mechanisms": 5}},
    "signatures": {"null_draws": 1000},
    "tensor": TINY["tensor"],
    "completion": {"methods": ["mean_1d", "falrtc"], "controls": [], "completed": ["mean_1d"]},
    "evaluation": {
        "folds_per_job": 2,
        "splits": {"profiles": {"folds": 3}, **NO_SPLITS},
        "density": {"percents": []},
    },
    "classification": {"completed": []},
}
RESULTS = "results/demo"
METRICS, PRODUCT = f"{RESULTS}/metrics.tsv", f"{RESULTS}/completed/mean_1d.gctx"
CROSSVAL = f"{RESULTS}/evaluation/large/profiles"
# A fold's predictions, and what follows from them: without the last, the first are not missed.
FOLD = [f"{CROSSVAL}/falrtc/predicted_0.h5", f"{CROSSVAL}/falrtc/metrics.tsv", METRICS]
# Its own names: `import time` would make the function's other uses of it local.
PAUSE = 'import pathlib, time as clock; pathlib.Path("paused").touch()\n'
PAUSE += '{0}while not pathlib.Path("go").exists(): clock.sleep(0.05)\n{0}'


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("finished"))
    make(project)
    project.expected = content(project)
    return project


@pytest.fixture
def project(finished, tmp_path):
    """The finished run, in a folder of its own."""
    return Project.copy(finished, tmp_path / "project")


def content(project):
    """Return what a run is for: its scores and its product."""
    names = [
        METRICS,
        f"{RESULTS}/evaluation/metrics_per_fold.tsv",
        f"{RESULTS}/evaluation/comparisons.tsv",
        PRODUCT,
    ]
    return {name: (project.folder / name).read_bytes() for name in names}


def make(project, *targets, config=SMALL, cores=2, start=False, fails=False):
    """Make the scores and the product, or other targets; return what Snakemake printed."""
    options = ["--cores", str(cores), *project.configure(config), "--"]
    options += targets or (METRICS, PRODUCT)
    return project.start(*options) if start else project.run(*options, fails=fails)


def jobs(printed):
    """Count the jobs that Snakemake started, by rule."""
    return Counter(re.findall(r"^(?:local)?rule (\w+):", printed, flags=re.MULTILINE))


def message(printed):
    """Return what a job told the user."""
    assert "Traceback" not in printed, printed[-4000:]
    return printed[printed.index("Error: ") :].split("\n\n")[0]


def leftovers(project):
    found = [*project.folder.rglob("*unfinished*"), *project.folder.rglob("*.part*")]
    return [path for path in found if ".snakemake" not in path.parts]


def lose(project, *paths):
    for path in paths:
        (project.folder / path).unlink()


def pause_falrtc(project):
    """Make every fold of FaLRTC stop in its first step until there is a file `go`."""
    loop = "        mu = _mu_at(number, first_mu, final_mu, max_iterations)"
    project.alter(
        "completion/methods/falrtc.py", loop, "        " + PAUSE.format(" " * 8) + loop.strip()
    )


# Kills


@pytest.mark.fault(
    "SIGKILL of a run and all its jobs, among the first predictions",
    "run again, on another number of cores, it finishes; tables byte-identical",
)
def test_a_killed_run(finished, tmp_path):
    project = Project(tmp_path / "project")
    project.kill(make(project, start=True), f"{CROSSVAL}/*/predicted_*.h5")
    assert "Removed the lock" in project.unlock().stdout
    done = jobs(make(project, cores=1))
    assert not {"simulate_screen", "make_signatures", "build_tensor"} & done.keys()
    assert content(project) == finished.expected


@pytest.mark.fault(
    "SIGKILL in the middle of a fold, of Snakemake alone and then of the job it left behind",
    "run again it does this fold and what follows from it; tables byte-identical",
)
@pytest.mark.fault(
    "`make demo` while a job of a killed run is still going, and after it",
    "the lock stays as long as the job lives, and is removed after it",
)
def test_killed_in_the_middle_of_a_fold(project, finished):
    lose(project, *FOLD)
    pause_falrtc(project)
    running = make(project, start=True)
    project.wait(running, "paused")
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    refused = project.unlock()
    assert refused.returncode == 1
    assert "job of a killed run" in refused.stderr
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert not (project.folder / f"{CROSSVAL}/falrtc/predicted_0.h5").exists()
    assert "Removed the lock" in project.unlock().stdout
    project.restore()
    assert jobs(make(project)) == {"predict_folds": 1, "score_method": 1, "gather_metrics": 1}
    assert content(project) == finished.expected
    assert "Nothing to be done" in make(project)


@pytest.mark.fault(
    "SIGKILL in the middle of a DeepCellState training",
    "run again it goes on from its checkpoint; predictions byte-identical",
)
def test_killed_in_the_middle_of_a_training(project, tmp_path):
    config = overlay(SMALL, {"completion": {"methods": ["mean_1d", "deepcellstate"]}})
    target = f"{CROSSVAL}/deepcellstate/predicted_1.h5"
    whole = Project.copy(project, tmp_path / "whole")
    make(whole, target, config=config)
    count = "                training, validation, *more = epoch()\n"
    said = " " * 16 + 'open("epochs", "a").write("x")\n'
    killed = " " * 16 + 'if open("epochs").read() == "x" * 30:\n'
    killed += " " * 20 + PAUSE.format(" " * 20) + "pass\n"
    project.alter("networks/training.py", "BETWEEN_CHECKPOINTS = 30", "BETWEEN_CHECKPOINTS = -1")
    project.alter("networks/training.py", count, count + said + killed)
    project.kill(make(project, target, config=config, start=True), "paused")
    work = project.folder / f"{target}.work"
    assert list(work.rglob("checkpoint.pt"))
    assert not (project.folder / target).exists()
    project.unlock()
    assert jobs(make(project, target, config=config)) == {"predict_folds": 1}
    assert (project.folder / target).read_bytes() == (whole.folder / target).read_bytes()
    epochs = len(hdf5.load(project.folder / target)["losses"])
    assert len((project.folder / "epochs").read_text()) == epochs + 1  # the one it was killed in
    assert not work.exists()


@pytest.mark.fault(
    "SIGKILL of a job that writes a GCTX, as for want of memory",
    "no half file; Snakemake says which job; run again it makes this file alone, byte-identical",
)
def test_killed_in_the_middle_of_a_gctx(project, finished):
    lose(project, PRODUCT)
    line = '        for axis, metadata in (("rows", row_metadata), ("columns", column_metadata)):'
    killed = "        file.flush(); import os; os.kill(os.getpid(), 9)\n"
    project.alter("io/gctx.py", line, killed + line)
    printed = make(project, fails=True)
    assert "Error in rule complete_tensor" in printed
    assert "SIGKILL" in printed
    assert printed.split("complete_tensor (log: ")[-1].endswith(f"failed.\n{SILENT}\n")
    assert not (project.folder / PRODUCT).exists()
    assert leftovers(project)  # a killed job cannot clean up; the next one does
    project.restore()
    assert jobs(make(project)) == {"complete_tensor": 1}
    assert content(project) == finished.expected
    assert not leftovers(project)


# Two runs


@pytest.mark.fault(
    "two runs at once in one folder",
    "the second says that the folder is locked; `make demo` leaves the lock; the first finishes",
)
def test_a_second_run_is_refused_and_harms_nothing(project, finished):
    lose(project, *FOLD)
    pause_falrtc(project)
    first = make(project, start=True)
    project.wait(first, "paused")
    refused = project.unlock()
    assert refused.returncode == 1
    assert "Another run is going on" in refused.stderr
    assert "cannot be locked" in make(project, fails=True)
    (project.folder / "go").touch()
    printed, _ = first.communicate()
    assert first.returncode == 0, printed[-4000:]
    assert content(project) == finished.expected
    assert not list((project.folder / ".snakemake").glob("locks/*"))


# Disks


@pytest.mark.fault(
    "a full disk: a small one is mounted and filled; without that right, files may not grow",
    "the job names the file and says to make room; no half file; with room the rest is made, "
    "byte-identical",
)
def test_a_full_disk(finished, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with no_room(folder) as (fill_disk, make_room):
        project = Project.copy(finished, folder)
        lose(project, PRODUCT, *FOLD)
        fill_disk()
        said = message(make(project, fails=True))
        make_room()
        assert any(f"{kind}: cannot be written" in said for kind in (".gctx", ".h5ad", ".h5")), said
        assert "Make room" in said
        assert not leftovers(project)
        done = jobs(make(project))
        assert done.keys() <= {
            *("complete_tensor", "predict_folds", "score_method", "gather_metrics")
        }
        assert done["predict_folds"] <= 1
        assert content(project) == finished.expected


@pytest.mark.fault(
    "results that may not be written to",
    "the run stops before its first job and names the folder; with the right it finishes",
)
def test_an_output_folder_without_write_permission(project, finished):
    # Of outputs that are there Snakemake says itself that they are protected.
    manifest = f"{RESULTS}/sums/complete_tensor/mean_1d.tsv"
    lose(project, PRODUCT, PRODUCT.replace(".gctx", ".h5ad"), manifest)
    with read_only(project.folder / RESULTS):
        printed = make(project, fails=True)
    assert f"{RESULTS}: cannot be written" in printed
    assert "Give yourself the right" in printed
    assert "Traceback" not in printed
    assert not jobs(printed)
    assert jobs(make(project)) == {"complete_tensor": 1}
    assert content(project) == finished.expected


# Damaged intermediates


@pytest.mark.fault(
    "an HDF5 file between two steps cut short, emptied, or with one byte altered",
    "the job that reads it names it and sets it aside; run again it is rebuilt, and what follows "
    "from it; nothing else runs",
)
@pytest.mark.parametrize("damage", [cut_short, flip_a_byte, empty])
def test_a_damaged_intermediate_is_rebuilt(project, finished, damage):
    lose(project, METRICS)
    path = project.folder / f"{CROSSVAL}/mean_1d/predicted_0.h5"
    path.write_bytes(damage(path.read_bytes()))
    said = message(make(project, fails=True))
    assert str(path.relative_to(project.folder)) in said
    assert "Run again" in said
    assert path.with_name("predicted_0.h5.damaged").exists()
    # What is expected of the product's profiles was learnt from these predictions.
    again = ("calibrate_expected_r", "complete_tensor")
    made = ("predict_folds", "score_method", "gather_metrics", *again)
    assert jobs(make(project)) == dict.fromkeys(made, 1)
    assert content(project) == finished.expected
    assert not path.with_name("predicted_0.h5.damaged").exists()


@pytest.mark.fault(
    "the tensor damaged, on which everything after it rests",
    "named, set aside and rebuilt from the signatures, which are not made again",
)
def test_a_damaged_tensor_is_rebuilt_from_the_signatures(project, finished):
    lose(project, METRICS, PRODUCT)
    path = project.folder / f"{RESULTS}/tensor/large.h5"
    path.write_bytes(flip_a_byte(path.read_bytes()))
    said = message(make(project, fails=True))
    assert "tensor/large.h5" in said
    done = jobs(make(project))
    assert done["build_tensor"] == 1
    assert not {"simulate_screen", "make_signatures"} & done.keys()
    assert content(project) == finished.expected


# Downloads


def from_server(project, server, folder):
    """Return the configuration of a run that downloads what `finished` simulated."""
    rows = []
    for name in parameters.FILES.values():
        server.files[name] = (folder / name).read_bytes()
        found = file_digest(folder / name)
        rows.append(f"{name}\t{server.url(name)}\t{found['bytes']}\t{found['sha256']}\tCC0\tus\n")
    with (project.folder / "resources/sources.tsv").open("a") as sources:
        sources.writelines(rows)
    series = {"own": dict(parameters.FILES)}
    files = {"acquire": {"source": "files", "series": series}}
    return overlay(SMALL, files | {"enrichment": {"cell_groups": False}})  # no gene sets are served


@pytest.mark.fault(
    "SIGKILL in the middle of a download",
    "run again it asks for the rest alone",
)
@pytest.mark.fault(
    "a server that stalls, then resets the connection, then answers 503",
    "the same run waits, goes on where it was and finishes; tables byte-identical",
)
def test_a_run_that_downloads_from_a_misbehaving_server(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    project = Project(tmp_path / "project")
    project.alter("io/asking.py", "TIMEOUT = (30, 60)", "TIMEOUT = (30, 2)")
    matrix = parameters.FILES["level3"]
    simulated, acquired = f"{RESULTS}/acquire/simulated", f"{RESULTS}/acquire/own"
    with Misbehaving({}).serving() as server:
        config = from_server(project, server, finished.folder / simulated)
        make(project, f"{acquired}/checked/tables.tsv", config=config)
        server.script = [("stall", 1 << 20)]
        part = project.folder / f"{acquired}/{matrix}.part"
        running = make(project, f"{acquired}/{matrix}", config=config, start=True)
        project.kill(running, lambda: part.exists() and part.stat().st_size > 0)
        kept = part.stat().st_size
        assert not (project.folder / acquired / matrix).exists()
        project.unlock()
        server.requests.clear()
        server.script = [("stall", 1 << 20), ("reset", 1 << 19), 503, "serve"]
        make(project, f"{acquired}/{matrix}", config=config)
        first, *more = [request["range"] for request in server.requests]
        assert first == f"bytes={kept}-"
        assert len(more) == 3 and all(more)
        printed = make(project, config=config)
        assert not {"acquire_file", "check_tables"} & jobs(printed).keys()  # they came first
    assert content(project) == finished.expected
    assert not leftovers(project)


# A run again


@pytest.mark.fault(
    "`make reproduce` after a table, an input and the code were changed",
    "names all three, and of all tables and products the changed one alone; the rest is the same",
)
def test_a_stored_run_is_reproduced_and_what_differs_is_named(project):
    make(project, "results")
    results = project.folder / RESULTS
    changed = results / "metrics.tsv"
    changed.write_bytes(changed.read_bytes().replace(b"falrtc", b"falrtx", 1))
    (results / "acquire/simulated" / parameters.ANNOTATION).write_text("nothing")
    with (project.folder / "workflow/rules/figures.smk").open("a") as rules:
        rules.write("\n# A remark.\n")
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    command = [sys.executable, "-m", "lacuna.command", "reproduce", "demo", "--cores", "2"]
    ended = subprocess.run(command, cwd=project.folder, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "code, SHA-256" in ended.stdout
    assert f"input {RESULTS}/acquire/simulated/{parameters.ANNOTATION}: SHA-256" in ended.stdout
    differ = re.search(r"(\d+) of (\d+) tables.* differ:\n((?:  .*\n)+)", ended.stdout)
    assert differ[3].split() == [f"acquire/simulated/{parameters.ANNOTATION}", "metrics.tsv"]
    assert int(differ[2]) > 40
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*")} == before
