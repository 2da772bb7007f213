"""Each gene is given its RNA-seq distribution: quantile by quantile."""

from dataclasses import dataclass

import numpy as np

from lacuna.translation.card import Step
from lacuna.translation.interface import LandmarkTraining, NotLinear, State

STEP = Step(
    label="Quantiles",
    summary="each gene's quantiles in L1000 become its quantiles in RNA-seq",
    source="Bolstad et al. 2003, https://doi.org/10.1093/bioinformatics/19.2.185, gene by gene",
)
POINTS = 101  # quantiles kept: each percent


@dataclass(frozen=True)
class QuantileMap(NotLinear):
    """Quantiles of each gene before and after, arrays of shape (landmarks, `POINTS`)."""

    before: np.ndarray
    after: np.ndarray

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Interpolate between quantiles; beyond the outermost ones, shift as those are shifted."""
        translated = np.empty(profiles.shape, dtype=np.float32)
        for gene, (before, after) in enumerate(zip(self.before, self.after, strict=True)):
            values = profiles[:, gene].astype(np.float64)
            inside = np.clip(values, before[0], before[-1])
            translated[:, gene] = np.interp(values, before, after) + (values - inside)
        return translated

    def state(self) -> State:
        """Return the quantiles."""
        return {"before": self.before, "after": self.after}


def restore(state: State) -> QuantileMap:
    """Make the step of its state."""
    return QuantileMap(state["before"], state["after"])


def fit(training: LandmarkTraining, rng: np.random.Generator) -> QuantileMap:
    """Take the quantiles of both sides."""
    before, after = (
        np.quantile(side, np.linspace(0, 1, POINTS), axis=0).T
        for side in (training.l1000, training.rnaseq)
    )
    # Equal quantiles, as of values that were cut off at 0, would leave np.interp a choice: each is
    # raised by so little that no measured value tells it from the one before.
    rising = np.arange(POINTS) * 1e-9
    return QuantileMap(before + rising, after)
