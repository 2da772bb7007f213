"""Manifests of jobs, and a memory of sums that no change of a file outlives."""

import hashlib
import os
import time
from dataclasses import replace

import pytest
from damage import cut_short, empty, flip_a_byte

from lacuna.errors import DamagedFile
from lacuna.io import known_sums
from lacuna.io.known_sums import Sum, known_sum, sum_of
from lacuna.io.sums import Manifest, Sums, read_manifest

ODD = 'results/my "own" set/a\tb.tsv'  # a path may hold anything
SUM = Sum(3, hashlib.sha256(b"abc").hexdigest())
OTHER = Sum(4, hashlib.sha256(b"abcd").hexdigest())


def manifest(path, **more):
    made = Manifest(path, "tensor/build_tensor", "c0de", {ODD: SUM, "b.tsv": OTHER}, {"in": SUM})
    made.write()
    return made


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    made = manifest(tmp_path / "sums/build_tensor.tsv")
    assert read_manifest(made.path) == made
    first, code, *_ = made.path.read_text().splitlines()
    assert first == "what\tname\tbytes\tsha256"
    assert code == "code\ttensor/build_tensor\t\tc0de"


@pytest.mark.parametrize(
    "damage",
    [
        *(cut_short, flip_a_byte, empty),
        lambda data: data[: data.rstrip().rfind(b"\n") + 1],  # the last line lost
        lambda data: data.replace(b"b.tsv", b"c.tsv"),
        lambda data: data.replace(b"output\tb.tsv", b"input\tb.tsv"),
    ],
)
def test_a_damaged_manifest_is_known_for_one(tmp_path, damage):
    good, bad = manifest(tmp_path / "sums/a.tsv"), manifest(tmp_path / "sums/b.tsv")
    bad.path.write_bytes(damage(bad.path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"b\.tsv: this list of checksums is damaged"):
        read_manifest(bad.path)
    assert Sums.read(tmp_path / "sums") == Sums(tmp_path / "sums", [good], [bad.path])


def test_a_manifest_that_is_being_written_is_left_alone(tmp_path):
    good = manifest(tmp_path / "sums/job/a.tsv")
    (tmp_path / "sums/job/.unfinished-7-b.tsv").write_text("what\tna")
    assert Sums.read(tmp_path / "sums") == Sums(tmp_path / "sums", [good], [])


def test_what_another_rule_made_before_is_in_one_manifest_alone(tmp_path):
    sums = Sums(tmp_path, [manifest(tmp_path / "a.tsv"), manifest(tmp_path / "same.tsv")], [])
    new = Manifest(tmp_path / "b.tsv", "tensor/other", "", {"b.tsv": SUM, "c.tsv": SUM})
    sums.replace(new)
    assert read_manifest(tmp_path / "a.tsv").outputs == {ODD: SUM}
    assert read_manifest(tmp_path / "b.tsv") == new
    Sums.read(tmp_path).replace(replace(new, path=tmp_path / "d.tsv"))
    assert not (tmp_path / "b.tsv").exists()


def test_the_sum_of_a_folder_is_that_of_its_files_and_their_names(tmp_path):
    for name in ("one", "same", "renamed"):
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "a").write_text("abc")
    (tmp_path / "one/below/b").write_text("abcd")
    (tmp_path / "same/below/b").write_text("abcd")
    (tmp_path / "renamed/b").write_text("abcd")
    assert sum_of(tmp_path / "one/a") == SUM
    assert sum_of(tmp_path / "one") == sum_of(tmp_path / "same") != sum_of(tmp_path / "renamed")
    assert sum_of(tmp_path / "one").bytes == 7


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A file that has not changed for a while, and a count of how often files are hashed."""
    path = tmp_path / "matrix.gctx"
    path.write_text("abc")
    hashed = []
    monkeypatch.setattr(known_sums, "sum_of", lambda path: hashed.append(path) or sum_of(path))
    later = time.time_ns() + 2 * known_sums.TICK
    monkeypatch.setattr(known_sums.time, "time_ns", lambda: later)
    return path, hashed, tmp_path / "memory"


def test_a_file_is_hashed_once_as_long_as_it_stays(old):
    path, hashed, memory = old
    link = path.with_name("link")
    link.symlink_to(path)
    assert [known_sum(path, memory), known_sum(link, memory)] == [SUM, SUM]
    assert len(hashed) == 1


@pytest.mark.parametrize("change", ["in place", "replaced"])
def test_a_change_is_seen_whatever_becomes_of_mtime(old, change):
    path, _, memory = old
    assert known_sum(path, memory) == SUM
    before = path.stat()
    new = path if change == "in place" else path.with_name("new")
    new.write_text("xyz")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert known_sum(path, memory).sha256 == hashlib.sha256(b"xyz").hexdigest()


def test_a_file_of_this_moment_is_not_remembered(tmp_path):
    path = tmp_path / "matrix.gctx"
    path.write_text("abc")
    assert known_sum(path, tmp_path / "memory") == SUM
    assert not (tmp_path / "memory").exists()


def test_a_damaged_memory_costs_time_alone(old):
    path, hashed, memory = old
    known_sum(path, memory)
    [entry] = memory.iterdir()
    entry.write_bytes(cut_short(entry.read_bytes()))
    assert known_sum(path, memory) == SUM
    assert len(hashed) == 2
