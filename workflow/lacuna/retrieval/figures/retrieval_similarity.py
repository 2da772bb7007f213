"""How well drugs are found, by likeness to training drugs (Finlayson et al. 2021, 3 and A2)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import SHADES
from lacuna.io.tsv import read_table
from lacuna.retrieval.introspect import OUTCOMES
from lacuna.retrieval.tables import label_of

OUTCOME_LABELS = {"minus_log_mrr": "-log(MRR of the drug)", "median_rank": "median rank"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["neighbours"])
    return draw(table, read_table(files["regressions"]), params["data"]), table


def draw(table: pd.DataFrame, lines: pd.DataFrame, data: str) -> Figure:
    """Draw a dot per drug and a line of least squares, a panel per feature and outcome.

    Parameters
    ----------
    table
        drug, the outcomes, the features.
    lines
        outcome, feature, log, slope, intercept, r, p: see `lacuna.retrieval.introspect`.
    data
        What data this is, for the title.
    """
    features = list(dict.fromkeys(lines["feature"]))
    figure = Figure(figsize=(2.6 * max(len(features), 1), 5.6), layout="constrained")
    figure.suptitle(f"{data}: what makes a drug easy to find")
    if not features:
        return figure
    panels = figure.subplots(len(OUTCOMES), len(features), squeeze=False, sharex="col")
    for row, outcome in enumerate(OUTCOMES):
        for column, feature in enumerate(features):
            axes = panels[row, column]
            (fit,) = lines[
                (lines["outcome"] == outcome) & (lines["feature"] == feature)
            ].itertuples()
            x, y = table[feature].to_numpy(float), table[outcome].to_numpy(float)
            if fit.log:
                y, x = y[x > 0], np.log(x[x > 0])
            axes.plot(x, y, "o", ms=2.5, alpha=0.5, color=SHADES[0], mew=0)
            if len(x):
                ends = np.array([x.min(), x.max()])
                axes.plot(ends, fit.intercept + fit.slope * ends, color="black", lw=1)
            axes.set_title(f"r {fit.r:.2f} [{fit.r_low:.2f}, {fit.r_high:.2f}]", fontsize=8)
            if not column:
                axes.set_ylabel(OUTCOME_LABELS[outcome])
            if row == len(OUTCOMES) - 1:
                axes.set_xlabel(_called(feature, bool(fit.log)), fontsize=8)
    return figure


def _called(feature: str, log: bool) -> str:
    if feature == "tanimoto":
        return "1 - Tanimoto to nearest\ntraining molecule"
    if feature == "genes_changed":
        return "log(genes changed)" if log else "genes changed"
    kind, name = feature.split("_", 1)
    return f"distance to nearest training\n{kind}, {label_of(name)}"


FIGURE = FigureCard(
    label="What makes a drug easy to find",
    category=RETRIEVAL,
    files=lambda config: {
        "neighbours": "retrieval/neighbours.tsv",
        "regressions": "retrieval/regressions.tsv",
    },
)
