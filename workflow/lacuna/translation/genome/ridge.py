"""A ridge regression of every gene on the landmarks, in closed form."""

import numpy as np
from scipy import linalg

from lacuna.translation.card import Step
from lacuna.translation.interface import Affine, GenomeTraining, Rows, restore_affine

STEP = Step(
    label="Ridge",
    summary="each gene from all landmarks, one penalty for all genes, chosen on held-out studies",
    source="Hoerl and Kennard 1970, https://doi.org/10.2307/1267351",
    linear=True,
)
restore = restore_affine
PENALTIES = 10.0 ** np.arange(-1, 5.5, 0.5)  # in units of the mean variance of a landmark
FOLDS = 3  # of studies, on which the penalty is chosen
SAMPLES_AT_ONCE, GENES_AT_ONCE = 4096, 4096
GENES_TO_CHOOSE_ON = 500


class Moments:
    """Sums over samples from which any ridge regression of them follows."""

    def __init__(self, landmarks: np.ndarray, genome: Rows, samples: np.ndarray, genes: slice):
        x_sum, xx, xy, y_sum = 0.0, 0.0, 0.0, 0.0
        for first in range(0, len(samples), SAMPLES_AT_ONCE):
            some = samples[first : first + SAMPLES_AT_ONCE]
            x = landmarks[some].astype(np.float64)
            y = rows_of(genome, some, genes).astype(np.float64)
            x_sum, y_sum = x_sum + x.sum(axis=0), y_sum + y.sum(axis=0)
            xx, xy = xx + x.T @ x, xy + x.T @ y
        self.parts = [np.asarray(part) for part in (x_sum, xx, xy, y_sum)]
        self.samples = len(samples)

    def centred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return means of inputs and outputs, and sums of squares and products about them."""
        x_sum, xx, xy, y_sum = self.parts
        x_mean, y_mean = x_sum / self.samples, y_sum / self.samples
        return x_mean, y_mean, xx - np.outer(x_sum, x_mean), xy - np.outer(x_sum, y_mean)


def rows_of(genome: Rows, samples: np.ndarray, genes: slice) -> np.ndarray:
    """Read some samples, given by rising numbers: all between the first and the last at once."""
    first = samples[0]
    return np.asarray(genome[first : samples[-1] + 1, genes])[samples - first]


def fit(training: GenomeTraining, rng: np.random.Generator) -> Affine:
    """Solve the ridge regression, a block of genes at a time.

    Noise of variance s2 in the inputs, independent of everything, adds n s2 to the diagonal of the
    sum of squares in expectation; so what step 1 adds is met exactly, without drawing any (Bishop
    1995, https://doi.org/10.1162/neco.1995.7.1.108).
    """
    samples = np.arange(len(training.landmarks))
    penalty = choose_penalty(training, rng)
    genes = training.genome.shape[1]
    weights = np.empty((training.landmarks.shape[1], genes), dtype=np.float32)
    offset = np.empty(genes)
    factor = None
    for first in range(0, genes, GENES_AT_ONCE):
        block = slice(first, min(first + GENES_AT_ONCE, genes))
        moments = Moments(training.landmarks, training.genome, samples, block)
        x_mean, y_mean, xx, xy = moments.centred()
        if factor is None:
            factor = linalg.cho_factor(_penalised(xx, penalty, training.noise, len(samples)))
        solved = linalg.cho_solve(factor, xy)
        weights[:, block] = solved
        offset[block] = y_mean - x_mean @ solved
    return Affine(weights, offset)


def choose_penalty(training: GenomeTraining, rng: np.random.Generator) -> float:
    """Return the penalty with the least squared error on studies that were left out.

    It is chosen on at most `GENES_TO_CHOOSE_ON` genes; with one study alone samples are left out.
    """
    genes = training.genome.shape[1]
    some = np.sort(rng.choice(genes, min(genes, GENES_TO_CHOOSE_ON), replace=False))
    genome = _columns(training.genome, some)
    errors = np.zeros(len(PENALTIES))
    for held_out in deal_studies(training.study, FOLDS, rng):
        kept = np.flatnonzero(~held_out)
        x_mean, y_mean, xx, xy = Moments(training.landmarks, genome, kept, slice(None)).centred()
        noisy = xx + np.diag(len(kept) * training.noise**2)
        values, vectors = np.linalg.eigh(noisy)
        turned = vectors.T @ xy
        left = (training.landmarks[held_out] - x_mean) @ vectors
        truth = genome[held_out] - y_mean
        unit = np.trace(xx) / len(xx) / len(kept)
        for number, penalty in enumerate(PENALTIES):
            shrunk = np.maximum(values, 0) + penalty * unit
            errors[number] += ((truth - left @ (turned / shrunk[:, None])) ** 2).sum()
    return float(PENALTIES[np.argmin(errors)])


def deal_studies(study: np.ndarray, folds: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal studies to folds, each a bool array of the samples that it holds out.

    A study is never divided; of one study alone, the samples are dealt.
    """
    names, number = np.unique(study, return_inverse=True)
    if len(names) == 1:
        number = np.arange(len(study))
    groups = number.max() + 1
    fold_of = rng.permutation(groups) % min(folds, groups)
    return [fold_of[number] == fold for fold in range(fold_of.max() + 1)]


def _penalised(xx: np.ndarray, penalty: float, noise: np.ndarray, samples: int) -> np.ndarray:
    unit = np.trace(xx) / len(xx) / samples
    return xx + np.diag(samples * noise**2 + penalty * unit)


def _columns(genome: Rows, columns: np.ndarray) -> np.ndarray:
    """Read some columns in blocks of samples."""
    return np.concatenate(
        [
            np.asarray(genome[first : first + SAMPLES_AT_ONCE])[:, columns]
            for first in range(0, genome.shape[0], SAMPLES_AT_ONCE)
        ]
    ).astype(np.float64)
