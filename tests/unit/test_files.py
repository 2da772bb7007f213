"""Files appear whole or not at all."""

import gzip

import pandas as pd
import pytest

from lacuna import files
from lacuna.files import whole, write_table

TABLE = pd.DataFrame({"drug": ["β/ 1", "b"], "cells": [3, 4], "share": [0.1, float("nan")]})


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    with whole(path) as unfinished:
        unfinished.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert names_in(path.parent) == ["file.txt"]


def test_the_temporary_name_keeps_the_ending_and_lies_in_the_same_folder(tmp_path):
    with whole(tmp_path / "figure.pdf") as unfinished:
        assert unfinished.suffix == ".pdf"
        assert unfinished.parent == tmp_path
        unfinished.touch()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, error):
    with pytest.raises(error), whole(tmp_path / "file.txt") as unfinished:
        unfinished.write_text("half")
        raise error
    assert names_in(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(ValueError), whole(path) as unfinished:
        unfinished.write_text("half of the new")
        raise ValueError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("name", ["table.tsv", "table.tsv.gz"])
def test_a_table_comes_back(tmp_path, name):
    write_table(TABLE, tmp_path / name)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / name, sep="\t"), TABLE)
    assert names_in(tmp_path) == [name]


def test_only_gz_is_packed(tmp_path):
    write_table(TABLE, tmp_path / "table.tsv")
    write_table(TABLE, tmp_path / "table.tsv.gz")
    plain = (tmp_path / "table.tsv").read_bytes()
    assert plain.startswith(b"drug\tcells\tshare\n")
    assert gzip.decompress((tmp_path / "table.tsv.gz").read_bytes()) == plain


def test_equal_tables_are_equal_files_whichever_process_wrote_them(tmp_path, monkeypatch):
    written = []
    for process, time in [(101, 1e9), (202, 2e9)]:
        monkeypatch.setattr(files.os, "getpid", lambda process=process: process)
        monkeypatch.setattr("time.time", lambda time=time: time)
        write_table(TABLE, tmp_path / "table.tsv.gz")
        written.append((tmp_path / "table.tsv.gz").read_bytes())
    assert written[0] == written[1]


def test_what_a_killed_job_left_is_swept_away(tmp_path):
    (tmp_path / ".unfinished-12345-a.tsv").write_text("half a ta")
    (tmp_path / ".unfinished-12345-b.tsv").write_text("of another file")
    write_table(pd.DataFrame({"x": [1]}), tmp_path / "a.tsv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".unfinished-12345-b.tsv", "a.tsv"]
