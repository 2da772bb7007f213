"""Control: the cell's mean. What it scores is common to all drugs, and says nothing of any."""

import numpy as np

from lacuna.completion.card import Method, Simple
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="control: cell mean",
    summary="the mean of the cell's training profiles, the same for every drug",
    quick=True,
    simple=Simple("the cell's mean", "the cell's mean", "the mean of all"),
)


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Predict:
    """Predict the mean of the cell's training profiles; without any, the mean of all profiles."""
    by_cell, drugs_of_cell = observed.mean_by_cell()

    def predict(pairs: np.ndarray) -> Completion:
        cell = pairs[:, 1]
        return Completion(by_cell[cell].astype(np.float32), drugs_of_cell[cell] == 0)

    return predict
