"""HaLRTC, high-accuracy low-rank tensor completion (Liu et al. 2013, algorithm 4).

IEEE TPAMI 35:208, https://doi.org/10.1109/TPAMI.2012.39, with the parameters that Hodos et al. 2018
ran it with for their figure S1. Their tolerance stops it before it converges, which regularises.

    minimise the sum over modes of a_i ||X's unfolding i||_*  such that  X = y where observed

Assumptions
-----------
As FaLRTC: drugs, cells and genes each vary along few directions.

When it fails
-------------
Where few pairs are measured, and where profiles are noisy: a converged solution fits the noise,
which is why it is stopped early. Where the drug or the cell has no profile, a mean stands instead.
The whole grid is held in memory several times.
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
    label="HaLRTC",
    summary="low-rank tensor completion by the alternating direction method of multipliers",
    source="Liu et al. 2013, https://doi.org/10.1109/TPAMI.2012.39, as run by Hodos et al. 2018",
    needs=(OTHER_CELLS,),
    grids=6,
)
GROWTH = 1.05  # of the penalty, before each iteration


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
        float,
        Option(f"on unfoldings that differ from the tensor; it grows {GROWTH}-fold a step", gt=0),
    ] = 1.0,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 500,
    tolerance: Annotated[
        float,
        Option("stop when the Frobenius norm of a change is below this; regularises, too"),
    ] = 0.05,
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
        "halrtc",
        lambda tensor: halrtc(tensor, weights, penalty, max_iterations, tolerance),
        observed,
        grids=METHOD.grids,
        max_iterations=max_iterations,
        device=device,
    )


def halrtc(
    tensor: ObservedTensor,
    weights: np.ndarray,
    penalty: float,
    max_iterations: int,
    tolerance: float,
) -> Iterator[tuple[Array, float]]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    With penalty b, thresholds a / b and X the tensor, each mode has a low-rank copy L and
    multipliers M (Y of the paper with the other sign); an iteration is

        L = shrink(X - M / b, a / b),  X = mean of L + M / b where unknown,  M = M + b (L - X).

    Parameters
    ----------
    tensor
        The observed profiles.
    weights : array of shape (3,)
        Of the drug, gene and cell mode, before scaling.
    penalty
        b before the first iteration.
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
    multipliers = [xp.zeros_like(x) for _ in weights]
    for _ in range(max_iterations):
        penalty *= GROWTH
        for mode, share in zip((DRUG, GENE, CELL), weights / weights.sum(), strict=True):
            low_rank = shrink(x - multipliers[mode] / penalty, mode, share / penalty, xp)
            low_rank *= penalty
            multipliers[mode] += low_rank  # M + b L, of which the mean over b is the new x
        squares = 0.0
        for rows in blocks(x):
            step = sum(both[rows] for both in multipliers) / (len(weights) * penalty) - x[rows]
            step *= unknown[rows]
            squares += square(step)
            x[rows] += step
            for both in multipliers:
                both[rows] -= penalty * x[rows]
        yield x, squares**0.5
        if squares**0.5 < tolerance:
            return
