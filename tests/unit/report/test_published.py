"""Published numbers find their counterparts."""

import numpy as np
import pandas as pd

from lacuna.report import published
from lacuna.report.published_table import published_note, published_table

PRINTED = pd.DataFrame(
    {
        "paper": "A 2018",
        "place": ["table 1", "figure 1", "figure 3", "supplement"],
        "what": ["profiles in MCF7", "specificity", "PCT", "something else"],
        "table": ["cells", "specificity", "metrics", "none"],
        "key": ["MCF7", "JNJ-38877605", "large/profiles/dnpp/pct", np.nan],
        "value": [1505, 1.05, 0.54, 0.3],
    }
)


def ours():
    metrics = pd.DataFrame(
        {
            "size": "large",
            "split": "profiles",
            "method": ["dnpp", "falrtc"],
            "metric": "pct",
            "value": [0.5, 0.6],
            "low": [0.45, 0.5],
            "high": [0.52, 0.7],
        }
    )
    names = pd.DataFrame({"name": ["jnj-38877605", "x"], "specificity": [1.0, 0.2]})
    grid = pd.DataFrame({"mcf7": [True, True, False], "PC3": [True, False, False]})
    return pd.concat(
        [
            published.numbers_of_metrics(metrics),
            published.numbers_of_specificity(names),
            published.numbers_of_grid(grid, grid.iloc[:1]),
        ]
    )


def test_numbers_are_found_whatever_their_case_and_missing_ones_stay_empty():
    compared = published.compare(PRINTED, ours())
    assert compared["what"].tolist() == PRINTED["what"].tolist()
    assert np.allclose(compared["ours"], [2, 1.0, 0.5, np.nan], equal_nan=True)
    assert np.allclose(compared["difference"][:3], [-1503, -0.05, -0.04])
    assert compared.loc[2, ["low", "high"]].tolist() == [0.45, 0.52]


def test_a_difference_is_shown_on_the_papers_data_alone():
    compared = published.compare(PRINTED, ours())
    elsewhere = published_table(compared, is_papers_data=False)
    assert "difference" not in elsewhere
    assert elsewhere["ours"].tolist()[3] == "not in this run"
    assert "no comparison" in published_note("demo", "", "")
    there = published_table(compared, is_papers_data=True)
    assert there["difference"].tolist() == ["-1,503", "-0.05", "-0.04 *", ""]


def test_steps_are_counted_after_each_filter():
    steps = ["signatures", "3 experiments without a p-value", "ACD p-value at most 0.1"]
    steps += ["one id per drug name", "at least 3 drugs per cell", "averaged over dose"]
    filters = pd.DataFrame(
        {"step": steps, "profiles": range(60, 0, -10), "drugs": range(6), "cells": 3}
    )
    found = published.numbers_of_filters(filters).set_index("key")["ours"]
    assert found["signatures/profiles"] == 60
    assert found["consistent/profiles"] == 40
    assert found["covered/profiles"] == 20
    assert found["averaged/drugs"] == 5


def test_classes_without_any_test_have_no_numbers():
    from lacuna.classification.tests import TEST

    assert published.numbers_of_classes(pd.DataFrame(columns=TEST), "dnpp").empty


def test_tests_of_classifiers_are_found_by_their_names():
    tests = pd.DataFrame(
        {
            "question": "on_predicted",
            "method": ["dnpp", "kernel"],
            "protocol": "published",
            "grouped_by": "profile_type",
            "group": "HT29",
            "experiments": 21,
            "dropped": 0,
            "better": 0.9,
            "difference": [0.12, 0.5],
            "low": 0.1,
            "high": 0.2,
        }
    )
    found = published.numbers_of_classes(tests, "dnpp").set_index("key")
    key = "on_predicted/published/profile_type/HT29"
    assert found.loc[f"{key}/difference", ["ours", "low", "high"]].tolist() == [0.12, 0.1, 0.2]
    assert found.loc[f"{key}/better", "ours"] == 0.9
    density = pd.DataFrame({"method": ["falrtc"], "percent": 60, "mean": 0.6, "sd": 0.1})
    at_60 = published.numbers_of_density(density).iloc[0]
    assert (at_60["key"], at_60["low"], at_60["high"]) == ("falrtc/60", 0.5, 0.7)


def test_numbers_from_cell_to_cell_are_found_by_analysis_and_setting():
    summary = {"value": [0.6, 0.5], "low": 0.4, "high": 0.7}
    variations = pd.DataFrame({"analysis": "thinned", "setting": ["none", "MCF7"], **summary})
    transfer = pd.DataFrame({"what": ["trained", "copy"], **summary})
    factors = pd.DataFrame({"fold": [2.0, 3.0]})
    found = pd.concat(
        [
            published.numbers_of_variations(variations),
            published.numbers_of_transfer(transfer),
            published.numbers_of_factors(factors),
        ]
    ).set_index("key")["ours"]
    assert found["thinned/MCF7"] == 0.5
    assert found["transfer/trained"] == 0.6
    assert found["factors/fold"] == 2.5
