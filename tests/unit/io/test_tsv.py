"""Tables come back from their files as they were: names as text, numbers as numbers."""

import gzip

import pandas as pd
import pytest
from damage import empty
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import damaged

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import atomic
from lacuna.io.tsv import read_table, write_blocks, write_table

TABLE = pd.DataFrame({"drug": ["β/ 1", "b"], "cells": [3, 4], "share": [0.1, float("nan")]})


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


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
        monkeypatch.setattr(atomic.os, "getpid", lambda process=process: process)
        monkeypatch.setattr("time.time", lambda time=time: time)
        write_table(TABLE, tmp_path / "table.tsv.gz")
        written.append((tmp_path / "table.tsv.gz").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(
    "names",
    [["007", "12"], ["+7", "8"], ["1e5", "2"], ["NA", "1"], ["nan", "inf"], ["1_000", "2"]],
    ids=" ".join,
)
def test_a_column_that_nobody_declared_keeps_names_that_look_like_numbers(tmp_path, names):
    write_table(pd.DataFrame({"pathway": names, "score": [0.5, 2]}), tmp_path / "a.tsv")
    again = read_table(tmp_path / "a.tsv")
    assert again["pathway"].tolist() == names
    assert again["score"].tolist() == [0.5, 2]


def test_names_that_are_all_plain_numbers_stay_text(tmp_path):
    write_table(pd.DataFrame({"gene": ["780", "7849"], "drug": ["1", "NA"]}), tmp_path / "a.tsv")
    again = read_table(tmp_path / "a.tsv")
    assert again.to_dict("list") == {"gene": ["780", "7849"], "drug": ["1", "NA"]}


@pytest.mark.parametrize(
    "numbers",
    [
        [0, -3, 10**12],
        [0.0, -0.5, 1234.5],
        [1e-9, 1e20, 1e6],
        [float("inf"), float("-inf"), 1.0],
        [float("nan"), 1.0, 2.0],
        [True, False, True],
    ],
    ids=str,
)
def test_whatever_is_written_as_numbers_comes_back_as_numbers(tmp_path, numbers):
    table = pd.DataFrame({"value": numbers})
    write_table(table, tmp_path / "a.tsv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "a.tsv"), table)


def test_a_column_without_any_value_comes_back_empty(tmp_path):
    write_table(pd.DataFrame({"drug": ["a"], "lineage": [None]}), tmp_path / "a.tsv")
    assert read_table(tmp_path / "a.tsv")["lineage"].isna().all()


def test_blocks_are_one_table_and_the_same_bytes_each_time(tmp_path):
    table = pd.DataFrame({"drug": ["a", "b", "007", "NA"], "value": [0.1, float("nan"), 1e-9, 2]})
    paths = [tmp_path / f"{run}.tsv.gz" for run in range(2)]
    for path in paths:
        write_blocks((table.iloc[start : start + 3] for start in (0, 3)), path)
    pd.testing.assert_frame_equal(read_table(paths[0]), table)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_blocks_that_break_off_leave_no_file(tmp_path):
    def broken():
        yield pd.DataFrame({"a": [1]})
        raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        write_blocks(broken(), tmp_path / "table.tsv.gz")
    assert not list(tmp_path.iterdir())


WHOLE = TABLE.to_csv(sep="\t", index=False).encode()


@pytest.mark.fault(
    "a table between two steps of bytes that are none, or is no table any more",
    "named as damaged; without its checksum a few changed cells would be read",
)
@settings(max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("packed", [False, True])
def test_any_bytes_are_a_table_or_damaged(tmp_path_factory, packed, data):
    path = tmp_path_factory.getbasetemp() / ("any.tsv.gz" if packed else "any.tsv")
    path.write_bytes(data.draw(damaged(gzip.compress(WHOLE, mtime=0) if packed else WHOLE)))
    try:
        read_table(path)
    except DamagedFile as error:
        assert error.path == path


@pytest.mark.parametrize(
    "damage",
    [
        *(empty, lambda data: data.replace("β".encode(), b"\xff")),  # no columns; no UTF-8
        lambda data: data + b"a\tb\tc\td\te\n",
        lambda data: gzip.compress(data)[:-9],
    ],
)
def test_what_is_no_table_is_damaged(tmp_path, damage):
    path = tmp_path / ("a.tsv.gz" if damage(WHOLE)[:2] == b"\x1f\x8b" else "a.tsv")
    path.write_bytes(damage(WHOLE))
    with pytest.raises(DamagedFile, match=r"a\.tsv(\.gz)?: cannot be read"):
        read_table(path)


def test_a_table_that_is_missing_is_no_damaged_one(tmp_path):
    with pytest.raises(LacunaError, match="no such file") as error:
        read_table(tmp_path / "a.tsv")
    assert not isinstance(error.value, DamagedFile)
