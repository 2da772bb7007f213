"""Mean and covariance of L1000 become those of RNA-seq: optimal transport between Gaussians."""

import numpy as np
from sklearn.covariance import ledoit_wolf

from lacuna.translation.card import Step
from lacuna.translation.interface import Affine, LandmarkTraining, restore_affine

STEP = Step(
    label="Moments",
    summary="the linear map of least movement that gives L1000 the mean and covariance of RNA-seq",
    source=(
        "Flamary et al. 2019, Concentration bounds for linear Monge mapping estimation, "
        "https://doi.org/10.48550/arXiv.1905.10155"
    ),
    linear=True,
)
restore = restore_affine


def fit(training: LandmarkTraining, rng: np.random.Generator) -> Affine:
    """Map one Gaussian onto the other; genes are standardised first, covariances shrunk.

    With fewer samples than genes a covariance has no inverse: Ledoit and Wolf 2004
    (https://doi.org/10.1016/S0047-259X(03)00096-4) shrink it as much as its noise asks for.
    """
    from ot.gaussian import bures_wasserstein_mapping

    scales, covariances, means = [], [], []
    for side in (training.l1000, training.rnaseq):
        rows = side.astype(np.float64)
        means.append(rows.mean(axis=0))
        scale = rows.std(axis=0)
        scales.append(np.where(scale > 0, scale, 1))
        covariances.append(ledoit_wolf((rows - means[-1]) / scales[-1], assume_centered=True)[0])
    still = np.zeros(len(means[0]))
    weights, _ = bures_wasserstein_mapping(still, still, *covariances)
    weights = weights / scales[0][:, None] * scales[1]
    return Affine(weights, means[1] - means[0] @ weights)
