"""FaLRTC, low-rank tensor completion (Liu et al. 2013, IEEE TPAMI 35:208, algorithm 3).

As Hodos et al. 2018 ran it: the schedule of the smoothing, the stopping rule and the parameters are
those of their code, of which about 20 iterations are early stopping rather than convergence. Their
mu0 uses the weights before they are scaled to sum 1; this is kept, as their numbers come from it.
"""

from dataclasses import dataclass

import numpy as np

from lacuna.completion import Completion, SideInformation
from lacuna.errors import LacunaError
from lacuna.profiles import ProfileSet

FLAT_ITERATIONS = 15
DECAY = 1.15
FIRST_STEP = 1e-5


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    drug_weight: float = 1.0,
    gene_weight: float = 0.01,
    cell_weight: float = 1.0,
    max_iterations: int = 20,
    tolerance: float = 0.1,
) -> Completion:
    """Fill the tensor such that its three unfoldings have low rank.

    Parameters
    ----------
    drug_weight, gene_weight, cell_weight
        Weights of the trace norms of the unfoldings, before scaling to sum 1.
    max_iterations, tolerance
        Stop after so many iterations, or when the Frobenius norm of a change is below the
        tolerance. Both regularise: a converged solution is another one.
    """
    tensor = np.zeros((len(observed.drugs), len(observed.genes), len(observed.cells)), np.float32)
    known = np.zeros((len(observed.drugs), 1, len(observed.cells)), dtype=bool)
    tensor[observed.drug, :, observed.cell] = observed.profiles
    known[observed.drug, 0, observed.cell] = True
    weights = np.array([drug_weight, gene_weight, cell_weight])
    filled = falrtc(tensor, known, weights, max_iterations, tolerance)
    return Completion(filled[wanted[:, 0], :, wanted[:, 1]])


@dataclass(frozen=True)
class Smoothing:
    """The smoothed objective f at one iteration: weights alpha and smoothness mu of each mode."""

    alpha: np.ndarray
    mu: np.ndarray

    def value_and_gradient(self, tensor: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f and its gradient, of the tensor's shape (drugs, genes, cells)."""
        value, gradient = 0.0, np.zeros_like(tensor)
        for mode, (weight, threshold) in enumerate(self._modes):
            clipped, energy = _clip_singular_values(_unfold(tensor, mode), threshold)
            value += weight * energy
            gradient += np.float32(weight) * _fold(clipped, mode, tensor.shape)
        return value, gradient

    def value(self, tensor: np.ndarray) -> float:
        """Return f alone, for which no singular vectors are needed."""
        return sum(
            weight * _smoothed_energy(_singular_values(_unfold(tensor, mode)), threshold)
            for mode, (weight, threshold) in enumerate(self._modes)
        )

    @property
    def _modes(self) -> zip:
        return zip(self.alpha**2 / self.mu, self.mu / self.alpha, strict=True)


def falrtc(
    tensor: np.ndarray,
    known: np.ndarray,
    weights: np.ndarray,
    max_iterations: int,
    tolerance: float,
) -> np.ndarray:
    """Return the tensor with its unknown entries filled and its known ones as they are.

    Parameters
    ----------
    tensor : float32 array of shape (drugs, genes, cells)
    known : bool array that broadcasts to the tensor's shape
    weights : array of shape (3,)
        Of the drug, gene and cell mode, before scaling.
    max_iterations, tolerance
        The stopping rule, see `complete`.

    Raises
    ------
    LacunaError
        If a weight is not positive, or max_iterations leaves the smoothing no iteration to fall in.
    """
    if not (weights > 0).all():
        raise LacunaError(
            f"method_options: falrtc: the weights are {weights.tolist()} (drug, gene, cell), "
            "expected positive numbers."
        )
    if max_iterations < FLAT_ITERATIONS + 2:
        raise LacunaError(
            f"method_options: falrtc: max_iterations is {max_iterations}, expected at least "
            f"{FLAT_ITERATIONS + 2}: the smoothing falls until {FLAT_ITERATIONS} before the last."
        )
    known = np.broadcast_to(known, tensor.shape)
    alpha = weights / weights.sum()
    last_y = np.where(known, tensor, tensor[known].mean(dtype=np.float64).astype(np.float32))
    final_mu = 0.01 * weights / np.sqrt(tensor.shape)
    largest = [_singular_values(_unfold(last_y, mode))[-1] for mode in range(3)]
    first_mu = 0.3 * alpha * np.array(largest)
    # L and B below are the algorithm's names: the step is 1 / L, B weighs the momentum.
    x, z, big_b, step_l = None, last_y.copy(), 0.0, FIRST_STEP
    largest_l = 10 * (1 / final_mu).sum()
    for iteration in range(1, max_iterations + 1):
        smoothing = Smoothing(alpha, _mu_at(iteration, first_mu, final_mu, max_iterations))
        while True:
            b = (1 + np.sqrt(1 + 4 * step_l * big_b)) / (2 * step_l)
            share = np.float32(b / (big_b + b))
            if big_b > 0 or x is None:  # while B is 0, x does not depend on L
                x = last_y + share * (z - last_y)  # equal ones stay exactly equal
                value_x, gradient = smoothing.value_and_gradient(x)
                gradient[known] = 0
            y = x - gradient / np.float32(step_l)
            value_y = smoothing.value(y)
            if (value_x - value_y) * step_l >= np.sum(gradient**2, dtype=np.float64):
                break
            if step_l > largest_l:
                return y
            step_l *= 2
        change = np.linalg.norm((y - last_y).ravel())
        last_y = y
        if change < tolerance:
            break
        z -= np.float32(b) * gradient
        big_b += b
    return last_y


def _mu_at(iteration: int, first: np.ndarray, final: np.ndarray, max_iterations: int) -> np.ndarray:
    """Smoothness at an iteration: from `first` at 1 down to `final`, then flat."""
    fall = float(max_iterations - FLAT_ITERATIONS) ** DECAY
    slope = (first - final) / (1 - 1 / fall)
    offset = (final * fall - first) / (fall - 1)
    return np.maximum(slope / iteration**DECAY + offset, final)


def _unfold(tensor: np.ndarray, mode: int) -> np.ndarray:
    return np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1)


def _fold(matrix: np.ndarray, mode: int, shape: tuple[int, ...]) -> np.ndarray:
    front = (shape[mode], *shape[:mode], *shape[mode + 1 :])
    return np.moveaxis(matrix.reshape(front), 0, mode)


def _gram(matrix: np.ndarray) -> np.ndarray:
    """Products of the rows, or of the columns where those are fewer, in float64.

    float64 because the squares lose half the digits, and small singular values with them.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    rows = (matrix if wide else matrix.T).astype(np.float64)
    return rows @ rows.T


def _singular_values(matrix: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(np.linalg.eigvalsh(_gram(matrix)), 0))


def _smoothed_energy(singular: np.ndarray, threshold: float) -> float:
    return float(np.sum(singular**2) - np.sum(np.maximum(singular - threshold, 0) ** 2))


def _clip_singular_values(matrix: np.ndarray, threshold: float) -> tuple[np.ndarray, float]:
    """Return the matrix with its singular values cut to the threshold, and its smoothed energy."""
    squares, vectors = np.linalg.eigh(_gram(matrix))
    singular = np.sqrt(np.maximum(squares, 0))
    above = singular > threshold
    vectors = vectors[:, above].astype(np.float32)
    shrunk = vectors * (1 - threshold / singular[above]).astype(np.float32)
    if matrix.shape[0] <= matrix.shape[1]:
        clipped = matrix - shrunk @ (vectors.T @ matrix)
    else:
        clipped = matrix - (matrix @ vectors) @ shrunk.T
    return clipped, _smoothed_energy(singular, threshold)
