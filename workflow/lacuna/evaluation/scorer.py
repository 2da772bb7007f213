"""Scores of held-out predictions, on the data and on draws of drugs, from sums per drug."""

from functools import cached_property

import numpy as np

from lacuna.evaluation.bootstrap import bootstrap_weights, sum_by
from lacuna.evaluation.correlation import correlation_of, pair_moments, profile_pearson
from lacuna.evaluation.deg import area_under_roc
from lacuna.evaluation.held_out import HeldOut
from lacuna.vectors import unit_rows

EVERY = slice(None)


class Scorer:
    """What metrics are made of.

    Every method returns an array of shape (1 + draws,): the score on the data, then on each draw of
    drugs with replacement.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    rng
        Draws the drugs. With streams seeded alike, the draws of two methods are paired.

    Attributes
    ----------
    drug : int array of shape (n,)
        The drug of each profile, counted from 0 over those held out.
    weights : array of shape (1 + draws, drugs)
        How often each draw holds each drug, see `bootstrap_weights`.
    """

    def __init__(self, held_out: HeldOut, rng: np.random.Generator) -> None:
        self.held_out = held_out
        drugs, self.drug = np.unique(held_out.drug, return_inverse=True)
        self.drugs = len(drugs)
        self.weights = bootstrap_weights(self.drugs, rng)

    @cached_property
    def unit(self) -> np.ndarray:
        """The predictions scaled to unit length."""
        return unit_rows(self.held_out.predicted)

    @cached_property
    def pearson(self) -> np.ndarray:
        """The correlation of each profile with its prediction, shape (n,)."""
        return profile_pearson(self.held_out.truth, self.unit)

    def pooled_correlation(
        self, truth: np.ndarray, predicted: np.ndarray, rows: slice | np.ndarray = EVERY
    ) -> np.ndarray:
        """Correlate all entries of some rows, pooled."""
        moments = pair_moments(truth[rows], predicted[rows])
        return correlation_of(self.weights @ sum_by(self.drug[rows], moments, self.drugs))

    def ratio(self, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        """Divide the sums over profiles of two arrays of shape (n,)."""
        sums = sum_by(self.drug, np.column_stack([numerator, denominator]), self.drugs)
        above, below = (self.weights @ sums).T
        return above / below

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Average an array of shape (n,) over the profiles where it is a number."""
        present = np.isfinite(values)
        return self.ratio(np.where(present, values, 0), present)

    def mean_over_folds(self, scores: list[np.ndarray], folds: list[np.ndarray]) -> np.ndarray:
        """Average the folds' scores, in each draw over the folds that it holds a drug of.

        Parameters
        ----------
        scores
            The score of each fold, of shape (1 + draws,).
        folds
            The profiles that each fold holds out, bool of shape (n,).
        """
        profiles = [
            self.weights @ np.bincount(self.drug[fold], minlength=self.drugs) for fold in folds
        ]
        present = np.array(profiles) > 0
        return (np.array(scores) * present).sum(axis=0) / present.sum(axis=0)

    def area_under_roc(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Return the area under the pooled ROC curve.

        Parameters
        ----------
        positive, negative : arrays of shape (drugs, scores)
            Counts per drug and score, see `lacuna.evaluation.deg`.
        """
        return area_under_roc(self.weights @ positive, self.weights @ negative)
