"""Files that are others than those on which results rest are found before a run."""

import os
from pathlib import Path

import pytest
from damage import cut_short

from lacuna.acquire.changed import find_changed
from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.io.known_sums import Sum, sum_of
from lacuna.io.recorded import Key, read_recorded, record
from lacuna.io.sources import SOURCES_COLUMNS
from lacuna.io.sums import Manifest

FILE = "results/mine/acquire/own/genes.txt"
KEY = Key("mine", "own", "genes.txt")
GOT, READ = (
    Path("results/mine/sums/acquire_file/own/genes.txt.tsv"),
    Path("results/mine/sums/j.tsv"),
)
RECORDED, SOURCES = Path("resources/recorded_checksums.tsv"), Path("resources/sources.tsv")


def inputs(said=None):
    return Inputs(
        simulated=False,
        series={"own": {"gene_info": "genes.txt"}},
        annotation_files={},
        gene_set_files=(),
        external_files={},
        mirrors=["mirror"],
        said={("own", "genes.txt"): said or {}},
    )


def pin(sha256):
    row = ("genes.txt", "", "", sha256, "CC0", "us")
    SOURCES.write_text("\t".join(SOURCES_COLUMNS) + "\n" + "\t".join(row) + "\n")


def look():
    return find_changed(inputs(), "mine", SOURCES, RECORDED)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A user's file, acquired and read by a job, and recorded."""
    monkeypatch.chdir(tmp_path)
    path = Path("mirror/genes.txt")
    for folder in ("mirror", "resources", "results/mine/acquire/own"):
        Path(folder).mkdir(parents=True)
    path.write_text("7157\n")
    pin("")
    Path(FILE).symlink_to(path.resolve())
    Manifest(GOT, "acquire/acquire_file", "", {FILE: sum_of(path)}).write()
    Manifest(
        READ, "a/b", "", {"results/mine/x.tsv": Sum(1, "0" * 64)}, {FILE: sum_of(path)}
    ).write()
    record(RECORDED, KEY, *sum_of(path), str(path))
    return path


def test_what_stayed_is_the_same_whatever_its_time(mirror):
    os.utime(mirror, (1_925_000_000, 1_925_000_000))
    found = look()
    assert (found.anew, found.same, found.notices) == ([], {FILE}, [])


@pytest.mark.parametrize("pinned", [True, False])
def test_another_file_is_refused_with_both_sums(mirror, pinned):
    if pinned:
        pin(sum_of(mirror).sha256)
        RECORDED.unlink()
    before, seen = sum_of(mirror), mirror.stat()
    mirror.write_text("1956\n")
    os.utime(mirror, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    for _ in range(2):
        with pytest.raises(LacunaError, match="not the expected file: sha256 is") as error:
            look()
        assert before.sha256 in str(error.value) and sum_of(mirror).sha256 in str(error.value)
        assert str(SOURCES if pinned else RECORDED) in str(error.value)


@pytest.mark.parametrize("acquired", [True, False])
def test_another_file_that_the_user_wants_is_got_anew(mirror, acquired):
    RECORDED.unlink()
    mirror.write_text("1956\n")
    if not acquired:  # a run that began to get it was killed: nothing is left but what rests on it
        GOT.unlink()
        Path(FILE).unlink()
    found = look()
    assert found.anew == [FILE]
    assert found.notices == [
        f"'genes.txt' of own (mine) is another file now: {mirror.resolve()}. What rests on it is "
        "made anew."
    ]
    assert not RECORDED.exists()  # whoever gets it records it


def test_a_row_that_was_removed_in_vain_is_recorded_anew(mirror):
    RECORDED.unlink()
    assert look().anew == []
    assert read_recorded(RECORDED)[KEY]["sha256"] == sum_of(mirror).sha256
    mirror.write_text("1956\n")
    with pytest.raises(LacunaError, match="not the expected file"):
        look()


def test_a_corrected_sum_has_the_file_got_anew(mirror):
    mirror.write_text("1956\n")
    pin(sum_of(mirror).sha256)
    assert look().anew == [FILE]


def test_results_without_a_file_rest_on_nothing(mirror):
    mirror.write_text("1956\n")
    GOT.unlink()
    READ.unlink()
    assert look().anew == []


def test_a_damaged_manifest_of_a_file_is_made_anew(mirror):
    GOT.write_bytes(cut_short(GOT.read_bytes()))
    READ.unlink()
    assert look().anew == [FILE]


def downloaded(mirror):
    Path(FILE).unlink()
    mirror.rename(FILE)


def test_an_altered_download_is_got_again(mirror):
    downloaded(mirror)
    assert look().anew == []
    Path(FILE).write_text("1956\n")
    found = look()
    assert found.anew == found.damaged == [FILE]
    assert f"{FILE} is not what was downloaded" in found.notices[0]


def test_a_download_whose_sum_was_corrected_is_got_again(mirror):
    downloaded(mirror)
    pin("0" * 64)
    found = look()
    assert (found.anew, found.damaged) == ([FILE], [])


def test_a_copy_that_moved_is_linked_anew_and_its_link_stays_as_old(mirror):
    old = Path(FILE).lstat().st_mtime_ns
    elsewhere = mirror.rename("genes_before.txt")
    mirror.write_text(elsewhere.read_text())
    elsewhere.unlink()
    Path(FILE).unlink()
    Path(FILE).symlink_to(elsewhere.resolve())
    os.utime(FILE, ns=(old, old), follow_symlinks=False)
    assert look().same == {FILE}
    assert Path(FILE).resolve() == mirror.resolve()
    assert Path(FILE).lstat().st_mtime_ns == old
