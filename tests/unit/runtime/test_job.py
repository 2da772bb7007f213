"""A job lists what it wrote and read, and its script sees what its own rule says."""

from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Namedlist

from lacuna.errors import LacunaError
from lacuna.io.known_sums import sum_of
from lacuna.io.sums import read_manifest
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
