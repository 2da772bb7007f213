"""Soft-Impute on the drugs' unfolding (Mazumder, Hastie, Tibshirani 2010, JMLR 11:2287).

https://jmlr.org/papers/v11/mazumder10a.html. Each drug is a row of a matrix, each gene of each cell
a column. Hodos et al. 2018 completed this matrix, too, with another solver of the trace norm.

    minimise 1/2 |X - Z|^2 where observed + penalty ||Z||_*,   Z drugs x (cells and genes)

Assumptions
-----------
A drug's profiles in all cells, side by side, lie near few directions. One penalty suits them all.

When it fails
-------------
It does not know that cells are alike: each column is a gene of one cell by itself. Where few pairs
are measured. Where the drug or the cell has no profile, a mean stands instead. The whole grid is
held in memory several times.
"""

from typing import Annotated, Any

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Method, Option
from lacuna.completion.interface import Predict, SideInformation
from lacuna.completion.shared.dense import (
    DRUG,
    ObservedTensor,
    blocks,
    inner_products,
    require_memory,
    shrink,
    square,
)
from lacuna.runtime.device import Array, find_device
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Soft-Impute",
    summary="low-rank completion of the matrix drugs x (cells and genes)",
    source="Mazumder et al. 2010, https://jmlr.org/papers/v11/mazumder10a.html",
    needs=(OTHER_CELLS,),
    grids=3,
)
HALVINGS_A_STEP = 1.0  # of the penalty, on the way from the largest singular value
MAX_ITERATIONS = 300  # at each penalty
TOLERANCE = 1e-4  # relative change of the filled matrix, at each penalty


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    penalty: Annotated[
        float,
        Option(
            "what singular values lose, as a share of the largest one of the observed matrix",
            gt=0,
            le=1,
        ),
    ] = 0.1,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the matrix such that it has low rank.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the matrix.
    """
    where = find_device(device)
    require_memory("soft_impute", observed, METHOD.grids, where)
    tensor = ObservedTensor.from_zeros(observed, where)
    filled = soft_impute(tensor, penalty)
    return lambda pairs: tensor.predictions(filled, observed, pairs)


def soft_impute(tensor: ObservedTensor, penalty: float, tolerance: float = TOLERANCE) -> Array:
    """Return the matrix with unknown profiles filled in, as (drugs, cells, genes).

    Unknown entries become those of the matrix with shrunk singular values, again and again; each
    smaller penalty starts from the answer to the one before.

    Parameters
    ----------
    tensor
        The observed profiles; unknown ones start from 0.
    penalty
        The last one, as a share of the largest singular value at the start.
    tolerance
        Relative change of the filled matrix at which a penalty's iterations end.
    """
    xp = tensor.device.xp
    x, unknown = tensor.fill_in(), tensor.unknown_mask()
    largest = float(xp.linalg.eigvalsh(inner_products(x, x, DRUG, xp))[-1]) ** 0.5
    steps = int(np.ceil(-np.log2(penalty) / HALVINGS_A_STEP))
    for share in np.geomspace(1, penalty, steps + 1)[1:] if steps else [penalty]:
        for _ in range(MAX_ITERATIONS):
            low_rank: Any = shrink(x, DRUG, float(share) * largest, xp)
            change = size = 0.0
            for rows in blocks(x):
                step = (low_rank[rows] - x[rows]) * unknown[rows]
                x[rows] += step
                change += square(step)
                size += square(x[rows])
            if change <= tolerance**2 * size:
                break
    return x
