"""Whether classifiers know more than which structures are alike: accuracy on unlike drugs alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.classification import stage
from lacuna.classification.areas import AREAS
from lacuna.classification.similarity import THRESHOLDS
from lacuna.completion.registry import method_label
from lacuna.drawing.card import APPLICATIONS, FigureCard
from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.io.tsv import read_table

PANELS = dict(
    zip(
        AREAS,
        (
            "measured profiles alone",
            "completed; drugs with a measured profile",
            "completed; drugs with a predicted one",
        ),
        strict=True,
    )
)


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["similarity"]).query("kind == 'all'").dropna(subset="auc")
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw the change of the area under the ROC curve when similar test drugs are left out.

    Parameters
    ----------
    table
        method, protocol, area, threshold, experiments, difference, low, high: see
        `lacuna.classification.similarity.similarity_summary`.
    data
        What data this is, for the title.
    """
    methods = list(table["method"].unique())
    figure = Figure(figsize=(10.5, 0.8 + 3.4 * max(1, len(methods))), layout="constrained")
    if not methods:
        figure.suptitle(f"{data}: no experiment has enough drugs of known structure")
        return figure
    figure.suptitle(f"{data}: test drugs unlike the training drugs, against all of known structure")
    protocols = list(table["protocol"].unique())
    grid = figure.subplots(len(methods), len(PANELS), squeeze=False, sharey=True)
    place = {threshold: number for number, threshold in enumerate(THRESHOLDS)}
    for row, method in zip(grid, methods, strict=True):
        for axes, (area, title) in zip(row, PANELS.items(), strict=True):
            axes.axhline(0, color="grey", lw=0.6)
            shown = table[table["method"].eq(method) & table["area"].eq(area)]
            for number, (shade, protocol) in enumerate(
                zip(SHADES_OF_THREE, protocols, strict=False)
            ):
                rows = shown[shown["protocol"] == protocol]
                aside = 0.12 * (number - (len(protocols) - 1) / 2)
                at = rows["threshold"].map(place).to_numpy(float) + aside
                ends = np.abs(rows[["low", "high"]].to_numpy() - rows[["difference"]].to_numpy())
                axes.errorbar(
                    at,
                    rows["difference"],
                    np.nan_to_num(ends).T,
                    color=shade,
                    ecolor="0.45",
                    markeredgecolor="black",
                    markeredgewidth=0.4,
                    marker="o",
                    markersize=4.5,
                    lw=1,
                    elinewidth=0.8,
                    capsize=2,
                    label=protocol,
                )
            counts = shown.groupby("threshold")["experiments"].max()
            axes.set_xticks(
                range(len(THRESHOLDS)),
                [f"{t:g}\n{counts.get(t, 0)}" for t in THRESHOLDS],
            )
            axes.set_title(f"{title}\ncompleted by {method_label(method)}", fontsize=9)
            axes.set_xlabel("largest similarity to a training drug\nexperiments", fontsize=8)
            axes.set_xlim(-0.5, len(THRESHOLDS) - 0.5)
        row[0].set_ylabel("change of mean AUC")
    grid[0][0].legend(title="protocol", fontsize=7.5)
    return figure


FIGURE = FigureCard(
    label="Drugs unlike the training drugs",
    category=APPLICATIONS,
    files=lambda config: {"similarity": "classification/similarity.tsv"},
    wanted=lambda config: bool(stage.completed(config)),
)
