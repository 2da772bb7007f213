"""Slopes by component, against planted ones and the definition written out."""

import numpy as np
import pytest

from lacuna.completion.shared.shrinkage import shrunken_slopes


def scores(slopes, pairs, noise, seed=0):
    """Predictions of unit variance, and truths with these slopes on them."""
    rng = np.random.default_rng(seed)
    predicted = rng.normal(size=(pairs, len(slopes)))
    return predicted, slopes * predicted + noise * rng.normal(size=predicted.shape)


def plain_slopes(predicted, truth):
    slope, variance = [], []
    for p, t in zip(predicted.T, truth.T, strict=True):
        b = sum(p * t) / sum(p * p)
        slope.append(b)
        variance.append(np.mean((t - b * p) ** 2) / sum(p * p))
    weight = [1 / v for v in variance]
    mean = sum(w * b for w, b in zip(weight, slope, strict=True)) / sum(weight)
    q = sum(w * (b - mean) ** 2 for w, b in zip(weight, slope, strict=True))
    between = (q - (len(slope) - 1)) / (sum(weight) - sum(w * w for w in weight) / sum(weight))
    between = max(between, 0)
    return [
        mean + between / (between + v) * (b - mean) for b, v in zip(slope, variance, strict=True)
    ]


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_slopes_are_those_of_the_definition(noise):
    planted = np.random.default_rng(1).uniform(0.2, 1.8, 12)
    predicted, truth = scores(planted, 50, noise)
    assert np.allclose(shrunken_slopes(predicted, truth), plain_slopes(predicted, truth), rtol=1e-5)


def test_slopes_that_differ_are_found():
    planted = np.array([0.2, 0.6, 1.0, 1.4, 0.9])
    predicted, truth = scores(planted, 2000, 0.5)
    assert np.allclose(shrunken_slopes(predicted, truth), planted, atol=0.05)


def test_slopes_that_differ_by_chance_are_nearly_one():
    predicted, truth = scores(np.full(200, 0.7), 30, 3.0)
    plain = (predicted * truth).sum(axis=0) / (predicted**2).sum(axis=0)
    shrunken = shrunken_slopes(predicted, truth)
    assert plain.std() > 0.4
    assert shrunken.std() < 0.1
    assert shrunken.mean() == pytest.approx(0.7, abs=0.1)


def test_what_predicts_nothing_has_the_common_slope():
    predicted, truth = scores(np.full(4, 0.5), 3000, 0.1)
    predicted[:, 2] = 0
    assert shrunken_slopes(predicted, truth)[2] == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(shrunken_slopes(np.zeros_like(predicted), truth), np.ones(4))


def test_what_is_predicted_the_wrong_way_round_is_not_predicted():
    predicted, truth = scores(np.array([-0.6, 0.9, 1.2]), 500, 0.1)
    assert shrunken_slopes(predicted, truth) == pytest.approx([0, 0.9, 1.2], abs=0.05)


def test_one_column_and_a_perfect_prediction_are_no_trouble():
    predicted, truth = scores(np.array([0.5]), 20, 0)
    assert shrunken_slopes(predicted, truth) == pytest.approx([0.5])
    predicted, truth = scores(np.array([0.5, 1.5]), 20, 0)
    assert shrunken_slopes(predicted, truth) == pytest.approx([0.5, 1.5])
