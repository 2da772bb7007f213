"""The three completions of Tomioka et al. 2010 written out plainly, and their minima by descent.

All of it is in float64, without noise, on tensors (drugs, genes, cells).
"""

import numpy as np
from plain_low_rank import dense, fold, shrink, unfold
from scipy.optimize import minimize

MODES = range(3)


def norm(tensor):
    return np.linalg.norm(tensor)


def trace_norm(tensor, mode):
    return np.linalg.svd(unfold(tensor, mode), compute_uv=False).sum()


def matrix(observed, mode, eta, iterations, tolerance=0.0):
    """ADMM of one unfolding, with multipliers everywhere; its low-rank copy."""
    data, known = dense(observed)
    z, y, residuals = np.zeros_like(data), np.zeros_like(data), []
    for _ in range(iterations):
        x = np.where(known, data, z - y / eta)
        before, z = z, shrink(x + y / eta, mode, 1 / eta)
        y = y + eta * (x - z)
        residuals.append(max(eta * norm(z - before), norm((data - z)[known])))
        if residuals[-1] < tolerance:
            break
    return z, residuals


def as_matrix(observed, eta, iterations, tolerance=0.0):
    """Weights 1, 0 and 1 of the drugs', the genes' and the cells' unfolding."""
    return sum(matrix(observed, mode, eta, iterations, tolerance)[0] for mode in (0, 2)) / 2


def constrained(observed, eta, iterations, tolerance=0.0):
    """ADMM of the overlapped trace norm."""
    data, known = dense(observed)
    z, y, residuals = [np.zeros_like(data)] * 3, [np.zeros_like(data)] * 3, []
    for _ in range(iterations):
        x = np.where(known, data, sum(z[k] - y[k] / eta for k in MODES) / 3)
        z = [shrink(x + y[k] / eta, k, 1 / eta) for k in MODES]
        y = [y[k] + eta * (x - z[k]) for k in MODES]
        residuals.append(max(*(norm(x - z[k]) for k in MODES), norm(sum(y)[~known])))
        if residuals[-1] < tolerance:
            break
    return x, residuals


def mixture_parts(observed, eta, iterations, tolerance=0.0):
    """ADMM of the dual of the latent trace norm: one tensor a mode."""
    data, known = dense(observed)
    z, alpha, residuals = [np.zeros_like(data)] * 3, data, []
    for _ in range(iterations):
        moved = [z[k] + eta * alpha for k in MODES]
        z = [shrink(moved[k], k, eta) for k in MODES]
        w = [(moved[k] - z[k]) / eta for k in MODES]  # singular values of at most 1
        misfit = norm((data - sum(z))[known])
        residuals.append(max(*(norm(alpha - w[k]) for k in MODES), misfit))
        alpha = np.where(known, (data - sum(z) + eta * sum(w)) / (3 * eta), 0)
        if residuals[-1] < tolerance:
            break
    return z, residuals


def mixture(observed, eta, iterations, tolerance=0.0):
    parts, residuals = mixture_parts(observed, eta, iterations, tolerance)
    return sum(parts), residuals


def smooth_norm(tensor, mode, width):
    """The sum of sqrt(s^2 + width^2) over singular values s of an unfolding, and its gradient."""
    left, values, right = np.linalg.svd(unfold(tensor, mode), full_matrices=False)
    rounded = np.sqrt(values**2 + width**2)
    return rounded.sum(), fold((left * (values / rounded)) @ right, mode, tensor.shape)


def descend(objective, start):
    """Minimise objective(variables, width) as the width of the smoothing falls."""
    for width in (0.1, 0.01, 1e-3, 1e-4):
        options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-14, "gtol": 1e-9}
        start = minimize(
            objective, start, args=(width,), jac=True, method="L-BFGS-B", options=options
        ).x
    return start


def least_overlapped(observed, modes):
    """The tensor that holds the observed profiles, of the lowest sum of trace norms of modes."""
    data, known = dense(observed)

    def objective(free, width):
        x = data.copy()
        x[~known] = free
        values, gradients = zip(*(smooth_norm(x, mode, width) for mode in modes), strict=True)
        return sum(values), sum(gradients)[~known]

    x = data.copy()
    x[~known] = descend(objective, np.zeros((~known).sum()))
    return x


def least_mixture(observed):
    """One tensor a mode, of the lowest sum of trace norms; where observed, the last is the rest."""
    data, known = dense(observed)

    def parts(free):
        first, second, third = free.reshape(3, *data.shape)
        return first, second, np.where(known, data - first - second, third)

    def objective(free, width):
        tensors = parts(free)
        values, (one, two, three) = zip(
            *(smooth_norm(tensors[k], k, width) for k in MODES), strict=True
        )
        rest = np.where(known, three, 0)
        return sum(values), np.stack([one - rest, two - rest, three - rest]).ravel()

    return parts(descend(objective, np.zeros(3 * data.size)))
