"""The experiments of Umarov et al. 2021: what the prediction from cell to cell depends on."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lacuna.cell_to_cell import stage
from lacuna.cell_to_cell.analyses import analysis_label, no_setting
from lacuna.cell_to_cell.variations import ALL_TARGETS
from lacuna.completion.registry import method_label
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.io.tsv import read_table

COLUMNS = 2
PREDICTED, COPIED, INTO = SHADES_OF_THREE
ASIDE = 0.28  # of a row: the copy lies so far below the prediction
# Where there are two cells, how far above it each is shown, and as what.
TARGETS = ((-0.34, "^"), (-0.17, "v"))
LABEL_WIDTH = 30  # characters


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["variations"])
    return draw(table, params["analyses"], params["data"]), table


def draw(table: pd.DataFrame, analyses: Sequence[str], data: str) -> Figure:
    """Draw the mean correlation of each setting, and of the copy, with its interval.

    Where two cells are predicted, each has a mark of its own.

    Parameters
    ----------
    table
        As `lacuna.cell_to_cell.variations.summarise` returns it, of all analyses.
    analyses
        All that were asked for, also those without any setting.
    data
        What data this is, for the title.
    """
    is_mean = table["into"] == ALL_TARGETS
    targets = list(table.loc[~is_mean, "into"].unique())
    targets = targets if len(targets) == len(TARGETS) else []
    sizes = table["analysis"][is_mean].value_counts().reindex(list(analyses), fill_value=0)
    columns = min(COLUMNS, len(analyses))
    of_row = 0.36 + 0.08 * len(targets)
    heights = [
        0.75 + of_row * max(2, sizes.iloc[first : first + columns].max())
        for first in range(0, len(analyses), columns)
    ]
    size = (5.5 * columns, 0.8 + sum(heights))
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.12))
    repeats = table["repeats"].max() if len(table) else 1
    over = "over drugs" if repeats == 1 else f"over drugs and {repeats} trainings"
    figure.suptitle(f"{data}; bars are 95 % intervals {over}")
    grid = figure.subplots(
        len(heights), columns, squeeze=False, sharex=True, height_ratios=heights
    ).ravel()
    for axes, analysis in zip(grid, analyses, strict=False):
        title, rows = analysis_label(analysis), table[table["analysis"] == analysis]
        if len(rows):
            _draw_panel(axes, title, rows, targets)
        else:
            axes.set_axis_off()
            axes.set_title(title, loc="left")
            axes.text(0, 0.95, fill(no_setting(analysis), 50), transform=axes.transAxes, va="top")
    for axes in grid[len(analyses) :]:
        axes.remove()
    drawn = [axes for axes in figure.axes if axes.containers]
    if drawn:
        fullest = max(drawn, key=lambda axes: len(axes.containers))
        handles, labels = fullest.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, title: str, every: pd.DataFrame, targets: Sequence[str]) -> None:
    rows = every[every["into"] == ALL_TARGETS]
    place = np.arange(len(rows))
    for into, (shift, mark) in zip(targets, TARGETS, strict=False):
        of_cell = every[every["into"] == into].set_index("setting").reindex(rows["setting"])
        style: dict[str, Any] = {"fmt": mark, "color": INTO, "label": f"into {into}"}
        reach = of_cell[["low", "high"]].sub(of_cell["value"], axis=0).abs().to_numpy().T
        axes.errorbar(of_cell["value"], place + shift, xerr=reach, ms=3.5, elinewidth=0.7, **style)
    predicted: dict[str, Any] = {"fmt": "o", "color": PREDICTED, "label": "prediction, mean"}
    copied: dict[str, Any] = {"fmt": "s", "color": COPIED, "label": "copy"}
    for name, ends, shift, style in (
        ("value", ["low", "high"], 0, predicted),
        ("copy", ["copy_low", "copy_high"], ASIDE, copied),
    ):
        reach = rows[ends].sub(rows[name], axis=0).abs().to_numpy().T
        axes.errorbar(rows[name], place + shift, xerr=reach, ms=4, elinewidth=1.2, **style)
    if rows["reference_value"].notna().any():
        style = {"fmt": "|", "color": "black", "label": "setting compared with"}
        axes.errorbar(rows["reference_value"], place, ms=13, zorder=1, **style)
    names, drugs = rows["setting"].map(method_label), rows["drugs"]
    if drugs.eq(drugs.iloc[0]).all():
        axes.set_title(f"{title} ({drugs.iloc[0]} test drugs)", loc="left")
    else:
        axes.set_title(f"{title} (test drugs)", loc="left")
        names = names + drugs.map(" ({})".format)
    axes.set_yticks(place, [fill(name, LABEL_WIDTH) for name in names], fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("mean Pearson r per test profile")


FIGURE = FigureCard(
    label="What the prediction depends on",
    category=CELL_TO_CELL,
    files=lambda config: {"variations": "cell_to_cell/variations.tsv"},
    params=lambda config: {
        "analyses": stage.varied(config),
        **{key: config["cell_to_cell"][key] for key in ("test_percent", "folds", "repeats")},
    },
    wanted=lambda config: bool(stage.varied(config)),
)
