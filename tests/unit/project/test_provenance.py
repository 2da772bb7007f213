"""The record of a run: what it was made from and with, and time by rule; and runs made again."""

import copy
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import lacuna
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.known_sums import Sum
from lacuna.io.sums import Manifest, Sums
from lacuna.project import reproduce
from lacuna.project.config import prepare
from lacuna.project.provenance import (
    code_digest,
    code_of_jobs,
    describe_time,
    described,
    jobs_behind,
    provenance,
    time_per_rule,
    versions,
)

TIMES = "evaluation/figures/completer_times.tsv"


def test_every_dependency_has_its_version():
    table = versions().set_index("package")["version"]
    assert table["h5py"] == version("h5py")
    assert table["lacuna"] == version("lacuna")
    assert "pytest" not in table  # wanted by developers alone
    assert (table != "not installed").all()


def test_jobs_of_a_rule_add_up(tmp_path):
    def measured(path, seconds, memory):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n")

    measured(tmp_path / "build_tensor.tsv", 2.5, 100)
    measured(tmp_path / "predict/large_a.tsv", 10, 300)
    measured(tmp_path / "predict/large_b.tsv", 30, "-")
    table = time_per_rule(tmp_path)
    assert table["rule"].tolist() == ["predict", "build_tensor"]
    assert table.iloc[0].tolist() == ["predict", 2, 0, 40, 30, 300]
    assert describe_time(table) == "3 jobs took 42 seconds, one after the other."


@pytest.mark.fault(
    "what Snakemake measured of a job left empty, or without its row, by a full disk or a kill",
    "the page of the run counts such jobs as not measured; the others add up",
)
def test_jobs_that_were_not_measured_are_counted(tmp_path):
    (tmp_path / "predict").mkdir()
    (tmp_path / "predict/a.tsv").write_text("s\th:m:s\tmax_rss\n10\t0:00:10\t300\n")
    (tmp_path / "predict/b.tsv").write_text("s\th:m:s\tmax_rss\n")
    (tmp_path / "draw.tsv").write_text("")
    table = time_per_rule(tmp_path).set_index("rule")
    assert table.loc["predict"].tolist() == [2, 1, 10, 10, 300]
    assert table.loc["draw"].tolist()[:2] == [1, 1]
    assert table.loc["draw", ["seconds", "longest", "mebibytes"]].isna().all()
    assert describe_time(table.reset_index()) == (
        "1 jobs took 10 seconds, one after the other. Of 2 more no time was kept: what Snakemake "
        "measured of them is lost."
    )


@pytest.fixture
def project(tmp_path):
    """A folder with a Snakefile under git, and an input."""
    folder = tmp_path / "project"
    (folder / "workflow/scripts").mkdir(parents=True)
    (folder / "Snakefile").write_text("rule all:")
    (folder / "workflow/scripts/a.py").write_text("print()")
    (folder / "wells.txt").write_text("wells")
    git = ["git", "-c", "user.name=us", "-c", "user.email=us@here"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "First"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    return folder


def record(project):
    return provenance(7, [project / "wells.txt", project / "not needed"], project)


def test_the_record_names_inputs_code_and_versions(project):
    found = record(project)
    assert list(found["inputs"]) == [str(project / "wells.txt")]
    assert found["inputs"][str(project / "wells.txt")]["bytes"] == 5
    assert found["seed"] == 7
    assert found["versions"]["numpy"] == version("numpy")
    assert len(found["code"]["commit"]) == 40
    assert found["code"]["changed"] == []
    assert yaml.safe_load(yaml.safe_dump(found)) == found
    assert reproduce.differences(found, record(project)) == []
    (project / "config.yaml").write_text("the user's own")  # says nothing of the code
    assert record(project) == found


def test_what_differs_from_the_record_is_named(project):
    then = record(project)
    (project / "workflow/scripts/a.py").write_text("print(1)")
    (project / "wells.txt").write_text("Wells")
    now = record(project)
    now["versions"]["numpy"] = "0.1"
    lines = reproduce.differences(then, now)
    assert lines[0].startswith("code, SHA-256: ")
    assert lines[1] == f"numpy: {version('numpy')} then, 0.1 now"
    assert lines[2] == "not as committed now: workflow/scripts/a.py"
    assert lines[3].startswith(f"input {project / 'wells.txt'}: SHA-256 ")
    assert len(lines) == 4
    (project / "wells.txt").unlink()
    assert "gone, so it is acquired anew" in reproduce.differences(then, record(project))[-1]
    other = copy.deepcopy(then)
    other["code"]["commit"] = None
    assert reproduce.differences(then, other)[0].endswith(" then, None now")


def test_every_rule_script_and_schema_counts_wherever_it_lies(project, tmp_path, monkeypatch):
    library = tmp_path / "installed/lacuna"
    monkeypatch.setattr(lacuna, "__file__", str(library / "__init__.py"))
    digests = {code_digest(project)}
    for path in (
        project / "workflow/scripts/tensor/build.py",
        project / "workflow/rules/tensor.smk",
        project / "workflow/rules/tensor/more.smk",
        project / "resources/published.tsv",
        library / "tensor/build.py",
        library / "tensor/schema.yaml",
        library / "explore/page/bundle/page.js",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        digests.add(code_digest(project))
        path.write_text("changed")
        digests.add(code_digest(project))
    assert len(digests) == 15
    (project / "workflow/scripts/tensor/notes.txt").write_text("no code")
    (project / "resources/sources.tsv").write_text(
        "where inputs come from: each has its own digest"
    )
    (library / "tensor/build.pyc").write_text("made from code")
    assert len({*digests, code_digest(project)}) == 15


def test_a_run_made_again_takes_what_was_acquired_for_each_series(project):
    acquired = project / "results/demo/acquire"
    for file in ("one/info.txt", "two/info.txt", "gene_sets/a.gmt"):
        (acquired / file).parent.mkdir(parents=True, exist_ok=True)
        (acquired / file).write_text(file)
    tables = {
        "level5": "lost.gctx",
        "sig_info": "info.txt",
        "pert_info": {"path": "mine/drugs.txt"},
    }
    files = {"series": {"one": tables, "two": tables}, "gene_sets": ["a.gmt"]}
    for mirror, before in ((None, []), ("data", ["data"]), (["data", "/more"], ["data", "/more"])):
        block = {"source": "files", "mirror": mirror, **files}
        config = prepare({"dataset": "demo", "acquire": block})
        reproduce._take_acquired(config, project, acquired)
        assert prepare(config) == config
        block = config["acquire"]
        assert block["mirror"] == [str(project / folder) for folder in before]
        for series in ("one", "two"):
            held = {"file": "info.txt", "path": str(acquired / series / "info.txt")}
            there = {"path": str(project / "mine/drugs.txt")}
            expected = {"level5": "lost.gctx", "sig_info": held, "pert_info": there}
            assert block["series"][series] == expected
        held = {"file": "a.gmt", "path": str(acquired / "gene_sets/a.gmt")}
        assert block["gene_sets"] == [held]


def test_a_project_without_git_has_no_commit(tmp_path):
    (tmp_path / "Snakefile").write_text("rule all:")
    found = provenance(7, [], tmp_path)
    assert (found["code"]["commit"], found["code"]["changed"]) == (None, None)
    assert described(found)[0][1].iloc[0]["which"] == "not under git"


def test_a_dataset_without_a_run_is_named(project):
    with pytest.raises(LacunaError, match=r"results/demo/provenance\.yaml: no such file.*DATASET"):
        reproduce.reproduce(project, "demo", 1)


@pytest.fixture
def two(tmp_path):
    """The tables of a stored run and of another, which are the same."""
    folders = tmp_path / "stored", tmp_path / "fresh/results/demo"
    for folder in folders:
        for name in ("metrics.tsv", "logs/a.tsv", "completed/dnpp.gctx", TIMES):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
    for name in ("logs/a.tsv", TIMES):
        (folders[1] / name).write_text("never compared")
    return folders


def test_equal_tables_are_said_and_the_fresh_folder_goes(two, capsys):
    assert reproduce._compare(*two, two[1].parents[1])
    said = capsys.readouterr().out
    assert "All 2 tables and completed tensors are the same" in said
    assert not two[1].parents[1].exists()


def test_a_table_that_is_not_made_again_is_a_difference(two, capsys):
    (two[0] / "older.tsv").write_text("of a method taken out, or lost")
    assert not reproduce._compare(*two, two[1].parents[1])
    said = capsys.readouterr().out
    assert "1 stored tables were not made again" in said
    assert "  older.tsv\n" in said
    assert "0 of 2 tables and completed tensors differ." in said
    assert two[1].exists()


def test_each_table_that_differs_is_named_and_both_stay(two, capsys):
    (two[1] / "completed/dnpp.gctx").write_text("other")
    (two[1] / "new.tsv").write_text("new")
    assert not reproduce._compare(*two, two[1].parents[1])
    said = capsys.readouterr().out
    assert "2 of 3 tables and completed tensors differ:\n  completed/dnpp.gctx\n" in said
    assert "new.tsv: not among the stored results" in said
    assert two[1].exists()


def manifest(job, script, code, outputs, inputs):
    files = [dict.fromkeys(names.split(), Sum(0, "")) for names in (outputs, inputs)]
    return Manifest(Path(f"sums/{job}.tsv"), script, code, *files)


MADE = [
    manifest("acquire_file/a", "acquire/acquire_file", "", "a", "sources"),
    manifest("build", "tensor/build", "c0", "large drugs", "a"),
    manifest("predict/one", "evaluation/predict", "c1", "one", "large drugs"),
    manifest("predict/two", "evaluation/predict", "c1", "two", "large"),
    manifest("other", "evaluation/other", "c2", "other", "large"),
    manifest("score", "evaluation/score", "c3", "scores", "one two"),
]
NOW = {"sums/build.tsv": "c0", "sums/score.tsv": "c3", "sums/other.tsv": "c9"}
NOW |= {"sums/predict/one.tsv": "c1", "sums/predict/two.tsv": "c1"}


def test_the_record_names_the_code_of_all_jobs_that_results_rest_on():
    found = jobs_behind(["scores", "by hand"], Sums(Path("sums"), MADE, []), NOW)
    behind = {"acquire_file/a", "build", "predict/one", "predict/two", "score"}
    assert {str(m.path) for m in found} == {f"sums/{name}.tsv" for name in behind}
    jobs = code_of_jobs(found)
    assert [(job["script"], job["digest"], job["jobs"]) for job in jobs] == [
        ("evaluation/predict", "c1", 2),
        ("evaluation/score", "c3", 1),
        ("tensor/build", "c0", 1),
    ]
    assert jobs[0]["which"] == "one, two"
    record = {"code": {"sha256": "0", "commit": None, "changed": None, "jobs": jobs}}
    record |= {"seed": 1, "platform": "here", "versions": {}, "inputs": {}}
    table = dict(described(record))["Code of each job"]
    assert table["digest"].tolist() == ["c1", "c3", "c0"]


def test_results_of_old_and_new_code_are_not_recorded():
    changed = NOW | {"sums/predict/one.tsv": "c4", "sums/predict/two.tsv": "c4"}
    mixed = [MADE[3]] + [m for m in MADE if m.path.stem != "two"]
    mixed[0] = manifest("predict/two", "evaluation/predict", "c4", "two", "large")
    with pytest.raises(LacunaError, match="1 of 5 jobs") as refused:
        jobs_behind(["scores"], Sums(Path("sums"), mixed, []), changed)
    assert "'one'" in str(refused.value)
    assert "'two'" not in str(refused.value)
    jobs_behind(
        ["other"], Sums(Path("sums"), MADE, []), NOW | {"sums/other.tsv": "c2"}
    )  # rests on neither


def test_what_a_job_of_another_name_left_does_not_count():
    old = manifest("old_name", "evaluation/predict", "c0", "one", "large")
    found = jobs_behind(["scores"], Sums(Path("sums"), [*MADE, old], []), NOW)
    assert old not in found


def test_a_damaged_list_of_sums_is_told():
    with pytest.raises(DamagedFile):
        jobs_behind(["scores"], Sums(Path("sums"), MADE, [Path("sums/score.tsv")]), NOW)
