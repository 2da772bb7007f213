"""The mean of the training drugs in the same line at the same dose."""

import numpy as np
import pandas as pd

from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import alike, predict_weighed

METHOD = Method(
    label="Line mean",
    summary="what training drugs do on average in the line at the dose; the drug has no say",
)


def predict(seen: Seen, wanted: pd.DataFrame, rng: np.random.Generator) -> Predicted:
    """Predict the mean of all training drugs, each counted once.

    Where none was measured at the dose, it is the mean at the nearest one; of a line that was not
    measured, the control and the mean change in all other lines.
    """
    return predict_weighed(
        "line_mean",
        seen,
        wanted,
        lambda known, drugs: np.tile(alike(known), (len(drugs), 1)),
        convex=True,
    )
