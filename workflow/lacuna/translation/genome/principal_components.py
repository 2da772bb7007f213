"""Principal-component regression: all genes from the main directions of the landmarks."""

from typing import Annotated

import numpy as np
from scipy import linalg

from lacuna.completion.card import Option
from lacuna.translation.card import Step
from lacuna.translation.genome.ridge import GENES_AT_ONCE, Moments
from lacuna.translation.interface import Affine, GenomeTraining, restore_affine

STEP = Step(
    label="PCA regression",
    summary="each gene from the first principal components of the landmarks",
    source="Jolliffe 1982, https://doi.org/10.2307/2348005",
    linear=True,
)
restore = restore_affine


def fit(
    training: GenomeTraining,
    rng: np.random.Generator,
    *,
    components: Annotated[int, Option("how many components of the landmarks", ge=1)] = 50,
) -> Affine:
    """Regress on the first components; noise in the inputs counts as in `ridge`."""
    samples = np.arange(len(training.landmarks))
    genes, landmarks = training.genome.shape[1], training.landmarks.shape[1]
    kept = min(components, landmarks, max(len(samples) - 1, 1))
    weights = np.empty((landmarks, genes), dtype=np.float32)
    offset = np.empty(genes)
    vectors, solver = None, None
    for first in range(0, genes, GENES_AT_ONCE):
        block = slice(first, min(first + GENES_AT_ONCE, genes))
        x_mean, y_mean, xx, xy = Moments(
            training.landmarks, training.genome, samples, block
        ).centred()
        if vectors is None or solver is None:
            _, vectors = linalg.eigh(xx, subset_by_index=[landmarks - kept, landmarks - 1])
            noisy = xx + np.diag(len(samples) * training.noise**2)
            solver = linalg.pinvh(vectors.T @ noisy @ vectors)
        solved = vectors @ (solver @ (vectors.T @ xy))
        weights[:, block] = solved
        offset[block] = y_mean - x_mean @ solved
    return Affine(weights, offset)
