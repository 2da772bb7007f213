"""Rows laid out in two dimensions, for maps."""

import numpy as np

from lacuna.errors import LacunaError

NEIGHBOURS = 15  # umap's default; fewer where there are fewer rows
FEWEST = 4  # rows that can be laid out


def lay_out(
    rows: np.ndarray, rng: np.random.Generator, seed: int, metric: str = "correlation"
) -> np.ndarray:
    """Lay rows out by UMAP (McInnes et al. 2018, https://doi.org/10.48550/arXiv.1802.03426).

    Parameters
    ----------
    rows : array of shape (n, p)
    rng
        Of the noise that tells equal rows apart.
    seed
        Of UMAP: two runs of one seed give one layout.
    metric
        How rows are compared.

    Returns
    -------
    float64 array of shape (n, 2)
        Zeros where there are fewer than four rows.

    Raises
    ------
    LacunaError
        If umap-learn is not installed.
    """
    if len(rows) < FEWEST:
        return np.zeros((len(rows), 2))
    try:
        from umap import UMAP  # takes seconds
    except ImportError as error:
        raise LacunaError(
            f"Maps are laid out by umap-learn, which is not there ({error}). Install it: "
            "pip install umap-learn -c constraints.txt."
        ) from error
    neighbours = min(NEIGHBOURS, len(rows) - 1)
    # Rows that do not vary have no correlation: a hair of noise gives them one.
    wide = rows.astype(np.float64)
    wide = wide + 1e-9 * rng.normal(size=wide.shape) * (1 + np.abs(wide).max())
    layout = UMAP(
        n_neighbors=neighbours, metric=metric, random_state=seed, n_jobs=1, init="pca"
    ).fit_transform(wide)
    return np.asarray(layout, dtype=np.float64)
