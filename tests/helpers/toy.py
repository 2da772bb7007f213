"""Small planted grids for the tests."""

from dataclasses import replace

import numpy as np
import pandas as pd

from lacuna.completion.registry import options_of
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

GENES = 40
BRIEF = {"max_iterations": 20, "epochs": 1, "common_epochs": 1, "rounds": 1, "epoch_steps": 1}


def few_steps(method: str) -> dict[str, int]:
    """Return options with which a method soon has an answer, good or bad."""
    return {name: value for name, value in BRIEF.items() if name in options_of(method)}


def clustered(
    drugs=24, cells=5, classes=4, missing=0.4, noise=0.4, seed=0, genes=GENES
) -> ProfileSet:
    """Drugs of a class share a profile in each cell; places are missing at random."""
    rng = np.random.default_rng(seed)
    of_class = rng.normal(size=(classes, 1, genes)) + 0.7 * rng.normal(size=(classes, cells, genes))
    dense = of_class[np.arange(drugs) % classes] + noise * rng.normal(size=(drugs, cells, genes))
    measured = rng.random((drugs, cells)) >= missing
    measured[np.arange(drugs), np.arange(drugs) % cells] = True
    return grid(dense, measured)


def awkward() -> ProfileSet:
    """A grid with a drug and a cell that have no profile, and a drug that shares no cell."""
    rng = np.random.default_rng(3)
    measured = rng.random((14, 5)) < 0.5
    measured[0] = False
    measured[:, 4] = False
    measured[1] = [False, False, False, True, False]
    measured[2:, 3] = False
    return grid(rng.normal(size=(14, 5, GENES)) + rng.normal(size=(1, 5, GENES)), measured)


def grid(dense: np.ndarray, measured: np.ndarray) -> ProfileSet:
    """Place some of dense profiles, (drugs, cells, genes), on a grid."""
    drug, cell = np.nonzero(measured)
    return ProfileSet(
        unit_rows(dense[drug, cell]).astype(np.float32),
        drug,
        cell,
        np.array([f"d{i}" for i in range(dense.shape[0])]),
        np.array([f"c{i}" for i in range(dense.shape[1])]),
        np.array([f"g{i}" for i in range(dense.shape[2])]),
    )


def axes_of(tensor: ProfileSet) -> dict[str, pd.DataFrame]:
    """What is known of a grid's drugs, cells and genes: their names."""
    return {
        "drugs": pd.DataFrame({"drug": tensor.drugs, "name": "n"}),
        "cells": pd.DataFrame({"cell": tensor.cells, "lineage": "l"}),
        "genes": pd.DataFrame({"gene": tensor.genes, "symbol": "s"}),
    }


def replicated(tensor: ProfileSet) -> ProfileSet:
    """The same grid, every profile of as many replicates as its number."""
    number = np.arange(len(tensor))
    known = pd.DataFrame({"replicates": number, "acd": 0.25, "signal": number / len(tensor)})
    return replace(tensor, reliability=known)


def at(observed: ProfileSet, drug: int, cell: int) -> np.ndarray | None:
    """The profile at a place, in float64, or None."""
    found = np.flatnonzero((observed.drug == drug) & (observed.cell == cell))
    return observed.profiles[found[0]].astype(float) if len(found) else None
