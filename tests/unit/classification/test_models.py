"""Cross-validation of classifiers: what is planted is found, and nothing leaks."""

import warnings

import numpy as np
import pytest
from planted import planted_drugs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.logistic import LogisticPath
from lacuna.classification.models import (
    Model,
    counting_unconverged,
    deal_folds,
    held_out_scores,
    mean_areas,
)


@pytest.mark.usefixtures("few_costs")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_planted_class_is_found_and_a_random_one_is_not(name):
    profiles, positive = planted_drugs()
    model = Model.named(name, trees=20, seed=0)
    fold = np.arange(len(positive)) // 3 % 5
    found = held_out_scores(model, profiles.profiles[:, 0], positive, fold)
    assert roc_auc_score(positive, found["nested"]) > 0.8
    rng = np.random.default_rng(1)
    areas = []
    for _ in range(6):
        random = rng.permutation(positive)
        scores = held_out_scores(model, profiles.profiles[:, 1], random, fold)
        areas.append([roc_auc_score(random, scores[p]) for p in ("published", "nested")])
    published, nested = np.mean(areas, axis=0)
    assert nested < 0.65
    assert published > nested  # it picks its settings on what it reports


@pytest.mark.usefixtures("few_costs")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_nested_scores_of_a_fold_know_nothing_of_its_answers(name):
    profiles, positive = planted_drugs()
    fold = np.arange(len(positive)) // 3 % 5
    model = Model.named(name, trees=10, seed=0)
    scores = held_out_scores(model, profiles.profiles[:, 0], positive, fold)["nested"]
    turned = np.where(fold == 2, ~positive, positive)
    again = held_out_scores(model, profiles.profiles[:, 0], turned, fold)["nested"]
    assert np.array_equal(scores[fold == 2], again[fold == 2])
    assert not np.array_equal(scores[fold != 2], again[fold != 2])


def test_one_search_of_neighbours_gives_scikit_learns_shares():
    profiles, positive = planted_drugs()
    features = profiles.profiles[:, 0]
    model = Model.named("nearest_neighbours", trees=10, seed=0)
    scores, _ = model.score(features[:40], positive[:40], features[40:])
    for neighbours, found in zip(model.choices, scores, strict=True):
        plain = KNeighborsClassifier(neighbours).fit(features[:40], positive[:40])
        assert np.allclose(found, plain.predict_proba(features[40:])[:, 1])


def test_folds_spread_the_positives_and_leave_out_drugs_without_a_label():
    answer = np.array([1.0, 0, 0] * 8 + [np.nan] * 5)
    fold = deal_folds(answer, 4, 0)
    assert (fold[-5:] == -1).all()
    assert np.bincount(fold[answer == 1]).tolist() == [2, 2, 2, 2]
    assert np.bincount(fold[answer == 0]).tolist() == [4, 4, 4, 4]


def test_a_setting_is_chosen_by_the_mean_of_its_folds():
    answer = np.array([1, 0, 0, 1, 1, 0, 0, 0, 0, 0], bool)
    fold = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    # Right within the folds, whose levels differ; and right over all drugs at once, but for one.
    within = np.array([0.2, 0.1, 0.1, 0.9, 0.9, 0.8, 0.8, 0.95, 0.95, 0.95])
    at_once = np.array([0.9, 0.95, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
    scores = np.array([at_once, within])
    by_hand = [
        np.mean([roc_auc_score(answer[fold == one], row[fold == one]) for one in (0, 1)])
        for row in scores
    ]
    assert np.allclose(mean_areas(answer, scores, fold), by_hand)  # fold 2 has no positive
    assert mean_areas(answer, scores, fold).argmax() == 1
    assert roc_auc_score(answer, at_once) > roc_auc_score(answer, within)
    nowhere = np.where(answer, 0, 1)
    pooled = [roc_auc_score(answer, row) for row in scores]
    assert np.allclose(mean_areas(answer, scores, nowhere), pooled)


def test_logistic_regression_reaches_the_least_of_its_loss_at_every_cost():
    """As LiblineaR's: the sum of squares of weights and bias, halved, plus cost times log loss."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, 6))
    answer = features[:, 0] + rng.normal(size=80) > 0
    model = Model.named("logistic_regression", trees=10, seed=0)
    assert model.choices == tuple(2.0**power for power in range(-10, 21))
    with counting_unconverged() as count, warnings.catch_warnings():
        warnings.simplefilter("error")
        scores, _ = model.score(features, answer, features)
    assert count == [0]
    with_bias = np.column_stack([features - features.mean(axis=0), np.ones(80)])
    for cost, found in zip(model.choices, scores, strict=True):
        known = LogisticRegression(C=cost, fit_intercept=False, tol=1e-10, max_iter=10**5)
        expected = known.fit(with_bias, answer).predict_proba(with_bias)[:, 1]
        assert np.allclose(found, expected, atol=1e-5), cost


def test_fits_that_do_not_converge_are_counted_and_not_printed(recwarn):
    features = np.random.default_rng(0).normal(size=(40, 5))
    answer = np.arange(40) % 2 == 0
    model = Model(LogisticPath(max_steps=1), "C", (0.1, 1.0, 10.0))
    with counting_unconverged() as count:
        model.score(features, answer, features)
        warnings.warn("of another kind", UserWarning, stacklevel=1)
    assert count == [3 + 3 * 3]  # the training set, and three folds of it
    assert [str(one.message) for one in recwarn] == ["of another kind"]


def test_features_may_depend_on_the_fold_that_is_held_out():
    profiles, positive = planted_drugs()
    fold = np.arange(len(positive)) // 3 % 3
    features = profiles.profiles[:, 0]
    model = Model.named("nearest_neighbours", trees=10, seed=0)
    same = held_out_scores(model, dict.fromkeys(range(3), features), positive, fold)
    plain = held_out_scores(model, features, positive, fold)
    assert all(np.array_equal(same[protocol], plain[protocol]) for protocol in plain)
    told = {number: features * (number == 1) for number in range(3)}
    found = held_out_scores(model, told, positive, fold)["nested"]
    assert np.array_equal(found[fold == 1], plain["nested"][fold == 1])
    assert len(np.unique(found[fold == 0])) == 1


def test_the_published_setting_is_the_best_on_average_over_the_folds_reported():
    answer = np.tile(np.array([1, 0, 0, 1, 0, 0, 0], bool), 3)
    fold = np.tile([0, 0, 0, 1, 1, 1, 1], 3)
    within = np.where(answer, 0.2, 0.1) + 0.7 * (fold == 1)
    at_once = np.tile([0.9, 0.95, 0.1, 0.9, 0.1, 0.1, 0.1], 3)

    class Told:
        """Two settings whose scores are known: right within folds, and almost right over all."""

        choices = (0, 1)

        def score(self, features, answer, held_out):
            rows = held_out[:, 0].astype(int)
            return np.array([at_once[rows], within[rows]]), np.array([1.0, 0.0])

    assert roc_auc_score(answer, at_once) > roc_auc_score(answer, within)
    found = held_out_scores(Told(), np.arange(21.0)[:, None], answer, fold)
    assert np.array_equal(found["published"], within)
    assert np.array_equal(found["nested"], at_once)  # which is best within the training drugs
