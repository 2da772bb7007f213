"""Mixture, a sum of three low-rank tensors (Tomioka, Hayashi, Kashima 2010, arXiv:1010.0789).

https://doi.org/10.48550/arXiv.1010.0789, their "mixture" by the alternating direction method of
multipliers (ADMM) on the dual, as Hodos et al. 2018 had it beside the completers of their figure
S1, with their penalty and tolerance: without noise (lambda 0) and with equal weights. One tensor Z
a mode, of which its own unfolding alone has low rank,

    minimise the sum over modes of ||Z's unfolding||  such that  the sum of Z = y where observed.

Assumptions
-----------
The tensor is a sum of three, each of low rank along one of its modes. Measured profiles have no
noise.

When it fails
-------------
The part of the genes' mode says nothing of unknown profiles, so that it fits what the others should
explain. Where few pairs are measured. Where the drug or the cell has no profile, a mean stands
instead. The whole grid is held in memory several times.
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
    distance,
    shrink,
    square,
)
from lacuna.completion.shared.trace_norms import complete_in_span
from lacuna.runtime.device import Array
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Mixture",
    summary="the sum of three tensors, each of low rank in one of its unfoldings",
    source="Tomioka et al. 2010, https://doi.org/10.48550/arXiv.1010.0789, as set by Hodos et al. "
    "2018",
    needs=(OTHER_CELLS,),
    grids=6,
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    penalty: Annotated[
        float, Option("of the dual problem; what singular values lose in an iteration", gt=0)
    ] = 0.1,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 1000,
    tolerance: Annotated[
        float,
        Option(
            "stop when both the misfit and the change of each tensor over the penalty are below "
            "this"
        ),
    ] = 1e-5,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor with a sum of three, one of low rank in each mode.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    return complete_in_span(
        "mixture",
        lambda tensor: mixture(tensor, penalty, max_iterations, tolerance),
        observed,
        grids=METHOD.grids,
        max_iterations=max_iterations,
        device=device,
    )


def mixture(
    tensor: ObservedTensor, penalty: float, max_iterations: int, tolerance: float
) -> Iterator[tuple[Array, float]]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    With penalty b, y the observed profiles and A the dual variables, which are y at first and 0
    where unknown, each mode has a tensor Z from 0 and a copy W of A; an iteration is

        Z' = shrink(Z + b A, b),  W = A + (Z - Z') / b,  A = (y - sum of Z' + b sum of W) / 3 b,

    the last one where observed. Put in, W leaves A + (y - sum of 2 Z' + sum of Z) / 3 b.

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
        The sum of Z.
    residual : float
        The largest of the Frobenius norms of y - sum of Z, and of A - W of a mode, which is
        (Z' - Z) / b.
    """
    xp = tensor.device.xp
    at = (tensor.drug, tensor.cell)
    y = tensor.device.put(tensor.profiles)
    dual = y
    parts = [xp.zeros_like(tensor.fill_in()) for _ in (DRUG, GENE, CELL)]
    for _ in range(max_iterations):
        misfit, before, residual = y, xp.zeros_like(y), 0.0
        for mode in (DRUG, GENE, CELL):
            part = parts[mode]
            old = part[at]
            part[at] = old + penalty * dual
            shrunk = shrink(part, mode, penalty, xp)
            part[at] = old
            residual = max(residual, distance(shrunk, part) / penalty)
            parts[mode] = shrunk
            misfit = misfit - shrunk[at]
            before += old
        residual = max(residual, square(misfit) ** 0.5)
        dual = dual + (2 * misfit - y + before) / (len(parts) * penalty)
        x = parts[DRUG] + parts[GENE]
        x += parts[CELL]
        yield x, residual
        if residual < tolerance:
            return
