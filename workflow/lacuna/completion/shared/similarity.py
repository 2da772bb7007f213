"""How alike drugs are, and cells: positive semidefinite kernels with 1 on the diagonal."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh

from lacuna.vectors import unit_rows

MOST_IN_WORKSPACE = 4096  # items whose eigenvectors are found with four more matrices in memory
HALF_SHRUNK_AT = 1.0  # shared cells or drugs: a mean over so many is shrunk to half


def response_similarity(
    profiles_of: Callable[[np.ndarray], np.ndarray],
    item: np.ndarray,
    context: np.ndarray,
    measured: np.ndarray,
) -> np.ndarray:
    """Return how alike two items (drugs, or cells) respond in the contexts that they share.

    The sum of the cosines of their profiles over the n shared contexts, divided by
    n + HALF_SHRUNK_AT: a mean cosine, shrunk towards 0 the more the fewer contexts are shared.
    Dropping negative eigenvalues makes the matrix positive semidefinite; then its diagonal is
    scaled back to 1.

    Parameters
    ----------
    profiles_of
        Returns the profiles at some positions of the n, shape (len(positions), genes): those of one
        context after the other, so that not all need be in memory.
    item, context : int arrays of shape (n,)
    measured : bool array of shape (items, contexts)

    Returns
    -------
    float32 array of shape (items, items)
    """
    items, contexts = measured.shape
    total = np.zeros((items, items), dtype=np.float32)
    for number in range(contexts):
        rows = np.flatnonzero(context == number)
        unit = unit_rows(profiles_of(rows))
        # A copy: NumPy has another routine for an array by itself, whose rounding the fit of the
        # weights would magnify.
        total[np.ix_(item[rows], item[rows])] += unit @ unit.copy().T
    total /= measured.astype(np.float32) @ measured.T.astype(np.float32) + HALF_SHRUNK_AT
    np.fill_diagonal(total, 1)
    values, vectors = _decompose(total)
    vectors *= np.sqrt(np.maximum(values, 0))  # in place: each copy of them is large
    vectors = vectors.astype(np.float32)
    scale = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, scale, out=np.zeros_like(vectors), where=scale > 0)
    return vectors @ vectors.T


def _decompose(symmetric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and eigenvectors in float64; of a large matrix in less memory."""
    if len(symmetric) <= MOST_IN_WORKSPACE:
        return np.linalg.eigh(symmetric.astype(np.float64))
    ordered = symmetric.astype(np.float64, order="F")
    return eigh(ordered, driver="evr", overwrite_a=True, check_finite=False)


def baseline_similarity(baseline: np.ndarray) -> np.ndarray:
    """Return a Gaussian kernel of cells' expression without treatment.

    Its width is the median squared distance between cells.

    Parameters
    ----------
    baseline : array of shape (cells, genes)
        Log2 expression; a cell with NaN resembles only itself.

    Returns
    -------
    float32 array of shape (cells, cells)
    """
    known = np.flatnonzero(np.isfinite(baseline).all(axis=1))
    similarity = np.eye(len(baseline), dtype=np.float32)
    if len(known) < 2:
        return similarity
    centred = baseline[known] - baseline[known].mean(axis=0)
    squares = (centred**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares - 2 * centred @ centred.T, 0)
    width = np.median(distance[np.triu_indices(len(known), 1)])
    if width > 0:
        similarity[np.ix_(known, known)] = np.exp(-distance / width)
    np.fill_diagonal(similarity, 1)
    return similarity
