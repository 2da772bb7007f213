"""Locks of runs that are gone, but whose jobs may be elsewhere; and of processes nobody sees."""

import os
import subprocess
from contextlib import contextmanager
from unittest.mock import Mock

import psutil
import pytest

from lacuna.errors import LacunaError
from lacuna.io.process import Process
from lacuna.project.lock_owner import BESIDE, Owner, own_locks, owners
from lacuna.project.stale_lock import remove_stale_lock

GONE = Process.this()._replace(start="1")


@pytest.fixture
def locked(tmp_path):
    """A folder that Snakemake has locked."""
    locks = tmp_path / BESIDE
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/demo/metrics.tsv\n")
    return tmp_path


def owned_by(folder, process=GONE, said='{"host": "here", "since": "today", "executor": "local"}'):
    file = folder / BESIDE / Owner(process, "", "", "").file
    file.write_text(said)
    return file


def squeue(folder, monkeypatch, answer, status=0):
    """Let SLURM answer so, to the question for jobs and their folders."""
    program = folder / "bin/squeue"
    program.parent.mkdir()
    lines = "".join(f"echo '{line}'\n" for line in answer)
    program.write_text(f"#!/bin/sh\n[ \"$*\" = '--noheader --format=%A|%Z' ] || exit 2\n{lines}")
    with program.open("a") as script:
        script.write(f"exit {status}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


SLURM = '{"host": "login1", "since": "today", "executor": "slurm"}'


@pytest.mark.fault(
    "the lock of a killed run whose jobs SLURM still has, on whatever host",
    "it stays, and the jobs are named; without them it is removed",
)
@pytest.mark.parametrize("owner", [SLURM, None])
def test_jobs_that_slurm_still_has_keep_the_lock(locked, monkeypatch, owner):
    if owner:
        owned_by(locked, said=owner)
    mine, other = f"41|{locked}", "42|/somewhere/else"
    with monkeypatch.context() as patch:
        squeue(locked, patch, [mine, other, mine.replace("41", "43")])
        with pytest.raises(LacunaError, match=r"of a killed run.*: 41, 43\. .*scancel 41 43$"):
            remove_stale_lock(locked)
    (locked / "bin").rename(locked / "before")
    squeue(locked, monkeypatch, [other])
    assert remove_stale_lock(locked)
    assert not list((locked / BESIDE).iterdir())


@pytest.mark.parametrize("slurm", ["none", "silent", "another cluster"])
def test_jobs_that_nobody_can_ask_for_keep_the_lock(locked, monkeypatch, slurm):
    said = SLURM.replace("slurm", "kubernetes") if slurm == "another cluster" else SLURM
    owned_by(locked, said=said)
    if slurm == "none":
        monkeypatch.setenv("PATH", "/nowhere")
    else:
        squeue(locked, monkeypatch, [], status=slurm == "silent")
    with pytest.raises(LacunaError) as refused:
        remove_stale_lock(locked)
    assert f"process {GONE.pid} on host login1, since today" in str(refused.value)
    assert "sent its jobs elsewhere" in str(refused.value)
    by_hand = str(refused.value).partition("by hand: ")[2]
    assert by_hand == f"rm -r {locked / BESIDE}"


def test_of_a_local_run_slurm_is_not_asked(locked, monkeypatch):
    owned_by(locked)
    squeue(locked, monkeypatch, [f"41|{locked}"])
    assert remove_stale_lock(locked)


def test_a_run_that_cannot_be_seen_is_named_by_what_its_file_says(locked):
    owned_by(locked, GONE._replace(namespace="12"), said="")  # as on a full disk
    with pytest.raises(LacunaError, match=rf"host \? \(process {GONE.pid} there, since \?; ps -p"):
        remove_stale_lock(locked)


def test_a_lock_of_several_runs_is_that_of_the_one_that_lives(locked):
    owned_by(locked)
    owned_by(locked, GONE._replace(namespace="12"))
    alive = owned_by(locked, Process.this())
    with pytest.raises(LacunaError, match="Another run is going on"):
        remove_stale_lock(locked)
    alive.unlink()
    with pytest.raises(LacunaError, match="in another container"):
        remove_stale_lock(locked)


def test_a_lock_taken_meanwhile_stays(locked, monkeypatch):
    lock = locked / BESIDE / "0.output.lock"

    def take(*_):
        lock.unlink()
        lock.write_text("results/demo/report.html\n")
        (locked / BESIDE / "1.output.lock").write_text("results/other/metrics.tsv\n")
        return iter(())

    monkeypatch.setattr(psutil, "process_iter", take)
    remove_stale_lock(locked)
    assert lock.read_text() == "results/demo/report.html\n"
    assert len(list((locked / BESIDE).iterdir())) == 2


def test_other_programs_in_the_folder_are_no_runs(locked):
    """Such as a terminal that was given the name."""
    words = ["sh", "-c", "read line", "snakemake"]
    with subprocess.Popen(words, cwd=locked, stdin=subprocess.PIPE) as terminal:
        assert remove_stale_lock(locked)
        terminal.communicate(b"\n")


@pytest.mark.parametrize(("user", "stays"), [(os.getuid(), True), (os.getuid() + 1, False)])
def test_where_a_run_of_the_one_who_locked_is_hidden_it_may_be_here(
    locked, monkeypatch, user, stays
):
    uids = psutil.Process().uids()._replace(real=user)
    words = ["python3", "-m", "snakemake"]
    hidden = Mock(info={"pid": 7, "cmdline": words, "cwd": None, "exe": None, "uids": uids})
    monkeypatch.setattr(psutil, "process_iter", lambda _: iter([hidden]))
    if not stays:
        assert remove_stale_lock(locked)
        return
    with pytest.raises(LacunaError, match=r"Another run may be going on in .* \(process 7\)"):
        remove_stale_lock(locked)


class Kept:
    """Stands for Snakemake's locks: it removes all of them, as Snakemake does."""

    def __init__(self, path):
        self.path, self._lockfile = path, {}
        self.dag = Mock()
        self.dag.workflow.local_exec = True

    @contextmanager
    def lock(self):
        number = len(list((self.path / "locks").glob("*.lock")))
        self._lockfile["output"] = self.path / f"locks/{number}.output.lock"
        self._lockfile["output"].touch()
        try:
            yield
        finally:
            self._delete_locks()

    def _delete_locks(self):
        for file in (self.path / "locks").iterdir():
            file.unlink()


def test_a_run_that_ends_leaves_the_locks_of_others(tmp_path):
    kept = type("Kept", (Kept,), {"lock": Kept.lock, "_delete_locks": Kept._delete_locks})
    own_locks(kept)
    own_locks(kept)  # of a second workflow in one process
    locks = tmp_path / "locks"
    with kept(tmp_path).lock():
        (locks / "7.output.lock").touch()
        assert [owner.process for owner in owners(locks)] == [Process.this()]
    assert [path.name for path in locks.iterdir()] == ["7.output.lock"]
    kept(tmp_path)._delete_locks()  # as by --unlock
    assert not list(locks.iterdir())


def test_a_lock_that_cannot_be_named_is_not_taken(tmp_path):
    kept = type("Kept", (Kept,), {"lock": Kept.lock, "_delete_locks": Kept._delete_locks})
    own_locks(kept)
    path = tmp_path / "state"
    path.write_text("not a folder")
    with pytest.raises(SystemExit, match=r"owner-.* cannot be written"), kept(path).lock():
        raise AssertionError("it was taken")
