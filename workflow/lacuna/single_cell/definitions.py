"""Measured and predicted conditions side by side, and scores of each, written out.

A profile is the mean of the cells of one drug, line and dose; a change is its difference from a
control of the line. Every score takes `Compared` and returns a value per row, NaN where there is
none.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from lacuna.evaluation.correlation import (
    LEFT_BY_ROUNDING,
    correlation_of,
    moments_beyond,
    pair_moments,
)

EPS = 1e-5  # a gene that changes less does not change; as in the authors' later code
INTERVAL = 1.96  # standard deviations to either side, 95 % of a normal distribution


@dataclass(frozen=True)
class Compared:
    """Measured and predicted conditions, and what both are seen against.

    Attributes
    ----------
    measured, predicted : float64 arrays of shape (k, genes)
    control, seen_control : float64 arrays of shape (k, genes)
        Of the line of each. Measured changes are taken from control, which no method sees (of a
        line of one control there is no other), predicted ones from seen_control: so they have no
        error in common.
    mean : float64 array of shape (k, genes)
        Of the training drugs in the line at the dose.
    common, predicted_common : float64 arrays of shape (k, genes)
        What is measured, and what is predicted, on average of the drugs that are judged in the line
        at the dose; NaN of a drug that is alone there.
    measured_variance, predicted_variance : float64 arrays of shape (k, genes)
        Of cells; NaN where not known.
    """

    measured: np.ndarray
    predicted: np.ndarray
    control: np.ndarray
    seen_control: np.ndarray
    mean: np.ndarray
    common: np.ndarray
    predicted_common: np.ndarray
    measured_variance: np.ndarray
    predicted_variance: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """The measured change."""
        return change(self.measured, self.control)

    @property
    def predicted_change(self) -> np.ndarray:
        """The predicted change."""
        return change(self.predicted, self.seen_control)

    def take(self, rows: np.ndarray, genes: np.ndarray) -> "Compared":
        """Return some rows, of each its own genes: int arrays of shapes (n,) and (n, genes)."""
        return replace(self, **{n: v[rows[:, None], genes] for n, v in vars(self).items()})


def change(profiles: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Return differences from controls; exactly 0 where only rounding is left."""
    difference = profiles - control
    length, whole = (np.linalg.norm(rows, axis=1, keepdims=True) for rows in (difference, control))
    return np.where(length > LEFT_BY_ROUNDING * whole, difference, 0.0)


def r2(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Return the coefficient of determination over genes of each row, as scikit-learn defines it.

    1 - sum (truth - guess)² / sum (truth - mean of truth)²: without a lower bound, and so stored.
    NaN where the truth is the same in all genes, or either is not known.
    """
    from sklearn.metrics import r2_score

    value = np.full(len(truth), np.nan)
    known = np.isfinite(truth).all(axis=1) & np.isfinite(guess).all(axis=1)
    known &= np.ptp(truth, axis=1) > 0
    if known.any():
        value[known] = r2_score(truth[known].T, guess[known].T, multioutput="raw_values")
    return value


def r2_of_means(compared: Compared) -> np.ndarray:
    return r2(compared.measured, compared.predicted)


def pearson(compared: Compared) -> np.ndarray:
    return correlation_of(pair_moments(compared.measured, compared.predicted))


def mse(compared: Compared) -> np.ndarray:
    return ((compared.measured - compared.predicted) ** 2).mean(axis=1)


def r2_variance(compared: Compared) -> np.ndarray:
    return r2(compared.measured_variance, compared.predicted_variance)


def coverage(compared: Compared) -> np.ndarray:
    """Return the share of measured cells inside predicted intervals, taking both as normal."""
    reach = INTERVAL * np.sqrt(compared.predicted_variance)
    spread = np.sqrt(compared.measured_variance)
    off = compared.predicted - compared.measured
    scale = np.where(spread > 0, spread, 1.0)
    inside = norm.cdf((off + reach) / scale) - norm.cdf((off - reach) / scale)
    # a gene without any spread is inside or it is not
    share = np.where(spread > 0, inside, np.abs(off) <= reach).mean(axis=1)
    known = np.isfinite(reach).all(axis=1) & np.isfinite(spread).all(axis=1)
    return np.where(known, share, np.nan)


def change_r2(compared: Compared) -> np.ndarray:
    """Return 1 - |d - d'|² / |d|²; NaN where nothing changed."""
    truth, guess = compared.change, compared.predicted_change
    square = (truth**2).sum(axis=1)
    left = ((truth - guess) ** 2).sum(axis=1)
    return 1 - np.divide(left, square, out=np.full_like(square, np.nan), where=square > 0)


def change_pearson(compared: Compared) -> np.ndarray:
    return correlation_of(pair_moments(compared.change, compared.predicted_change))


def change_cosine(compared: Compared) -> np.ndarray:
    truth, guess = compared.change, compared.predicted_change
    lengths = np.linalg.norm(truth, axis=1) * np.linalg.norm(guess, axis=1)
    products = (truth * guess).sum(axis=1)
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def change_sign(compared: Compared) -> np.ndarray:
    truth, guess = compared.change, compared.predicted_change
    changed = np.abs(truth) > EPS
    right = np.where(np.abs(guess) > EPS, np.sign(guess) == np.sign(truth), 0.5)
    count = changed.sum(axis=1)
    total = np.where(changed, right, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(truth), np.nan), where=count > 0)


def specific(compared: Compared) -> np.ndarray:
    """Correlate what is the drug's own: no drug's alike, and no multiple of the line mean.

    Both sides are taken from their mean over the drugs judged, and so from no control. A perfect
    prediction has 1. A method that knows what drugs do on average, however well, and nothing of the
    drug, has 0 but for chance.
    """
    truth = change(compared.measured, compared.common)
    guess = change(compared.predicted, compared.predicted_common)
    mean = change(compared.mean, compared.seen_control)
    value = correlation_of(moments_beyond(truth, guess, [mean]))
    return np.where(np.isfinite(compared.common).all(axis=1), value, np.nan)
