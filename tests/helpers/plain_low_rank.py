"""Low-rank completions written out plainly, in float64; tensors are (drugs, genes, cells)."""

import numpy as np


def dense(observed):
    """The tensor with zeros where unknown, and what is known of it."""
    shape = (len(observed.drugs), len(observed.genes), len(observed.cells))
    values, known = np.zeros(shape), np.zeros(shape, bool)
    values[observed.drug, :, observed.cell] = observed.profiles
    known[observed.drug, :, observed.cell] = True
    return values, known


def mean_filled(observed):
    values, known = dense(observed)
    values[~known] = values[known].mean()
    return values, known


def unfold(tensor, mode):
    return np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1)


def fold(matrix, mode, shape):
    others = [size for axis, size in enumerate(shape) if axis != mode]
    return np.moveaxis(matrix.reshape(matrix.shape[0], *others), 0, mode)


def shrink(tensor, mode, threshold):
    left, values, right = np.linalg.svd(unfold(tensor, mode), full_matrices=False)
    return fold((left * np.maximum(values - threshold, 0)) @ right, mode, tensor.shape)


def halrtc(observed, weights, penalty, iterations, tolerance=0.0):
    """Algorithm 4 of the paper, its penalty 1.05 times as large each iteration."""
    x, known = mean_filled(observed)
    alpha, y, changes = np.array(weights) / sum(weights), [np.zeros_like(x)] * 3, []
    for _ in range(iterations):
        penalty = 1.05 * penalty
        m = [shrink(x + y[i] / penalty, i, alpha[i] / penalty) for i in range(3)]
        mean = sum(m[i] - y[i] / penalty for i in range(3)) / 3
        new = np.where(known, x, mean)
        y = [y[i] - penalty * (m[i] - new) for i in range(3)]
        changes.append(np.linalg.norm(new - x))
        x = new
        if changes[-1] < tolerance:
            break
    return x, changes


def silrtc(observed, weights, penalty, iterations, tolerance=0.0):
    """Algorithm 1 of the paper."""
    x, known = mean_filled(observed)
    alpha, changes = np.array(weights) / sum(weights), []
    for _ in range(iterations):
        mean = sum(penalty * shrink(x, i, alpha[i] / penalty) for i in range(3)) / (3 * penalty)
        new = np.where(known, x, mean)
        changes.append(np.linalg.norm(new - x))
        x = new
        if changes[-1] < tolerance:
            break
    return x, changes


def soft_impute(observed, penalty, iterations):
    """Algorithm 1 of the paper at one penalty, from zeros."""
    x, known = dense(observed)
    threshold = penalty * np.linalg.norm(unfold(x, 0), 2)
    for _ in range(iterations):
        x = np.where(known, x, shrink(x, 0, threshold))
    return x


def tmac(observed, first, largest, iterations, tolerance=0.0):
    """Algorithm 1 of the paper, equal weights; started and grown by leading singular vectors."""
    z, known = dense(observed)
    data = z.copy()
    limits = [min(most, size // 2) for most, size in zip(largest, z.shape, strict=True)]
    y, residual, stalled, total = [], [np.inf] * 3, 0, np.inf
    for n in range(3):
        left = np.linalg.svd(unfold(z, n), full_matrices=False)[0][:, : min(first[n], limits[n])]
        y.append(left.T @ unfold(z, n))
    for _ in range(iterations):
        low_rank = []
        for n in range(3):
            z_n = unfold(z, n)
            x = z_n @ y[n].T
            y[n] = np.linalg.pinv(x.T @ x) @ x.T @ z_n
            low_rank.append(fold(x @ y[n], n, z.shape))
            before, residual[n] = residual[n], np.linalg.norm((low_rank[n] - data)[known])
            if abs(1 - residual[n] / before) < 0.01 and len(y[n]) < limits[n]:
                left = np.linalg.svd(z_n - x @ y[n], full_matrices=False)[0][:, :1]
                y[n] = np.vstack([y[n], left.T @ z_n])
        z = np.where(known, data, sum(low_rank) / 3)
        before, total = total, sum(np.square(residual))
        stalled = stalled + 1 if abs(total - before) < tolerance * (before + 1) else 0
        if stalled == 3 or np.mean(residual) < tolerance * np.linalg.norm(data):
            break
    return z, tuple(len(rows) for rows in y)
