"""Bringing molecules' vectors to one scale, which training molecules alone decide."""

from dataclasses import dataclass

import numpy as np

CLIPPED = 10.0  # standard deviations; a peptide among drugs would otherwise outweigh all else
LEAST = 1e-12  # a column whose deviation is this small a share of its size is constant


@dataclass(frozen=True)
class Scaler:
    """What fills and standardises vectors: a mean and a deviation for each column.

    Attributes
    ----------
    mean : float64 array of shape (dimensions,)
        Of training molecules; fills gaps. 0 where no training molecule has a value.
    deviation : float64 array of shape (dimensions,)
        Standard deviation of training molecules; infinite where they are all alike, so that the
        column becomes 0.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray) -> "Scaler":
        """Learn from training molecules, shape (m, dimensions); what is not finite is a gap."""
        values = np.asarray(vectors, np.float64)
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values, 0.0).sum(axis=0) / count
        squares = np.square(np.where(known, values - mean, 0.0)).sum(axis=0)
        deviation = np.sqrt(squares / count)
        varies = deviation > LEAST * np.maximum(1.0, np.abs(mean))
        return cls(mean, np.where(varies, deviation, np.inf))

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Return standardised vectors, float32 of the same shape, finite and at most `CLIPPED`."""
        values = np.asarray(vectors, np.float64)
        filled = np.where(np.isfinite(values), values, self.mean)
        scaled = (filled - self.mean) / self.deviation
        return np.clip(scaled, -CLIPPED, CLIPPED).astype(np.float32)

    def state(self) -> dict[str, np.ndarray]:
        """Return all that `Scaler(**state)` needs."""
        return {"mean": self.mean, "deviation": self.deviation}
