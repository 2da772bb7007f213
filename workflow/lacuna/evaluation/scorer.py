"""Scores of held-out predictions, on the data and on draws of drugs, from sums per drug."""

from functools import cached_property

import numpy as np

from lacuna.evaluation.bootstrap import LEAST_DRUGS, bootstrap_weights, sum_by
from lacuna.evaluation.correlation import (
    correlation_of,
    moments_beyond,
    pair_moments,
    profile_pearson,
    tested_moments,
)
from lacuna.evaluation.deg import area_under_roc
from lacuna.evaluation.held_out import HeldOut
from lacuna.vectors import unit_rows

EVERY = slice(None)
# Share of measured entries that are exactly 0, from which on they count as not tested: a few may be
# values that happen to be 0, as the middle rank is in normal scores.
LEAST_UNTESTED = 0.01


class Scorer:
    """What metrics are made of.

    Every method returns an array of shape (1 + draws,): the score on the data, then on each draw of
    drugs with replacement. The draws are NaN where fewer than `LEAST_DRUGS` drugs take part.

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
    def truth(self) -> np.ndarray:
        """The measured profiles at unit length, as predictions are held against them."""
        return self.held_out.unit_truth

    @cached_property
    def pearson(self) -> np.ndarray:
        """The correlation of each profile with its prediction, shape (n,)."""
        return profile_pearson(self.held_out.truth, self.unit)

    def pooled_correlation(
        self, truth: np.ndarray, predicted: np.ndarray, rows: slice | np.ndarray = EVERY
    ) -> np.ndarray:
        """Correlate all entries of some rows, pooled."""
        moments = pair_moments(truth[rows], predicted[rows])
        return self._of_enough_drugs(correlation_of(self._draw_sums(moments, rows)), rows)

    def partial_correlation(self, *means: np.ndarray, rows: slice | np.ndarray) -> np.ndarray:
        """Correlate both at unit length, means removed from both, see `moments_beyond`.

        Parameters
        ----------
        means
            What is removed, arrays of shape (n, genes).
        rows
            The profiles that count.
        """
        truth, predicted = self.truth[rows], self.unit[rows]
        moments = moments_beyond(truth, predicted, [mean[rows] for mean in means])
        return self._of_enough_drugs(correlation_of(self._draw_sums(moments, rows)), rows)

    def tested_correlation(
        self, *means: np.ndarray, rows: slice | np.ndarray = EVERY
    ) -> np.ndarray | None:
        """Correlate the tested entries of some rows, see `tested_moments`.

        None where so few measured entries are exactly 0 that these are no untested ones.
        """
        held_out = self.held_out
        if np.count_nonzero(held_out.truth) > (1 - LEAST_UNTESTED) * held_out.truth.size:
            return None
        truth, predicted = self.truth[rows], held_out.predicted[rows]
        moments = tested_moments(truth, predicted, [mean[rows] for mean in means])
        return self._of_enough_drugs(correlation_of(self._draw_sums(moments, rows)), rows)

    def correlation_over_folds(self, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Average the folds' pooled correlations, in each draw over the folds it has a drug of."""
        scores, profiles = [], []
        for number in np.unique(self.held_out.fold):
            rows = self.held_out.fold == number
            sums = self._draw_sums(pair_moments(truth[rows], predicted[rows]), rows)
            scores.append(correlation_of(sums))
            profiles.append(self.weights @ np.bincount(self.drug[rows], minlength=self.drugs))
        present = np.array(profiles) > 0
        with np.errstate(invalid="ignore"):  # draws of too few drugs hold none
            return np.where(present, scores, 0).sum(axis=0) / present.sum(axis=0)

    def ratio(self, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        """Divide the sums over profiles of two arrays of shape (n,)."""
        above, below = self._draw_sums(np.column_stack([numerator, denominator]), EVERY).T
        # A draw may have nothing to divide by, and so may profiles that are all alike: NaN, then.
        return np.divide(above, below, out=np.full(len(below), np.nan), where=below != 0)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Average an array of shape (n,) over the profiles where it is a number."""
        present = np.isfinite(values)
        return self._of_enough_drugs(self.ratio(np.where(present, values, 0), present), present)

    def area_under_roc(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Return the area under the pooled ROC curve.

        Parameters
        ----------
        positive, negative : arrays of shape (drugs, scores)
            Counts per drug and score, see `lacuna.evaluation.deg`.
        """
        return area_under_roc(self.weights @ positive, self.weights @ negative)

    def _draw_sums(self, values: np.ndarray, rows: slice | np.ndarray) -> np.ndarray:
        """Sum values of shape (rows, k) over each draw, to shape (1 + draws, k)."""
        return self.weights @ sum_by(self.drug[rows], values, self.drugs)

    def _of_enough_drugs(self, scores: np.ndarray, rows: slice | np.ndarray) -> np.ndarray:
        """Keep the score on the data alone where the rows are of too few drugs."""
        if len(np.unique(self.drug[rows])) < LEAST_DRUGS:
            scores[1:] = np.nan
        return scores
