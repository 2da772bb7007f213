"""The tables of methods: a few metrics first, the best marked, words and floors explained."""

import pandas as pd
import pytest
from judged_run import CONTROLS, R, scores

from lacuna.evaluation import method_tables
from lacuna.evaluation.method_tables import best_of, definition, kinds, shown_methods

SIMPLE = ["additive", "mean_1d", "cell_mean"]
METHODS = list(R["profiles"])
NONE = pd.DataFrame(columns=["metric", "best", "method", "value", "low", "high", "p_holm"])


def shown(*metrics, comparisons=NONE):
    of = {"profiles": R["profiles"] | CONTROLS}
    table = pd.concat([scores(of, metric) for metric in metrics])
    return shown_methods("held out", table, comparisons, METHODS, SIMPLE)


def test_main_metrics_come_first_and_the_others_are_folded():
    first, others = shown("pct_raw", "pct", "profile_pearson", "deg_auc_1")
    assert list(first.table) == ["method", "Pearson r per profile", "PCT"]
    assert list(others.table) == ["method", "PCT, as predicted", "DEG AUC, top 1 %"]
    assert (first.folded, others.folded) == (False, True)
    assert [term.word for term in first.terms] == list(first.table)[1:]
    assert shown("pct")[0].table["PCT"][0] == "0.680 [0.650, 0.710]"
    assert len(shown("pct")) == 1


def test_pairs_are_folded_below():
    row = ("pct", "blend", "kernel", 0.01, 0.005, 0.02, 0.01)
    pairs = pd.DataFrame([row], columns=list(NONE))
    last = shown("pct", comparisons=pairs)[-1]
    assert last.folded and last.table["above Kernel by"].item() == "0.010 [0.005, 0.020], p 0.010"


def test_rows_are_ranked_within_their_group_and_no_control_is_the_best():
    (table,) = shown("pct")
    assert table.table["method"].tolist()[:5] == [
        *("Blend", "Kernel", "Additive", "1D-Mean", "control: cell mean")
    ]
    assert table.best == {(0, "PCT")}
    assert table.groups[5:] == [method_tables.CONTROLS] * 3


def test_the_best_is_by_the_direction_of_the_card():
    kind = kinds(["a", "b"], ["a", "b"], [])
    assert best_of(pd.Series({"a": 0.5, "b": 1.2}), "variance_ratio", kind) == 1
    assert best_of(pd.Series({"a": 0.5, "b": 1.2}), "pct", kind) == 1
    assert best_of(pd.Series({"a": 0.9, "b": 0.2}), "pct", kind) == 0
    assert best_of(pd.Series({"a": 0.9, "b": 0.2}), "old_metric", kind) is None
    assert best_of(pd.Series({"a": None, "b": None}, dtype=float), "pct", kind) is None


@pytest.mark.parametrize(
    ("metric", "values", "said", "unsaid"),
    [
        ("pct", {"zeros": 0.0, "truth": 1.0}, "Knowing nothing scores 0.", "floor"),
        ("pct", {"zeros": 0.28}, "Here control: zeros scores 0.28: that is the floor", "truth"),
        ("deg_auc_1", {"zeros": 0.5, "random": 0.5}, "Knowing nothing scores 0.5.", "floor"),
        ("pct_of_ceiling", {"truth": 1.35}, "measured profiles themselves score 1.35", "floor"),
        ("variance_ratio", {"zeros": 0.3}, "Near 1 is better.", "Knowing nothing"),
        ("old_metric", {}, "another version", "floor"),
    ],
)
def test_a_metric_is_defined_with_its_floor_where_controls_miss_it(metric, values, said, unsaid):
    text = definition(metric, pd.Series(values, dtype=float))
    assert said in text
    assert unsaid not in text
