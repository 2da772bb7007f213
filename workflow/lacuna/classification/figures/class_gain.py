"""Figures 5B and 5C of Hodos et al. 2018: what completed profiles add to classifiers of drugs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from lacuna.classification import stage
from lacuna.completion.registry import method_label
from lacuna.drawing.card import APPLICATIONS, FigureCard
from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.drawing.wording import with_interval
from lacuna.io.tsv import read_table

NUMBERS = ["difference", "low", "high"]
PANELS = {"profile_type": "5B: profile types", "task": "5C: tasks"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    experiments = read_table(files["experiments"]).dropna(subset="gain")
    overall = read_table(files["tests"]).query("question == 'gain' and grouped_by == 'all'")
    return draw(experiments, overall, params["data"]), experiments


def draw(gains: pd.DataFrame, overall: pd.DataFrame, data: str) -> Figure:
    """Draw the gain in area under the ROC curve by profile type and by task.

    Parameters
    ----------
    gains
        method, profile_type, task, protocol, gain: one row per experiment.
    overall
        method, protocol, difference, low, high: the mean gain of all experiments.
    data
        What data this is, for the title.
    """
    methods = list(gains["method"].unique())
    width = 3 + 0.42 * (gains["profile_type"].nunique() + gains["task"].nunique())
    figure = Figure(
        figsize=(max(7.5, width), 0.8 + 3.8 * max(1, len(methods))), layout="constrained"
    )
    figure.suptitle(data)
    if not methods:
        figure.suptitle(f"{data}: no experiment has enough drugs and is above chance")
        return figure
    counts = [max(3, gains[column].nunique()) for column in PANELS]
    grid = figure.subplots(len(methods), 2, squeeze=False, sharey=True, width_ratios=counts)
    protocols = list(gains["protocol"].unique())
    for row, method in zip(grid, methods, strict=True):
        of_method = gains[gains["method"] == method]
        for axes, (column, title) in zip(row, PANELS.items(), strict=True):
            order = of_method.groupby(column)["gain"].median().sort_values(ascending=False).index
            sns.boxplot(
                of_method,
                x=column,
                y="gain",
                hue="protocol",
                order=order,
                hue_order=protocols,
                palette=SHADES_OF_THREE[: len(protocols)],
                fliersize=2,
                linewidth=0.8,
                legend=False if axes is not row[0] else "brief",
                ax=axes,
            )
            axes.axhline(0, color="grey", lw=0.6)
            axes.tick_params(axis="x", rotation=45)
            axes.set(title=f"{title}; completed by {method_label(method)}", xlabel="")
        row[0].set_ylabel("gain in AUC by completion")
        means = overall[overall["method"] == method].set_index("protocol")
        handles, _ = row[0].get_legend_handles_labels()
        labels = [
            f"{name}: mean {with_interval(*means.loc[name, NUMBERS].to_numpy(float))}"
            for name in protocols
        ]
        row[0].legend(handles, labels, title="protocol, 95 % interval over drugs", fontsize=7.5)
    return figure


FIGURE = FigureCard(
    label="What completed profiles add (Figures 5B and 5C)",
    category=APPLICATIONS,
    place=2,
    files=lambda config: {
        "experiments": "classification/experiments.tsv",
        "tests": "classification/tests.tsv",
    },
    params=lambda config: {"cells": config["classification"]["cells"]},
    wanted=lambda config: bool(stage.completed(config)),
)
