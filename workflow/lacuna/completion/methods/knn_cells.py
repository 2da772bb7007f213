"""KNN over cells, which is DNPP with drugs and cells exchanged (the code of Hodos et al. 2018)."""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.shared.dense import replace_cold_starts
from lacuna.completion.shared.neighbours import exchange_axes, predict_from_neighbours
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="KNN, cells",
    summary="the drug's profiles in the most similar cells, weighted by similarity",
    source="the code of Hodos et al. 2018, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
)


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[int, Option("how many similar cells are averaged", ge=1)] = 10,
) -> Completion:
    """Predict the mean of the drug in the nearest cells, weighted by similarity.

    Two cells are as similar as their profiles of the same drugs correlate, on average; negative
    similarities count as 0. Where no cell of the drug resembles the wanted one, the drug's mean
    stands instead; where the drug has no profile, the cell's.
    """
    exchanged = exchange_axes(observed)
    profiles, fallback = predict_from_neighbours(exchanged, wanted[:, ::-1], neighbours)
    profiles, _ = replace_cold_starts(observed, profiles, wanted)  # all of them are fallbacks
    return Completion(profiles, fallback)
