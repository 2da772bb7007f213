"""Which folds, files and tables the evaluation of a configuration consists of."""

import pytest

from lacuna.completion.registry import is_trained
from lacuna.errors import LacunaError
from lacuna.evaluation import stage
from lacuna.project.plan import Plan


@pytest.fixture
def config():
    splits = {
        "profiles": {"sizes": ["large", "small"], "folds": 5},
        "drugs": {"sizes": ["large"], "folds": 3},
        **{split: {"sizes": []} for split in ("cells", "plates", "cell_transfer")},
    }
    return Plan.of(
        {
            "dataset": "mine",
            "acquire": {"source": "simulator"},
            "completion": {
                "methods": ["dnpp", {"dnpp_k5": {"method": "dnpp", "neighbours": 5}}, "scgen"],
                "controls": ["zeros"],
                "completed": ["dnpp"],
            },
            "evaluation": {
                "folds_per_job": 2,
                "splits": splits,
                "density": {"percents": [10], "repeats": 3, "repeats_per_job": 2},
            },
            "classification": {"completed": []},
        }
    ).config


def without_density(config):
    block = config["evaluation"]
    return {**config, "evaluation": {**block, "density": {**block["density"], "percents": []}}}


def test_folds_and_repeats_are_dealt_to_jobs_in_order(config):
    assert stage.batches(5, 2) == [[0, 1], [2, 3], [4]]
    assert stage.batches(4, 2) == [[0, 1], [2, 3]]
    assert stage.folds(config, "profiles") == [[0, 1], [2, 3], [4]]
    assert stage.folds(config, "drugs") == [[0, 1], [2]]
    assert stage.folds_of(config, "profiles", "2") == [4]
    assert stage.folds_of(config, "drugs", "1") == [2]
    assert stage.repeats(config) == [[0, 1], [2]]
    assert stage.repeats_of(config, "0") == [0, 1]
    assert stage.repeats_of(config, "1") == [2]


def test_controls_judge_single_profiles_alone(config):
    assert list(stage.methods(config)) == ["dnpp", "dnpp_k5", "scgen"]
    assert list(stage.players(config)) == ["dnpp", "dnpp_k5", "scgen", "zeros"]
    found = {tuple(what.values()) for what in stage.evaluated(config)}
    methods = ("dnpp", "dnpp_k5", "scgen")
    assert found == {
        *((size, "profiles", m) for size in ("large", "small") for m in (*methods, "zeros")),
        *(("large", "drugs", m) for m in methods),
    }


def test_a_split_may_leave_methods_out(config):
    block = config["evaluation"]
    drugs = {**block["splits"]["drugs"], "without": ["dnpp"]}
    less = {**config, "evaluation": {**block, "splits": {**block["splits"], "drugs": drugs}}}
    assert stage.evaluated(less) == [
        what
        for what in stage.evaluated(config)
        if (what["split"], what["method"]) != ("drugs", "dnpp")
    ]
    assert not any("/dnpp/" in path for path in stage.all_predictions(less, "drugs"))
    assert any("/dnpp/" in path for path in stage.all_predictions(less, "profiles"))


def test_predictions_lie_in_a_file_for_each_job(config):
    assert stage.predictions(config, "small", "profiles", "dnpp_k5") == [
        f"evaluation/small/profiles/dnpp_k5/predicted_{batch}.h5" for batch in range(3)
    ]
    assert stage.predictions(config, "large", "drugs", "dnpp") == [
        f"evaluation/large/drugs/dnpp/predicted_{batch}.h5" for batch in range(2)
    ]
    assert stage.prediction_files(config, "drugs") == ["predicted_0.h5", "predicted_1.h5"]


def test_networks_name_the_folds_of_each_file(config):
    assert is_trained("scgen") and not is_trained("dnpp")
    found = stage.trained(config)
    assert {what["method"] for what in found} == {"scgen"}
    large = [what for what in found if (what["size"], what["split"]) == ("large", "profiles")]
    assert [(what["folds"], what["file"]) for what in large] == [
        ([0, 1], "large/profiles/scgen/predicted_0.h5"),
        ([2, 3], "large/profiles/scgen/predicted_1.h5"),
        ([4], "large/profiles/scgen/predicted_2.h5"),
    ]


def test_tables_are_of_the_methods_asked_for(config):
    assert stage.tables(config, "metrics.tsv", ["zeros"]) == [
        "evaluation/large/profiles/zeros/metrics.tsv",
        "evaluation/small/profiles/zeros/metrics.tsv",
    ]
    assert len(stage.tables(config, "metrics.tsv", ["dnpp", "dnpp_k5"])) == 6
    expected = [f"evaluation/large/profiles/{m}/a.tsv" for m in ("dnpp", "dnpp_k5", "scgen")]
    assert stage.of_methods(config, "a.tsv") == expected
    both = stage.of_methods(config, ["a.tsv", "b.tsv"])
    assert both[:2] == [expected[0], expected[0].replace("a.tsv", "b.tsv")]
    assert stage.density_files(config) == [
        f"evaluation/density/{m}/pct_{batch}.tsv"
        for m in ("dnpp", "dnpp_k5", "scgen")
        for batch in (0, 1)
    ]


def test_density_is_made_where_it_is_asked_for(config):
    assert stage.wanted(config)
    assert "evaluation/density.tsv" in stage.results(config)
    assert "metrics.tsv" in stage.results(config)
    none = without_density(config)
    assert "evaluation/density.tsv" not in stage.results(none)
    assert stage.published(none)["density"] == []
    assert stage.published(config)["density"] == ["evaluation/density.tsv"]


def test_figures_of_few_methods_are_drawn_where_they_are_not_those_of_all(config):
    few = {"best_method_few", "density_few", "deg_roc_few"}

    def planned(named, density=True):
        block = (config if density else without_density(config))["evaluation"]
        changed = {**config, "evaluation": {**block, "figures": {"methods": named}}}
        assert stage.few(changed) in ([], [name for name in named if name != "kernel"])
        return few & {*Plan.of(changed).figures}

    assert planned(["dnpp", "dnpp_k5", "kernel"]) == few  # kernel is not compared
    assert planned(["dnpp", "dnpp_k5"], density=False) == few - {"density_few"}
    assert planned(["dnpp", "dnpp_k5", "scgen"]) == set()
    assert planned(["dnpp", "kernel"]) == set()
    with pytest.raises(LacunaError, match=r"unknown method 'dnp' .did you mean"):
        planned(["dnp", "scgen"])


def test_few_methods_have_files_of_their_own(config):
    of_all = stage.of_methods(config, "deg_roc.tsv")
    assert stage.of_methods(config, "deg_roc.tsv", ["scgen", "dnpp"]) == [of_all[2], of_all[0]]


def test_predictions_come_batch_by_batch_and_similarity_where_drugs_are_known(config):
    files = stage.all_predictions(config, "profiles")
    for number, method in enumerate(stage.methods(config)):
        expected = stage.predictions(config, "large", "profiles", method)
        assert files[number :: len(stage.methods(config))] == expected
    assert stage.splits_by_similarity(config) == ["profiles", "drugs"]


def test_what_to_expect_is_learnt_from_each_split_of_the_large_tensor_that_the_method_predicts(
    config,
):
    folder = "evaluation/large"
    assert stage.teaching_files(config, "dnpp") == {
        "profiles": [
            f"{folder}/profiles/folds.tsv",
            *(f"{folder}/profiles/dnpp/predicted_{job}.h5" for job in range(3)),
        ],
        "drugs": [
            f"{folder}/drugs/folds.tsv",
            *(f"{folder}/drugs/dnpp/predicted_{job}.h5" for job in range(2)),
        ],
    }
    splits = config["evaluation"]["splits"]
    splits["drugs"] = {**splits["drugs"], "without": ["dnpp"]}
    assert stage.teaching(config, "dnpp") == ["profiles"]
    assert stage.teaching(config, "dnpp_k5") == ["profiles", "drugs"]
    assert "evaluation/expected_r/dnpp/tiers.tsv" in stage.results(config)
