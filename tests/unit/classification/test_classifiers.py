"""The classifiers' cards: what they say holds of the classifiers they build."""

import subprocess
import sys

import numpy as np
import pytest
from planted import planted_drugs

from lacuna.classification.classifiers import CLASSIFIERS, classifier_label
from lacuna.classification.logistic import LogisticPath
from lacuna.classification.models import Model


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_card_names_its_classifier_and_builds_it(name):
    card = CLASSIFIERS[name]
    assert classifier_label(name) == card.label != ""
    assert card.source
    model = Model.named(name, trees=10, seed=3)
    if not isinstance(model.estimator, LogisticPath):  # which takes all costs at once
        assert model.setting in model.estimator.get_params()
    assert len(set(model.choices)) == len(model.choices) > 1
    assert card.slow == (name != "nearest_neighbours")


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_axes_are_turned_only_where_the_scores_do_not_change(name):
    drugs, positive = planted_drugs()
    features = drugs.profiles[:, 0].astype(float)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 30)))
    model = Model.named(name, trees=10, seed=0)
    plain, turned = (
        model.score(rows[:40], positive[:40], rows[40:])[0] for rows in (features, features @ turn)
    )
    assert np.allclose(plain, turned, atol=0.02) == CLASSIFIERS[name].rotation_invariant


def test_a_classifier_without_a_card_is_shown_as_it_is_called():
    assert classifier_label("support_vectors") == "support_vectors"


def test_asking_for_names_does_not_wait_for_scikit_learn():
    code = "import sys, lacuna.classification.classifiers; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
