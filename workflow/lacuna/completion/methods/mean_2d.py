"""2D-Mean: between the drug's mean and the cell's mean (Hodos et al. 2018, section 2.2)."""

import numpy as np

from lacuna.completion.interface import Completion, SideInformation
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    cell_weight: float = 0.5,
) -> Completion:
    """Predict cell_weight x the cell's mean + (1 - cell_weight) x the drug's mean.

    Where only one of the two was measured, it is taken whole (the paper leaves this undefined).
    """
    if not 0 <= cell_weight <= 1:
        raise LacunaError(
            f"method_options: mean_2d: cell_weight is {cell_weight}, expected 0 to 1."
        )
    by_drug, cells_of_drug = observed.mean_by_drug()
    by_cell, drugs_of_cell = observed.mean_by_cell()
    drug, cell = wanted.T
    no_drug, no_cell = cells_of_drug[drug] == 0, drugs_of_cell[cell] == 0
    weight = np.select([no_drug, no_cell], [1.0, 0.0], cell_weight)[:, None]
    profiles = weight * by_cell[cell] + (1 - weight) * by_drug[drug]
    return Completion(profiles.astype(np.float32), no_drug | no_cell)
