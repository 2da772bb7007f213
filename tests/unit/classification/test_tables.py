"""The tables and sentences on classifiers, as the report shows them."""

import pandas as pd

from lacuna.classification.similarity import SUMMARY
from lacuna.classification.tables import (
    MOST_TASKS,
    experiment_table,
    gain_sentences,
    paired_test_table,
    similarity_table,
    task_table,
    unconverged_sentence,
)
from lacuna.classification.tests import TEST


def paired_tests_of(**columns):
    row = {
        "question": "gain",
        "method": "dnpp",
        "protocol": "nested",
        "grouped_by": "all",
        "group": "all",
        "experiments": 12,
        "dropped": 3,
        "better": 0.75,
        "difference": 0.05,
        "low": 0.01,
        "high": 0.09,
        "p": 0.002,
        "p_bh": 0.004,
    }
    return pd.DataFrame([row | columns])


def test_a_gain_is_beyond_chance_when_its_interval_does_not_hold_0():
    (beyond,) = gain_sentences(paired_tests_of())
    (below,) = gain_sentences(paired_tests_of(difference=-0.05, low=-0.09, high=-0.01))
    (chance,) = gain_sentences(paired_tests_of(low=-0.01))
    assert "+0.050 (95 % interval over drugs +0.010 to +0.090)" in beyond
    assert "12 experiments; it rises in 75%. 3 experiments" in beyond
    assert "do not tell from none" in chance
    assert "do not tell from none" not in beyond + below


def test_without_a_kept_experiment_a_sentence_says_so():
    for tests in (pd.DataFrame(columns=TEST), paired_tests_of(experiments=0)):
        assert gain_sentences(tests) == [
            "No experiment has enough drugs and is above chance; the counts stand below."
        ]


def test_tests_are_of_one_question_and_names_without_a_label_are_shown_as_they_are():
    tests = pd.concat(
        [
            paired_tests_of(method="ours", grouped_by="model", group="support_vectors"),
            paired_tests_of(grouped_by="model", group="random_forest"),
            paired_tests_of(question="on_predicted"),
        ]
    )
    table = paired_test_table(tests, "gain")
    assert table["group"].tolist() == ["support_vectors", "random forest"]
    assert table["method"].tolist() == ["ours", "DNPP"]
    assert table["difference"].tolist() == ["+0.050 [+0.010, +0.090]"] * 2


def test_taken_tasks_come_first_then_the_most_frequent_skipped_ones():
    tasks = pd.DataFrame(
        {
            "task": [f"target {number}" for number in range(MOST_TASKS + 5)],
            "positives": range(MOST_TASKS + 5),
            "skipped": ["fewer than 5 drugs"] * (MOST_TASKS + 4) + [None],
        }
    )
    table = task_table(tasks)
    assert table["positives"].tolist() == [MOST_TASKS + 4, *range(MOST_TASKS + 3, 4, -1)]
    assert table["skipped"].tolist()[:2] == ["", "fewer than 5 drugs"]


def test_areas_that_could_not_be_computed_are_left_empty():
    areas = {}
    for area in ("measured", "completed", "predicted"):
        areas |= {f"auc_{area}": 0.7, f"auc_{area}_low": 0.6, f"auc_{area}_high": 0.8}
    experiments = pd.DataFrame(
        {
            "method": "ours",
            "profile_type": "A375",
            "task": "ATC L",
            "model": "support_vectors",
            "protocol": "nested",
            **areas | {"auc_predicted": float("nan")},
            "positives_measured": 5,
            "drugs_measured": 20,
            "positives_predicted": 0,
            "drugs_predicted": 2,
        },
        index=[0],
    )
    row = experiment_table(experiments).iloc[0]
    assert row["completed by"] == "ours"
    assert row["model"] == "support_vectors"
    assert row["trained on completed, drugs measured"] == "0.70 [0.60, 0.80]"
    assert row["trained on completed, drugs predicted"] == ""
    assert row["positives of drugs, measured"] == "5 of 20"


def test_without_an_interval_there_is_no_verdict():
    none = dict.fromkeys(["low", "high", "p", "p_bh"], float("nan"))
    (sentence,) = gain_sentences(paired_tests_of(**none))
    assert sentence.endswith("over 12 experiments, of too few drugs for an interval.")
    row = paired_test_table(paired_tests_of(**none), "gain").iloc[0]
    assert row[["difference", "p", "p, Benjamini-Hochberg"]].tolist() == ["+0.050", "", ""]


def test_fits_that_did_not_converge_are_told():
    experiments = pd.DataFrame({"unconverged": [0, 3, 0, 4]})
    assert unconverged_sentence(experiments).startswith("2 of 4 experiments hold 7 fits")
    assert unconverged_sentence(experiments[::2]) == "All fits of all 2 experiments converged."


def test_a_threshold_without_experiments_is_left_out_of_the_table():
    row = dict.fromkeys(SUMMARY, 0.5) | {"method": "dnpp", "drugs": 20.4, "experiments": 3}
    none = dict.fromkeys(("auc", "auc_of_all", "difference", "low", "high"), float("nan"))
    summary = pd.DataFrame([row | none, row | {"difference": -0.02, "low": -0.05, "high": 0.01}])
    [shown] = similarity_table(summary).to_dict("records")
    assert shown["completed by"] == "DNPP"
    assert shown["difference"] == "-0.020 [-0.050, +0.010]"
    assert shown["drugs"] == "20"
