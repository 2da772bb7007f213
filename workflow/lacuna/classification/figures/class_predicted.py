"""Figures 5D and 5E of Hodos et al. 2018: classifying drugs by profiles that nobody measured."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.classification import stage
from lacuna.classification.classifiers import CLASSIFIERS, classifier_label
from lacuna.completion.registry import method_label
from lacuna.drawing.card import APPLICATIONS, FigureCard
from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.drawing.wording import with_interval
from lacuna.io.tsv import read_table

PANELS = {"ATC": "5D: ATC classes", "target": "5E: targets"}
MARKERS = dict(zip(CLASSIFIERS, cycle("osv^D"), strict=False))


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    experiments = read_table(files["experiments"]).dropna(subset="on_predicted")
    overall = read_table(files["tests"]).query(
        "question == 'on_predicted' and grouped_by == 'kind'"
    )
    return draw(experiments, overall, params["data"]), experiments


def draw(areas: pd.DataFrame, overall: pd.DataFrame, data: str) -> Figure:
    """Draw the areas under the ROC curve of drugs without a measured profile against the others'.

    Parameters
    ----------
    areas
        method, kind, model, protocol, auc_completed, auc_predicted: one row per experiment.
    overall
        method, protocol, group (a kind), difference, low, high: mean of auc_predicted less
        auc_completed.
    data
        What data this is, for the title.
    """
    methods = list(areas["method"].unique())
    figure = Figure(figsize=(8.6, 0.6 + 4.3 * max(1, len(methods))), layout="constrained")
    figure.suptitle(data)
    if not methods:
        figure.suptitle(f"{data}: no experiment has enough drugs without a measured profile")
        return figure
    protocols = list(areas["protocol"].unique())
    grid = figure.subplots(len(methods), 2, squeeze=False)
    for row, method in zip(grid, methods, strict=True):
        for axes, (kind, title) in zip(row, PANELS.items(), strict=True):
            axes.axline((0, 0), slope=1, color="grey", lw=0.6)
            for shade, protocol in zip(SHADES_OF_THREE, protocols, strict=False):
                shown = areas["method"].eq(method) & areas["kind"].eq(kind)
                rows = areas[shown & areas["protocol"].eq(protocol)]
                for model, points in rows.groupby("model", sort=False):
                    axes.scatter(
                        points["auc_completed"],
                        points["auc_predicted"],
                        marker=MARKERS[str(model)],
                        color=shade,
                        edgecolor="black",
                        linewidth=0.4,
                        s=22,
                        label=f"{classifier_label(str(model))}, {protocol}",
                    )
            mean = overall[overall["method"].eq(method) & overall["group"].eq(kind)]
            mean = mean.dropna(subset="difference")
            said = [
                f"{r['protocol']}: {with_interval(r['difference'], r['low'], r['high'])}"
                for r in mean.to_dict("records")
            ]
            axes.set(
                title="\n".join([f"{title}; completed by {method_label(method)}", *said]),
                xlabel="AUC, drugs with a measured profile",
                ylabel="AUC, drugs with a predicted one",
                xlim=(0, 1.02),
                ylim=(0, 1.02),
                aspect="equal",
            )
        handles, labels = max(
            (axes.get_legend_handles_labels() for axes in row), key=lambda h: len(h[0])
        )
        if handles:
            row[0].legend(handles, labels, fontsize=7, loc="lower left")
    return figure


FIGURE = FigureCard(
    label="Drugs without a measured profile (Figures 5D and 5E)",
    category=APPLICATIONS,
    place=2,
    files=lambda config: {
        "experiments": "classification/experiments.tsv",
        "tests": "classification/tests.tsv",
    },
    wanted=lambda config: bool(stage.completed(config)),
)
