"""How large stated standard errors must be for their 90 % intervals to hold 90 % of the errors."""

from dataclasses import dataclass

import numpy as np

COVERAGE, NORMAL_QUANTILE = 0.9, 1.6449  # 90 % of a normal variable lie within +- this
MAX_POWER = 10.0
# Squared errors and variances count as so much at least: of profiles that are all alike they are 0,
# and no prediction is certain.
LEAST_SQUARE = 1e-12
LEAST_STDERR = LEAST_SQUARE**0.5
TINY = 1e-12


def error_scale(error: np.ndarray, stated: np.ndarray) -> float:
    """Return the factor of standard errors with which 90 % of the errors lie in 90 % intervals.

    Parameters
    ----------
    error : array of shape (pairs, genes)
    stated : array of shape (pairs,)
        The standard error stated of each pair's entries.
    """
    ratio = np.abs(error) / stated[:, None]
    return float(np.quantile(ratio, COVERAGE) / NORMAL_QUANTILE)


@dataclass(frozen=True)
class Calibration:
    """From a model's variance to a standard error: scale x variance ^ (power / 2).

    A Gaussian process's variance sorts profiles by their error, but follows from where the training
    profiles are, not from how wrong they were. The power spreads it as far as the errors spread;
    the scale makes 90 % intervals hold.
    """

    scale: float = 1.0
    power: float = 1.0

    @classmethod
    def fit(cls, error: np.ndarray, variance: np.ndarray) -> "Calibration":
        """Take scale and power from errors (pairs, genes) of pairs of known variance.

        The power is the slope of the least-squares line of log squared error on log variance,
        between 0 and MAX_POWER.
        """
        variance = np.maximum(variance, LEAST_SQUARE)
        stated, actual = np.log(variance), np.log((error**2).mean(axis=1) + LEAST_SQUARE)
        spread = stated.var()
        slope = np.mean((stated - stated.mean()) * actual) / spread if spread > TINY else 1.0
        power = float(np.clip(slope, 0, MAX_POWER))
        return cls(error_scale(error, variance ** (power / 2)), power)

    def stderr(self, variance: np.ndarray) -> np.ndarray:
        """Return the standard error of each profile, at least `LEAST_STDERR`."""
        variance = np.maximum(variance, LEAST_SQUARE)
        return np.maximum(self.scale * variance ** (self.power / 2), LEAST_STDERR)
