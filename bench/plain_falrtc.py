"""A plain port of FaLRTC as the authors of Hodos et al. 2018 ran it, to compare with.

Everything is evaluated as the algorithm is written (Liu et al. 2013, algorithm 3), in the precision
of the tensor; as in the authors' code, singular values come from the smaller Gram matrix.
"""

from collections.abc import Iterator

import numpy as np

WEIGHTS = np.array([1.0, 0.01, 1.0])


def unfold(tensor: np.ndarray, mode: int) -> np.ndarray:
    """Return one axis as rows, all others as columns."""
    return np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1)


def fold(matrix: np.ndarray, mode: int, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `unfold`."""
    front = [shape[mode], *[size for axis, size in enumerate(shape) if axis != mode]]
    return np.moveaxis(matrix.reshape(front), 0, mode)


def singular(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return singular values and the singular vectors of the shorter side, wide matrices only."""
    squares, vectors = np.linalg.eigh((matrix @ matrix.T).astype(np.float64))
    return np.sqrt(np.maximum(squares, 0)), vectors


def objective(tensor: np.ndarray, alpha: np.ndarray, mu: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the smoothed sum of trace norms, and half its gradient."""
    total, gradient = 0.0, np.zeros_like(tensor)
    for mode in range(3):
        tau, weight = mu[mode] / alpha[mode], alpha[mode] ** 2 / mu[mode]
        matrix = unfold(tensor, mode)
        tall = matrix.shape[0] > matrix.shape[1]
        matrix = matrix.T if tall else matrix
        values, vectors = singular(matrix)
        total += weight * (np.sum(values**2) - np.sum(np.maximum(values - tau, 0) ** 2))
        kept = vectors[:, values > tau]
        shrink = (kept * (1 - tau / values[values > tau])) @ kept.T
        clipped = matrix - shrink.astype(tensor.dtype) @ matrix
        gradient += tensor.dtype.type(weight) * fold(
            clipped.T if tall else clipped, mode, tensor.shape
        )
    return total, gradient


def evaluations(
    tensor: np.ndarray,
    known: np.ndarray,
    weights: np.ndarray = WEIGHTS,
    max_iterations: int = 20,
    tolerance: float = 0.1,
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the iteration and the tensor after every step that is tried, up to the answer."""
    real = tensor.dtype.type
    known = np.broadcast_to(known, tensor.shape)
    alpha, final = weights / weights.sum(), 0.01 * weights / np.sqrt(tensor.shape)
    x = np.where(known, tensor, tensor[known].mean(dtype=np.float64).astype(tensor.dtype))
    y = z = x
    largest = [
        max(singular(m if m.shape[0] <= m.shape[1] else m.T)[0])
        for m in (unfold(x, mode) for mode in range(3))
    ]
    first = 0.3 * alpha * np.array(largest)
    n, power = max_iterations - 15, 1.15
    slope = (first - final) / (1 - n**-power)
    offset = (final * n**power - first) / (n**power - 1)
    big_b, step, most = 0.0, 1e-5, 10 * np.sum(1 / final)
    for k in range(1, max_iterations + 1):
        mu = np.maximum(slope / k**power + offset, final)
        while True:
            b = (1 + np.sqrt(1 + 4 * step * big_b)) / (2 * step)
            x = real(b / (big_b + b)) * z + real(big_b / (big_b + b)) * y
            value, gradient = objective(x, alpha, mu)
            gradient[known] = 0
            new = x - gradient / real(step)
            descends = (value - objective(new, alpha, mu)[0]) * step >= np.sum(
                gradient**2, dtype=np.float64
            )
            yield k, new
            if descends:
                break
            if step > most:
                return
            step *= 2
        change, y = np.linalg.norm((new - y).ravel()), new
        if change < tolerance:
            return
        z, big_b = z - real(b) * gradient, big_b + b


def plain_falrtc(tensor: np.ndarray, known: np.ndarray, *options: object) -> np.ndarray:
    """Return the filled tensor (drugs, genes, cells)."""
    for _, answer in evaluations(tensor, known, *options):  # noqa: B007
        pass
    return answer
