"""The classifiers' cards: how each is called, where it comes from, what it chooses from.

One more classifier is one more card. Nothing here imports scikit-learn until a classifier is built:
whoever asks for names alone does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from lacuna.classification.logistic import LogisticPath


@dataclass(frozen=True)
class Classifier:
    """What is true of one classifier.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    source : str
        The paper that describes it.
    build : callable
        (trees, seed) -> scikit-learn classifier, or `LogisticPath`: trees of a forest, the seed of
        what is random in it.
    setting : str
        The parameter that cross-validation chooses.
    choices : tuple
        The values it chooses from, those of the authors' code.
    rotation_invariant : bool
        Whether its scores depend on distances and inner products of profiles alone, so that the
        axes may be turned first.
    slow : bool
        Whether it takes hours at the paper's size, so that tasks are to be told side by side.
    """

    label: str
    source: str
    build: Callable[[int, int], BaseEstimator | LogisticPath]
    setting: str
    choices: tuple[float, ...]
    rotation_invariant: bool = True
    slow: bool = False


def classifier_label(name: str) -> str:
    """Return the name to show; a classifier without a card is shown as it is called."""
    return CLASSIFIERS[name].label if name in CLASSIFIERS else name


def _logistic_regression(trees: int, seed: int) -> LogisticPath:
    from lacuna.classification.logistic import LogisticPath

    return LogisticPath()


def _random_forest(trees: int, seed: int) -> BaseEstimator:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(trees, oob_score=True, random_state=seed)


def _nearest_neighbours(trees: int, seed: int) -> BaseEstimator:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier()


CLASSIFIERS = {
    "logistic_regression": Classifier(
        label="logistic regression",
        source="Fan et al. 2008, J Mach Learn Res 9:1871 (the loss of liblinear)",
        build=_logistic_regression,
        setting="C",
        choices=tuple(2.0**power for power in range(-10, 21)),
        slow=True,
    ),
    "random_forest": Classifier(
        label="random forest",
        source="Breiman 2001, doi:10.1023/A:1010933404324",
        build=_random_forest,
        setting="max_features",
        choices=(10, 20, 30, 40),
        rotation_invariant=False,
        slow=True,
    ),
    "nearest_neighbours": Classifier(
        label="nearest neighbours",
        source="Cover and Hart 1967, doi:10.1109/TIT.1967.1053964",
        build=_nearest_neighbours,
        setting="n_neighbors",
        choices=tuple(range(1, 11)),
    ),
}
