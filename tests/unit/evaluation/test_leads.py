"""By how much methods are better than the best simple one: against the definition written out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lacuna.evaluation.compare import lead_over_simple
from lacuna.evaluation.metrics import METRICS

RNG = np.random.default_rng(3)
DRAWS = 200


def draws_of(metric="pct", split="profiles", **of_method):
    names = {"size": "large", "split": split}
    return pd.concat(
        pd.DataFrame({**names, "method": method, metric: scores})
        for method, scores in of_method.items()
    )


def about(value, noise):
    return np.r_[value, value + noise]


def test_the_lead_is_over_the_best_simple_method_draw_by_draw():
    common, own = RNG.normal(0, 0.1, DRAWS), RNG.normal(0, 0.01, DRAWS)
    scores = {
        "kernel": about(0.5, common + own),
        "mean_1d": about(0.3, common),
        "mean_2d": about(0.4, common),
    }
    leads = lead_over_simple(draws_of(**scores), ["mean_1d", "mean_2d", "cell_mean"])
    assert set(leads["baseline"]) == {"mean_2d"}
    row = leads.set_index("method").loc["kernel"]
    lead = scores["kernel"] - scores["mean_2d"]
    assert row["value"] == pytest.approx(0.1)
    assert row["low"] == pytest.approx(np.quantile(lead[1:], 0.025))
    assert row["high"] == pytest.approx(np.quantile(lead[1:], 0.975))
    assert row["high"] - row["low"] < 0.06  # what both share, which is ten times as much, is gone
    assert leads.set_index("method").loc["mean_1d", "value"] == pytest.approx(-0.1)
    assert "mean_2d" not in set(leads["method"])


def test_each_split_has_the_simple_method_that_is_best_there():
    draws = pd.concat(
        [
            draws_of(a=[0.5] * 3, mean_1d=[0.3] * 3, additive=[0.4] * 3),
            draws_of(split="drugs", a=[0.2] * 3, mean_1d=[0.3] * 3, additive=[0.1] * 3),
        ]
    )
    leads = lead_over_simple(draws, ["mean_1d", "additive"])
    told = leads[leads["method"] == "a"].set_index("split")
    assert told["baseline"].to_dict() == {"profiles": "additive", "drugs": "mean_1d"}
    assert told["value"].tolist() == pytest.approx([0.1, -0.1])


def test_where_lower_is_better_a_lower_score_is_a_lead(monkeypatch):
    monkeypatch.setitem(METRICS, "pct", replace(METRICS["pct"], better="lower"))
    scores = {"a": [0.1] * 3, "mean_1d": [0.3] * 3, "mean_2d": [0.2] * 3}
    leads = lead_over_simple(draws_of(**scores), ["mean_1d", "mean_2d"])
    row = leads.set_index("method").loc["a"]
    assert (row["baseline"], row["value"]) == ("mean_2d", pytest.approx(0.1))


def test_without_a_simple_method_or_a_direction_there_is_no_lead():
    draws = draws_of(a=[0.1] * 3, b=[0.2] * 3)
    assert lead_over_simple(draws, []).empty
    assert list(lead_over_simple(draws, [])) == [
        *("size", "split", "metric", "method", "baseline", "value", "low", "high")
    ]
    ratio = draws.rename(columns={"pct": "variance_ratio"})
    assert lead_over_simple(ratio, ["a"]).empty
    assert lead_over_simple(draws.assign(pct=np.nan), ["a"]).empty
