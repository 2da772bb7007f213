"""Nested cross-validation of classifiers."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import sklearn
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.logistic import LogisticPath
from lacuna.classification.tasks import LEAST_PER_CLASS

IMPUTED = "nested imputation"  # as nested, with gaps filled without the drugs held out
PROTOCOLS = ("published", "nested", IMPUTED)
INNER_FOLDS = 3


@dataclass(frozen=True)
class Model:
    """A classifier with the settings it is to choose from.

    Attributes
    ----------
    estimator : scikit-learn classifier, or LogisticPath
        Its features are centred, not scaled.
    setting : str
        The parameter to choose.
    choices : tuple
    """

    estimator: BaseEstimator | LogisticPath
    setting: str
    choices: tuple[float, ...]

    @classmethod
    def named(cls, name: str, trees: int, seed: int) -> "Model":
        """Build one of `CLASSIFIERS`.

        Parameters
        ----------
        name
            Which.
        trees
            Of a forest.
        seed
            Of what is random in the model.
        """
        card = CLASSIFIERS[name]
        return cls(card.build(trees, seed), card.setting, card.choices)

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
            Area under the ROC curve within the training drugs: of out-of-bag scores, or on average
            over the folds of an inner cross-validation.
        """
        # Thousands of fits of few drugs: checks of what is known to be right would take longest.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            if hasattr(self.estimator, "oob_score"):
                features, held_out = _centred(features, held_out)
                fitted = [self._fit(choice, features, answer) for choice in self.choices]
                scores = np.array([forest.predict_proba(held_out)[:, 1] for forest in fitted])
                inner = [np.nan_to_num(forest.oob_decision_function_[:, 1]) for forest in fitted]
                return scores, _areas(answer, np.array(inner))
            return self._scores(features, answer, held_out), self._inner_areas(features, answer)

    def _fit(self, choice: float, features: np.ndarray, answer: np.ndarray) -> BaseEstimator:
        estimator = clone(self.estimator).set_params(**{self.setting: choice})
        return estimator.fit(features, answer)

    def _scores(self, features: np.ndarray, answer: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        features, held_out = _centred(features, held_out)
        if isinstance(self.estimator, LogisticPath):
            return self.estimator.scores(features, answer, held_out, self.choices)
        if isinstance(self.estimator, KNeighborsClassifier):
            # One search serves all choices: the share of positives among the nearest 1, 2, ...
            numbers = np.minimum(self.choices, len(answer))
            _, nearest = self._fit(numbers.max(), features, answer).kneighbors(held_out)
            return (np.cumsum(answer[nearest], axis=1)[:, numbers - 1] / numbers).T
        fitted = (self._fit(choice, features, answer) for choice in self.choices)
        return np.array([estimator.predict_proba(held_out)[:, 1] for estimator in fitted])

    def _inner_areas(self, features: np.ndarray, answer: np.ndarray) -> np.ndarray:
        scores = np.full((len(self.choices), len(answer)), answer.mean())
        fold = np.zeros(len(answer), int)
        folds = min(INNER_FOLDS, answer.sum(), (~answer).sum())
        splits = StratifiedKFold(folds).split(features, answer) if folds > 1 else ()
        for number, (train, test) in enumerate(splits):
            scores[:, test] = self._scores(features[train], answer[train], features[test])
            fold[test] = number
        return mean_areas(answer, scores, fold)


def _centred(features: np.ndarray, held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean of the training set off both, as the authors do; nothing is scaled."""
    centre = features.mean(axis=0)
    return features - centre, held_out - centre


def mean_areas(answer: np.ndarray, scores: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of each choice, on average over folds.

    So caret chooses settings (Kuhn 2008, doi:10.18637/jss.v028.i05). A fold without positives, or
    without negatives, has no area and does not count.

    Parameters
    ----------
    answer : bool array of shape (n,)
    scores : array of shape (choices, n)
    fold : int array of shape (n,)

    Returns
    -------
    array of shape (choices,)
        Where no fold has an area, that of all drugs at once.
    """
    tested = [fold == number for number in np.unique(fold)]
    parts = [rows for rows in tested if len(np.unique(answer[rows])) == 2]
    parts = parts or [np.ones(len(answer), bool)]
    return np.mean([_areas(answer[rows], scores[:, rows]) for rows in parts], axis=0)


def _areas(answer: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of each row of scores; ties count half."""
    positives, negatives = answer.sum(), (~answer).sum()
    ranks = rankdata(scores, axis=1)[:, answer].sum(axis=1)
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


@contextmanager
def counting_unconverged() -> Iterator[list[int]]:
    """Count fits that stop before they converge, in the one number of the list; print none."""
    count = [0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        yield count
    for one in caught:
        if issubclass(one.category, ConvergenceWarning):
            count[0] += 1
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def held_out_scores(
    model: Model,
    features: np.ndarray | Mapping[int, np.ndarray],
    answer: np.ndarray,
    fold: np.ndarray,
) -> dict[str, np.ndarray]:
    """Score every drug by models that have not seen it.

    Parameters
    ----------
    model
        As `Model.named` builds it.
    features : array of shape (n, genes), or one for each fold
        One for each fold where what is known of drugs depends on which are held out.
    answer : bool array of shape (n,)
    fold : int array of shape (n,)
        The fold that holds out each drug.

    Returns
    -------
    dict of arrays of shape (n,), NaN if fewer than `LEAST_PER_CLASS` are positive, or negative
        "published": the setting whose area under the ROC curve is largest on average over the folds
        that are then reported, which is mildly optimistic (authors' code, through caret). "nested":
        in each fold the setting that is best within its training drugs. The first of equally good
        ones is taken.
    """
    if min(answer.sum(), (~answer).sum()) < LEAST_PER_CLASS:
        return {"published": np.full(len(answer), np.nan), "nested": np.full(len(answer), np.nan)}
    scores = np.full((len(model.choices), len(answer)), answer.mean())
    nested = scores[0].copy()
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        if len(np.unique(answer[train])) == 2:
            known = features[int(number)] if isinstance(features, Mapping) else features
            scores[:, test], inner = model.score(known[train], answer[train], known[test])
            nested[test] = scores[inner.argmax(), test]
    return {"published": scores[mean_areas(answer, scores, fold).argmax()], "nested": nested}


def deal_folds(answer: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Give each labelled drug a fold, positives spread evenly; -1 for drugs without a label."""
    fold, labelled = np.full(len(answer), -1), np.flatnonzero(np.isfinite(answer))
    larger = int(np.bincount(answer[labelled].astype(int)).max())  # no class fills more folds
    splitter = StratifiedKFold(min(folds, larger), shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(labelled[:, None], answer[labelled])):
        fold[labelled[test]] = number
    return fold
