"""Nested cross-validation of classifiers."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.tasks import LEAST_PER_CLASS

PROTOCOLS = ("published", "nested")
INNER_FOLDS = 3


@dataclass(frozen=True)
class Model:
    """A classifier with the settings it is to choose from.

    Attributes
    ----------
    estimator : scikit-learn classifier
        Its features are centred, not scaled.
    setting : str
        The parameter to choose.
    choices : tuple
    """

    estimator: BaseEstimator
    setting: str
    choices: tuple[float, ...]

    @classmethod
    def named(cls, name: str, trees: int, seed: int, jobs: int = 1) -> "Model":
        """Build one of `CLASSIFIERS`.

        Parameters
        ----------
        name
            Which.
        trees
            Of a forest.
        seed
            Of what is random in the model.
        jobs
            Threads of a forest; they do not change its answer.
        """
        card = CLASSIFIERS[name]
        return cls(card.build(trees, seed, jobs), card.setting, card.choices)

    def score(
        self, features: np.ndarray, answer: np.ndarray, held_out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train with every choice; score held-out drugs, and each choice within the training set.

        Parameters
        ----------
        features : array of shape (n, genes)
            The training set.
        answer : bool array of shape (n,)
        held_out : array of shape (m, genes)

        Returns
        -------
        scores : array of shape (choices, m)
        inner : array of shape (choices,)
            Area under the ROC curve within the training drugs: of out-of-bag scores, or in an inner
            cross-validation.
        """
        if hasattr(self.estimator, "oob_score"):
            fitted = [self._fit(choice, features, answer) for choice in self.choices]
            scores = np.array([pipeline.predict_proba(held_out)[:, 1] for pipeline in fitted])
            inner = np.array(
                [np.nan_to_num(pipeline[-1].oob_decision_function_[:, 1]) for pipeline in fitted]
            )
        else:
            scores = self._scores(features, answer, held_out)
            inner = self._inner_scores(features, answer)
        return scores, np.array([roc_auc_score(answer, of_choice) for of_choice in inner])

    def _fit(self, choice: float, features: np.ndarray, answer: np.ndarray) -> Pipeline:
        estimator = clone(self.estimator).set_params(**{self.setting: choice})
        return make_pipeline(StandardScaler(with_std=False), estimator).fit(features, answer)

    def _scores(self, features: np.ndarray, answer: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        if isinstance(self.estimator, KNeighborsClassifier):
            # One search serves all choices: the share of positives among the nearest 1, 2, ...
            numbers = np.minimum(self.choices, len(answer))
            fitted = self._fit(numbers.max(), features, answer)
            _, nearest = fitted[-1].kneighbors(fitted[:-1].transform(held_out))
            return (np.cumsum(answer[nearest], axis=1)[:, numbers - 1] / numbers).T
        pipelines = (self._fit(choice, features, answer) for choice in self.choices)
        return np.array([pipeline.predict_proba(held_out)[:, 1] for pipeline in pipelines])

    def _inner_scores(self, features: np.ndarray, answer: np.ndarray) -> np.ndarray:
        scores = np.full((len(self.choices), len(answer)), answer.mean())
        folds = min(INNER_FOLDS, answer.sum(), (~answer).sum())
        splits = StratifiedKFold(folds).split(features, answer) if folds > 1 else ()
        for train, test in splits:
            scores[:, test] = self._scores(features[train], answer[train], features[test])
        return scores


def held_out_scores(
    model: Model, features: np.ndarray, answer: np.ndarray, fold: np.ndarray
) -> dict[str, np.ndarray]:
    """Score every drug by models that have not seen it.

    Parameters
    ----------
    model
        As `Model.named` builds it.
    features : array of shape (n, genes)
    answer : bool array of shape (n,)
    fold : int array of shape (n,)
        The fold that holds out each drug.

    Returns
    -------
    dict of arrays of shape (n,), NaN if fewer than `LEAST_PER_CLASS` are positive, or negative
        "published": the setting with the best area under the ROC curve on the folds that are then
        reported, which is mildly optimistic (authors' code). "nested": in each fold the setting
        that is best within its training drugs.
    """
    if min(answer.sum(), (~answer).sum()) < LEAST_PER_CLASS:
        return {protocol: np.full(len(answer), np.nan) for protocol in PROTOCOLS}
    scores = np.full((len(model.choices), len(answer)), answer.mean())
    nested = scores[0].copy()
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        if len(np.unique(answer[train])) == 2:
            scores[:, test], inner = model.score(features[train], answer[train], features[test])
            nested[test] = scores[inner.argmax(), test]
    best = np.argmax([roc_auc_score(answer, of_choice) for of_choice in scores])
    return {"published": scores[best], "nested": nested}


def deal_folds(answer: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Give each labelled drug a fold, positives spread evenly; -1 for drugs without a label."""
    fold, labelled = np.full(len(answer), -1), np.flatnonzero(np.isfinite(answer))
    larger = int(np.bincount(answer[labelled].astype(int)).max())  # no class fills more folds
    splitter = StratifiedKFold(min(folds, larger), shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(labelled[:, None], answer[labelled])):
        fold[labelled[test]] = number
    return fold
