"""Tucker completion by TensorLy: what one would pick today beside what the paper compared.

Kossaifi et al. 2019, JMLR 20(26):1, https://jmlr.org/papers/v20/18-277.html: higher-order
orthogonal iteration, unknown entries replaced by the model's before each one.

    x_dcg = sum over p, q, r of G_pqr a_dp b_cq c_gr

Assumptions
-----------
Drugs, cells and genes each vary along few directions, which act on each other through a small core.
The ranks are known.

When it fails
-------------
Unknown entries start from 0 and are pulled there where few pairs are measured. Nothing shrinks
factors. Where the drug or the cell has no profile, a mean stands instead. The whole grid is held in
memory in double precision.
"""

import math
from typing import Annotated, Any

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.dense import (
    CELL,
    DRUG,
    GENE,
    leading_vectors,
    multiply,
    predict_zeros,
    replace_cold_starts,
    zeros_and_mask,
)
from lacuna.completion.shared.extras import import_extra
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Tucker",
    summary="a small core tensor, multiplied by factors of drugs, cells and genes",
    source="Kossaifi et al. 2019 (TensorLy), https://jmlr.org/papers/v20/18-277.html",
    package="tensorly",
    needs=(OTHER_CELLS,),
    grids=10,  # 5 in float64
)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    drug_rank: Annotated[int, Option("number of the drugs' factors", ge=1)] = 20,
    gene_rank: Annotated[int, Option("number of the genes' factors", ge=1)] = 20,
    cell_rank: Annotated[int, Option("number of the cells' factors", ge=1)] = 5,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 100,
    tolerance: Annotated[
        float, Option("stop when the relative error changes by less", gt=0)
    ] = 1e-4,
) -> Predict:
    """Fill the tensor with a core multiplied by factors.

    A rank is at most the size of its axis, and the product of the two others. Where the drug or the
    cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If TensorLy is not installed, or memory cannot hold the tensor.
    """
    decomposition = import_extra("tensorly", "tensorly.decomposition", "tucker")
    x, known = zeros_and_mask("tucker", observed, METHOD.grids)
    if not x.any():
        return predict_zeros(observed)
    ranks = _possible((drug_rank, cell_rank, gene_rank), x.shape)
    modes = (DRUG, CELL, GENE)
    factors = [leading_vectors(x, mode, rank, np) for mode, rank in zip(modes, ranks, strict=True)]
    core: Any = x
    for mode, factor in zip(modes, factors, strict=True):
        core = multiply(factor.T, core, mode)
    core, (drugs, cells, genes) = decomposition.tucker(
        x,
        ranks,
        mask=known,
        init=(core, factors),
        n_iter_max=max_iterations,
        tol=tolerance,
    )

    def predict(pairs: np.ndarray) -> Completion:
        drug, cell = pairs.T
        parts = (drugs[drug], cells[cell], core)
        predicted = np.einsum("nd,nc,dcg->ng", *parts, optimize=True) @ genes.T
        return Completion(*replace_cold_starts(observed, predicted.astype(np.float32), pairs))

    return predict


def _possible(ranks: tuple[int, ...], shape: tuple[int, ...]) -> list[int]:
    """Return the ranks that a core can have: none exceeds its axis or the others' product."""
    possible = [min(rank, size) for rank, size in zip(ranks, shape, strict=True)]
    for axis, rank in enumerate(possible):
        possible[axis] = min(rank, math.prod(possible) // rank)
    return possible
