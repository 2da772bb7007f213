"""DNPP, the Drug Neighbour Profile Prediction (Hodos et al. 2018, section 2.3)."""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.neighbours import Neighbours
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="DNPP",
    summary="the cell's profiles of the most similar drugs, weighted by similarity",
    source="Hodos et al. 2018, section 2.3, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many similar drugs are averaged", ge=1)] = 10,
) -> Predict:
    """Predict the mean of the nearest drugs measured in the cell, weighted by similarity.

    Where no drug of the cell resembles the wanted one, the cell's mean stands instead.
    """
    by_drugs = Neighbours(observed, neighbours)
    return lambda pairs: Completion(*by_drugs.predict(pairs))
