"""The training drug of the most similar structure."""

from typing import Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import Option
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import in_table, predict_weighed, tanimoto, vectors_of

METHOD = Method(
    label="Nearest structure",
    summary="what the training drug with the most similar fingerprint does in the line at the dose",
    source="Tanimoto similarity: Bajusz et al. 2015, https://doi.org/10.1186/s13321-015-0069-3",
    encoder="morgan",
)
NAME = "nearest_structure"


def predict(
    seen: Seen,
    wanted: pd.DataFrame,
    rng: np.random.Generator,
    *,
    encoder: Annotated[str, Option("fingerprint that structures are compared by")] = METHOD.encoder,
) -> Predicted:
    """Predict the profile of the nearest training drug; the mean of all that are equally near.

    A drug that shares no bit with any, or has no structure, so gets the mean of all.
    """
    similarity = tanimoto(NAME, vectors_of(NAME, seen, encoder))

    def nearest(known: np.ndarray, drugs: np.ndarray) -> np.ndarray:
        rows, columns = (in_table(NAME, similarity, names) for names in (drugs, known))
        near = similarity.to_numpy()[np.ix_(rows, columns)]
        best = (near == near.max(axis=1, keepdims=True)).astype(float)
        return best / best.sum(axis=1, keepdims=True)

    return predict_weighed(NAME, seen, wanted, nearest, convex=True)
