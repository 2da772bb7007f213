"""Plain arithmetic on rows of matrices."""

import numpy as np
from scipy import sparse


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Scale every row to unit length; rows of zeros stay zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def mean_by(group: np.ndarray, groups: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's mean row, float64 (groups, genes), 0 without any, and its size."""
    members = sparse.csr_array(
        (np.ones(len(group)), (group, np.arange(len(group)))), shape=(groups, len(group))
    )
    size = np.bincount(group, minlength=groups)
    return (members @ rows) / np.maximum(size, 1)[:, None], size
