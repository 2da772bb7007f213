"""Ridge regression of what a drug does on its descriptors."""

from typing import Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import Option
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import in_table, predict_by_kernel, vectors_of
from lacuna.structures.scaling import Scaler

METHOD = Method(
    label="Ridge, descriptors",
    summary="linear regression of the change on descriptors of the molecule, by line and dose",
    source="Hoerl and Kennard 1970, https://doi.org/10.1080/00401706.1970.10488634",
    encoder="descriptors",
)
NAME = "ridge_descriptors"


def predict(
    seen: Seen,
    wanted: pd.DataFrame,
    rng: np.random.Generator,
    *,
    encoder: Annotated[str, Option("vectors that the change is regressed on")] = METHOD.encoder,
    penalty: Annotated[
        float, Option("ridge penalty over the mean square of a vector; 0: chosen", ge=0)
    ] = 0.0,
) -> Predicted:
    """Predict the mean of the training drugs, and what descriptors say of the difference from it.

    Descriptors are standardised on training drugs; of a molecule without any, all are the mean.
    """
    vectors = vectors_of(NAME, seen, encoder)
    drugs = seen.conditions["drug"][~seen.conditions["control"].astype(bool)].unique()
    training = vectors.to_numpy()[in_table(NAME, vectors, drugs)]
    scaled = Scaler.fit(training).apply(vectors.to_numpy()).astype(float)
    kernel = pd.DataFrame(scaled @ scaled.T, vectors.index, vectors.index)
    return predict_by_kernel(NAME, seen, wanted, kernel, penalty, rng)
