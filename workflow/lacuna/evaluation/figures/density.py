"""Figure 3C of Hodos et al. 2018: accuracy against how much of the grid was measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.evaluation import stage

SIDESTEP = 0.5  # percent of places, between the error bars of two methods


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = pd.read_csv(files["density"], sep="\t")
    table = table[table["method"].isin(params["methods"])]
    sizes = pd.read_csv(files["sizes"], sep="\t", keep_default_na=False)
    return draw(table, sizes, params["data"], params.get("compared", ())), table


def draw(
    table: pd.DataFrame, sizes: pd.DataFrame, data: str, compared: Sequence[str] = ()
) -> Figure:
    """Draw the mean PCT of each method with its standard deviation over repeats.

    Parameters
    ----------
    table
        method, percent, repeats, mean, sd.
    sizes
        percent, profiles, left_out; see `lacuna.evaluation.density.densities`.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    methods = list(table["method"].unique())
    colours, lines = method_colours(compared or methods), method_lines(compared or methods)
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    left_out = [
        f"left out: {percent} %, {reason}"
        for percent, reason in zip(sizes["percent"], sizes["left_out"], strict=True)
        if reason
    ]
    if not methods:
        figure.suptitle("\n".join([f"{data}: the small tensor has none of these", *left_out]))
        return figure
    panel = figure.subplots()
    for number, (method, rows) in enumerate(table.groupby("method", sort=False)):
        panel.errorbar(
            rows["percent"] + SIDESTEP * (number - (len(methods) - 1) / 2),
            rows["mean"],
            yerr=rows["sd"],
            color=colours[str(method)],
            ls=lines[str(method)],
            marker="o",
            ms=3,
            elinewidth=0.8,
            label=method_label(str(method)),
        )
    reached = sizes[sizes["left_out"] == ""]
    ticks = [f"{row.percent} %\n{row.profiles:,}" for row in reached.itertuples()]
    panel.set_xticks(reached["percent"], ticks)
    panel.set(
        xlabel="density of the training set: share of the small tensor's places, and profiles",
        ylabel=f"PCT on the test profiles, mean and sd of {table['repeats'].max()} repeats",
    )
    panel.grid(axis="y", color="#dddddd", lw=0.6)
    # From top to bottom as the curves end: lines of eight methods are hard to tell apart in grey.
    at_end = table.groupby("method", sort=False)["mean"].last().to_numpy()
    handles = panel.get_legend_handles_labels()[0]
    ranked = [handles[number] for number in np.argsort(-at_end, kind="stable")]
    panel.legend(handles=ranked, loc="center left", bbox_to_anchor=(1, 0.5))
    panel.set_title("\n".join(left_out), fontsize=8)
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="Accuracy against density, all methods (Figure 3C)",
    category=PREDICTIONS,
    place=6,
    files=lambda config: {
        "density": "evaluation/density.tsv",
        "sizes": "evaluation/density/sizes.tsv",
    },
    params=lambda config: {"methods": list(stage.methods(config))},
    wanted=lambda config: bool(config["evaluation"]["density"]["percents"]),
)
