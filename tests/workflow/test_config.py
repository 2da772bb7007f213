"""Configurations: the ones that are shipped, and mistakes in them."""

import pytest
import yaml
from project import ROOT, Project


def series(files):
    return {"source": "files", "files": {"series": {"mine": files}}}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("config"))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"signatures": {"gama": 0.5}}, ["signatures: unknown key 'gama'", "'gamma'"]),
        ({"methods": ["dnp"]}, ["unknown method 'dnp'", "'dnpp'"]),
        ({"signatures": {"gamma": 2}}, ["signatures: gamma", "2 is greater than the maximum of 1"]),
        ({"completed": ["zeros"]}, ["completed", "'zeros'"]),
        ({"dataset": "../elsewhere"}, ["dataset", "../elsewhere"]),
        ({"dataset": "demo\n"}, ["dataset", "not a plain name"]),
        ({"dataset": "-rf"}, ["dataset", "not a plain name"]),
        ({"source": "files"}, ["series is empty"]),
        ({"crossval": {"splits": {"profiles": {"sizes": ["small"]}}}}, ["splits: profiles: sizes"]),
        ({"crossval": {"splits": {"genes": {}}}}, ["unknown key 'genes'", "'drugs'"]),
        ({"simulator": {"generator": "additiv"}}, ["simulator: generator", "'additiv'"]),
        ({"signatures": {"reference": "vehicles"}}, ["signatures: reference", "'vehicle'"]),
        ({"density": {"percents": [95]}}, ["density: percents: 0", "maximum of 90"]),
        ({"classify": {"completed": ["dnp"]}}, ["classify: completed", "did you mean 'dnpp'"]),
        ({"classify": {"folds": 1}}, ["classify: folds", "minimum of 2"]),
        ({"density": {"repeats": 1}}, ["density: repeats", "minimum of 2"]),
        (series({"level3": "a.gctx", "pert_info": "p"}), ["'inst_info' is a dependency"]),
        (series({"level5": "a.gctx", "pert_info": "p"}), ["'sig_info' is a dependency"]),
        (series({"pert_info": "p"}), ["mine", "either level3", "or level5"]),
        ({"files": {"gene_sets": ["sets/a.gmt"]}}, ["files: gene_sets: 0", "'sets/a.gmt'"]),
        ({"files": {"gene_sets": [".."]}}, ["files: gene_sets: 0", "plain name of a file"]),
        ({"files": {"gene_sets": ["{wildcards.x}"]}}, ["gene_sets: 0", "plain name of a file"]),
        ({"files": {"gene_sets": ["$(touch x)"]}}, ["gene_sets: 0", "plain name of a file"]),
        ({"files": {"series": {"../x": {}}}}, ["files: series", "'../x' is not a plain name"]),
        ({"signatures": {"gamma": float("nan")}}, ["signatures: gamma", "nan"]),
        ({"method_options": {"mean_2d": {"cell_weight": float("inf")}}}, ["cell_weight is inf"]),
        ({"heatmaps": {"drugs": ["</script>"]}}, ["heatmaps: drugs", "</script>", "by id"]),
        ({"files": {"mirror": "a\0b"}}, ["files: mirror", "holds"]),
        ({"method_options": {1: {}}}, ["method_options", "key 1 is no text"]),
        ({"files": {"external": {"profiles": "a.tsv"}}}, ["external", "'samples' is a dependency"]),
        ({"files": {"series": {"gene_sets": {}}}}, ["files: series", "'gene_sets'"]),
        ({"files": {"series": {"external": {}}}}, ["files: series", "'external'"]),
        (
            {
                **series({"level5": "a.gctx", "sig_info": "s", "gene_info": "g", "pert_info": "p"}),
                "cell_to_cell": {"analyses": ["transfer"]},
            },
            ["transfer needs files: external"],
        ),
        (series({"level6": "a.gctx", "pert_info": "p"}), ["unknown key 'level6'", "'level5'"]),
    ],
)
def test_a_mistake_stops_the_run_before_it_starts(project, config, said):
    printed = project.run("-n", *project.configure(config), fails=True)
    assert all(part in printed for part in said), printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    "value",
    [
        '!!python/object/apply:os.system ["touch harm"]',
        '!!python/object/new:os.system ["touch harm"]',
        "!!python/object:subprocess.Popen {args: touch harm}",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/tuple [a]",
        "!!binary aGFybQ==",
        "2020-01-01",
        "&a [*a]",
    ],
)
def test_yaml_tags_run_nothing(project, value):
    (project.folder / "test.yaml").write_text(f"dataset: {value}\n")
    project.run("-n", "--configfile", "test.yaml", fails=True)
    assert not (project.folder / "harm").exists()


def test_a_misspelt_option_of_a_method_is_named(project):
    config = {"method_options": {"dnpp": {"neighbors": 3}}}
    printed = project.run("-n", *project.configure(config), fails=True)
    assert "no option 'neighbors'" in printed
    assert "'neighbours'" in printed


@pytest.mark.parametrize("name", ["paper", "lincs-mini", "lincs-cells"])
def test_shipped_configurations_dry_run(project, name):
    planned = project.run("-n", "--configfile", f"config/{name}.yaml")
    assert "rule acquire_file" in planned
    assert f"results/{name}/report.html" in planned


@pytest.mark.parametrize("name", ["demo-additive", "demo-low-rank"])
def test_other_simulated_screens_dry_run(project, name):
    planned = project.run("-n", "--configfile", f"config/{name}.yaml")
    assert f"results/{name}/report.html" in planned


def test_the_paper_downloads_both_phases(project):
    planned = project.run("-n", "--configfile", "config/paper.yaml")
    for series in ("GSE92742", "GSE70138"):
        assert f"results/paper/signatures/{series}/signatures.h5" in planned


def test_config_readme_explains_every_key():
    explained = (ROOT / "config/README.md").read_text()
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())

    def keys(node):
        for key, child in node.get("properties", {}).items():
            yield key
            yield from keys(child)

    assert [key for key in keys(schema) if key not in explained] == []


def test_a_missing_mirror_says_where_the_data_come_from(project):
    config = yaml.safe_load((ROOT / "config/lincs-mini.yaml").read_text())
    config["files"]["mirror"] = "not-there"
    target = "results/lincs-mini/tensor/large.h5"
    printed = project.run("--cores", "1", target, *project.configure(config), fails=True)
    assert "not-there" in printed
    assert "PRnet" in printed
    assert "Traceback" not in printed
