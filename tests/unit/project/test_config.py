"""Mistakes in configurations, defaults, old keys, and configurations that are meant to do harm."""

import copy

import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

import lacuna
from lacuna.errors import LacunaError
from lacuna.project.config import notices, prepare
from lacuna.project.config_old_keys import MOVED, rename_old_keys
from lacuna.project.config_schema import read_schemas

# The least that a configuration of real plates can say.
PLATES = {
    "dataset": "mine",
    "acquire": {
        "source": "files",
        "series": {"a": {k: k for k in ("level3", "inst_info", "gene_info", "pert_info")}},
    },
}
# Whole runs, and the files that say them, in the order in which they are given.
SHIPPED = {
    "demo": ["config/config.yaml"],
    "demo-additive": ["config/config.yaml", "config/demo-additive.yaml"],
    "demo-low-rank": ["config/config.yaml", "config/demo-low-rank.yaml"],
    "demo-completers": ["config/config.yaml", "config/completers.yaml"],
    "demo-deepcellstate": ["config/config.yaml", "config/deepcellstate.yaml"],
    "bench-cluster": ["config/config.yaml", "bench/cluster.yaml"],
    "lincs-mini": ["config/lincs-mini.yaml"],
    "lincs-cells": ["config/lincs-cells.yaml"],
    "tahoe": ["config/tahoe.yaml"],
    "authors-tensor": ["config/authors-tensor.yaml"],
    "hodos": ["config/hodos.yaml"],
    "lincs": ["config/lincs.yaml"],
    "demo-translation": ["config/config.yaml", "config/demo-translation.yaml"],
    "translation-small": ["config/translation-small.yaml"],
    "translation-paper": ["config/translation-paper.yaml"],
    "demo-retrieval": ["config/config.yaml", "config/demo-retrieval.yaml"],
    "retrieval-small": ["config/retrieval-small.yaml"],
    "retrieval-tahoe": ["config/retrieval-tahoe.yaml"],
    "retrieval-paper": ["config/retrieval-paper.yaml"],
    "demo-single-cell": ["config/config.yaml", "config/demo-single-cell.yaml"],
    "single-cell-small": ["config/single-cell-small.yaml"],
    "single-cell-paper": ["config/single-cell-paper.yaml"],
    "demo-methods": ["config/config.yaml", "config/all-methods.yaml"],
    "deepcellstate-paper": ["config/deepcellstate-paper.yaml"],
    "deepcellstate-lof": ["config/deepcellstate-paper.yaml", "config/deepcellstate-lof.yaml"],
    "lincs-mini-deepcellstate": [
        "config/lincs-mini.yaml",
        "config/deepcellstate.yaml",
        "config/lincs-mini-deepcellstate.yaml",
    ],
}


def study(**block):
    return {"cell_to_cell": {"analyses": ["folds"], **block}}


def series(files):
    return {"acquire": {"source": "files", "series": {"mine": files}}}


def acquire(**changed):
    return {"acquire": changed}


@pytest.fixture
def shipped(request):
    """Read shipped configurations, one laid over the other, as Snakemake does."""

    def read(*paths):
        config = {}
        for path in paths:
            update_config(config, yaml.safe_load((request.config.rootpath / path).read_text()))
        return config

    return read


@pytest.fixture
def check(shipped):
    """Prepare the demo with some changes."""

    def changed(config):
        demo = shipped("config/config.yaml")
        update_config(demo, config)
        return prepare(demo)

    return changed


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"signatures": {"gama": 0.5}}, ["signatures: unknown key 'gama'", "'gamma'"]),
        ({"signature": {}}, ["unknown key 'signature'", "'signatures'"]),
        ({"signatures": None}, ["signatures: None is nothing (null); expected a block of keys"]),
        ({"completion": {"methods": ["dnp"]}}, ["unknown method 'dnp'", "'dnpp'"]),
        ({"signatures": {"gamma": 2}}, ["signatures: gamma", "2 is greater than the maximum of 1"]),
        ({"completion": {"completed": ["zeros"]}}, ["completion: completed", "'zeros'"]),
        ({"dataset": "../elsewhere"}, ["dataset", "../elsewhere"]),
        ({"dataset": "demo\n"}, ["dataset", "not a plain name"]),
        ({"dataset": "-rf"}, ["dataset", "not a plain name"]),
        (acquire(source="files"), ["series is empty"]),
        (
            {"evaluation": {"splits": {"profiles": {"sizes": ["small"]}}}},
            ["splits: profiles: sizes: 'large' is missing"],
        ),
        ({"evaluation": {"splits": {"genes": {}}}}, ["unknown key 'genes'", "'drugs'"]),
        (acquire(simulator={"generator": "additiv"}), ["simulator: generator", "'additiv'"]),
        ({"signatures": {"reference": "vehicles"}}, ["signatures: reference", "'vehicle'"]),
        ({"evaluation": {"density": {"percents": [95]}}}, ["percents: 0", "maximum of 90"]),
        (
            {"classification": {"completed": ["dnp"]}},
            ["classification: completed", "did you mean 'dnpp'"],
        ),
        ({"classification": {"folds": 1}}, ["classification: folds", "minimum of 2"]),
        ({"evaluation": {"density": {"repeats": 1}}}, ["density: repeats", "minimum of 2"]),
        (
            series({"level5": "a.gctx", "inst_info": "i"}),
            ["mine: inst_info is given without level3"],
        ),
        (series({"level3": "a.gctx", "sig_info": "i"}), ["mine: sig_info is given without level5"]),
        (series({"pert_info": "p"}), ["mine", "expected one of level3", "tensor"]),
        (acquire(gene_sets=["sets/a.gmt"]), ["acquire: gene_sets: 0", "'sets/a.gmt'"]),
        (acquire(gene_sets=[".."]), ["acquire: gene_sets: 0", "plain name of a file"]),
        (acquire(gene_sets=["{wildcards.x}"]), ["gene_sets: 0", "plain name of a file"]),
        (acquire(gene_sets=["$(touch x)"]), ["gene_sets: 0", "plain name of a file"]),
        (acquire(series={"../x": {}}), ["acquire: series", "'../x' is not a plain name"]),
        ({"signatures": {"gamma": float("nan")}}, ["signatures: gamma", "nan"]),
        (
            {"completion": {"options": {"mean_2d": {"cell_weight": float("inf")}}}},
            ["cell_weight is inf"],
        ),
        (
            {"evaluation": {"heatmaps": {"drugs": ["</script>"]}}},
            ["heatmaps: drugs", "</script>", "by id"],
        ),
        (acquire(mirror="a\0b"), ["acquire: mirror", "holds"]),
        ({"completion": {"options": {1: {}}}}, ["completion: options", "key 1 is no text"]),
        (acquire(external={"profiles": "a.tsv"}), ["external: profiles is given without samples"]),
        (acquire(external={"counts": "a.tsv"}), ["external: counts is given without samples"]),
        (
            acquire(external={"series_matrix": "a.txt"}),
            ["external: series_matrix is given without platform"],
        ),
        (
            acquire(external={"profiles": "a", "counts": "b", "samples": "c"}),
            ["external: 'counts', 'profiles', 'samples'", "Keep one"],
        ),
        (acquire(external={"samples": "c"}), ["external: 'samples'; expected profiles and"]),
        (acquire(chip_atlas=["sets/a.tsv"]), ["acquire: chip_atlas: 0", "'sets/a.tsv'"]),
        (acquire(series={"gene_sets": {}}), ["acquire: series", "'gene_sets'"]),
        (acquire(series={"external": {}}), ["acquire: series", "'external'"]),
        (
            {
                **series({"level5": "a.gctx", "sig_info": "s", "gene_info": "g", "pert_info": "p"}),
                "cell_to_cell": {"analyses": ["transfer"]},
            },
            ["transfer needs acquire: external, which"],
        ),
        (study(repeats=0), ["cell_to_cell: repeats", "0"]),
        (study(folds=1), ["cell_to_cell: folds", "1"]),
        (study(added_cells=[]), ["cell_to_cell: added_cells"]),
        (study(analyses=["fold"]), ["cell_to_cell: analyses: 0", "'fold'"]),
        (study(cells=["A", "B"], added_cells=["B"]), ["added_cells: 'B' stands in cells, too"]),
        (series({"level6": "a.gctx", "pert_info": "p"}), ["unknown key 'level6'", "'level5'"]),
        (
            {"completion": {"options": {"dnpp": {"neighbors": 3}}}},
            ["no option 'neighbors'", "'neighbours'"],
        ),
        # Named variants.
        (
            {"completion": {"methods": [{"k5": {"neighbours": 5}}]}},
            ["completion: methods: k5", "has no method"],
        ),
        (
            {"completion": {"methods": [{"a": {"method": "dnpp"}, "b": {}}]}},
            ["neither the name of a method nor a variant"],
        ),
        (
            {"completion": {"methods": [{"a/b": {"method": "dnpp"}}]}},
            ["methods: a/b", "expected a name of letters"],
        ),
        ({"completion": {"methods": [{"k5": {"method": "dnp"}}]}}, ["'dnp'", "'dnpp'"]),
        (
            {"completion": {"methods": [{"k5": {"method": "dnpp", "k": 5}}]}},
            ["dnpp has no option 'k'"],
        ),
        (
            {"completion": {"methods": [{"kernel": {"method": "dnpp"}}]}},
            ["methods: kernel", "is called as a method is"],
        ),
        (
            {"completion": {"methods": [{"k": {"method": "dnpp"}}, {"k": {"method": "ntk"}}]}},
            ["methods: k is listed twice"],
        ),
        # Old keys lead to the new ones.
        ({"crossval": {"fold_per_job": 3}}, ["evaluation: unknown key 'fold_per_job'"]),
        ({"files": 3}, ["acquire: 3 is a whole number; expected a block of keys"]),
        ({"crossval": {"splits": 3}}, ["evaluation: splits: 3 is a whole number"]),
    ],
)
def test_a_mistake_is_named(check, config, said):
    with pytest.raises(LacunaError) as error:
        check(config)
    assert all(part in str(error.value) for part in said), error.value


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("dataset", "'dataset' is missing. Name of the run."),
        (
            "acquire",
            "acquire: 'source' is missing. Where the plates.* Write, for example, source: files.",
        ),
    ],
)
def test_what_has_no_default_must_be_said(missing, said):
    with pytest.raises(LacunaError, match=said):
        prepare({key: value for key, value in PLATES.items() if key != missing})


@pytest.mark.parametrize("dataset", SHIPPED)
def test_shipped_configurations_are_valid_and_hold_no_old_key(shipped, dataset):
    config = shipped(*SHIPPED[dataset])
    assert notices(config) == []
    assert prepare(config)["dataset"] == dataset


def test_no_shipped_configuration_is_forgotten(request):
    named = {path for paths in SHIPPED.values() for path in paths}
    there = {f"config/{path.name}" for path in (request.config.rootpath / "config").glob("*.yaml")}
    assert there <= named


def test_a_finished_configuration_stays_as_it_is(check):
    finished = check({})
    assert prepare(finished) == finished


def test_the_users_configuration_is_left_alone(shipped):
    config = {**shipped("config/config.yaml"), "crossval": {"splits": {"elsewhere": {"folds": 3}}}}
    before = copy.deepcopy(config)
    prepare(config)["tensor"]["small"]["drugs"] = 5
    assert config == before
    assert prepare(config)["tensor"]["small"]["drugs"] == 30


def test_defaults_are_filled_down_to_the_last_key():
    config = prepare(
        {
            **PLATES,
            "tensor": {"small": {"cells": 2}},
            "evaluation": {"splits": {"cells": {"folds": 2}, "plates": {"sizes": []}}},
        }
    )
    # The paper's values (Hodos et al. 2018), not those of the demo.
    assert config["tensor"] == {
        "scale": "unit",
        **dict.fromkeys(["cells", "times", "doses"]),
        "max_p_value": 0.1,
        "unreplicated": "drop",
        "min_cc_q75": None,
        "merge": "name",
        "min_cells_per_drug": 3,
        "min_drugs_per_cell": 3,
        "small": {"drugs": 300, "cells": 2, "ranking_cells": 50},
    }
    assert config["evaluation"]["splits"] == {
        "profiles": {"sizes": ["large"], "folds": 10, "without": []},
        "drugs": {"sizes": ["large"], "folds": 5, "without": []},
        "cell_transfer": {"sizes": [], "folds": 10, "without": []},
        "cells": {"sizes": ["large"], "folds": 2, "without": []},
        "plates": {"sizes": [], "folds": 5, "without": []},
    }
    assert config["classification"]["trees"] == 500
    assert config["acquire"]["series"] == PLATES["acquire"]["series"]
    assert prepare(PLATES)["tensor"]["small"]["cells"] == 15, "a default was changed"


def test_splits_come_in_one_order_however_they_are_written():
    written = ("cell_transfer", "cells", "profiles")
    for order in (written, written[::-1]):
        splits = {split: {"folds": 3} for split in order}
        config = prepare({**PLATES, "evaluation": {"splits": splits}})
        assert list(config["evaluation"]["splits"]) == [
            "profiles",
            "drugs",
            "cells",
            "plates",
            "cell_transfer",
        ]


def test_every_key_has_a_description_and_a_default_or_is_asked_for():
    def keys(node, where):
        for key, child in node.get("properties", {}).items():
            yield f"{where}: {key}", child, key in node.get("required", [])
            if "default" not in child:
                yield from keys(child, f"{where}: {key}")

    for stage, schema in read_schemas().items():
        for where, child, required in keys(schema, stage):
            assert len(child["description"]) > 10, where
            assert required or "default" in child or "properties" in child, where
            assert "examples" in child or "properties" in child, where


# A value of each old key, and where it stands now.
OLD_KEYS = {
    "source": ("simulator", "acquire: source"),
    "simulator": ({"drugs": 77}, "acquire: simulator"),
    "files": ({"gene_sets": ["a.gmt"]}, "acquire"),
    "methods": (["dnpp", "blend", "kernel"], "completion: methods"),
    "method_options": ({"dnpp": {"neighbours": 3}}, "completion: options"),
    "controls": (["truth"], "completion: controls"),
    "completed": (["dnpp"], "completion: completed"),
    "crossval": ({"folds_per_job": 3, "splits": {"drugs": {"folds": 3}}}, "evaluation"),
    "density": ({"repeats": 7}, "evaluation: density"),
    "heatmaps": ({"drugs": ["vorinostat"]}, "evaluation: heatmaps"),
    "classify": ({"trees": 11}, "classification"),
}


@pytest.mark.parametrize("old", OLD_KEYS)
def test_an_old_key_says_what_the_new_one_says(check, old):
    value, path = OLD_KEYS[old]
    new = value
    for key in reversed(path.split(": ")):
        new = {key: new}
    renamed, (notice,) = rename_old_keys({old: value})
    assert renamed == new
    assert notice.startswith(f"Notice: {old} is now {path} ")
    assert check({old: value}) == check(new)


def test_every_old_key_is_tested():
    assert OLD_KEYS.keys() == MOVED.keys()


@pytest.mark.parametrize("block", ["crossval", "evaluation"])
def test_the_old_split_is_the_new_one(check, block):
    changed = {block: {"splits": {"elsewhere": {"sizes": ["large"]}}}}
    splits = check(changed)["evaluation"]["splits"]
    assert splits["cell_transfer"] == {"sizes": ["large"], "folds": 10, "without": []}
    assert "elsewhere" not in splits
    assert "evaluation: splits: elsewhere is now" in notices(changed)[-1]


def test_an_old_key_overrides_its_own_keys_only(check):
    config = check({"density": {"repeats": 7}, "files": {"mirror": "here"}})
    assert config["evaluation"]["density"] == {
        "percents": [10, 20, 30, 40, 50, 60],
        "repeats": 7,
        "repeats_per_job": 2,
    }
    assert config["evaluation"]["folds_per_job"] == 10
    assert config["acquire"]["source"] == "simulator"


def test_variants_stand_among_the_methods(check):
    entry = {"dnpp_k5": {"method": "dnpp", "neighbours": 5}}
    config = check(
        {
            "completion": {"methods": ["dnpp", entry], "completed": ["dnpp_k5"]},
            "classification": {"completed": ["dnpp_k5"]},
        }
    )
    assert config["completion"]["methods"] == ["dnpp", entry]


@pytest.fixture
def new_stage(tmp_path, monkeypatch):
    """Put a stage into the library that no other file knows of."""
    folder = tmp_path / "weaving"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"epochs": {"type": "integer", "default": 5, "description": "Passes."}},
    }
    (folder / "schema.yaml").write_text(yaml.safe_dump(schema))
    (folder / "checks.py").write_text(
        "from lacuna.errors import LacunaError\n"
        "def check(config):\n"
        "    if config['weaving']['epochs'] > config['seed']:\n"
        "        raise LacunaError('weaving: epochs is too large')\n"
    )
    monkeypatch.setattr(lacuna, "__path__", [*lacuna.__path__, str(tmp_path)])


def test_a_stage_is_known_by_its_folder(new_stage, check):
    assert check({})["weaving"] == {"epochs": 5}
    with pytest.raises(LacunaError, match="weaving: unknown key 'epoch'"):
        check({"weaving": {"epoch": 3}})
    with pytest.raises(LacunaError, match="epochs is too large"):
        check({"seed": 4})


@pytest.mark.fault("YAML tags that call Python, an alias of itself", "refused; nothing runs")
@pytest.mark.parametrize(
    "value",
    [
        '!!python/object/apply:os.system ["touch harm"]',
        '!!python/object/new:os.system ["touch harm"]',
        "!!python/object:subprocess.Popen {args: touch harm}",
        *("!!python/name:os.system", "!!python/module:os", "!!python/tuple [a]"),
        *("!!binary aGFybQ==", "2020-01-01", "&a [*a]"),
    ],
)
def test_yaml_tags_run_nothing(check, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test.yaml").write_text(f"dataset: {value}\n")
    with pytest.raises((LacunaError, WorkflowError)):
        check(load_configfile("test.yaml"))
    assert [path.name for path in tmp_path.iterdir()] == ["test.yaml"]
