"""Cross-validation of classifiers: what is planted is found, and nothing leaks."""

import numpy as np
import pytest
from planted import planted_drugs
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.models import Model, deal_folds, held_out_scores


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
