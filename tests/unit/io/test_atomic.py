"""Files appear whole or not at all, and an error says why."""

import errno
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from lacuna.errors import DamagedFile, LacunaError, UnwritableFile
from lacuna.io.atomic import SILENCE, check_writable, explain_read_errors, write_whole
from lacuna.io.process import Process
from lacuna.io.tsv import write_table

TABLE = pd.DataFrame({"drug": ["β/ 1", "b"], "cells": [3, 4], "share": [0.1, float("nan")]})


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    with write_whole(path) as unfinished:
        unfinished.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert names_in(path.parent) == ["file.txt"]


def test_the_temporary_name_keeps_the_ending_and_lies_in_the_same_folder(tmp_path):
    with write_whole(tmp_path / "figure.pdf") as unfinished:
        assert unfinished.suffix == ".pdf"
        assert unfinished.parent == tmp_path
        unfinished.touch()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, error):
    with pytest.raises(error), write_whole(tmp_path / "file.txt") as unfinished:
        unfinished.write_text("half")
        raise error
    assert names_in(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(ValueError), write_whole(path) as unfinished:
        unfinished.write_text("half of the new")
        raise ValueError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file.txt"]


KILLED = """
import os, signal, sys
from lacuna.io.atomic import write_whole
with write_whole(sys.argv[1]) as unfinished:
    unfinished.write_text("half a ta")
    print(unfinished, flush=True)
    if sys.argv[2:]:
        input()  # another process writes it meanwhile
    else:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def other_writer(path, *waits):
    """Start a process that writes a file, and is killed on the way, or waits for a line."""
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, path, *waits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_by(process, path):
    """Return what a process would have left of a file."""
    return path.with_name(f".unfinished-{process.tag}-{path.name}")


def test_what_a_killed_job_left_is_swept_away(tmp_path):
    for name in ("a.tsv", "b.tsv"):
        other_writer(tmp_path / name).communicate()
    write_table(pd.DataFrame({"x": [1]}), tmp_path / "a.tsv")
    kept, made = names_in(tmp_path)
    assert kept.startswith(".unfinished-") and kept.endswith("-b.tsv")
    assert made == "a.tsv"


@pytest.mark.fault(
    "two processes, as of two runs, write the same file at once",
    "neither removes what the other has begun; both end, and the file is whole",
)
def test_two_who_write_one_file_leave_each_other_alone(tmp_path):
    path = tmp_path / "a.tsv"
    other = other_writer(path, "waits")
    begun = other.stdout.readline().strip()
    with write_whole(path) as unfinished:
        assert str(unfinished) != begun
        unfinished.write_text("all of mine")
    assert path.read_text() == "all of mine"
    _, said = other.communicate("\n")
    assert other.returncode == 0, said
    assert path.read_text() == "half a ta"
    assert names_in(tmp_path) == ["a.tsv"]


def test_a_file_whose_name_ends_alike_is_another_one(tmp_path):
    theirs = left_by(Process.this()._replace(start="1"), tmp_path / "in-a.tsv")
    theirs.write_text("")
    write_table(pd.DataFrame({"x": [1]}), tmp_path / "a.tsv")
    assert names_in(tmp_path) == [theirs.name, "a.tsv"]


@pytest.mark.parametrize("where", [{"machine": "ab", "boot": "cd"}, {"namespace": "12"}, None])
def test_what_another_host_or_container_left_is_removed_when_it_is_old(tmp_path, where):
    path = tmp_path / "a.tsv"
    if where is None:
        theirs = tmp_path / ".unfinished-12345-a.tsv"  # by an older version, on whatever host
    else:
        theirs = left_by(Process.this()._replace(start="1", **where), path)
    theirs.write_text("")
    write_table(pd.DataFrame({"x": [1]}), path)
    assert theirs.exists()
    before = time.time() - SILENCE - 60
    os.utime(theirs, (before, before))
    write_table(pd.DataFrame({"x": [1]}), path)
    assert names_in(tmp_path) == ["a.tsv"]


def test_a_full_disk_is_said_whatever_the_library_says(tmp_path, monkeypatch):
    """PyTorch speaks of unexpected positions."""
    full = SimpleNamespace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    with (
        pytest.raises(UnwritableFile, match=r"model\.pt: .*No space left.*Make room"),
        write_whole(tmp_path / "model.pt"),
    ):
        raise RuntimeError("unexpected pos 704 vs 598")


def test_another_failure_is_not_called_a_full_disk(tmp_path):
    with pytest.raises(RuntimeError, match="something else"), write_whole(tmp_path / "model.pt"):
        raise RuntimeError("something else")


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path):
    (tmp_path / "results").write_text("mine")
    with pytest.raises(UnwritableFile, match="results: cannot be written: Not a directory"):
        check_writable(tmp_path / "results/demo")
    check_writable(tmp_path / "not/yet/there")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EIO, "as the disk says"), "a.h5: cannot be read: Input/output error"),
        (PermissionError(errno.EACCES, ""), "a.h5: cannot be read: Permission denied"),
        (OSError("memory allocation failed for raw data chunk"), "a.h5: .* for want of memory"),
        (RuntimeError("CPU: not enough memory: you tried"), "a.h5: .* for want of memory"),
        (MemoryError(), "a.h5: .* for want of memory"),
    ],
)
def test_trouble_of_disk_and_memory_is_not_taken_for_damage(error, said):
    with pytest.raises(LacunaError, match=said) as raised, explain_read_errors("a.h5"):
        raise error
    assert not isinstance(raised.value, DamagedFile)


def test_a_source_that_may_not_be_read_is_not_called_unwritable(tmp_path):
    with pytest.raises(IsADirectoryError), write_whole(tmp_path / "a.tsv"):
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/inner").mkdir()
        (tmp_path / "folder/inner").read_text()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "results").write_text("mine")
    with pytest.raises(UnwritableFile, match=r"demo/a\.tsv: cannot be written: Not a directory"):
        write_table(TABLE, tmp_path / "results/demo/a.tsv")
