"""A job lists what it wrote and read, and its script sees what its own rule says."""

from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Namedlist

from lacuna.errors import LacunaError
from lacuna.io.known_sums import sum_of
from lacuna.io.sums import Manifest, read_manifest
from lacuna.runtime.job import job


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    """What Snakemake gives a script that makes two tables of one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/mine/logs").mkdir(parents=True)
    (tmp_path / "in.tsv").write_text("drug\na\n")
    out = {"one": "results/mine/one.tsv", "sums": "results/mine/sums/halve.tsv"}
    out["two"] = "results/mine/two.tsv"
    return SimpleNamespace(
        input=Namedlist(fromdict={"table": "in.tsv", "not_there": "gone.tsv"}),
        output=Namedlist(fromdict=out),
        params=Namedlist(fromdict={"code": "c0de", "seed": 3}),
        log=["results/mine/logs/halve.log"],
        wildcards=SimpleNamespace(dataset="mine"),
    )


def test_a_job_lists_what_it_wrote_and_read(snakemake, tmp_path):
    with job(snakemake):
        assert dict(snakemake.params.items()) == {"seed": 3}
        assert dict(snakemake.output.items()) == {
            "one": "results/mine/one.tsv",
            "two": "results/mine/two.tsv",
        }
        assert not hasattr(snakemake.output, "sums")
        for number, path in enumerate(snakemake.output):
            (tmp_path / path).write_text(f"{number}\n")
    found = read_manifest(tmp_path / "results/mine/sums/halve.tsv")
    assert found.code == "c0de"
    assert found.outputs == {path: sum_of(path) for path in snakemake.output}
    assert found.inputs == {"in.tsv": sum_of("in.tsv")}


def test_a_job_that_fails_lists_nothing(snakemake, tmp_path, capsys):
    with pytest.raises(SystemExit), job(snakemake):
        (tmp_path / "results/mine/one.tsv").write_text("1\n")
        raise LacunaError("not a table.")
    assert "Error: not a table." in capsys.readouterr().err
    assert not (tmp_path / "results/mine/sums").exists()


def test_a_rule_of_another_workflow_may_lack_both(snakemake):
    snakemake.output, snakemake.params = Namedlist(), Namedlist()
    with job(snakemake):
        print("done")


def acquired(tmp_path, snakemake):
    """Let the input be a link to the user's file, as acquire_file lists it; return the file."""
    mirror = tmp_path / "mirror.tsv"
    mirror.write_text("drug\na\n")
    (tmp_path / "results/mine/in.tsv").symlink_to(mirror)
    snakemake.input = Namedlist(fromdict={"table": "results/mine/in.tsv"})
    sums = tmp_path / "results/mine/sums/acquire_file/in.tsv"
    Manifest(sums, "acquire/acquire_file", "", {"results/mine/in.tsv": sum_of(mirror)}).write()
    return mirror


@pytest.mark.fault(
    "a file of the user's that changes before a job reads it, or while it does",
    "the job ends with both sums and lists nothing; the user's file stays",
)
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_file_of_the_users_that_changes(snakemake, tmp_path, capsys, when):
    mirror = acquired(tmp_path, snakemake)
    expected, reached = sum_of(mirror), False
    if when == "before":
        mirror.write_text("drug\nb\n")
    with pytest.raises(SystemExit), job(snakemake):
        reached = True
        mirror.write_text("drug\nb\n")
        for path in snakemake.output:
            (tmp_path / path).write_text("b\n")
    assert reached == (when == "while")
    said = capsys.readouterr().err
    assert f"{mirror}: is not what was acquired" in said
    assert str(expected) in said and str(sum_of(mirror)) in said
    assert mirror.read_text() == "drug\nb\n"
    assert not (tmp_path / "results/mine/sums/halve.tsv").exists()
