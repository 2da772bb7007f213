"""Packed files are unpacked whole or not at all."""

import gzip

import numpy as np
import pytest
from wells import overwritten, packed_wells, refused

from lacuna.io.geo import unpack


def test_a_packed_file_is_unpacked(tmp_path):
    content = np.random.default_rng(0).bytes(100_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    unpack(tmp_path / "a.gz", tmp_path / "new" / "a")
    assert (tmp_path / "new" / "a").read_bytes() == content


def test_a_plain_file_is_linked_to_even_twice(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("plain")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        unpack("a", "new/b")
    assert (tmp_path / "new" / "b").is_symlink()
    assert (tmp_path / "new" / "b").read_text() == "plain"


@pytest.mark.parametrize("share", [0.005, 0.5, 0.9, 1])
def test_a_packed_file_cut_short_is_refused_and_leaves_nothing(tmp_path, share):
    content = gzip.compress(np.random.default_rng(0).bytes(10_000))
    path = tmp_path / "a.gctx.gz"
    path.write_bytes(content[: min(int(share * len(content)), len(content) - 1)])
    refused(lambda path: unpack(path, tmp_path / "new" / "a.gctx"), path, "cut short")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_damaged_packed_file_is_refused_and_leaves_nothing(tmp_path):
    path = tmp_path / "inst_info.txt.gz"
    for content in overwritten(packed_wells(tmp_path)):
        path.write_bytes(content)
        refused(lambda path: unpack(path, tmp_path / "new" / "a"), path, "damaged")
        assert list((tmp_path / "new").iterdir()) == []


def test_unpacking_a_file_that_is_not_there_is_refused(tmp_path):
    refused(lambda path: unpack(path, tmp_path / "b"), tmp_path / "a", "no such file")
