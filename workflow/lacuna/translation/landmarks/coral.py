"""Decorrelate L1000, correlate as RNA-seq: CORAL."""

import numpy as np
from sklearn.covariance import ledoit_wolf

from lacuna.translation.card import Step
from lacuna.translation.interface import Affine, LandmarkTraining, restore_affine

STEP = Step(
    label="CORAL",
    summary="L1000 is whitened, then given the mean and covariance of RNA-seq",
    source="Sun, Feng and Saenko 2016, https://doi.org/10.1609/aaai.v30i1.10306",
    linear=True,
)
restore = restore_affine


def fit(training: LandmarkTraining, rng: np.random.Generator) -> Affine:
    """Whiten and recolour, with covariances shrunk as in `moments`."""
    sides = [side.astype(np.float64) for side in (training.l1000, training.rnaseq)]
    means = [side.mean(axis=0) for side in sides]
    before, after = (
        ledoit_wolf(side - mean, assume_centered=True)[0]
        for side, mean in zip(sides, means, strict=True)
    )
    weights = _power(before, -0.5) @ _power(after, 0.5)
    return Affine(weights, means[1] - means[0] @ weights)


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    floor = values[-1] * np.finfo(float).eps * len(values)
    return (vectors * np.maximum(values, floor) ** exponent) @ vectors.T
