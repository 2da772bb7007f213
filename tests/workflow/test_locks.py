"""Locks: that of a run that lives stays, however it was started; that of a killed one goes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project

from lacuna.io.process import OUTERMOST, Process
from lacuna.project.lock_owner import BESIDE
from lacuna.simulation import parameters

TARGET = f"results/demo/acquire/simulated/{parameters.ANNOTATION}"
FILES = ["config/config.yaml", "tiny.yaml"]
TINY = {"acquire": {"simulator": {"drugs": 20, "cells": 3, "mechanisms": 4}}}
SNAKEMAKE = ["snakemake", "--cores", "1", "--configfile", *FILES, "--", TARGET]
NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
# As the documentation of Snakemake's API has it.
SCRIPT = f"""
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

with SnakemakeApi(OutputSettings()) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=[Path(file) for file in {FILES}]),
        snakefile=Path("Snakefile"),
    )
    workflow.dag(DAGSettings(targets={{"{TARGET}"}})).execute_workflow()
"""
WAYS = {
    "command": [str(Path(sys.executable).parent / "snakemake"), *SNAKEMAKE[1:]],
    "unbuffered": [sys.executable, "-u", "-m", *SNAKEMAKE],
    "without warnings": [sys.executable, "-W", "ignore", "-m", *SNAKEMAKE],
    "with options": [sys.executable, "-X", "utf8", "-B", "-m", *SNAKEMAKE],
    "script": [sys.executable, "run.py"],
}


PAUSE = """    import time
    while "/demo/" in str(folder) and not Path("go").exists():
        Path("paused").touch()
        time.sleep(0.05)
"""


@pytest.fixture
def project(tmp_path):
    """A fresh clone, whose first job waits for a file `go`."""
    project = Project(tmp_path / "project")
    line = "    stream = partial(seeds.generator, seed)\n"
    project.alter("simulation/write.py", line, PAUSE + line)
    project.configure(TINY, "tiny")
    (project.folder / "run.py").write_text(SCRIPT)
    return project


@pytest.fixture
def start(project):
    """Start something in the project, and kill it at the end with all that it started."""
    started = []

    def start(words):
        started.append(
            subprocess.Popen(
                words,
                cwd=project.folder,
                env=os.environ | {"PYTHONPATH": str(project.folder / "workflow")},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for running in started:
        if running.poll() is None:
            kill(running)


def kill(running):
    """Kill a run with all its jobs."""
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


def locks(project):
    return sorted(path.name for path in (project.folder / BESIDE).glob("*.lock"))


def owner(project):
    """Return the file of the run that holds the lock."""
    [file] = (project.folder / BESIDE).glob("owner-*.json")
    return file


def give_to(project, **changed):
    """Take the lock for that of another process; return what its file says."""
    file = owner(project)
    here = Process.of(file.stem.removeprefix("owner-"))
    said = json.loads(file.read_text())
    file.rename(file.with_name(f"owner-{here._replace(**changed).tag}.json"))
    return said


def refused(project):
    """Return why `lacuna unlock` leaves the lock as it is."""
    before = locks(project)
    ended = project.unlock()
    assert ended.returncode == 1, ended.stdout
    assert "Traceback" not in ended.stderr
    assert before == locks(project) != []
    return ended.stderr


@pytest.mark.fault(
    "`make demo` while a run goes on that was started in an unusual way: with options of Python, "
    "or by a script",
    "the lock stays, and the run is named; once it is killed, the lock is removed",
)
@pytest.mark.parametrize("way", WAYS)
def test_the_lock_of_a_living_run_stays_however_it_was_started(project, start, way):
    running = start(WAYS[way])
    project.wait(running, "paused")
    said = refused(project)
    assert f"Another run is going on in {project.folder} (process {running.pid}, since 20" in said
    if way != "script":  # as of an older version, which told nobody whose it is
        owner(project).unlink()
        assert f"(process {running.pid}); wait for it or stop it" in refused(project)
    kill(running)
    assert "Removed the lock" in project.unlock().stdout
    assert not list((project.folder / BESIDE).iterdir())
    assert project.unlock().stdout == ""


@pytest.mark.fault(
    "a second run in one folder, and another data set's run there which ends first",
    "the second is told whose lock it is; the lock stays until its own run ends, and then goes",
)
def test_a_run_removes_its_own_lock_alone(project, start):
    running = start(WAYS["unbuffered"])
    project.wait(running, "paused")
    assert json.loads(owner(project).read_text())["executor"] == "local"
    second, _ = start(WAYS["command"]).communicate()
    assert "cannot be locked" in second
    assert f"It is held by process {running.pid} on host " in second
    other = ["--config", "dataset=other", "--", TARGET.replace("demo", "other")]
    ended = start([sys.executable, "-m", *SNAKEMAKE[:-2], *other])
    printed, _ = ended.communicate()
    assert ended.returncode == 0, printed[-4000:]
    start([*WAYS["command"][:-2], "--dry-run", "--", TARGET]).communicate()  # takes no lock
    assert f"process {running.pid}, since" in refused(project)
    assert owner(project).exists()
    (project.folder / "go").touch()
    printed, _ = running.communicate()
    assert running.returncode == 0, printed[-4000:]
    assert not list((project.folder / BESIDE).iterdir())


@pytest.mark.fault(
    "`make demo` while a run goes on in another container, whose processes cannot be seen",
    "the lock stays; host, process and time are named, and how to remove it by hand",
)
def test_the_lock_of_a_run_in_another_namespace_stays(project, start):
    allowed = not subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode
    running = start([*(NAMESPACE if allowed else []), *WAYS["unbuffered"]])
    project.wait(running, "paused")
    if not allowed:
        give_to(project, namespace="12", pid=1)
        kill(running)
    said = refused(project)
    assert "in another container, or namespace of processes, on host" in said
    assert "(process 1 there, since 20" in said
    by_hand = said.partition("by hand: ")[2]
    assert by_hand == f"rm -r {project.folder / BESIDE}\n"
    if allowed:
        kill(running)
    refused(project)  # nobody can see that it is gone, either
    subprocess.run(by_hand, shell=True, check=True)
    assert project.unlock().stdout == ""
    assert not locks(project)


@pytest.mark.fault(
    "`make demo` in a folder that a run on another host has locked",
    "the lock stays; host, process and time are named, and how to remove it by hand",
)
@pytest.mark.fault(
    "the lock of a killed run whose process number another process has now, or after a reboot",
    "removed: its start, or the boot, is another one",
)
def test_whose_lock_it_is(project, start):
    running = start(WAYS["unbuffered"])
    project.wait(running, "paused")
    kill(running)
    alive = Process.this()
    give_to(project, machine="ab", boot="cd", pid=alive.pid)
    file = owner(project)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"host": "node7"}))
    said = refused(project)
    assert f"is locked by a run on host node7 (process {alive.pid} there, since 20" in said
    assert f"ps -p {alive.pid}). Whether it is alive cannot be seen from here." in said
    give_to(project, **alive._asdict())
    assert f"Another run is going on in {project.folder} (process {alive.pid}" in refused(project)
    stale = {"boot": "cd"} if alive.namespace == OUTERMOST else {}
    give_to(project, **stale or {"start": str(int(alive.start) - 1)})
    held = [(path, path.read_bytes()) for path in (project.folder / BESIDE).iterdir()]
    assert "Removed the lock" in project.unlock().stdout
    for path, content in held:
        path.write_bytes(content)
    give_to(project, boot=alive.boot, start=str(int(alive.start) - 1))
    assert "Removed the lock" in project.unlock().stdout
    assert not locks(project)
