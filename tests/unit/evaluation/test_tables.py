"""The tables of the report say what the numbers are, in the labels of the cards."""

import numpy as np
import pandas as pd
import pytest

from lacuna.evaluation.tables import (
    comparison_table,
    conclude,
    conclude_similar,
    conclude_where,
    fallback_table,
    kept_table,
    method_table,
    similar_table,
    where_table,
)


def test_methods_stand_in_rows_and_metrics_in_columns():
    metrics = pd.DataFrame(
        [
            ("dnpp", "pct", 0.5, 0.4, 0.6),
            ("mine", "pct", -0.0001, -0.1, 0.1),
            ("dnpp", "deg_auc_1", 0.75, 0.7, 0.8),
            ("dnpp", "old_metric", 1, 1, 1),
        ],
        columns=["method", "metric", "value", "low", "high"],
    )
    table = method_table(metrics)
    assert list(table) == ["method", "PCT", "DEG AUC, top 1 %", "old_metric"]
    assert table["method"].tolist() == ["DNPP", "mine"]
    assert table["PCT"].tolist() == ["0.500 [0.400, 0.600]", "0.000 [-0.100, 0.100]"]
    assert table["DEG AUC, top 1 %"][0] == "0.750 [0.700, 0.800]"


def compared(*rows):
    columns = ["metric", "best", "method", "value", "low", "high", "p_holm"]
    return pd.DataFrame(rows, columns=columns)


def test_comparisons_stand_in_one_row_per_metric():
    table = comparison_table(
        compared(
            ("pct", "dnpp", "mean_1d", 0.1, 0.05, 0.15, 0.0004),
            ("pct", "dnpp", "zeros", 0.3, 0.2, 0.4, 0.001),
            ("retrieval", "mean_1d", "dnpp", 0.2, -0.1, 0.5, 0.25),
        )
    )
    assert table.to_dict("records") == [
        {
            "metric": "PCT",
            "best": "DNPP",
            "above 1D-Mean by": "0.100 [0.050, 0.150], p 0.000",
            "above control: zeros by": "0.300 [0.200, 0.400], p 0.001",
            "above DNPP by": "",
        },
        {
            "metric": "retrieval within the cell",
            "best": "1D-Mean",
            "above 1D-Mean by": "",
            "above control: zeros by": "",
            "above DNPP by": "0.200 [-0.100, 0.500], p 0.250",
        },
    ]


def test_the_verdict_is_on_the_nearest_method_by_pct():
    far, near = ("pct", "a", "c", 0.3, 0.2, 0.4, 0.1), ("pct", "a", "b", 0.1, 0.01, 0.2, 0.1)
    other = ("retrieval", "b", "a", 0.01, 0.001, 0.2, 0.1)
    verdict = conclude(compared(far, near, other))
    assert verdict.startswith("a has the highest PCT, above the next one, b, by 0.100")
    assert "(95 % interval 0.010 to 0.200)" in verdict


@pytest.mark.parametrize("low", [0, -0.01])
def test_a_lead_within_chance_is_none(low):
    verdict = conclude(compared(("pct", "a", "b", 0.1, low, 0.2, 0.1)))
    assert "these drugs do not tell it from b" in verdict


def test_without_an_interval_there_is_no_verdict():
    few = compared(("pct", "dnpp", "b", 0.1, np.nan, np.nan, np.nan))
    verdict = conclude(few)
    assert verdict.startswith("Too few drugs for a verdict: on them DNPP has the highest PCT")
    assert "b one that is lower by 0.100." in verdict
    assert comparison_table(few)["above b by"].item() == "0.100, too few for an interval"
    assert method_table(few)["PCT"].item() == "0.100, too few for an interval"
    kept = few.assign(metric="slope", drugs=3)
    assert kept_table(kept)["slope through 0"].item() == "0.100, too few for an interval"


def test_bins_that_cannot_be_tested_are_not_counted_as_chance():
    assert conclude_where(WHERE.assign(p_holm=np.nan))[1].endswith(
        "in 1 of 3 bins (500 profiles), none of which can be tested for chance."
    )


def test_one_method_alone_gets_no_verdict():
    assert "nothing to compare it with" in conclude(compared())
    assert "nothing to compare it with" in conclude(compared(("retrieval", *"ab", 1, 1, 1, 1)))


WHERE = pd.DataFrame(
    {
        "cells_per_drug": ["1", "2 to 3", "4"],
        "drugs_per_cell": "9",
        "profiles": [1000, 500, 20],
        "drugs": [90, 50, 3],
        "best": ["dnpp", "mine", "dnpp"],
        "runner_up": ["mine", "dnpp", "mine"],
        "lead": [0.1, 0.02, 0.5],
        "low": [0.05, -0.01, np.nan],
        "high": [0.15, 0.05, np.nan],
        "p_holm": [0.049, 0.05, np.nan],
        "pearson_dnpp": [0.5, 0.4, 0.6],
        "pearson_mine": [0.4, 0.42, 0.1],
        "won_dnpp": [0.75, 0.5, 1],
        "won_mine": [0.25, 0.5, 0],
    }
)


def test_each_bin_shows_the_methods_and_the_lead():
    table = where_table(WHERE)
    assert list(table) == [
        *("cells per drug", "drugs per cell", "profiles", "drugs", "DNPP", "mine", "best"),
        "lead over the next one",
    ]
    assert table["DNPP"].tolist() == ["0.500 (75%)", "0.400 (50%)", "0.600 (100%)"]
    assert table["mine"].tolist() == ["0.400 (25%)", "0.420 (50%)", "0.100 (0%)"]
    assert table["best"].tolist() == ["DNPP", "mine", "DNPP"]
    assert table["lead over the next one"].tolist() == [
        "0.1000 over mine [0.0500, 0.1500], p 0.049",
        "0.0200 over DNPP [-0.0100, 0.0500], p 0.050",
        "0.5000 over mine, too few drugs for an interval",
    ]


def test_a_method_alone_leads_nobody():
    alone = WHERE.assign(lead=np.nan, low=np.nan, high=np.nan, p_holm=np.nan, runner_up="")
    assert set(where_table(alone)["lead over the next one"]) == {"no other method"}


def test_bins_won_are_counted_and_those_beyond_chance():
    assert conclude_where(WHERE) == [
        "DNPP has the highest mean correlation in 2 of 3 bins (1,020 profiles), beyond chance in 1 "
        "(1,000 profiles).",
        "mine has the highest mean correlation in 1 of 3 bins (500 profiles), beyond chance in 0 "
        "(0 profiles).",
    ]


def test_kept_specificity_stands_in_one_row_per_method():
    kept = pd.DataFrame(
        [
            ("dnpp", 1234, "correlation", 0.5, 0.4, 0.6),
            ("dnpp", 1234, "slope", 0.9, 0.8, 1.0),
            ("mine", 1234, "correlation", 0.1, 0.0, 0.2),
        ],
        columns=["method", "drugs", "metric", "value", "low", "high"],
    )
    assert kept_table(kept).iloc[0].to_dict() == {
        "method": "DNPP",
        "drugs": "1,234",
        "correlation": "0.500 [0.400, 0.600]",
        "slope through 0": "0.900 [0.800, 1.000]",
    }
    assert kept_table(kept)["method"].tolist() == ["DNPP", "mine"]


def test_fallbacks_are_summed_over_folds():
    folds = pd.DataFrame(
        {
            "size": ["small", "small", "large"],
            "split": "profiles",
            "method": ["dnpp", "dnpp", "mine"],
            "fold": [0, 1, 0],
            "profiles": [10, 20, 5],
            "with_input": [9, 18, 4],
            "fallbacks": [1, 2, 0],
        }
    )
    table = fallback_table(folds)
    assert list(table) == ["size", "split", "method", "profiles", "with input", "fallbacks"]
    assert table.to_numpy().tolist() == [
        ["small", "profiles", "DNPP", 30, 27, 3],
        ["large", "profiles", "mine", 5, 4, 0],
    ]


def test_the_most_similar_drugs_are_said_and_unknown_structures_too():
    similar = pd.DataFrame(
        {
            "name": ["M3", "odd", "other"],
            "tanimoto": [0.2876, np.nan, 0.5],
            "most_similar_name": ["other", "", "M3"],
        }
    )
    table = similar_table(similar.iloc[:2])
    assert table.to_numpy().tolist() == [
        ["M3", "other", "0.288"],
        ["odd", "", "structure not known"],
    ]
    said = conclude_similar(similar)
    assert "Of 3 drugs of the tensor, 2 have a known structure" in said
    assert "0.39 at the median, with quartiles of 0.34 and 0.45" in said
    assert "No structures" in conclude_similar(similar.assign(tanimoto=np.nan))
