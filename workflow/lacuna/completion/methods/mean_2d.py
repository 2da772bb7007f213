"""2D-Mean: between the drug's mean and the cell's mean (Hodos et al. 2018, section 2.5).

    x_dc = w mean over drugs e of x_ec + (1 - w) mean over cells e of x_de,   w = 1/2

Assumptions
-----------
A drug does about the same in every cell, and all drugs do something in common in a cell, as plates
and stress do. Averaging the two halves the noise of either.

When it fails
-------------
It predicts no interaction of drug and cell, and counts what is common to all profiles twice. A drug
without profiles gets the cell's mean.
"""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option, Simple
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="2D-Mean",
    summary="half the drug's mean over its other cells, half the cell's over its other drugs",
    source="Hodos et al. 2018, section 2.5, https://doi.org/10.1142/9789813235533_0004",
    quick=True,
    needs=(OTHER_CELLS,),
    simple=Simple("half the drug's mean, half the cell's", "the cell's mean", "the drug's mean"),
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    cell_weight: Annotated[
        float, Option("share of the cell's mean; the rest is the drug's", ge=0, le=1)
    ] = 0.5,
) -> Predict:
    """Predict cell_weight x the cell's mean + (1 - cell_weight) x the drug's mean.

    Where only one of the two was measured, it is taken whole (the paper leaves this undefined).
    """
    by_drug, cells_of_drug = observed.mean_by_drug()
    by_cell, drugs_of_cell = observed.mean_by_cell()

    def predict(pairs: np.ndarray) -> Completion:
        drug, cell = pairs.T
        no_drug, no_cell = cells_of_drug[drug] == 0, drugs_of_cell[cell] == 0
        weight = np.select([no_drug, no_cell], [1.0, 0.0], cell_weight)[:, None]
        profiles = weight * by_cell[cell] + (1 - weight) * by_drug[drug]
        return Completion(profiles.astype(np.float32), no_drug | no_cell)

    return predict
