"""An affine map for each gene, from cell to cell: y = a x + b.

For each ordered pair of cells, the drugs measured in both give a and b of each gene, by ordinary
least squares; a drug's profiles in several cells give several predictions, which are averaged. It
cannot mix genes: what it lacks next to `ridge_map` is what other genes say.
"""

from pathlib import Path

import numpy as np

from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells, map_by_pair
from lacuna.tensor.profiles import ProfileSet


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: str = "mean_2d",
) -> FromOtherCells:
    """Learn the maps; parameters as of `lacuna.completion.methods.ridge_map.fit`."""
    return map_by_pair(observed, regress, fallback)


def regress(before: np.ndarray, after: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """Learn a map and apply it; as `lacuna.completion.methods.ridge_map.regress`, gene by gene."""
    before, after = before.astype(float), after.astype(float)
    mean, expected = before.mean(axis=0), after.mean(axis=0)
    spread = ((before - mean) ** 2).sum(axis=0)
    together = ((before - mean) * (after - expected)).sum(axis=0)
    # A gene that never differs says nothing: its mean stands.
    slope = np.divide(together, spread, out=np.zeros_like(spread), where=spread > 0)
    return expected + slope * (profiles - mean)
