"""What tests of classifiers share."""

from dataclasses import replace

import pytest

from lacuna.classification.classifiers import CLASSIFIERS


@pytest.fixture
def few_costs(monkeypatch):
    """Let logistic regression choose from four costs: for tests that do not ask for all 31."""
    card = CLASSIFIERS["logistic_regression"]
    few = replace(card, choices=card.choices[::10])
    monkeypatch.setitem(CLASSIFIERS, "logistic_regression", few)
