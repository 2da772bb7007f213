"""Means over drugs and cells, which some methods are and others fall back on."""

import numpy as np

from lacuna.profiles import ProfileSet


def mean_by(group: np.ndarray, groups: int, profiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean profile of each group (float64; zeros where it is empty) and its size."""
    size = np.bincount(group, minlength=groups)
    sums = np.zeros((groups, profiles.shape[1]))
    np.add.at(sums, group, profiles)
    return sums / np.maximum(size, 1)[:, None], size


def drug_means(observed: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return each drug's mean profile over its cells, (drugs, genes), and its number of cells."""
    return mean_by(observed.drug, len(observed.drugs), observed.profiles)


def cell_means(observed: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's mean profile over its drugs, (cells, genes), and its number of drugs.

    A cell without training profiles gets the mean of all profiles, as there is nothing nearer.
    """
    means, size = mean_by(observed.cell, len(observed.cells), observed.profiles)
    means[size == 0] = observed.profiles.mean(axis=0, dtype=np.float64)
    return means, size
