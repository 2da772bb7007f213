"""Accuracy on random subsets of the drugs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.io.tsv import read_table

SIDESTEP = 0.012  # share of the widest range, between the error bars of two methods


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["subsets"])
    return draw(table, params["data"], params.get("compared", ())), table


def draw(table: pd.DataFrame, data: str, compared: Sequence[str] = ()) -> Figure:
    """Draw the mean PCT of each method with its standard deviation over draws of drugs.

    Parameters
    ----------
    table
        method, drugs, repeats, mean, sd.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    if table.empty:
        figure.suptitle(f"{data}: the small tensor has too few drugs for any of these subsets")
        return figure
    methods = list(table["method"].unique())
    colours, lines = method_colours(compared or methods), method_lines(compared or methods)
    panel = figure.subplots()
    step = SIDESTEP * (table["drugs"].max() - table["drugs"].min())
    for number, method in enumerate(methods):
        rows = table[table["method"] == method]
        panel.errorbar(
            rows["drugs"] + step * (number - (len(methods) - 1) / 2),
            rows["mean"],
            yerr=rows["sd"],
            color=colours[method],
            ls=lines[method],
            marker="o",
            ms=3,
            elinewidth=0.8,
            label=method_label(method),
        )
    panel.set_xticks(sorted(table["drugs"].unique()))
    panel.set(
        xlabel="drugs drawn at random from the small tensor",
        ylabel=f"PCT on the test profiles, mean and sd of {table['repeats'].max()} draws",
    )
    panel.grid(axis="y", color="#dddddd", lw=0.6)
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="Random subsets of drugs",
    category=PREDICTIONS,
    files=lambda config: {"subsets": "evaluation/subsets.tsv"},
    wanted=lambda config: bool(config["evaluation"]["subsets"]["drugs"]),
)
