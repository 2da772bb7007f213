"""Completed profiles of drugs with a planted class, for the tests."""

import numpy as np
import pandas as pd

from lacuna.classification.areas import AREAS
from lacuna.classification.models import PROTOCOLS
from lacuna.classification.profiles import DrugProfiles
from lacuna.classification.similarity import THRESHOLDS


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


def unlike(drugs=60):
    """The similarity of drugs of which none is like another."""
    return np.eye(drugs, dtype=np.float32)


def class_similar():
    """The chemical control of two methods; the first threshold leaves no experiment."""
    places = pd.MultiIndex.from_product(
        [["dnpp", "kernel"], PROTOCOLS, AREAS, THRESHOLDS[1:]],
        names=["method", "protocol", "area", "threshold"],
    )
    table = pd.DataFrame(index=places).reset_index()
    table["difference"] = np.linspace(-0.2, 0.05, len(table))
    ends = {"low": table["difference"] - 0.03, "high": table["difference"] + 0.02}
    return table.assign(experiments=12 + table["area"].map(AREAS.index), **ends)


def enriched(profiles=3, sets=12):
    """Gene sets of groups of cells, of which a few are sure."""
    table = pd.DataFrame({"cells": np.repeat([f"c{i}" for i in range(profiles)], sets)})
    table = table.assign(kind="cell group", drug="d", name="M3", source="measured", genes=12)
    table["set"] = [f"set {number}" for number in range(sets)] * profiles
    table["nes"] = np.tile(np.linspace(-2, 1.5, sets), profiles)
    return table.assign(fdr=np.where(table["nes"].abs() > 1.2, 0.01, 0.5))


def completer_folds(methods):
    """Three methods in three folds, one of them without a profile."""
    table = pd.DataFrame({"method": np.repeat(methods, 3), "fold": [0, 1, 2] * 3, "size": "small"})
    return table.assign(pct=[0.3, 0.2, np.nan, 0.5, 0.6, np.nan, 0.4, 0.1, np.nan])


def completer_jobs(methods):
    """Seconds a fold of three methods, of the second in two jobs, and of a job without any."""
    table = pd.DataFrame({"method": [*methods, methods[1], "zeros"]})
    return table.assign(seconds_per_fold=[20.0, 3, 5, 1, 0.5])
