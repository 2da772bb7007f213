"""1D-Mean: the drug's mean over the other cells (Hodos et al. 2018, section 2.5).

    x_dc = mean over the cells e in which d was measured of x_de

Assumptions
-----------
A drug does the same in every cell.

When it fails
-------------
Where cells answer differently; of a drug with one profile it repeats that, noise and all. It scores
0 where the drug's mean is removed. A drug without profiles gets the cell's mean.
"""

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Simple
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="1D-Mean",
    summary="the drug's mean over its other cells",
    source="Hodos et al. 2018, section 2.5, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
    simple=Simple("the drug's mean", "the cell's mean", "the drug's mean"),
)


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Predict:
    """Predict the mean of the drug's measured profiles.

    A drug without any falls back on the mean of the cell.
    """
    by_drug, cells_of_drug = observed.mean_by_drug()
    by_cell, _ = observed.mean_by_cell()

    def predict(pairs: np.ndarray) -> Completion:
        drug, cell = pairs.T
        fallback = cells_of_drug[drug] == 0
        profiles = np.where(fallback[:, None], by_cell[cell], by_drug[drug])
        return Completion(profiles.astype(np.float32), fallback)

    return predict
