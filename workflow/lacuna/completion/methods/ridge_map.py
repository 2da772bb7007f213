"""Ridge regression from cell to cell: each gene in one cell from all genes in another.

For each ordered pair of cells, the drugs measured in both teach a linear map of whole profiles; a
drug's profiles in several cells give several predictions, which are averaged. It is the plain
linear answer to what networks are trained for, and so the measure of what they add.

    y = mean(y) + B (x - mean(x)),   minimise |Y - B X|^2 + penalty |B|^2 over shared drugs

Assumptions
-----------
One linear map takes any drug's profile in one cell to that in another. Two cells share at least
five drugs in training.

When it fails
-------------
With few shared drugs the penalty leaves little but the cell's mean. Maps are learnt for every pair
of cells by themselves: many cells do not help each other. A drug in no other cell falls back on
another method.
"""

from pathlib import Path

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Fallback, Method
from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells, map_by_pair
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Ridge map",
    summary=(
        "from the drug's profiles in other cells: a ridge regression of all genes on all genes for "
        "each pair of cells; averaged"
    ),
    source="ridge regression: Hoerl and Kennard 1970, https://doi.org/10.2307/1267351",
    needs=(OTHER_CELLS,),
    by_cell=True,  # a map is learnt anew whenever it is used
)
# Profiles are of unit length, so that these reach from hardly any penalty to the mean alone.
PENALTIES = np.logspace(-2, 3, 6)


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: Fallback = "mean_2d",
) -> FromOtherCells:
    """Learn ridge regressions, each with the penalty that is best when one drug is left out."""
    return map_by_pair(observed, regress, fallback)


def regress(before: np.ndarray, after: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """Learn a map and apply it.

    Parameters
    ----------
    before, after : arrays of shape (drugs, genes)
        Profiles of the same drugs in two cells.
    profiles : array of shape (n, genes)
        More of the first cell.

    Returns
    -------
    float array of shape (n, genes)
        What they would be in the second cell.
    """
    from sklearn.linear_model import RidgeCV  # takes a second, which reading the card must not

    before, after = before.astype(float), after.astype(float)
    predicted = RidgeCV(alphas=PENALTIES).fit(before, after).predict(profiles)
    return predicted.reshape(profiles.shape)  # of a single gene, scikit-learn drops the axis
