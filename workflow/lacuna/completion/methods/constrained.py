"""Constrained, low trace norms of all unfoldings (Tomioka, Hayashi, Kashima 2010, arXiv:1010.0789).

https://doi.org/10.48550/arXiv.1010.0789, their "constraint" by the alternating direction method of
multipliers (ADMM), as Hodos et al. 2018 ran it for their figure S1: without noise (lambda 0), so
that X keeps the observed profiles y, and with equal weights of drugs, genes and cells,

    minimise the sum over modes of ||X's unfolding||  such that  X = y where observed.

The objective is that of HaLRTC and SiLRTC but for their weights; penalty and tolerance are the
authors'.

Assumptions
-----------
All three unfoldings of the tensor have low rank at once, those of drugs, genes and cells alike.
Measured profiles have no noise.

When it fails
-------------
The genes' unfolding weighs as much as the others here, although whole columns of it are unknown:
this pulls unknown profiles towards 0. Noisy profiles are kept as they are. Where the drug or the
cell has no profile, a mean stands instead. The whole grid is held in memory several times.
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
from lacuna.completion.shared.trace_norms import complete_in_span
from lacuna.runtime.device import Array
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Constrained",
    summary="the tensor of the lowest trace norms of its three unfoldings, equally weighed",
    source="Tomioka et al. 2010, https://doi.org/10.48550/arXiv.1010.0789, as run by Hodos et al. "
    "2018",
    needs=(OTHER_CELLS,),
    grids=7,
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    penalty: Annotated[
        float, Option("on low-rank unfoldings that differ from the tensor", gt=0)
    ] = 32.0,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 1000,
    tolerance: Annotated[
        float,
        Option(
            "stop when the tensor differs by less than this from each low-rank unfolding, and the "
            "multipliers of unknown entries add up to less"
        ),
    ] = 0.05,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor such that its three unfoldings have low rank.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    return complete_in_span(
        "constrained",
        lambda tensor: constrained(tensor, penalty, max_iterations, tolerance),
        observed,
        grids=METHOD.grids,
        max_iterations=max_iterations,
        device=device,
    )


def constrained(
    tensor: ObservedTensor, penalty: float, max_iterations: int, tolerance: float
) -> Iterator[tuple[Array, float]]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    With penalty b and X the tensor, each mode has a low-rank copy Z and multipliers M, both from 0;
    an iteration is

        X = mean of Z - M / b where unknown,  Z = shrink(X + M / b, 1 / b),  M = M + b (X - Z).

    Parameters
    ----------
    tensor
        The observed profiles.
    penalty
        b.
    max_iterations, tolerance
        The stopping rule, see `prepare`.

    Yields
    ------
    x : float32 array of shape (drugs, cells, genes)
        The tensor, overwritten by the next iteration.
    residual : float
        The largest of the Frobenius norms of X - Z of a mode, and of the sum of M where unknown.
    """
    xp = tensor.device.xp
    x, unknown = tensor.fill_in(), tensor.unknown_mask()
    total = xp.zeros_like(x)  # of Z - M / b
    multipliers = {mode: xp.zeros_like(x) for mode in (DRUG, GENE, CELL)}
    for _ in range(max_iterations):
        for rows in blocks(x):
            x[rows] += (total[rows] / len(multipliers) - x[rows]) * unknown[rows]
        total[:] = 0
        residual = 0.0
        for mode, multiplier in multipliers.items():
            low_rank = shrink(x + multiplier / penalty, mode, 1 / penalty, xp)
            squares = 0.0
            for rows in blocks(x):
                difference = x[rows] - low_rank[rows]
                squares += square(difference)
                multiplier[rows] += penalty * difference
                total[rows] += low_rank[rows] - multiplier[rows] / penalty
            residual = max(residual, squares**0.5)
        left = sum(
            square(sum(each[rows] for each in multipliers.values()) * unknown[rows])
            for rows in blocks(x)
        )
        residual = max(residual, left**0.5)
        yield x, residual
        if residual < tolerance:
            return
