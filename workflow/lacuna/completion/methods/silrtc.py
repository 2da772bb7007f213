"""SiLRTC, simple low-rank tensor completion (Liu et al. 2013, algorithm 1).

IEEE TPAMI 35:208, https://doi.org/10.1109/TPAMI.2012.39, with the parameters that Hodos et al. 2018
ran it with for their figure S1. Their tolerance is never reached: 500 iterations stop it early.

    minimise the sum over modes of a_i ||M_i||_* + b / 2 |X's unfolding i - M_i|^2
    such that  X = y where observed

Assumptions
-----------
As FaLRTC: drugs, cells and genes each vary along few directions.

When it fails
-------------
It converges slowly; what it predicts depends on when it is stopped. Where few pairs are measured.
Where the drug or the cell has no profile, a mean stands instead. The whole grid is held in memory
several times.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Method, Option
from lacuna.completion.interface import Predict, SideInformation
from lacuna.completion.shared.dense import (
    CELL,
    DRUG,
    GENE,
    ObservedTensor,
    blocks,
    shrink,
    square,
)
from lacuna.completion.shared.trace_norms import (
    CellWeight,
    DrugWeight,
    GeneWeight,
    complete_in_span,
)
from lacuna.runtime.device import Array
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="SiLRTC",
    summary="low-rank tensor completion by block coordinate descent",
    source="Liu et al. 2013, https://doi.org/10.1109/TPAMI.2012.39, as run by Hodos et al. 2018",
    needs=(OTHER_CELLS,),
    grids=4,
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    drug_weight: DrugWeight = 1.0,
    gene_weight: GeneWeight = 0.001,
    cell_weight: CellWeight = 1.0,
    penalty: Annotated[
        float, Option("on low-rank unfoldings that differ from the tensor", gt=0)
    ] = 32.0,
    max_iterations: Annotated[
        int, Option("stop after so many iterations; this regularises", ge=1)
    ] = 500,
    tolerance: Annotated[
        float, Option("stop when the Frobenius norm of a change is below this")
    ] = 1e-10,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor such that its three unfoldings have low rank.

    The weights are those of the trace norms, before scaling to sum 1. Where the drug or the cell
    has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    weights = np.array([drug_weight, gene_weight, cell_weight])
    return complete_in_span(
        "silrtc",
        lambda tensor: silrtc(tensor, weights, penalty, max_iterations, tolerance),
        observed,
        grids=METHOD.grids,
        max_iterations=max_iterations,
        device=device,
    )


def silrtc(
    tensor: ObservedTensor,
    weights: np.ndarray,
    penalty: float,
    max_iterations: int,
    tolerance: float,
) -> Iterator[tuple[Array, float]]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    With weights a of sum 1 and penalty b, unknown profiles become the mean over modes of
    shrink(X, a / b), X the tensor.

    Parameters
    ----------
    tensor
        The observed profiles.
    weights : array of shape (3,)
        Of the drug, gene and cell mode, before scaling.
    penalty
        b, the same for all modes.
    max_iterations, tolerance
        The stopping rule, see `complete`.

    Yields
    ------
    x : float32 array of shape (drugs, cells, genes)
        The tensor, overwritten by the next iteration.
    change : float
        Frobenius norm of the change that the iteration made.
    """
    xp = tensor.device.xp
    x, unknown = tensor.fill_in(), tensor.unknown_mask()
    thresholds = weights / weights.sum() / penalty
    for _ in range(max_iterations):
        total = xp.zeros_like(x)
        for mode, threshold in zip((DRUG, GENE, CELL), thresholds, strict=True):
            total += shrink(x, mode, threshold, xp)
        squares = 0.0
        for rows in blocks(x):
            step = (total[rows] / len(weights) - x[rows]) * unknown[rows]
            squares += square(step)
            x[rows] += step
        yield x, squares**0.5
        if squares**0.5 < tolerance:
            return
