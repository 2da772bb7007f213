"""What a run makes to be asked."""

from lacuna.explore import stage
from lacuna.project.plan import Plan


def config(completed=("dnpp", "kernel"), methods=("dnpp", "kernel")):
    none = {split: {"sizes": []} for split in ("drugs", "cells", "plates", "cell_transfer")}
    return Plan.of(
        {
            "dataset": "mine",
            "acquire": {"source": "simulator"},
            "completion": {"methods": list(methods), "completed": list(completed)},
            "evaluation": {"splits": {"profiles": {"folds": 3}, **none}},
            "classification": {"completed": []},
        }
    )


def test_a_run_that_completes_a_tensor_makes_its_index():
    made = config()
    assert "results/mine/explore/index.h5" in made.results
    assert stage.method(made.config) == "dnpp"
    assert stage.files(made.config) == {
        "product": "completed/dnpp.gctx",
        "held_out": "evaluation/large/profiles/dnpp/metrics_per_profile.tsv",
    }


def test_without_a_product_there_is_nothing_to_ask():
    made = config(completed=())
    assert "results/mine/explore/index.h5" not in made.results
    assert (stage.files(made.config), stage.method(made.config)) == ({}, "")
