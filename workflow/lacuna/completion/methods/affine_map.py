"""An affine map for each gene, from cell to cell: y = a x + b.

For each ordered pair of cells, the drugs measured in both give a and b of each gene, by ordinary
least squares; a drug's profiles in several cells give several predictions, which are averaged. It
cannot mix genes: what it lacks next to `ridge_map` is what other genes say.

    y_g = mean(y_g) + a_g (x_g - mean(x_g)),   a_g by ordinary least squares over shared drugs

Assumptions
-----------
Each gene answers in one cell as a straight line of its own answer in the other, whatever the drug.
Two cells share at least five drugs in training.

When it fails
-------------
Where few drugs are shared, slopes are noise, and nothing shrinks them. Where a gene's answer is
told by other genes rather than by itself. A drug in no other cell falls back on another method.
"""

from pathlib import Path

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Fallback, Method
from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells, map_by_pair
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Affine map",
    summary="as the ridge map, but each gene from itself alone, by a straight line",
    needs=(OTHER_CELLS,),
    by_cell=True,  # a map is learnt anew whenever it is used
)


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: Fallback = "mean_2d",
) -> FromOtherCells:
    """Learn the maps."""
    return map_by_pair(observed, regress, fallback)


def regress(before: np.ndarray, after: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """Learn a map and apply it; as `lacuna.completion.methods.ridge_map.regress`, gene by gene."""
    before, after = before.astype(float), after.astype(float)
    mean_before, mean_after = before.mean(axis=0), after.mean(axis=0)
    squares = ((before - mean_before) ** 2).sum(axis=0)
    products = ((before - mean_before) * (after - mean_after)).sum(axis=0)
    # Where a gene never varies, its mean in the second cell is predicted.
    slope = np.divide(products, squares, out=np.zeros_like(squares), where=squares > 0)
    return mean_after + slope * (profiles - mean_before)
