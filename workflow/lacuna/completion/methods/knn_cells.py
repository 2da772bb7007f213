"""KNN over cells, which is DNPP with drugs and cells exchanged (the code of Hodos et al. 2018).

    x_dc = sum over the nearest cells e of s_ce x_de / sum of s_ce

Assumptions
-----------
Cells that answer alike to the drugs measured in both answer alike to the others.

When it fails
-------------
With few cells, or drugs measured in few of them, there are no neighbours to choose from: it is the
drug's mean. A drug without profiles gets the cell's mean.
"""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.dense import replace_cold_starts
from lacuna.completion.shared.neighbours import Neighbours, exchange_axes
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="KNN, cells",
    summary="the drug's profiles in the most similar cells, weighted by similarity",
    source="the code of Hodos et al. 2018, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many similar cells are averaged", ge=1)] = 10,
) -> Predict:
    """Predict the mean of the drug in the nearest cells, weighted by similarity.

    Two cells are as similar as their profiles of the same drugs correlate, on average; negative
    similarities count as 0. Where no cell of the drug resembles the wanted one, the drug's mean
    stands instead; where the drug has no profile, the cell's.
    """
    by_cells = Neighbours(exchange_axes(observed), neighbours)

    def predict(pairs: np.ndarray) -> Completion:
        profiles, fallback = by_cells.predict(pairs[:, ::-1])
        profiles, _ = replace_cold_starts(observed, profiles, pairs)  # all of them are fallbacks
        return Completion(profiles, fallback)

    return predict
