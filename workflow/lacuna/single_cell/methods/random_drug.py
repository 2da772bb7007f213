"""Some training drug, drawn: what a drug of its own scores that has nothing to do with the one."""

import numpy as np
import pandas as pd

from lacuna.single_cell.card import Method
from lacuna.single_cell.interface import Predicted, Seen
from lacuna.single_cell.methods.shared import predict_weighed

METHOD = Method(
    label="Random drug",
    summary="what a training drug drawn at random does in the line at the dose",
    control=True,
)


def predict(seen: Seen, wanted: pd.DataFrame, rng: np.random.Generator) -> Predicted:
    """Predict the profile of another drug; each drug has one, the first of an order of its own.

    Where that one was not measured, it is the next in the order; the drug itself is left out where
    another was measured.
    """
    drugs = np.unique(seen.conditions["drug"].to_numpy(object))
    order = {
        drug: pd.Series(rng.permutation(len(drugs)), drugs)
        for drug in np.unique(wanted["drug"].to_numpy(object))
    }

    def drawn(known: np.ndarray, wanted_drugs: np.ndarray) -> np.ndarray:
        weights = np.zeros((len(wanted_drugs), len(known)))
        for row, drug in enumerate(wanted_drugs):
            rank = order[drug][known].to_numpy() + len(drugs) * (known == drug)
            weights[row, rank.argmin()] = 1
        return weights

    return predict_weighed("random_drug", seen, wanted, drawn, convex=True)
