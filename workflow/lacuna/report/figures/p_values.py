"""How many experiments have replicates that agree better than chance: their p-values."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.acquire.inputs import Inputs
from lacuna.drawing.card import DATA, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table
from lacuna.signatures import stage as signatures


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["p_values"])
    return draw(table, params["data"]), table


def draw(p_values: pd.DataFrame, data: str) -> Figure:
    """Draw the histogram of p-values, a panel a series, and what chance alone would give.

    Parameters
    ----------
    p_values
        As `lacuna.report.experiments.count_p_values` returns them.
    data
        What data this is, for the title.
    """
    series = list(p_values["series"].unique())
    figure = Figure(figsize=(6.5, 0.7 + 2.5 * len(series)), layout="constrained")
    panels = figure.subplots(len(series), squeeze=False)[:, 0]
    for axes, name in zip(panels, series, strict=True):
        bins = p_values[p_values["series"] == name]
        total = int(bins["experiments"].sum())
        axes.set_title(f"{name}: {counted(total, 'experiment')} with a p-value", fontsize="medium")
        if not total:
            axes.text(0.5, 0.5, "none has one", ha="center", transform=axes.transAxes)
            axes.set(xticks=[], yticks=[])
            continue
        width = bins["high"] - bins["low"]
        axes.bar(bins["low"], bins["experiments"], width, align="edge", color=MEASURED, lw=0)
        axes.axhline(total / len(bins), color="black", lw=0.8, ls=":")
        axes.annotate(
            "chance alone",
            (1, total / len(bins)),
            (-2, 3),
            ha="right",
            fontsize=7,
            bbox={"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1},
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )
        axes.set(xlim=(0, 1), ylabel="experiments")
    panels[-1].set_xlabel("p-value of the agreement of replicates (ACD)")
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="P-values of experiments",
    category=DATA,
    place=4,
    files=lambda config: {"p_values": "report/p_values.tsv"},
    # Few ready-made signatures have p-values; the page of experiments counts those that do.
    wanted=lambda config: (
        signatures.wanted(config) and bool(Inputs.of(config).series_with("level3"))
    ),
)
