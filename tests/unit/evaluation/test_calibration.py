"""Stated errors against those made, and the joint density of truth and prediction."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predicted import held_out_pair, noisy_predictions
from scipy.stats import norm

from lacuna.evaluation.calibration import calibration, joint_density


def test_the_density_counts_every_entry():
    held = noisy_predictions()
    density = joint_density(held.truth, held.predicted)
    assert density["entries"].sum() == held.truth.size
    weighted = np.average(density["true"], weights=density["entries"])
    assert weighted == pytest.approx(held.truth.mean(), abs=2e-3)


def test_the_density_tells_truth_from_prediction_and_keeps_what_lies_beyond():
    truth = np.array([[0.6, -0.8, 0.0]])
    density = joint_density(truth, np.array([[0.0, 5.0, 0.0]]))
    found = set(density[["true", "predicted", "entries"]].itertuples(index=False, name=None))
    # Bins are 1.4 / 141 wide, and centred at multiples of that.
    last, sixty = round(70 * 1.4 / 141, 4), round(60 * 1.4 / 141, 4)
    assert found == {(sixty, 0.0, 1), (-last, last, 1), (0.0, 0.0, 1)}


def test_coverage_is_the_share_of_entries_within_the_normal_interval():
    held = noisy_predictions(drugs=60)
    table = calibration(held, np.random.default_rng(0))
    assert list(table) == ["view", "stated", "observed", "low", "high"]
    coverage = table[table["view"] == "coverage"]
    assert coverage["stated"].tolist() == [*(n / 10 for n in range(1, 10)), 0.95, 0.99]
    error, stated = np.abs(held.truth - held.predicted), held.stderr[:, None]
    for row in coverage.itertuples():
        reach = norm.ppf(0.5 + row.stated / 2)
        assert row.observed == pytest.approx((error <= reach * stated).mean(), abs=1e-4)
        assert row.low <= row.observed <= row.high
        assert row.low < row.high or row.observed in (0, 1)


def test_coverage_s_interval_equals_resampling_the_drugs_themselves():
    held = noisy_predictions(drugs=12)
    held = replace(held, stderr=held.stderr / 10)
    row = calibration(held, np.random.default_rng(2)).query("stated == 0.5").iloc[0]
    error = np.abs(held.truth - held.predicted)
    within = (error <= norm.ppf(0.75) * held.stderr[:, None]).mean(axis=1)
    drugs = np.unique(held.drug)
    times = np.random.default_rng(2).multinomial(len(drugs), np.full(12, 1 / 12), size=1000)
    shares = []
    for draw in times:
        weight = dict(zip(drugs, draw, strict=True))
        shares.append(np.average(within, weights=[weight[drug] for drug in held.drug]))
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=1e-6)


@pytest.mark.parametrize("drugs", [4, 5])
def test_coverage_has_no_interval_with_fewer_than_five_drugs(drugs):
    table = calibration(noisy_predictions(drugs=drugs), np.random.default_rng(0))
    coverage = table[table["view"] == "coverage"]
    assert coverage["observed"].notna().all()
    assert coverage[["low", "high"]].isna().all(axis=None) == (drugs == 4)


def test_errors_are_compared_by_tenths_of_the_profiles():
    """20 profiles of two genes: stated 1 to 20, made 2 and 0 times the stated."""
    stated = np.random.default_rng(0).permutation(np.arange(1.0, 21))
    truth = np.column_stack([2 * stated, np.zeros(20)])
    held = held_out_pair(truth, np.zeros((20, 2)), np.arange(20), stderr=stated)
    made = calibration(held, np.random.default_rng(0)).query("view == 'error'")
    pairs = np.arange(1, 21).reshape(10, 2)
    expected = np.sqrt((pairs**2).mean(axis=1))
    assert made["stated"].tolist() == pytest.approx(expected.tolist())
    assert made["observed"].tolist() == pytest.approx((np.sqrt(2) * expected).tolist())
    assert made[["low", "high"]].isna().all(axis=None)


def test_an_error_may_be_stated_for_every_gene():
    """Both genes are off by 1; 1.28 is the normal quantile 0.9, so stated 0.8 is within 80 %."""
    stderr = np.tile([0.8, 0.1], (6, 1))
    held = held_out_pair(np.zeros((6, 2)), np.ones((6, 2)), np.arange(6), stderr=stderr)
    table = calibration(held, np.random.default_rng(0))
    coverage = table[table["view"] == "coverage"].set_index("stated")["observed"]
    assert coverage[0.7] == 0
    assert coverage[0.8] == 0.5
    made = table[table["view"] == "error"]
    assert made["stated"].to_numpy(float) == pytest.approx(np.sqrt((0.64 + 0.01) / 2))


def test_honest_errors_lie_on_the_diagonal_and_understated_ones_below():
    rng = np.random.default_rng(0)
    held = noisy_predictions(drugs=200)
    stderr = rng.uniform(0.05, 0.5, len(held.truth)).astype(np.float32)
    noise = stderr[:, None] * rng.normal(size=held.truth.shape).astype(np.float32)
    honest = replace(held, predicted=held.truth + noise, stderr=stderr)
    table = calibration(honest, rng)
    assert np.allclose(table["stated"].astype(float), table["observed"].astype(float), atol=0.02)
    table = calibration(replace(honest, stderr=stderr / 2), rng)
    coverage = table[table["view"] == "coverage"]
    assert (coverage["observed"] < coverage["stated"] - 0.02).all()


def test_a_method_that_states_no_error_has_no_calibration():
    table = calibration(replace(noisy_predictions(), stderr=None), np.random.default_rng(0))
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert list(table) == ["view", "stated", "observed", "low", "high"]
