"""Each gene is scaled by the ratio of its means: the paper's baseline."""

import numpy as np

from lacuna.translation.card import Step
from lacuna.translation.interface import Affine, LandmarkTraining, restore_affine

STEP = Step(
    label="Ratio",
    summary="each gene times its mean in RNA-seq over its mean in L1000",
    source="Jeon et al. 2022, https://doi.org/10.1186/s12859-022-04895-5",
    linear=True,
)
restore = restore_affine


def fit(training: LandmarkTraining, rng: np.random.Generator) -> Affine:
    """Take the ratio of the means; a gene that L1000 never sees becomes its mean in RNA-seq."""
    before, after = (
        side.mean(axis=0, dtype=np.float64) for side in (training.l1000, training.rnaseq)
    )
    seen = before > 0
    scale = np.divide(after, before, out=np.zeros_like(after), where=seen)
    return Affine(scale, np.where(seen, 0, after))
