"""Logistic regressions at many costs: the least loss at each, however the costs follow."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning

from lacuna.classification import logistic
from lacuna.classification.logistic import LogisticPath

COSTS = tuple(2.0**power for power in range(-10, 21))


def drugs(number: int, genes: int, *, separable: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number + genes)
    features = rng.normal(size=(number, genes)) / np.sqrt(genes)
    noise = 0 if separable else rng.normal(size=number)
    return features, features[:, 0] * np.sqrt(genes) + noise > 0.5


def slope(features: np.ndarray, answer: np.ndarray, cost: float, dual: np.ndarray) -> np.ndarray:
    """Return the gradient of the loss by weights and bias, written out."""
    with_bias = np.column_stack([features, np.ones(len(features))])
    weights = with_bias.T @ dual
    return weights + cost * with_bias.T @ (expit(with_bias @ weights) - answer)


@pytest.mark.parametrize("genes", [3, 60, 400])
@pytest.mark.parametrize("separable", [False, True])
def test_the_slope_of_the_loss_is_0_at_every_cost(genes, separable):
    features, answer = drugs(60, genes, separable=separable)
    path = LogisticPath().fit(features @ features.T + 1, answer, COSTS)
    for cost, dual in zip(COSTS, path, strict=True):
        at_0 = slope(features, answer, cost, np.zeros(60))
        assert np.abs(slope(features, answer, cost, dual)).max() < 1e-5 * np.abs(at_0).max(), cost


def test_a_cost_gets_the_same_answer_whatever_came_before_it():
    features, answer = drugs(50, 20)
    together = LogisticPath().scores(features, answer, features, COSTS)
    for cost, found in zip(COSTS[::6], together[::6], strict=True):
        alone = LogisticPath().scores(features, answer, features, [cost])
        assert np.allclose(found, alone, atol=1e-4)


@pytest.mark.parametrize(("halvings", "reached"), [(30, True), (1, False)])
def test_a_step_that_overshoots_is_halved(monkeypatch, halvings, reached):
    """From 0 to a high cost at once, full steps of Newton run away."""
    monkeypatch.setattr(logistic, "MAX_HALVINGS", halvings)
    features, answer = drugs(100, 50, separable=True)
    features = features * 30
    (dual,) = LogisticPath().fit(features @ features.T + 1, answer, [1e6])
    at_0 = np.abs(slope(features, answer, 1e6, np.zeros(100))).max()
    assert (np.abs(slope(features, answer, 1e6, dual)).max() < 1e-5 * at_0) == reached


def test_one_step_is_not_enough_and_said():
    features, answer = drugs(40, 5)
    with pytest.warns(ConvergenceWarning, match="at cost 1: no minimum after 1 steps"):
        LogisticPath(max_steps=1).scores(features, answer, features, [1.0])
