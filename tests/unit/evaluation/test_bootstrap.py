"""Draws of drugs, their intervals and p-values, against definitions written out."""

import numpy as np
import pandas as pd
import pytest
from predicted import held_out_pair, noisy_predictions, unit, values
from toy import GENES

from lacuna.evaluation import bootstrap
from lacuna.evaluation.bootstrap import (
    LEAST_DRUGS,
    adjust_holm,
    bootstrap_means,
    bootstrap_weights,
    intervals,
    p_values,
    sum_by,
)
from lacuna.evaluation.metrics import score_draws


def test_a_draw_holds_as_many_drugs_as_the_data_each_alike():
    weights = bootstrap_weights(30, np.random.default_rng(0))
    assert weights.shape == (1001, 30)
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 30).all()
    # Drawn with replacement: counts are binomial, of mean 1 and variance 1 - 1/30.
    assert weights[1:].mean(axis=0) == pytest.approx(1, abs=0.15)
    assert weights[1:].var() == pytest.approx(29 / 30, abs=0.03)


def test_equal_streams_give_equal_draws():
    first, again, other = (bootstrap_weights(9, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("drugs", [1, 4, 5])
def test_fewer_than_five_drugs_have_no_draws(drugs):
    weights = bootstrap_weights(drugs, np.random.default_rng(0))
    assert (weights[0] == 1).all()
    assert np.isnan(weights[1:]).all() == (drugs < 5)
    assert np.isnan(weights[1:]).any() == (drugs < 5)


def test_rows_are_summed_by_group_and_groups_without_any_are_zeros():
    rows = np.array([[1, 10], [2, 20], [4, 40]])
    assert sum_by(np.array([2, 0, 2]), rows, 4).tolist() == [[2, 20], [0, 0], [5, 50], [0, 0]]


def test_means_equal_those_of_the_drawn_drugs_profiles():
    rng = np.random.default_rng(1)
    drug = rng.permutation(np.repeat(list("abcdefg"), 3))
    values = pd.DataFrame({"full": rng.normal(size=21), "gaps": rng.normal(size=21)})
    values.loc[drug == "c", "gaps"] = np.nan
    values.loc[[0, 5], "gaps"] = np.nan
    draws = bootstrap_means(values, drug, np.random.default_rng(3))
    assert draws.iloc[0].tolist() == pytest.approx(values.mean().tolist())
    times = np.random.default_rng(3).multinomial(7, [1 / 7] * 7, size=1000)
    for draw in (0, 17, 999):
        rows = [
            row
            for d, count in zip("abcdefg", times[draw], strict=True)
            for row in np.flatnonzero(drug == d).tolist() * count
        ]
        assert draws.iloc[draw + 1].tolist() == pytest.approx(values.iloc[rows].mean().tolist())


def test_means_over_fewer_than_five_drugs_have_a_value_and_no_draws():
    values = pd.DataFrame({"five": [1.0] * 5 + [np.nan], "four": [1.0] * 4 + [np.nan] * 2})
    draws = bootstrap_means(values, np.arange(6), np.random.default_rng(0))
    assert LEAST_DRUGS == 5
    assert draws.iloc[0].tolist() == [1, 1]
    assert draws["four"][1:].isna().all()
    assert (draws["five"][1:].dropna() == 1).all()
    assert draws["five"][1:].notna().sum() > 990


def test_intervals_are_the_middle_95_percent_of_the_draws_without_the_data():
    draws = pd.DataFrame({"a": [1e6, *range(1001)], "b": [0.0, *range(0, -1001, -1)]})
    table = intervals(draws)
    assert list(table) == ["metric", "value", "low", "high"]
    assert table.to_numpy().tolist() == [
        ["a", 1e6, pytest.approx(25), pytest.approx(975)],
        ["b", 0.0, pytest.approx(-975), pytest.approx(-25)],
    ]


def test_p_values_count_the_rarer_side_twice_and_the_data_once():
    columns = {
        "above": [1.0] * 9,
        "below": [-1.0] * 9,
        "mostly": [1.0] * 7 + [-1.0] * 2,
        "with a zero": [1.0] * 7 + [0.0, -1.0],
        "even": [1.0] * 4 + [-1.0] * 4 + [0.0],
        "equal": [0.0] * 9,
    }
    found = p_values(pd.DataFrame(columns))
    assert found.tolist() == pytest.approx([2 / 10, 2 / 10, 6 / 10, 6 / 10, 1, 1])


def test_without_draws_there_is_no_interval_and_no_p_value():
    draws = pd.DataFrame({"none": [0.5] + [np.nan] * 9, "some": [0.5] + [1.0] * 4 + [np.nan] * 5})
    table = intervals(draws).set_index("metric")
    assert table.loc["none", "value"] == 0.5
    assert table.loc["none", ["low", "high"]].isna().all()
    assert table.loc["some", ["low", "high"]].tolist() == [1, 1]
    # Draws without a value lie on neither side, and do not count.
    assert p_values(draws.iloc[1:]) == pytest.approx([np.nan, 2 / 5], nan_ok=True)


def test_p_values_that_are_none_are_not_adjusted_for():
    found = adjust_holm(np.array([0.04, np.nan, 0.01, np.nan]))
    assert found == pytest.approx([0.04, np.nan, 0.02, np.nan], nan_ok=True)


def test_p_values_are_adjusted_as_holm_says():
    assert adjust_holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm(np.array([0.7, 0.9])).tolist() == pytest.approx([1, 1])  # not 1.4
    assert adjust_holm(np.array([0.2])).tolist() == [0.2]
    assert adjust_holm(np.array([0.04, 0.001, 0.03, 0.002])).tolist() == pytest.approx(
        [0.06, 0.004, 0.06, 0.006]
    )


def screen(drugs, seed):
    """Three profiles of each of some drugs, some of which are predicted better than others."""
    rng = np.random.default_rng(seed)
    drug = np.arange(drugs).repeat(3)
    truth, noise = rng.normal(size=(2, len(drug), GENES))
    share = rng.uniform(size=drugs)[drug, None]
    return held_out_pair(unit(truth), share * truth + (1 - share) * noise, drug)


def test_intervals_cover_the_value_of_all_drugs(monkeypatch):
    monkeypatch.setattr(bootstrap, "BOOTSTRAP_DRAWS", 200)
    truth = values(screen(3000, seed=1000))
    covers = []
    for seed in range(100):
        table = intervals(score_draws(screen(30, seed), np.random.default_rng(seed)))
        table = table.set_index("metric")
        covers.append(table["low"].le(truth) & truth.le(table["high"]))
    # Nominal 0.95; were profiles drawn instead of drugs, about 0.8.
    assert pd.DataFrame(covers).mean().between(0.86, 1).all()


def test_more_drugs_give_narrower_intervals():
    def width(drugs):
        draws = score_draws(noisy_predictions(drugs=drugs), np.random.default_rng(0))
        row = intervals(draws).set_index("metric").loc["pct"]
        assert row["low"] <= row["value"] <= row["high"]
        return row["high"] - row["low"]

    assert width(400) < 0.5 * width(25)
