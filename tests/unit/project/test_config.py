"""Mistakes in configurations, and configurations that are meant to do harm."""

import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from lacuna.errors import LacunaError
from lacuna.project.config import check_config


def series(files):
    return {"source": "files", "files": {"series": {"mine": files}}}


@pytest.fixture
def check(request):
    """Check the shipped configuration with some changes, as the workflow does."""
    folder = request.config.rootpath
    schema = yaml.safe_load((folder / "workflow/schemas/config.schema.yaml").read_text())
    shipped = yaml.safe_load((folder / "config/config.yaml").read_text())

    def changed(config):
        update_config(shipped, config)
        check_config(shipped, schema)

    return changed


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
        ({"method_options": {"dnpp": {"neighbors": 3}}}, ["no option 'neighbors'", "'neighbours'"]),
    ],
)
def test_a_mistake_is_named(check, config, said):
    with pytest.raises(LacunaError) as error:
        check(config)
    assert all(part in str(error.value) for part in said), error.value


@pytest.mark.fault(
    "YAML tags that call Python, an alias of itself",
    "refused; nothing runs",
)
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
def test_yaml_tags_run_nothing(check, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test.yaml").write_text(f"dataset: {value}\n")
    with pytest.raises((LacunaError, WorkflowError)):
        check(load_configfile("test.yaml"))
    assert [path.name for path in tmp_path.iterdir()] == ["test.yaml"]
