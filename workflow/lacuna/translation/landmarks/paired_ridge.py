"""A ridge regression, where samples were measured both ways."""

import numpy as np
from sklearn.linear_model import RidgeCV

from lacuna.translation.card import Step
from lacuna.translation.interface import Affine, LandmarkTraining, restore_affine

STEP = Step(
    label="Ridge on pairs",
    summary="each landmark in RNA-seq from all landmarks in L1000, by samples measured both ways",
    source="Hoerl and Kennard 1970, https://doi.org/10.2307/1267351",
    linear=True,
    needs_pairs=True,
)
restore = restore_affine
PENALTIES = 10.0 ** np.arange(0, 6.5, 0.5)  # of standardised genes
LEAST_PAIRS = 3


def fit(training: LandmarkTraining, rng: np.random.Generator) -> Affine:
    """Regress what a map of each gene's mean and spread leaves; the penalty by leaving one out.

    Raises
    ------
    LacunaError
        If there are fewer than three pairs.
    """
    before, after = training.paired("paired_ridge", LEAST_PAIRS)
    centre, target = before.mean(axis=0), after.mean(axis=0)
    scale = training.l1000.std(axis=0, dtype=np.float64)
    scale = np.where(scale > 0, scale, 1)
    spread = training.rnaseq.std(axis=0, dtype=np.float64)
    # The penalty draws towards "as many standard deviations from the mean as in L1000", not to the
    # mean: few pairs say little of single genes.
    inputs = (before - centre) / scale
    regression = RidgeCV(PENALTIES, fit_intercept=False).fit(
        inputs, after - target - inputs * spread
    )
    weights = (np.diag(spread) + regression.coef_.T) / scale[:, None]
    return Affine(weights, target - centre @ weights)
