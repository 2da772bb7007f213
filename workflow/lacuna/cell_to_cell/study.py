"""The study of Umarov et al. 2021: a drug's response in one cell from that in another.

Whole drugs are held out in a few cells; the profile of such a drug in one of the cells is predicted
from those in the others (doi:10.1371/journal.pcbi.1009465).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.tensor.profiles import ProfileSet

TRAINING, TEST, OTHER_CELL = "training", "test", "other cell"


@dataclass(frozen=True)
class Study:
    """The profiles, and what each is for.

    Attributes
    ----------
    tensor : ProfileSet
    part : array of str of shape (n,)
        As `divide` returns it.
    """

    tensor: ProfileSet
    part: np.ndarray

    def take(self, part: str) -> ProfileSet:
        """Return the profiles of one part."""
        return self.tensor.take(self.part == part)

    @property
    def inside(self) -> ProfileSet:
        """All profiles in the cells of the study."""
        return self.tensor.take(self.part != OTHER_CELL)


def choose_cells(tensor: ProfileSet, cells: int | Sequence[str]) -> np.ndarray:
    """Return the cells of the study, as indices into the tensor's cells.

    Parameters
    ----------
    tensor
        Its cells go from the best covered to the least.
    cells
        So many of the best covered ones, or their names.

    Raises
    ------
    LacunaError
        If the tensor has fewer cells, or none of a name.
    """
    if isinstance(cells, int):
        if cells > len(tensor.cells):
            raise LacunaError(
                f"cell_to_cell: cells is {cells}, but the tensor has {len(tensor.cells)} cells."
            )
        return np.arange(cells)
    place = {name: number for number, name in enumerate(tensor.cells)}
    for name in cells:
        if name not in place:
            raise LacunaError(
                f"cell_to_cell: cells: the tensor has no cell {name!r}{did_you_mean(name, place)}; "
                f"it has {listed(place, 20)}."
            )
    return np.array([place[name] for name in cells])


def divide(
    tensor: ProfileSet, cells: np.ndarray, test_percent: int, rng: np.random.Generator
) -> np.ndarray:
    """Divide the profiles into those of training drugs and those of test drugs.

    Test drugs are drawn from those with profiles in two or more of the cells: of each of their
    profiles there is another one to predict it from. All other drugs are for training.

    Parameters
    ----------
    tensor
        All observed profiles.
    cells
        The cells of the study.
    test_percent
        Percentage of those drugs to hold out.
    rng
        Draws them.

    Returns
    -------
    array of str of shape (n,)
        TRAINING or TEST; OTHER_CELL for profiles in none of the cells.

    Raises
    ------
    LacunaError
        If there are too few drugs to hold any out.
    """
    paired = np.flatnonzero(tensor.measured[:, cells].sum(axis=1) > 1)
    tests = round(len(paired) * test_percent / 100)
    if not 0 < tests < len(paired):
        raise LacunaError(
            f"cell_to_cell: {len(paired)} drugs have profiles in two or more of the cells "
            f"{listed(tensor.cells[cells])}: too few to hold out {test_percent} % of them. Choose "
            "other cells, or set cell_to_cell: analyses to []."
        )
    is_test = np.isin(tensor.drug, rng.permutation(paired)[:tests])
    part = np.where(is_test, TEST, TRAINING).astype(object)
    part[~np.isin(tensor.cell, cells)] = OTHER_CELL
    return part.astype(str)


def division_table(tensor: ProfileSet, part: np.ndarray) -> pd.DataFrame:
    """Return drug, cell and part of every profile, in the tensor's order."""
    return pd.DataFrame(
        {"drug": tensor.drugs[tensor.drug], "cell": tensor.cells[tensor.cell], "part": part}
    )


def inputs_of(test: ProfileSet, given: ProfileSet) -> np.ndarray:
    """Return how many given profiles, of its drug in other cells, each profile is predicted from.

    Parameters
    ----------
    test, given
        Profiles to predict, and to predict them from, on one grid.

    Returns
    -------
    int array of shape (len(test),)
    """
    return given.counts.sum(axis=1)[test.drug] - given.counts[test.drug, test.cell]
