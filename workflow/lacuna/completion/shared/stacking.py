"""Weights of several methods' predictions, fitted to held-out profiles.

Stacked regression (Breiman 1996, Machine Learning 24:49, https://doi.org/10.1007/BF00117832), with
weights that may change with how often drug and cell were measured.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

# Ridge penalties on how the weights change, relative to the predictions' size; the first of them
# leaves the weights all but constant.
PENALTIES = 10.0 ** np.arange(3, -3, -1)
INNER_FOLDS = 5
MAX_DEVIATION = 2.0  # standard deviations of the counts, beyond which weights change no more


@dataclass(frozen=True)
class Counts:
    """How counts of cells and drugs are standardised: less their mean, over their deviation.

    Attributes
    ----------
    mean, deviation : arrays of shape (2,)
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of_pairs(cls, counts: np.ndarray) -> "Counts":
        deviation = counts.std(axis=0)
        return cls(counts.mean(axis=0), np.where(deviation > 0, deviation, 1))

    def standardise(self, counts: np.ndarray) -> np.ndarray:
        """Return standardised counts, shape (pairs, 2), at most MAX_DEVIATION from 0."""
        return np.clip((counts - self.mean) / self.deviation, -MAX_DEVIATION, MAX_DEVIATION)


@dataclass(frozen=True)
class Weights:
    """The members' weights: constant + change x standardised counts.

    Attributes
    ----------
    constant : array of shape (members,)
    change : array of shape (2, members)
    counts : Counts
    """

    constant: np.ndarray
    change: np.ndarray
    counts: Counts

    def at(self, counts: np.ndarray) -> np.ndarray:
        """Return the weights of pairs with these counts, shape (pairs, members)."""
        return self.constant + self.counts.standardise(counts) @ self.change


def fit_weights(
    profiles: np.ndarray,
    truth: np.ndarray,
    counts: np.ndarray,
    drug: np.ndarray,
    rng: np.random.Generator,
) -> Weights:
    """Return the weights with the least squared error, with a ridge penalty on their change.

    Parameters
    ----------
    profiles : array of shape (members, pairs, genes)
    truth : array of shape (pairs, genes)
    counts : array of shape (pairs, 2)
    drug : int array of shape (pairs,)
        The penalty is chosen by cross-validation over drugs.
    rng
        Deals drugs into folds.
    """
    standard = Counts.of_pairs(counts)
    gates = standard.standardise(counts)
    products = np.einsum("mig,nig->imn", profiles, profiles, optimize=True)
    answers = np.einsum("mig,ig->im", profiles, truth, optimize=True)
    drugs, number = np.unique(drug, return_inverse=True)
    fold = rng.permutation(np.arange(len(drugs)) % INNER_FOLDS)[number]
    losses = np.zeros(len(PENALTIES))
    for held_out in np.unique(fold) if len(drugs) > 1 else ():
        inner, outer = fold != held_out, fold == held_out
        for choice, penalty in enumerate(PENALTIES):
            constant, change = _solve(products[inner], answers[inner], gates[inner], penalty)
            weights = constant + gates[outer] @ change
            # |w'p - t|^2 = w'(pp')w - 2 w'(pt) + |t|^2, of which the last is the same for all w.
            losses[choice] += np.einsum("im,imn,in->", weights, products[outer], weights)
            losses[choice] -= 2 * (weights * answers[outer]).sum()
    constant, change = _solve(products, answers, gates, PENALTIES[losses.argmin()])
    return Weights(constant, change, standard)


def _solve(
    products: np.ndarray, answers: np.ndarray, gates: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit constant weights, then how they change along the gates.

    Parameters
    ----------
    products : array of shape (pairs, members, members)
        Inner products of the members' predictions.
    answers : array of shape (pairs, members)
        Inner products of predictions and truth.
    gates : array of shape (pairs, 2)
        Standardised counts.
    penalty
        On the change, relative to the predictions' size.
    """
    total, members = products.sum(axis=0), answers.shape[1]
    size = np.trace(total) / members + np.finfo(float).tiny
    # Non-negative least squares from the moments, through the factor of the total.
    factor = np.linalg.cholesky(total + 1e-6 * size * np.eye(members))
    constant, _ = nnls(factor.T, np.linalg.solve(factor, answers.sum(axis=0)))
    unexplained = answers - products @ constant
    width = gates.shape[1] * members
    moments = np.einsum("ik,il,imn->kmln", gates, gates, products).reshape(width, width)
    right = np.einsum("ik,im->km", gates, unexplained).ravel()
    change = np.linalg.solve(moments + penalty * size * np.eye(width), right)
    return constant, change.reshape(gates.shape[1], members)
