"""TMac, tensor completion by parallel matrix factorisation (Xu et al. 2015).

Inverse Problems and Imaging 9:601, https://doi.org/10.3934/ipi.2015.9.601, with ranks that grow and
equal weights, as Hodos et al. 2018 ran it for their figure S1. Published, it starts from random
numbers and grows by random directions. Here both are the leading singular vectors, so that the
answer depends neither on chance nor on the order of the drugs.

    minimise the sum over modes of a_i |A_i B_i - X_i|^2  such that  X = y where observed

with X_i the unfolding of mode i and A_i B_i its factors.

Assumptions
-----------
The three unfoldings have low ranks, which grow until they fit.

When it fails
-------------
Ranks grow with what is left of the observed profiles, noise included. Where few pairs are measured.
Where the drug or the cell has no profile, a mean stands instead. The whole grid is held in memory
several times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, ComputeDevice, Method, Option
from lacuna.completion.interface import Predict, SideInformation
from lacuna.completion.shared.dense import (
    CELL,
    DRUG,
    GENE,
    ObservedTensor,
    inner_products,
    last_of,
    leading_vectors,
    multiply,
    require_memory,
)
from lacuna.runtime.device import Array, find_device
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="TMac",
    summary="tensor completion by low-rank factors of its three unfoldings",
    source="Xu et al. 2015, https://doi.org/10.3934/ipi.2015.9.601, as run by Hodos et al. 2018",
    needs=(OTHER_CELLS,),
    grids=4,
)
STALLED = 1e-2  # relative change of a mode's residual, below which its rank grows by 1
PATIENCE = 3  # iterations in a row with next to no change, after which it stops


@dataclass
class Factors:
    """An unfolding's factors: `basis` @ `rest`, the basis orthonormal.

    Attributes
    ----------
    mode : int
    basis : float32 array of shape (size of the mode, rank)
    rest : float32 array like the tensor, with the rank along the mode
    largest_rank : int
    residual : float
        Frobenius norm of what is left of the observed profiles.
    """

    mode: int
    basis: Array
    rest: Array
    largest_rank: int
    residual: float = np.inf


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    drug_rank: Annotated[int, Option("first rank of the drugs' unfolding", ge=1)] = 10,
    gene_rank: Annotated[int, Option("first rank of the genes' unfolding", ge=1)] = 10,
    cell_rank: Annotated[int, Option("first rank of the cells' unfolding", ge=1)] = 3,
    largest_drug_rank: Annotated[int, Option("up to which the drugs' rank grows", ge=1)] = 50,
    largest_gene_rank: Annotated[int, Option("up to which the genes' rank grows", ge=1)] = 30,
    largest_cell_rank: Annotated[int, Option("up to which the cells' rank grows", ge=1)] = 6,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 100,
    tolerance: Annotated[
        float,
        Option(
            f"stop when the residual's relative change was below this {PATIENCE} times in a row"
        ),
    ] = 1e-4,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor with the mean of its unfoldings' low-rank factors.

    A rank is at most half the size of its axis. Where the drug or the cell has no profile, a mean
    stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If memory cannot hold the tensor.
    """
    where = find_device(device)
    require_memory("tmac", observed, METHOD.grids, where)
    tensor = ObservedTensor.from_zeros(observed, where)
    first = (drug_rank, gene_rank, cell_rank)
    largest = (largest_drug_rank, largest_gene_rank, largest_cell_rank)
    steps = tmac(tensor, first, largest, max_iterations, tolerance)
    number, (filled, ranks) = last_of(enumerate(steps, 1))
    print(f"tmac: {number} of at most {max_iterations} iterations, ranks {ranks}")
    return lambda pairs: tensor.predictions(filled, observed, pairs)


def tmac(
    tensor: ObservedTensor,
    first: tuple[int, int, int],
    largest: tuple[int, int, int],
    max_iterations: int,
    tolerance: float,
) -> Iterator[tuple[Array, tuple[int, ...]]]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    In each mode n, with Z the filled tensor, X_n = Z_n Y_n^T is made orthonormal and
    Y_n = X_n^T Z_n; unknown profiles become the mean over modes of X_n Y_n.

    Parameters
    ----------
    tensor
        The observed profiles; unknown ones start from 0.
    first, largest
        The ranks of the drug, gene and cell mode at the start, and those up to which they grow.
    max_iterations, tolerance
        The stopping rule, see `complete`.

    Yields
    ------
    z : float32 array of shape (drugs, cells, genes)
        The filled tensor, overwritten by the next iteration.
    ranks : tuple of int
    """
    xp = tensor.device.xp
    z, known = tensor.fill_in(), tensor.device.put(tensor.profiles)
    size = float(np.linalg.norm(tensor.profiles))
    # A rank close to the size of its axis would hold any tensor, and fill nothing in.
    limits = [max(1, min(most, of // 2)) for most, of in zip(largest, tensor.shape, strict=True)]
    modes = [
        _start(z, mode, min(rank, limit), limit, xp)
        for mode, rank, limit in zip((DRUG, GENE, CELL), first, limits, strict=True)
    ]
    total, stalled = np.inf, 0
    for _ in range(max_iterations):
        mean = xp.zeros_like(z)
        stuck = []
        for factors in modes:
            basis = inner_products(z, factors.rest, factors.mode, xp)
            factors.basis = xp.asarray(xp.linalg.qr(basis)[0], dtype=z.dtype)
            factors.rest = multiply(factors.basis.T, z, factors.mode)
            low_rank = multiply(factors.basis, factors.rest, factors.mode)
            left = low_rank[tensor.drug, tensor.cell] - known
            before, factors.residual = factors.residual, float((left * left).sum()) ** 0.5
            if abs(before - factors.residual) < STALLED * before:
                stuck.append(factors)
            mean += low_rank
        for factors in stuck:
            _grow(factors, z, xp)
        mean /= len(modes)
        mean[tensor.drug, tensor.cell] = known
        z = mean
        yield z, tuple(factors.basis.shape[1] for factors in modes)
        before, total = total, sum(factors.residual**2 for factors in modes)
        stalled = stalled + 1 if abs(total - before) < tolerance * (before + 1) else 0
        mean_residual = sum(factors.residual for factors in modes) / len(modes)
        if stalled >= PATIENCE or mean_residual < tolerance * size:
            return


def _start(z: Array, mode: int, rank: int, largest: int, xp: ModuleType) -> Factors:
    basis = leading_vectors(z, mode, rank, xp)
    return Factors(mode, basis, multiply(basis.T, z, mode), largest)


def _grow(factors: Factors, z: Array, xp: ModuleType) -> None:
    """Add the direction in which most of z is left, if the rank may grow."""
    if factors.basis.shape[1] >= factors.largest_rank:
        return
    basis = xp.asarray(factors.basis, dtype=xp.float64)
    left = inner_products(z, z, factors.mode, xp)
    left = left - basis @ (basis.T @ left)
    left = left - (left @ basis) @ basis.T
    new = xp.asarray(xp.linalg.eigh(left)[1][:, -1:], dtype=z.dtype)
    factors.basis = xp.concatenate([factors.basis, new], 1)
    factors.rest = multiply(factors.basis.T, z, factors.mode)
