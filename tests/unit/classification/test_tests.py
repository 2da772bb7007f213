"""Paired tests are what they say."""

import numpy as np
import pandas as pd
from planted import planted_drugs, unlike
from scipy.stats import false_discovery_control, ttest_rel

from lacuna.classification.areas import AREAS
from lacuna.classification.experiments import run_experiments
from lacuna.classification.tests import change_on_predicted, gain_by_completion, paired_tests
from lacuna.evaluation.bootstrap import BOOTSTRAP_DRAWS, LEAST_DRUGS


def test_no_task_gives_empty_tables():
    profiles, _ = planted_drugs()
    table, draws, *_ = run_experiments(
        profiles,
        pd.DataFrame(index=profiles.drugs),
        "logistic_regression",
        folds=3,
        trees=10,
        seed=0,
        similarity=unlike(),
    )
    assert table.empty
    table = table.assign(method="dnpp", gain=gain_by_completion(table))
    assert paired_tests(table, draws, "gain").empty


def experiments(**columns):
    table = pd.DataFrame(columns)
    many = {
        "drugs_measured": 20,
        "drugs_predicted": 20,
        "method": "dnpp",
        "task": "ATC L",
        "kind": "ATC",
        "model": "m",
        "profile_type": "c",
    }
    return table.assign(**{key: value for key, value in many.items() if key not in table})


def test_what_counts_as_chance_and_what_is_dropped():
    table = experiments(
        protocol=["published", "published", "published", "nested"],
        auc_measured=[0.6, np.nan, 0.4, np.nan],
        auc_completed=[0.7, 0.8, 0.45, 0.8],
        auc_predicted=[0.5, 0.9, 0.3, np.nan],
        positives_measured=[5, 2, 9, 9],
        positives_predicted=[5, 9, 9, 9],
    )
    gain = gain_by_completion(table)
    assert np.allclose(gain, [0.1, 0.3, np.nan, np.nan], equal_nan=True)
    change = change_on_predicted(table)
    assert np.allclose(change, [-0.2, np.nan, np.nan, np.nan], equal_nan=True)


def test_paired_tests_are_scipys_corrected_within_their_grouping():
    rng = np.random.default_rng(0)
    measured = rng.uniform(0.55, 0.8, 60)
    completed = measured + rng.normal(0.02, 0.05, 60)
    table = experiments(
        protocol="nested",
        auc_measured=measured,
        auc_completed=completed,
        auc_predicted=completed,
        profile_type=np.repeat(["a", "b", "c"], 20),
        kind=["ATC", "target"] * 30,
    )
    table["gain"] = gain_by_completion(table)
    draws = np.repeat(
        table[[f"auc_{area}" for area in AREAS]].to_numpy()[:, :, None], BOOTSTRAP_DRAWS, axis=2
    )
    tests = paired_tests(table, draws, "gain").set_index(["grouped_by", "group"])
    everything = tests.loc[("all", "all")]
    assert np.isclose(everything["p"], ttest_rel(completed, measured).pvalue)
    assert np.isclose(everything["difference"], (completed - measured).mean())
    assert np.isclose(everything["low"], everything["difference"])  # these draws do not vary
    of_targets = tests.loc[("kind_and_profile_type", "target b")]
    b = table["profile_type"].eq("b")
    hits = b & table["kind"].eq("target")
    assert of_targets["experiments"] == hits.sum() == 10
    assert np.isclose(of_targets["difference"], (completed - measured)[hits].mean())
    by_type = tests.loc["profile_type"]
    assert np.allclose(by_type["p_bh"], false_discovery_control(by_type["p"]))


def test_with_fewer_than_five_drugs_there_is_no_interval_and_no_p():
    for drugs, told in ((LEAST_DRUGS - 1, False), (LEAST_DRUGS, True)):
        table = experiments(
            protocol="nested",
            auc_measured=[0.6, 0.7],
            auc_completed=[0.7, 0.75],
            auc_predicted=[0.7, 0.75],
            drugs_measured=drugs,
        )
        table["gain"] = gain_by_completion(table)
        tests = paired_tests(table, np.full((2, len(AREAS), BOOTSTRAP_DRAWS), 0.6), "gain")
        everything = tests[tests["grouped_by"] == "all"]
        assert everything[["low", "high", "p", "p_bh"]].notna().all(axis=None) == told
        assert np.isclose(everything["difference"].item(), 0.075)
