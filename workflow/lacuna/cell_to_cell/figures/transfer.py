"""Profiles from elsewhere, before and after fine-tuning (Umarov et al. 2021, external data)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

WAYS = {"copy": "copy", "trained": "as trained", "fine_tuned": "fine-tuned"}
SIDESTEP = 0.12


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["scores"])
    return draw(table, read_table(files["summary"]), params["data"]), table


def draw(scores: pd.DataFrame, summary: pd.DataFrame, data: str) -> Figure:
    """Draw each profile's correlation all three ways, the means, and their paired differences.

    Parameters
    ----------
    scores
        drug, cell, copy, trained, fine_tuned, in_training: see
        `lacuna.cell_to_cell.transfer.transfer`.
    summary
        what, value, low, high: see `lacuna.cell_to_cell.transfer.compare_ways`.
    data
        What data this is, for the title.
    """
    figure = Figure(figsize=(9.6, 4.3), layout="constrained")
    panel, differences = figure.subplots(1, 2, width_ratios=[1.7, 1])
    cells = list(scores["cell"].unique())
    colours = method_colours(cells)
    places = np.arange(len(WAYS))
    for cell, rows in scores.groupby("cell", sort=False):
        values = rows[list(WAYS)].to_numpy().T
        look: dict[str, Any] = {
            "color": colours[str(cell)],
            "lw": 0.7,
            "alpha": 0.6,
            "marker": "o",
            "ms": 3,
        }
        lines = panel.plot(places, values, **look)
        lines[0].set_label(f"{cell}: {counted(len(rows), 'profile')}")
        for line, seen in zip(lines, rows["in_training"], strict=True):
            line.set_markerfacecolor("white" if seen else colours[str(cell)])
    table = summary.set_index("what")
    means = table.loc[list(WAYS)]
    panel.vlines(places + SIDESTEP, means["low"], means["high"], color="black", lw=1.5)
    panel.plot(
        places + SIDESTEP,
        means["value"],
        "D",
        color="black",
        ms=5,
        label="mean, 95 % interval over drugs",
    )
    names = [
        f"{WAYS[str(row.Index)]}\n{row.value:z.2f} [{row.low:z.2f}, {row.high:z.2f}]"
        for row in means.itertuples()
    ]
    panel.set_xticks(places, names)
    panel.set(xlim=(-0.25, len(WAYS) - 0.7), ylabel="Pearson's r with the measured profile")
    figure.legend(loc="outside lower center", ncols=4)
    paired = table.drop(list(WAYS))
    height = np.arange(len(paired))
    differences.axvline(0, color="grey", lw=0.6)
    differences.hlines(height, paired["low"], paired["high"], color="black", lw=1.5)
    differences.plot(paired["value"], height, "D", color="black", ms=5)
    compared = paired.index.str.replace("fine_tuned", "fine-tuned").str.replace(" - ", "\nabove ")
    differences.set_yticks(height, compared)
    differences.set(
        ylim=(len(height) - 0.5, -0.5), xlabel="difference in r, 95 % interval over drugs"
    )
    seen = scores.groupby("drug")["in_training"].first()
    figure.suptitle(
        f"{data}: {len(seen)} external drugs, {seen.sum()} of them among the training drugs"
    )
    return figure


FIGURE = FigureCard(
    label="External profiles",
    category=CELL_TO_CELL,
    files=lambda config: {
        "scores": "cell_to_cell/transfer.tsv",
        "summary": "cell_to_cell/transfer_summary.tsv",
    },
    wanted=lambda config: stage.asks_for(config, "transfer"),
)
