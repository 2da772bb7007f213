"""Scores of a prediction among others: listed genes among all, the right drug among the fold's."""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from lacuna.evaluation.correlation import LEFT_BY_ROUNDING


def overlap(changes: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Return the share of listed genes among as many that are predicted to change most.

    Where genes are predicted to change equally, it is the mean over all orders of theirs: what
    predicts no change scores listed / genes.

    Parameters
    ----------
    changes : array of shape (k, genes)
        Predicted.
    listed : int array of shape (k, n)
        Positions of genes.

    Returns
    -------
    float64 array of shape (k,)
    """
    size, number = np.abs(changes), listed.shape[1]
    last = -np.partition(-size, number - 1, axis=1)[:, number - 1 : number]
    of_listed = np.take_along_axis(size, listed, axis=1)
    left = number - (size > last).sum(axis=1)
    tied = (size == last).sum(axis=1)
    hits = (of_listed > last).sum(axis=1) + (of_listed == last).sum(axis=1) * left / tied
    return hits / number


@dataclass(frozen=True)
class Found:
    """Where the right drug stands among those of the fold, in a line at a dose.

    Attributes
    ----------
    nearer, tied, drugs : int arrays of shape (k,)
        How many drugs are nearer to the prediction than the right one, how many are equally near
        (itself among them), how many there are.
    """

    nearer: np.ndarray
    tied: np.ndarray
    drugs: np.ndarray

    @classmethod
    def of(cls, changes: np.ndarray, predicted: np.ndarray, place: np.ndarray) -> "Found":
        """Rank by correlation.

        Parameters
        ----------
        changes, predicted : arrays of shape (k, genes)
            Measured and predicted changes; row i of one belongs to row i of the other.
        place : int array of shape (k,)
            The line and dose of each row; drugs are ranked among those of the same.
        """
        nearer, tied, drugs = (np.ones(len(place), dtype=int) for _ in range(3))
        for number in np.unique(place):
            rows = np.flatnonzero(place == number)
            near = _centred_units(predicted[rows]) @ _centred_units(changes[rows]).T
            right = np.diag(near)[:, None]
            nearer[rows] = (near > right).sum(axis=1)
            tied[rows] = (near == right).sum(axis=1)
            drugs[rows] = len(rows)
        return cls(nearer, tied, drugs)

    @property
    def reciprocal_rank(self) -> np.ndarray:
        """1 / rank; with t tied, (H(nearer + t) - H(nearer)) / t, H(n) = 1 + 1/2 + ... + 1/n."""
        harmonic = digamma(self.nearer + self.tied + 1.0) - digamma(self.nearer + 1.0)
        return np.where(self.tied == 1, 1 / (self.nearer + 1), harmonic / self.tied)

    @property
    def rank_share(self) -> np.ndarray:
        """Rank over the number of drugs; of tied ones the mean rank."""
        return (self.nearer + (self.tied + 1) / 2) / self.drugs

    def at_random(self) -> "Found":
        """Return what is found where all drugs are equally near: chance."""
        return Found(np.zeros_like(self.drugs), self.drugs, self.drugs)


def _centred_units(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    varies = length > LEFT_BY_ROUNDING * np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(centred, length, out=np.zeros_like(centred), where=varies)
