"""How the networks were trained: loss, and mean reciprocal rank on validation drugs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.retrieval import stage

PANELS = {"training": "loss", "validation": "validation MRR"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = []
    for path in map(Path, files["losses"]):
        fold = path.stem.removesuffix("_losses")
        tables.append(read_table(path).assign(alignment=path.parent.name, fold=int(fold)))
    table = pd.concat(tables, ignore_index=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a line per network and fold.

    Parameters
    ----------
    table
        alignment, fold, epoch, training, validation.
    data
        What data this is, for the title.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    figure.suptitle(f"{data}: training of the networks")
    names = list(dict.fromkeys(table["alignment"]))
    colours = method_colours(names)
    for axes, (column, label) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        for (name, _), rows in table.groupby(["alignment", "fold"], sort=False):
            axes.plot(rows["epoch"] + 1, rows[column], color=colours[str(name)], lw=1)
        axes.set(xlabel="epoch", ylabel=label)
        axes.grid(axis="y", color="#dddddd", lw=0.6)
    for name in names:
        figure.axes[0].plot([], [], color=colours[name], label=name)
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


FIGURE = FigureCard(
    label="Training of the networks",
    category=RETRIEVAL,
    files=lambda config: {"losses": stage.losses(config)},
    wanted=lambda config: bool(stage.alignments(config)),
)
