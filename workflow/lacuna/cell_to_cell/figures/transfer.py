"""Profiles from elsewhere, before and after fine-tuning (Umarov et al. 2021, external data)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.cell_to_cell import stage
from lacuna.cell_to_cell.external_sets import ALL_CELLS, UNSEEN
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

WAYS = {
    "copy": "copy",
    "unregularised": "not regularised",
    "trained": "as trained",
    "fine_tuned": "fine-tuned",
}
SIDESTEP = 0.12


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["scores"])
    return draw(table, read_table(files["summary"]), params["data"]), table


def draw(scores: pd.DataFrame, summary: pd.DataFrame, data: str) -> Figure:
    """Draw each profile's correlation all four ways, the means, and their paired differences.

    Parameters
    ----------
    scores
        repeat, drug, cell, copy, unregularised, trained, fine_tuned, in_training: see
        `lacuna.cell_to_cell.transfer.transfer`; of several trainings the mean is drawn.
    summary
        cell, drugs, what, value, low, high: see `lacuna.cell_to_cell.transfer.summarise`. Means
        are of drugs that were not trained on, over all cells.
    data
        What data this is, for the title.
    """
    scores = scores.groupby(["drug", "cell", "in_training"], sort=False, as_index=False)[
        list(WAYS)
    ].mean()
    of_unseen = summary[summary["drugs"] == UNSEEN]
    whole = of_unseen["cell"] == ALL_CELLS
    summary = of_unseen[whole] if whole.any() else of_unseen
    figure = Figure(figsize=(10.4, 4.3), layout="constrained")
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
    means = table.reindex(list(WAYS))
    panel.vlines(places + SIDESTEP, means["low"], means["high"], color="black", lw=1.5)
    panel.plot(
        places + SIDESTEP,
        means["value"],
        "D",
        color="black",
        ms=5,
        label="mean of drugs not trained on, 95 % interval",
    )
    names = [
        f"{WAYS[str(row.Index)]}\n{row.value:z.2f} [{row.low:z.2f}, {row.high:z.2f}]"
        for row in means.itertuples()
    ]
    panel.set_xticks(places, names)
    panel.set(xlim=(-0.25, len(WAYS) - 0.7), ylabel="Pearson's r with the measured profile")
    figure.legend(loc="outside lower center", ncols=4)
    paired = table.drop(list(WAYS), errors="ignore")
    height = np.arange(len(paired))
    differences.axvline(0, color="grey", lw=0.6)
    differences.hlines(height, paired["low"], paired["high"], color="black", lw=1.5)
    differences.plot(paired["value"], height, "D", color="black", ms=5)
    compared = ["\nabove ".join(WAYS[way] for way in name.split(" - ")) for name in paired.index]
    differences.set_yticks(height, compared)
    differences.set(ylim=(len(height) - 0.5, -0.5), xlabel="difference in r, 95 % interval")
    seen = scores.groupby("drug")["in_training"].first()
    figure.suptitle(
        f"{data}: {counted(len(seen), 'external drug')}, {seen.sum()} of them among the training "
        "drugs"
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
