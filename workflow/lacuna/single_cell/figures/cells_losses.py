"""How the networks were trained on cells: losses by epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.drawing.palette import LINES
from lacuna.single_cell import stage
from lacuna.single_cell.shown import (
    Run,
    colour_of,
    foot,
    label_of,
    ordered_runs,
    read_results,
    run_colours,
    runs_of,
    shown_params,
)

FAR = 4.0  # so many times the middle 90 % of the values, an axis goes beyond these at most
LINE = ["method", "start", "fold", "seed", "stage"]
NAMES = ["target", *LINE, "epoch"]  # all other columns are drawn


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = []
    for path in map(Path, files["losses"]):
        # {target}/trained/{model}/{start}/{fold}_{seed}_losses.tsv
        fold, _, seed = path.stem.removesuffix("_losses").rpartition("_")
        start, model, target = path.parent.name, path.parents[1].name, path.parents[3].name
        names = {"target": target, "method": model, "start": start, "fold": fold, "seed": seed}
        table = read_results([path]).assign(**names)
        tables.append(table if "stage" in table else table.assign(stage=""))
    filled = [table for table in tables if len(table)] or tables[:1]
    table = pd.concat(filled, ignore_index=True).astype({"stage": object}).fillna({"stage": ""})
    kinds = [name for name in table if name not in NAMES]
    table = table[[*NAMES, *kinds]]
    return draw(table, runs_of(params), params["data"]), table


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw a row of panels per target, one per kind of loss; a line per training and stage.

    Parameters
    ----------
    table
        target, method, start, fold, seed, stage, epoch, and a column for each loss or score.
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    kinds = [name for name in table if name not in NAMES and table[name].notna().any()]
    targets = list(dict.fromkeys(table["target"]))
    figure = Figure(
        figsize=(max(7.0, 2.9 * len(kinds)), 1.2 + 2.7 * max(len(targets), 1)),
        layout="constrained",
    )
    figure.suptitle(f"{data}: training of the networks on cells")
    panels = figure.subplots(max(len(targets), 1), max(len(kinds), 1), squeeze=False)
    if not kinds:
        figure.suptitle(f"{data}: no network was trained")
        for axes in panels.flat:
            axes.set_axis_off()
    colours = run_colours(runs)
    stages = list(dict.fromkeys(table["stage"]))
    for row, target in zip(panels, targets, strict=False):
        for axes, kind in zip(row, kinds, strict=False):
            part = table[(table["target"] == target) & table[kind].notna()]
            for (method, start, _, _, of_stage), line in part.groupby(LINE, sort=False):
                colour = colour_of((str(method), str(start)), colours)
                style = LINES[stages.index(of_stage) % len(LINES)]
                axes.plot(line["epoch"] + 1, line[kind], color=colour, ls=style, lw=0.9, alpha=0.8)
            _limit(axes, part[kind].to_numpy(float))
            axes.set(xlabel="epoch", ylabel=str(kind).replace("_", " "))
            axes.set_title(target, fontsize=9)
            axes.grid(axis="y", color="#dddddd", lw=0.6)
    shown = ordered_runs(table, runs)
    handles = [Line2D([], [], color=colour_of(r, colours), label=label_of(*r)) for r in shown]
    if len(stages) > 1:
        handles += [
            Line2D([], [], color="black", ls=LINES[number % len(LINES)], label=f"stage: {name}")
            for number, name in enumerate(stages)
        ]
    foot(figure, handles)
    return figure


def _limit(axes: Axes, values: np.ndarray) -> None:
    """Keep a training that diverges from flattening all others; say what is not shown."""
    known = values[np.isfinite(values)]
    if not len(known):
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center")
        return
    low, high = np.quantile(known, [0.05, 0.95])
    reach = FAR * max(high - low, 1e-9)
    shown = known[(known >= low - reach) & (known <= high + reach)]
    beyond = len(values) - len(shown)
    if beyond:
        margin = 0.05 * max(np.ptp(shown), 1e-9)
        axes.set_ylim(shown.min() - margin, shown.max() + margin)
        axes.text(
            0.99, 0.98, f"{beyond} of {len(values)} beyond", transform=axes.transAxes,
            ha="right", va="top", fontsize=6.5, bbox={"color": "white", "alpha": 0.8, "pad": 1},
        )  # fmt: skip


FIGURE = FigureCard(
    label="Training on cells",
    category=SINGLE_CELL,
    files=lambda config: {"losses": stage.losses(config)},
    params=shown_params,
    wanted=lambda config: stage.wanted(config) and bool(stage.losses(config)),
)
