"""Tables of a finished run, small and made up, for what is told of it."""

from pathlib import Path

import pandas as pd
import yaml
from project import ROOT, overlay

from lacuna.io.tsv import write_table
from lacuna.project.plan import Plan

DEMO = yaml.safe_load((ROOT / "config/config.yaml").read_text())
COMPARED = {
    "completion": {"methods": ["mean_1d", "additive", "kernel", "blend"], "completed": ["blend"]},
    "classification": {"completed": []},
}
# Mean r of each method by split, and whether 0 is in the interval of its lead.
R = {
    "profiles": {"blend": 0.68, "kernel": 0.67, "additive": 0.46, "mean_1d": 0.43},
    "drugs": {"blend": 0.44, "kernel": 0.45, "additive": 0.41, "mean_1d": 0.42},
    "cells": {"blend": 0.3, "kernel": 0.36, "additive": 0.35, "mean_1d": 0.34},
}
CONTROLS = {"truth": 1.0, "zeros": 0.0, "cell_mean": 0.41, "random": 0.0}
WIDTH = 0.03  # of half an interval


def plan_of(*changes):
    """Plan the demo's run with few methods, and changes."""
    config = overlay(DEMO, COMPARED)
    for change in changes:
        config = overlay(config, change)
    return Plan.of(config)


def scores(of_split, metric="profile_pearson", size="large", width=WIDTH):
    """Return rows of metrics.tsv."""
    rows = [
        (size, split, method, metric, value, value - width, value + width)
        for split, of_method in of_split.items()
        for method, value in of_method.items()
    ]
    columns = ["size", "split", "method", "metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def leads(of_split, simple=("additive", "mean_1d"), size="large", width=WIDTH):
    """Return rows of leads.tsv."""
    rows = []
    for split, of_method in of_split.items():
        known = {name: of_method[name] for name in simple if name in of_method}
        if not known:
            continue
        baseline = max(known, key=known.get)
        for method, value in of_method.items():
            if method != baseline:
                lead = value - known[baseline]
                names = (size, split, "profile_pearson", method, baseline)
                rows.append((*names, lead, lead - width, lead + width))
    columns = ["size", "split", "metric", "method", "baseline", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def write_run(folder: Path, metrics: pd.DataFrame | None = None, lead: pd.DataFrame | None = None):
    """Write the tables of a run that headlines are told from."""
    if metrics is None:
        of_control = scores(
            {"profiles": R["profiles"] | CONTROLS} | {k: R[k] for k in R if k != "profiles"}
        )
        ceiling = scores({"profiles": {"blend": 0.91}}, "pct_of_ceiling", width=0.01)
        metrics = pd.concat([of_control, ceiling])
    (folder / "evaluation").mkdir(parents=True, exist_ok=True)
    write_table(metrics, folder / "metrics.tsv")
    write_table(leads(R) if lead is None else lead, folder / "evaluation/leads.tsv")
    return folder
