"""The most likely landmarks behind what L1000 shows, where samples were measured both ways."""

import numpy as np
from scipy import linalg
from sklearn.covariance import ledoit_wolf

from lacuna.translation.card import Step
from lacuna.translation.differential import fit_prior, moderate
from lacuna.translation.interface import Affine, LandmarkTraining, restore_affine

STEP = Step(
    label="Posterior from pairs",
    summary=(
        "the mean of the landmarks given L1000: gain and noise of each gene from samples measured "
        "both ways, how genes go together from RNA-seq"
    ),
    source="Rodgers 2000, Inverse Methods for Atmospheric Sounding, https://doi.org/10.1142/3171",
    linear=True,
    needs_pairs=True,
)
restore = restore_affine
LEAST_PAIRS = 4  # a line through fewer leaves no residual to speak of


def fit(training: LandmarkTraining, rng: np.random.Generator) -> Affine:
    """Invert L1000 = gain x RNA-seq + noise, with the covariance of RNA-seq as the prior.

    A landmark that L1000 shows badly is taken from the others that go with it in RNA-seq. Of few
    pairs, the gain of a gene is drawn towards that of all genes, and its noise, too.

    Raises
    ------
    LacunaError
        If there are fewer than four pairs.
    """
    seen, real = training.paired("paired_posterior", LEAST_PAIRS)
    gain, noise = measure_assay(seen, real)
    rnaseq = training.rnaseq.astype(np.float64)
    mean, scale = rnaseq.mean(axis=0), rnaseq.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    prior = ledoit_wolf((rnaseq - mean) / scale, assume_centered=True)[0] * np.outer(scale, scale)
    both = gain[:, None] * prior  # covariance of what L1000 shows with the landmarks
    weights = linalg.solve(both * gain + np.diag(noise), both, assume_a="pos")
    shown = seen.mean(axis=0) + gain * (mean - real.mean(axis=0))  # of the prior's mean
    return Affine(weights, mean - shown @ weights)


def measure_assay(seen: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Regress each landmark in L1000 on itself in RNA-seq.

    Parameters
    ----------
    seen, real : float64 arrays of shape (pairs, landmarks)

    Returns
    -------
    gain : array of shape (landmarks,)
        Slopes. They are drawn towards their mean over genes as their own errors ask for
        (DerSimonian and Laird 1986, https://doi.org/10.1016/0197-2456(86)90046-2).
    noise : array of shape (landmarks,)
        Variance about the line, moderated over genes (Smyth 2004,
        https://doi.org/10.2202/1544-6115.1027), and with the error of the line's height.
    """
    shown, true = (side - side.mean(axis=0) for side in (seen, real))
    spread = (true**2).sum(axis=0)
    spread = np.where(spread > 0, spread, np.inf)  # a gene that does not vary has no slope
    slope = (shown * true).sum(axis=0) / spread
    freedom = len(seen) - 2
    residual = ((shown - slope * true) ** 2).sum(axis=0) / freedom
    noise = moderate(residual, freedom, *fit_prior(residual, freedom))
    known = np.isfinite(spread)
    error = noise[known] / spread[known]
    weight = 1 / error
    common = (weight * slope[known]).sum() / weight.sum()
    heterogeneity = (weight * (slope[known] - common) ** 2).sum() - (known.sum() - 1)
    between = max(heterogeneity / (weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    gain = np.full(len(slope), common)
    gain[known] += between / (between + error) * (slope[known] - common)
    return gain, noise * (1 + 1 / len(seen))
