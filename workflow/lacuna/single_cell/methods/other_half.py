"""The other half of the measured cells: what a replicate of half the size says."""

import numpy as np
import pandas as pd

from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import checked, predicted

METHOD = Method(
    label="Other half",
    summary="half of the measured cells predicts the other half, with the noise of both halves",
    control=True,
    answers=True,
)


def predict(
    seen: Seen, wanted: pd.DataFrame, rng: np.random.Generator, half: np.ndarray
) -> Predicted:
    """Return one half of the cells, as if it were a prediction.

    Parameters
    ----------
    half : array of shape (wanted, genes)
        Its mean; NaN where there are too few cells.
    """
    return predicted(checked("other_half", seen, wanted), half, None)
