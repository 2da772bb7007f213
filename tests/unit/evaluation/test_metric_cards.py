"""A metric is its card: its words are asked for, told apart, and stand in every table."""

import numpy as np
import pandas as pd
import pytest
from predicted import noisy_predictions

from lacuna.evaluation.compare import compare_methods
from lacuna.evaluation.metrics import METRICS, Metric, metric_label, score_draws
from lacuna.evaluation.tables import comparison_table, method_table


@pytest.mark.parametrize("missing", ["name", "label", "summary"])
def test_a_metric_without_words_is_impossible(missing):
    card = {"name": "n", "label": "l", "summary": "s", "source": "", "better": "higher"}
    with pytest.raises(ValueError, match="needs a name, a label and a summary"):
        Metric(**card | {missing: ""}, chance=0, score=lambda scorer: None)


def test_labels_are_told_apart():
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)
    assert [metric_label(name) for name in METRICS] == labels
    assert metric_label("of_another_version") == "of_another_version"


def test_a_metric_is_its_card_alone(monkeypatch):
    """It is scored, compared (of it less is better), and named in the tables."""
    error = Metric(
        name="mse",
        label="Mean square error",
        summary="Mean over profiles of the squared distance from the truth",
        source="defined here",
        better="lower",
        chance=None,
        score=lambda scorer: scorer.mean(
            ((scorer.held_out.predicted - scorer.held_out.truth) ** 2).sum(axis=1)
        ),
    )
    monkeypatch.setitem(METRICS, "mse", error)
    tables = []
    for noise, method in ((0.5, "near"), (2.0, "far")):
        draws = score_draws(noisy_predictions(noise=noise), np.random.default_rng(0))
        assert draws.columns[-1] == "mse"
        tables.append(draws.assign(size="large", split="profiles", method=method))
    together = pd.concat(tables)
    compared = compare_methods(together)
    row = compared.set_index("metric").loc["mse"]
    assert (row["best"], row["method"]) == ("near", "far")
    means = together.loc[0].set_index("method")["mse"]
    assert row["value"] == pytest.approx(means["far"] - means["near"])
    assert 0 < row["low"] < row["value"] < row["high"]
    assert "Mean square error" in comparison_table(compared)["metric"].tolist()
    assert "Mean square error" in method_table(compared)
