"""DNPP, the Drug Neighbour Profile Prediction (Hodos et al. 2018, section 2.3).

    x_dc = sum over the nearest e of s_de x_ec / sum of s_de

where the similarity s_de is the mean, over the cells in which both drugs were measured, of the
correlation of their profiles; negative ones count as 0.

Assumptions
-----------
Drugs that act alike where both were measured act alike elsewhere. Some of the nearest drugs were
measured in the wanted cell.

When it fails
-------------
Where drugs share few cells, similarities are noise. With few profiles it falls behind plain means.
A drug without profiles has no neighbours and gets the cell's mean, which is counted.
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Fitted, SideInformation
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
) -> Fitted:
    """Predict the mean of the nearest drugs measured in the cell, weighted by similarity.

    Where no drug of the cell resembles the wanted one, the cell's mean stands instead.
    """
    return restore(observed, side, {"neighbours": np.array([neighbours])})


def restore(observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]) -> Fitted:
    """Predict as before: nothing is learnt but what the profiles themselves say."""
    by_drugs = Neighbours(observed, int(state["neighbours"][0]))
    return Fitted(lambda pairs: Completion(*by_drugs.predict(pairs)), state)
