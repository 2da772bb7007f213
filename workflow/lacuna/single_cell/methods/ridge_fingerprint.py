"""Kernel ridge regression of what a drug does, by the similarity of fingerprints."""

from typing import Annotated

import numpy as np
import pandas as pd

from lacuna.completion.card import Option
from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import predict_by_kernel, tanimoto, vectors_of

METHOD = Method(
    label="Ridge, fingerprint",
    summary="regression of the change by the Tanimoto similarity of molecules, by line and dose",
    source="Ralaivola et al. 2005, https://doi.org/10.1016/j.neunet.2005.07.009",
    encoder="morgan",
)
NAME = "ridge_fingerprint"


def predict(
    seen: Seen,
    wanted: pd.DataFrame,
    rng: np.random.Generator,
    *,
    encoder: Annotated[str, Option("fingerprint that structures are compared by")] = METHOD.encoder,
    penalty: Annotated[
        float, Option("ridge penalty over the mean variance of the kernel; 0: chosen", ge=0)
    ] = 0.0,
) -> Predicted:
    """Predict the mean of the training drugs, and what similar ones do beyond it."""
    kernel = tanimoto(NAME, vectors_of(NAME, seen, encoder))
    return predict_by_kernel(NAME, seen, wanted, kernel, penalty, rng)
