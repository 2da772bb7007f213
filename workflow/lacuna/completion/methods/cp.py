"""CP (PARAFAC) completion by TensorLy: what one would pick today beside what the paper compared.

Kossaifi et al. 2019, JMLR 20(26):1, https://jmlr.org/papers/v20/18-277.html: alternating least
squares, unknown entries replaced by the model's after each iteration. TensorLy starts from random
numbers where the rank exceeds the number of cells; here it starts from singular vectors, so that
the answer depends neither on chance nor on the order of the drugs.

    x_dcg = sum over r of a_dr b_cr c_gr

Assumptions
-----------
Each component is a program of genes that is turned up or down by a drug's and a cell's factor: the
cells differ in how much they answer, not in how. The rank is known.

When it fails
-------------
Where few profiles a drug are measured, least squares fits noise: nothing but a tiny ridge shrinks
factors. Where the drug or the cell has no profile, a mean
stands instead. The whole grid is held in memory in double precision.
"""

from typing import Annotated

import numpy as np

from lacuna.completion.card import OTHER_CELLS, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.dense import (
    DRUG,
    leading_vectors,
    multiply,
    predict_zeros,
    replace_cold_starts,
    zeros_and_mask,
)
from lacuna.completion.shared.extras import import_extra
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="CP",
    summary="sum of products of a drug, a cell and a gene factor",
    source="Kossaifi et al. 2019 (TensorLy), https://jmlr.org/papers/v20/18-277.html",
    package="tensorly",
    needs=(OTHER_CELLS,),
    grids=12,  # 6 in float64
)
RIDGE = 1e-6  # keeps the least squares solvable where two products become alike


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    rank: Annotated[int, Option("number of products; at most that of the drugs", ge=1)] = 20,
    max_iterations: Annotated[int, Option("stop after so many iterations", ge=1)] = 100,
    tolerance: Annotated[
        float, Option("stop when the relative error changes by less", gt=0)
    ] = 1e-6,
) -> Predict:
    """Fill the tensor with the sum of so many products.

    Where the drug or the cell has no profile, a mean stands instead, see `replace_cold_starts`.

    Raises
    ------
    LacunaError
        If TensorLy is not installed, or memory cannot hold the tensor.
    """
    decomposition = import_extra("tensorly", "tensorly.decomposition", "cp")
    x, known = zeros_and_mask("cp", observed, METHOD.grids)
    if not x.any():
        return predict_zeros(observed)
    (weights, (drugs, cells, genes)) = decomposition.parafac(
        x,
        min(rank, len(observed.drugs)),
        mask=known,
        init=(None, _start(x, min(rank, len(observed.drugs)))),
        n_iter_max=max_iterations,
        tol=tolerance,
        l2_reg=RIDGE,
    )

    def predict(pairs: np.ndarray) -> Completion:
        drug, cell = pairs.T
        predicted = (weights * drugs[drug] * cells[cell]) @ genes.T
        return Completion(*replace_cold_starts(observed, predicted.astype(np.float32), pairs))

    return predict


def _start(x: np.ndarray, rank: int) -> list[np.ndarray]:
    """Return factors of drugs, cells and genes: the drugs' singular vectors, and of what belongs to
    each of them, cells x genes, the first singular vectors.
    """
    drugs = leading_vectors(x, DRUG, rank, np)
    left, values, right = np.linalg.svd(multiply(drugs.T, x, DRUG), full_matrices=False)
    return [drugs * values[:, 0], left[:, :, 0].T, right[:, 0].T]
