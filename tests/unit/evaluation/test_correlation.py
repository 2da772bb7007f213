"""Correlations from summed moments, against SciPy."""

import numpy as np
import pytest
from predicted import noisy_predictions, unit
from scipy.stats import pearsonr
from toy import GENES

from lacuna.evaluation import correlation
from lacuna.evaluation.correlation import (
    correlation_of,
    moments_beyond,
    pair_moments,
    pooled_pct,
    profile_pearson,
)


def test_pooled_pct_equals_its_definition():
    held = noisy_predictions()
    expected = pearsonr(held.truth.ravel(), unit(held.predicted).ravel())[0]
    assert pooled_pct(held.truth, held.predicted) == pytest.approx(expected)


def test_the_correlation_of_each_profile_is_pearson_s():
    held = noisy_predictions()
    expected = [pearsonr(*pair)[0] for pair in zip(held.truth, held.predicted, strict=True)]
    assert profile_pearson(held.truth, held.predicted) == pytest.approx(expected, abs=1e-6)


def test_moments_are_sums_over_genes():
    x, y = np.array([[1, 2, 3], [0, 1, 0]]), np.array([[4, 0, -1], [5, 5, 6]])
    assert pair_moments(x, y).tolist() == [[3, 6, 3, 14, 17, 1], [3, 1, 16, 1, 86, 5]]
    assert pair_moments(x.astype(np.float32), y).dtype == np.float64


def test_moments_of_parts_add_up_to_the_correlation_of_the_whole():
    rng = np.random.default_rng(0)
    x, noise = rng.normal(2, 1, (2, 7, 30))
    y = 3 - 0.5 * x + noise
    pooled = correlation_of(pair_moments(x, y).sum(axis=0, keepdims=True))
    assert pooled == pytest.approx(pearsonr(x.ravel(), y.ravel())[0])


def test_a_profile_that_does_not_vary_has_correlation_0():
    varied = np.random.default_rng(0).normal(size=(50, GENES)).astype(np.float32)
    constant = np.linspace(0.1, 0.7, 50, dtype=np.float32)[:, None] * np.ones(GENES, np.float32)
    assert (profile_pearson(constant, varied) == 0).all()
    assert (profile_pearson(varied, constant) == 0).all()
    assert (profile_pearson(np.zeros_like(varied), varied) == 0).all()


def test_a_small_variance_is_one():
    """A thousandth of the mean is far above what rounding leaves of a constant."""
    noise = np.random.default_rng(0).normal(size=(1, GENES))
    assert profile_pearson(1 + 1e-3 * noise, noise) == pytest.approx(1)
    assert profile_pearson(noise, 1 - 1e-3 * noise) == pytest.approx(-1)


def test_without_entries_there_is_no_correlation():
    assert np.isnan(correlation_of(np.zeros((1, 6)))).all()


def residual(row, *means):
    """What least squares leave of a profile, given an intercept and means."""
    design = np.column_stack([np.ones(len(row)), *means])
    return row - design @ np.linalg.lstsq(design, row, rcond=None)[0]


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_left_beyond_means_is_the_residual_of_least_squares(number, monkeypatch):
    monkeypatch.setattr(correlation, "BLOCK", 3)
    rng = np.random.default_rng(0)
    truth, predicted, *means = rng.normal(1, 1, (2 + number, 7, 30))
    found = moments_beyond(truth, predicted, means)
    left = [
        [residual(rows[row], *(mean[row] for mean in means)) for row in range(7)]
        for rows in (truth, predicted)
    ]
    assert found == pytest.approx(pair_moments(*np.array(left)))


def test_of_any_combination_of_the_means_nothing_is_left():
    rng = np.random.default_rng(0)
    truth, cell, drug = rng.normal(size=(3, 50, 30)).astype(np.float32)
    factors = rng.normal(size=(3, 50, 1)).astype(np.float32)
    for predicted in (
        np.zeros_like(truth),
        factors[0] * cell,
        factors[1] * drug,
        factors[0] * cell + factors[1] * drug + factors[2],
        0.5 * cell + 0.5 * drug,
    ):
        moments = moments_beyond(truth, predicted, [cell, drug])
        assert (moments[:, [2, 4, 5]] == 0).all()
        assert (moments[:, 3] > 0).all()


def test_a_mean_of_zeros_or_that_repeats_the_other_removes_nothing_more():
    rng = np.random.default_rng(0)
    truth, predicted, mean = rng.normal(size=(3, 9, 30))
    expected = moments_beyond(truth, predicted, [mean])
    for other in (np.zeros_like(mean), 3 * mean, np.ones_like(mean)):
        assert moments_beyond(truth, predicted, [mean, other]) == pytest.approx(expected)


def test_a_small_part_beyond_the_mean_is_no_rounding():
    rng = np.random.default_rng(0)
    mean, effect = rng.normal(size=(2, 4, 200))
    moments = moments_beyond(effect, mean + 1e-3 * effect, [mean])
    assert correlation_of(moments) == pytest.approx(1)


def test_what_rounding_leaves_is_judged_by_a_profile_s_own_length():
    """A multiple of the mean is nothing, also beside a profile that is something."""
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(2, 40)).astype(np.float32)
    truth = np.array([mean[0] * np.float32(1 / 3), mean[1] + rng.normal(size=40)], np.float32)
    together = moments_beyond(truth, truth, [mean])
    alone = [moments_beyond(truth[[row]], truth[[row]], [mean[[row]]])[0] for row in range(2)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert together[0, -1] == 0
    assert together[1, -1] > 1
