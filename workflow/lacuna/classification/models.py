"""The classifiers, nested cross-validation and areas under the ROC curve."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

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
    choices: tuple

    @classmethod
    def named(cls, name: str, trees: int, seed: int, jobs: int = 1) -> "Model":
        """Return one of `lacuna.names.CLASSIFIER_NAMES`.

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
        return {
            "logistic_regression": cls(
                LogisticRegression(solver="liblinear", dual=True, tol=0.1, random_state=seed),
                "C",
                tuple(2.0**power for power in range(-10, 21, 5)),
            ),
            "random_forest": cls(
                RandomForestClassifier(trees, oob_score=True, random_state=seed, n_jobs=jobs),
                "max_features",
                (10, 20, 30, 40),
            ),
            "nearest_neighbours": cls(KNeighborsClassifier(), "n_neighbors", tuple(range(1, 11))),
        }[name]

    def score(
        self, features: np.ndarray, answer: np.ndarray, asked: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train with every choice; return scores of drugs that are asked for, and how good it is.

        Returns
        -------
        scores : array of shape (choices, asked)
        inner : array of shape (choices,)
            Area under the ROC curve within the training drugs: of out-of-bag scores, or in an inner
            cross-validation.
        """
        if hasattr(self.estimator, "oob_score"):
            fitted = [self._fit(choice, features, answer) for choice in self.choices]
            scores = [each.predict_proba(asked)[:, 1] for each in fitted]
            within = [np.nan_to_num(each[-1].oob_decision_function_[:, 1]) for each in fitted]
        else:
            scores = self._scores(features, answer, asked)
            within = self._inner_scores(features, answer)
        return np.array(scores), np.array([roc_auc_score(answer, each) for each in within])

    def _fit(self, choice: object, features: np.ndarray, answer: np.ndarray) -> Pipeline:
        estimator = clone(self.estimator).set_params(**{self.setting: choice})
        return make_pipeline(StandardScaler(with_std=False), estimator).fit(features, answer)

    def _scores(self, features: np.ndarray, answer: np.ndarray, asked: np.ndarray) -> np.ndarray:
        if isinstance(self.estimator, KNeighborsClassifier):
            # One search serves all choices: the share of positives among the nearest 1, 2, ...
            most = self._fit(min(max(self.choices), len(answer)), features, answer)
            _, nearest = most[-1].kneighbors(most[:-1].transform(asked))
            numbers = np.minimum(self.choices, len(answer))
            return (np.cumsum(answer[nearest], axis=1)[:, numbers - 1] / numbers).T
        fitted = (self._fit(choice, features, answer) for choice in self.choices)
        return np.array([each.predict_proba(asked)[:, 1] for each in fitted])

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
        One of `lacuna.names.CLASSIFIER_NAMES`.
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
    for each in np.unique(fold):
        train, test = fold != each, fold == each
        if len(np.unique(answer[train])) == 2:
            scores[:, test], inner = model.score(features[train], answer[train], features[test])
            nested[test] = scores[inner.argmax(), test]
    best = np.argmax([roc_auc_score(answer, score) for score in scores])
    return {"published": scores[best], "nested": nested}


def make_inner_folds(answer: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Give each labelled drug a fold, positives spread evenly; -1 for drugs without a label."""
    fold, known = np.full(len(answer), -1), np.flatnonzero(np.isfinite(answer))
    most = int(np.bincount(answer[known].astype(int)).max())  # a class fills no more folds
    splitter = StratifiedKFold(min(folds, most), shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(known[:, None], answer[known])):
        fold[known[test]] = number
    return fold
