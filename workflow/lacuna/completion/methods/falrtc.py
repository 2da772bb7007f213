"""FaLRTC, low-rank tensor completion (Liu et al. 2013, IEEE TPAMI 35:208, algorithm 3).

https://doi.org/10.1109/TPAMI.2012.39, as Hodos et al. 2018 ran it: the schedule of the smoothing,
the stopping rule and the parameters are those of their code, of which about 20 iterations are early
stopping rather than convergence. Their mu0 uses the weights before they are scaled to sum 1; this
is kept, as their numbers come from it.

What makes it fast leaves the answer as it is, up to rounding:

- x lies on the line through the last two y, so that the inner products of its drugs follow from
  those at three points of the line, whatever the step.
- Where x does not depend on the step, a convex f passes the descent test at all steps below some
  length: bisection finds the first L that passes.
- In that test the fall of the gene and cell modes is bounded from both sides, and computed only
  where the bounds do not decide.
- f is invariant to rotations of the genes. `gene_components` rotates them to principal components
  and keeps the leading ones; this alone is an approximation, and off by default.

    minimise the sum over modes of a_i ||X's unfolding i||_*  such that  X = y where observed

each trace norm ||.||_* smoothed, by accelerated gradient steps that are stopped early.

Assumptions
-----------
Drugs, cells and genes each vary along few directions. Early stopping stands in for a model of the
noise: measured profiles themselves are kept.

When it fails
-------------
Where less than about a third of all pairs is measured, 2D-Mean beats it (docs/accuracy.md). It
knows nothing of drugs or cells without profiles. It holds the whole grid in memory several times;
time grows with the square of the number of drugs.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from lacuna.completion.card import ComputeDevice, Method, Option
from lacuna.completion.interface import Completion, Predict, SideInformation
from lacuna.completion.shared.dense import ObservedTensor, refuse_above_memory
from lacuna.completion.shared.descent import LineSearch, SmoothedObjective, bytes_needed
from lacuna.completion.shared.trace_norms import CellWeight, DrugWeight, GeneWeight
from lacuna.errors import LacunaError
from lacuna.runtime.device import Array, find_device
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="FaLRTC",
    summary="low-rank tensor completion",
    source="Liu et al. 2013, https://doi.org/10.1109/TPAMI.2012.39, as run by Hodos et al. 2018",
    grids=5,
)
FLAT_ITERATIONS = 15  # the last ones, in which the smoothing stays at its final value
DECAY = 1.15  # power of the iteration with which the smoothing falls
FIRST_L = 1e-5
FEWER_COMPONENTS = "Lower completion: options: falrtc: gene_components. "


def check(options: Mapping[str, Any]) -> None:
    """Check options before anything is predicted.

    Raises
    ------
    LacunaError
        If `gene_components` is 1.
    """
    if options.get("gene_components") == 1:
        raise LacunaError(
            "completion: options: falrtc: gene_components is 1, expected 0 (all genes) or at "
            "least 2."
        )


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    drug_weight: DrugWeight = 1.0,
    gene_weight: GeneWeight = 0.01,
    cell_weight: CellWeight = 1.0,
    max_iterations: Annotated[
        int,
        Option(
            "stop after so many iterations; this regularises, and the paper's numbers come from "
            f"the default. The smoothing falls until {FLAT_ITERATIONS} before the last",
            ge=FLAT_ITERATIONS + 2,
        ),
    ] = 20,
    tolerance: Annotated[
        float,
        Option("stop when the Frobenius norm of a change is below this; regularises, too"),
    ] = 0.1,
    gene_components: Annotated[
        int,
        Option(
            "0: all genes, which is exact; 2 or more: so many principal components of the training "
            "profiles, which is faster, smaller and another answer",
            ge=0,
        ),
    ] = 0,
    device: ComputeDevice = "auto",
) -> Predict:
    """Fill the tensor such that its three unfoldings have low rank.

    The weights are those of the trace norms, before scaling to sum 1. A converged solution is
    another one than that of the default stopping rule.

    Raises
    ------
    LacunaError
        If `gene_components` is 1, or memory cannot hold the tensor.
    """
    check({"gene_components": gene_components})
    weights = np.array([drug_weight, gene_weight, cell_weight])
    where = find_device(device)
    genes = len(observed.genes)
    basis = gene_basis(observed.profiles, gene_components) if 0 < gene_components < genes else None
    components = genes if basis is None else gene_components
    shape = (len(observed.drugs), components, len(observed.cells))
    need = bytes_needed(shape, components)
    refuse_above_memory("falrtc", shape, need, where, "gene components", FEWER_COMPONENTS)
    if basis is None:
        tensor = ObservedTensor.in_span(observed, where)
    else:
        tensor = ObservedTensor.from_profiles(observed, where, basis)
        kept = np.sum(tensor.profiles**2, dtype=np.float64)
        total = np.sum(observed.profiles**2, dtype=np.float64)
        print(f"falrtc: {gene_components} gene components keep {kept / total:.2%} of the energy")
    for iteration in falrtc(tensor, weights, max_iterations, tolerance):
        print(
            f"falrtc: iteration {iteration.number} of at most {max_iterations}: "
            f"change {iteration.change:.3g}, L {iteration.big_l:.3g}"
        )
    filled = iteration.y

    def predict(pairs: np.ndarray) -> Completion:
        predicted = where.get(filled[pairs[:, 0], pairs[:, 1]])
        return Completion(predicted if tensor.basis is None else predicted @ tensor.basis.T)

    return predict


def gene_basis(profiles: np.ndarray, components: int) -> np.ndarray:
    """Return an orthonormal basis of the constant and of the directions of most variance.

    Parameters
    ----------
    profiles : array of shape (n, genes)
        Training profiles.
    components
        Number of columns, at least 2. The first is constant over genes, since unknown profiles
        start from a constant.

    Returns
    -------
    float32 array of shape (genes, components)
    """
    genes = profiles.shape[1]
    varying = profiles - profiles.mean(axis=1, keepdims=True)
    # The constant is an eigenvector of value 0; adding a constant raises it above all others.
    products = (varying.T @ varying).astype(np.float64)
    _, vectors = np.linalg.eigh(products + np.trace(products) / genes * 2)
    return vectors[:, : -components - 1 : -1].astype(np.float32)


@dataclass(frozen=True)
class Iteration:
    """Where the algorithm stands after an iteration.

    Attributes
    ----------
    number : int
        From 1 on.
    y : float32 array of shape (drugs, cells, components)
        The tensor, unknown profiles filled in and observed ones as they are.
    change : float
        Frobenius norm of the change that the iteration made; NaN if it found no step that descends.
    big_l : float
        L, the inverse of the step.
    """

    number: int
    y: Array
    change: float
    big_l: float


def falrtc(
    tensor: ObservedTensor, weights: np.ndarray, max_iterations: int, tolerance: float
) -> Iterator[Iteration]:
    """Fill the tensor, iteration by iteration; the last one holds the answer.

    Parameters
    ----------
    tensor
        The observed profiles.
    weights : array of shape (3,)
        Of the drug, gene and cell mode, before scaling.
    max_iterations, tolerance
        The stopping rule, see `complete`.
    """
    alpha = weights / weights.sum()
    search = LineSearch(tensor)
    final_mu = 0.01 * weights / np.sqrt(tensor.shape)
    first_mu = 0.3 * alpha * search.largest_singular_values()
    largest_l = 10 * (1 / final_mu).sum()
    # L and B are the algorithm's names: the step is 1 / L, B weighs the momentum.
    big_b, big_l, last_share = 0.0, FIRST_L, 1.0
    for number in range(1, max_iterations + 1):
        mu = _mu_at(number, first_mu, final_mu, max_iterations)
        search.objective = SmoothedObjective(alpha, mu)
        if last_share == 1:  # x is y, whatever L
            search.move_to(momentum=0)
            big_l *= 2.0 ** _doublings(search, big_l, largest_l)
        while True:
            b = (1 + np.sqrt(1 + 4 * big_l * big_b)) / (2 * big_l)
            share = b / (big_b + b)
            search.move_to(momentum=share * (1 - last_share) / last_share)
            if search.descends(big_l):
                break
            if big_l > largest_l:
                yield Iteration(number, search.trial, np.nan, big_l)
                return
            big_l *= 2
        change = search.accept()
        yield Iteration(number, search.y, change, big_l)
        if change < tolerance:
            return
        big_b, last_share = big_b + b, share


def _doublings(search: LineSearch, big_l: float, largest_l: float) -> int:
    """Return how often L is to be doubled until the search descends, from where it stands."""
    most = int(np.ceil(np.log2(max(largest_l / big_l, 1))))
    return bisect_left(range(most), True, key=lambda n: search.descends(big_l * 2.0**n))


def _mu_at(iteration: int, first: np.ndarray, final: np.ndarray, max_iterations: int) -> np.ndarray:
    """Return the smoothness at an iteration k: max(a / k^DECAY + b, final).

    a and b are such that it is `first` at k = 1 and `final` FLAT_ITERATIONS before the last one.
    """
    fall = float(max_iterations - FLAT_ITERATIONS) ** DECAY
    slope = (first - final) / (1 - 1 / fall)
    offset = (final * fall - first) / (fall - 1)
    return np.maximum(slope / iteration**DECAY + offset, final)
