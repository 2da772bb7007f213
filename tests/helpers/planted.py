"""Completed profiles of drugs with a planted class, for the tests."""

import numpy as np

from lacuna.classification.profiles import DrugProfiles


def planted_drugs(drugs=60, cells=3, genes=30, seed=0):
    """Drugs of which a third share a direction; half of the places are measured."""
    rng = np.random.default_rng(seed)
    positive = np.arange(drugs) % 3 == 0
    direction = rng.normal(size=genes)
    profiles = rng.normal(size=(drugs, cells, genes)) + 1.2 * positive[:, None, None] * direction
    measured = rng.random((drugs, cells)) < 0.6
    measured[:, 0] |= ~measured.any(axis=1)
    names = np.array([f"d{i}" for i in range(drugs)])
    completed = DrugProfiles(
        profiles.astype(np.float32), measured, names, np.array([f"c{i}" for i in range(cells)])
    )
    return completed, positive
