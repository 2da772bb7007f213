"""Configurations: the ones that are shipped, and mistakes in them."""

import pytest
import yaml
from project import ROOT, Project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("config"))


@pytest.mark.fault(
    "a misspelt key, a dataset named `../elsewhere`, a YAML tag that calls Python",
    "Snakemake stops before its first job and says which; no traceback",
)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("signatures: {gama: 0.5}", ["signatures: unknown key 'gama'", "'gamma'"]),
        ("dataset: ../elsewhere", ["dataset", "../elsewhere"]),
        ('dataset: !!python/object/apply:os.system ["touch harm"]', ["not valid JSON or YAML"]),
    ],
)
def test_a_mistake_stops_the_run_before_it_starts(project, text, said):
    (project.folder / "test.yaml").write_text(text)
    printed = project.run("-n", "--configfile", "test.yaml", fails=True)
    assert all(part in printed for part in said), printed
    assert "Traceback" not in printed
    assert not (project.folder / "harm").exists()


def test_a_wrong_value_is_told_alone(project):
    printed = project.run("-n", "--config", "seed=abc", "signatures={gama: 1}", fails=True)
    told = printed[printed.index("Error: ") :].splitlines()
    assert told[1].strip() == "seed: 'abc' is a text; expected a whole number"
    assert told[2].startswith("  signatures: unknown key 'gama' (did you mean 'gamma'?)")
    assert told[3:] == ["config/README.md explains every key."]
    assert 'File "' not in printed


OF_FILES = [
    path.stem
    for path in sorted((ROOT / "config").glob("*.yaml"))
    if yaml.safe_load(path.read_text()).get("acquire", {}).get("source") == "files"
]


@pytest.mark.parametrize("name", OF_FILES)
def test_shipped_configurations_dry_run(project, name):
    planned = project.run("-n", "--configfile", f"config/{name}.yaml")
    assert "rule acquire_file" in planned
    assert f"results/{name}/report.html" in planned


@pytest.mark.parametrize("name", ["demo-additive", "demo-low-rank"])
def test_other_simulated_screens_dry_run(project, name):
    planned = project.run("-n", "--configfile", "config/config.yaml", f"config/{name}.yaml")
    assert f"results/{name}/report.html" in planned


def test_the_first_paper_is_of_one_phase_and_lincs_of_both(project):
    phases = "GSE92742", "GSE70138"
    for dataset, series in (("hodos", phases[:1]), ("lincs", phases)):
        planned = project.run("-n", "--configfile", f"config/{dataset}.yaml")
        for phase in phases:
            made = f"results/{dataset}/signatures/{phase}/signatures.h5"
            assert (made in planned) == (phase in series)


def test_a_missing_mirror_says_where_the_data_come_from(project):
    config = yaml.safe_load((ROOT / "config/lincs-mini.yaml").read_text())
    config["acquire"]["mirror"] = "not-there"
    file = config["acquire"]["series"]["lincs-mini"]["inst_info"]
    target = f"results/lincs-mini/acquire/lincs-mini/{file}"
    printed = project.run("--cores", "1", target, *project.configure(config), fails=True)
    assert "not-there does not exist" in printed
    assert "PRnet" in printed
    assert "Traceback" not in printed


def test_a_dry_run_is_a_short_table_in_words(project):
    planned = project.run("-n", words=True).splitlines()
    table = [line.split(maxsplit=2) for line in planned if line[:5].strip().isdigit()]
    rows = {rule: (int(count), words) for count, rule, words in table if rule != "in"}
    assert rows["predict_folds"][1] == "<method> predicts folds <folds> of <split>, large tensor"
    assert rows["draw_..."][1] == "Draw figures"
    assert rows["make_signatures"] == (1, "Make signatures of simulated")
    total = next(int(count) for count, *rest in table if rest[0] == "in")
    assert sum(count for count, _ in rows.values()) == total > 100
    assert len(planned) < len(rows) + 10
    assert planned[-1].startswith("Nothing was made: this was a dry run.")
