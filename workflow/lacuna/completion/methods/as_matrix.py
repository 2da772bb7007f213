"""AsMatrix, a tensor completed as matrices (Tomioka, Hayashi, Kashima 2010, arXiv:1010.0789).

https://doi.org/10.48550/arXiv.1010.0789, their "tensor as a matrix" by the alternating direction
method of multipliers (ADMM) without noise, as Hodos et al. 2018 ran it for their figure S1: each
unfolding Z alone, of the lowest trace norm ||Z|| among those that hold the observed profiles y,

    minimise ||Z||  such that  Z = y where observed,

then the mean of the drugs' and of the cells'. Penalty and tolerance are theirs, and so are the
weights of drugs, genes and cells in that mean, 1, 0 and 1: whole columns of the genes' unfolding
are unknown, and its trace norm is lowest where they are 0.

Assumptions
-----------
Profiles of all drugs lie near few directions once the cells stand side by side, and so do those of
all cells once the drugs do. Measured profiles have no noise: they are kept as they are.

When it fails
-------------
Where measured profiles are noisy or very few: what is interpolated is noise. Where the drug or the
cell has no profile; a mean stands instead. The whole grid is held in memory several times.
"""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Method, Option
from lacuna.completion.interface import Predict, SideInformation
from lacuna.completion.shared.dense import (
    CELL,
    DRUG,
    ObservedTensor,
    distance,
    last_of,
    require_memory,
    shrink,
    square,
)
from lacuna.runtime.device import Array, find_device
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="AsMatrix",
    summary="low-rank completion of the drugs' and of the cells' unfolding, each alone; averaged",
    source="Tomioka et al. 2010, https://doi.org/10.48550/arXiv.1010.0789, as run by Hodos et al. "
    "2018",
    needs=(OTHER_CELLS,),
    grids=4,
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    penalty: Annotated[
        float, Option("on low-rank unfoldings that differ from the observed profiles", gt=0)
    ] = 32.0,
    max_iterations: Annotated[
        int, Option("stop after so many iterations of an unfolding", ge=1)
    ] = 2000,
    tolerance: Annotated[
        float,
        Option("stop when both the misfit and the penalty times the last change are below this"),
    ] = 0.05,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor with the mean of two low-rank matrices.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    where = find_device(device)
    require_memory("as_matrix", observed, METHOD.grids, where)
    tensor = ObservedTensor.in_span(observed, where)
    drugs, cells = (
        _solve(tensor, name, mode, penalty, max_iterations, tolerance)
        for name, mode in (("drugs", DRUG), ("cells", CELL))
    )
    drugs += cells
    drugs /= 2
    return lambda pairs: tensor.predictions(drugs, observed, pairs)


def _solve(
    tensor: ObservedTensor,
    name: str,
    mode: int,
    penalty: float,
    max_iterations: int,
    tolerance: float,
) -> Array:
    steps = complete_matrix(tensor, mode, penalty, max_iterations, tolerance)
    number, (low_rank, residual) = last_of(enumerate(steps, 1))
    print(
        f"as_matrix: {number} of at most {max_iterations} iterations on the unfolding of the "
        f"{name}, residual {residual:.3g}"
    )
    return low_rank


def complete_matrix(
    tensor: ObservedTensor, mode: int, penalty: float, max_iterations: int, tolerance: float
) -> Iterator[tuple[Array, float]]:
    """Complete an unfolding, iteration by iteration; the last one holds the answer.

    With penalty b, y the observed profiles, X the matrix that holds them, Z its low-rank copy and M
    the multipliers, all but y from 0, an iteration of the paper is

        X = Z - M / b where unknown,  Z = shrink(X + M / b, 1 / b),  M = M + b (X - Z).

    Where unknown, X + M / b is the Z before. So M is needed where observed alone:

        Z = shrink(Z where unknown and y + M / b where observed, 1 / b),  M = M + b (y - Z).

    Parameters
    ----------
    tensor
        The observed profiles.
    mode
        DRUG, GENE or CELL.
    penalty
        b.
    max_iterations, tolerance
        The stopping rule, see `prepare`.

    Yields
    ------
    z : float32 array of shape (drugs, cells, genes)
        The low-rank copy, overwritten by the next iteration.
    residual : float
        The larger one of the Frobenius norms of y - Z and of b times the change of Z.
    """
    xp = tensor.device.xp
    at = (tensor.drug, tensor.cell)
    y = tensor.device.put(tensor.profiles)
    multipliers = xp.zeros_like(y)
    z = xp.zeros_like(tensor.fill_in())
    for _ in range(max_iterations):
        before = z[at]
        z[at] = y + multipliers / penalty
        shrunk = shrink(z, mode, 1 / penalty, xp)
        z[at] = before
        change, z = distance(shrunk, z), shrunk
        misfit = y - z[at]
        multipliers += penalty * misfit
        residual = max(square(misfit) ** 0.5, penalty * change)
        yield z, residual
        if residual < tolerance:
            return
