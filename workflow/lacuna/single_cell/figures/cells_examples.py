"""Measured beside predicted, gene by gene (Hetzel et al. 2022, figure 5)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.drawing.palette import SHADES
from lacuna.single_cell import stage
from lacuna.single_cell.shown import (
    Colour,
    Run,
    colour_of,
    dose_label,
    head,
    label_of,
    ordered_runs,
    read_results,
    run_colours,
    runs_of,
    shortened,
    shown_params,
)

WHICH = ("best", "worst")
MOST_LINES = 4
PANEL = ["target", "which", "drug"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn: of one network, at the highest dose, in the first lines; see `draw`."""
    tables = []
    for target, path in zip(params["targets"], files["examples"], strict=True):
        table = read_results([path], which=WHICH)
        table["target"] = target
        run = _chosen(table, tuple(params["run"]), runs_of(params))
        table = table[(table["method"] == run[0]) & (table["start"] == run[1])]
        highest = table.groupby(["which", "drug"])["dose"].transform("max")
        table = table[(table["dose"] == highest) | highest.isna()]
        shown = list(dict.fromkeys(table["line"]))[:MOST_LINES]
        tables.append(table[table["line"].isin(shown)])
    filled = [table for table in tables if len(table)] or tables[:1]
    table = pd.concat(filled, ignore_index=True)
    return draw(table, runs_of(params), params["data"]), table


def _chosen(table: pd.DataFrame, wanted: Run, runs: Sequence[Run]) -> Run:
    """Choose the network that is written for use; without it, the last in order."""
    found = ordered_runs(table, runs)
    return wanted if wanted in found or not found else found[-1]


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw a row of panels per drug, lines across; genes by how much they were measured to change.

    Parameters
    ----------
    table
        target, which (best or worst), method, start, drug, line, dose, gene, control, measured,
        predicted, low, high (NaN where a method states no variance).
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    groups = list(table.groupby(PANEL, sort=False))
    columns = max((rows["line"].nunique() for _, rows in groups), default=1)
    heights = [0.8 + 0.1 * _most_genes(rows) for _, rows in groups] or [1.0]
    figure = Figure(figsize=(max(7.0, 1 + 3.1 * columns), 1 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    for axes in panels.flat:
        axes.set_axis_off()
    if not groups:
        figure.suptitle(f"{data}: no example was predicted")
        return figure
    colours = run_colours(runs)
    for row, ((target, which, drug), rows) in zip(panels, groups, strict=True):
        for axes, (line, part) in zip(row, rows.groupby("line", sort=False), strict=False):
            axes.set_axis_on()
            _draw_panel(axes, part, colours)
            said = [str(line), dose_label(float(part["dose"].iloc[0]))]
            where = f"{target}, {which}: {shortened(str(drug), 30)}"
            axes.set_title(f"{where}\n{', '.join(filter(None, said))}", fontsize=8)
    look: dict[str, Any] = {"ls": "none"}
    handles = [
        Line2D([], [], marker="|", color=SHADES[1], mew=2, ms=7, label="control", **look),
        Line2D([], [], marker="o", color="black", ms=3.5, label="measured", **look),
    ]
    for run in dict.fromkeys(zip(table["method"], table["start"], strict=True)):
        colour = colour_of(run, colours)
        label = f"predicted: {label_of(*run)}, and where most cells are"
        handles.append(Line2D([], [], color=colour, marker="D", ms=3.5, lw=1, label=label))
    title = f"{data}: genes that change most, in drugs predicted best and worst"
    head(figure, title, handles)
    return figure


def _most_genes(rows: pd.DataFrame) -> int:
    return int(rows.groupby("line")["gene"].size().max())


def _draw_panel(axes: Axes, rows: pd.DataFrame, colours: Mapping[Run, Colour]) -> None:
    change = rows["measured"] - rows["control"]
    rows = rows.assign(change=change).sort_values("change", ascending=False, kind="stable")
    at = range(len(rows))
    colour = colour_of((rows["method"].iloc[0], rows["start"].iloc[0]), colours)
    axes.hlines(at, rows["low"], rows["high"], color=colour, lw=1, alpha=0.5)
    axes.hlines(at, rows["control"], rows["measured"], color=SHADES[1], lw=0.8, ls=":")
    axes.plot(rows["control"], at, "|", color=SHADES[1], mew=1.8, ms=5)
    axes.plot(rows["predicted"], at, "D", color=colour, ms=3.2, mew=0)
    axes.plot(rows["measured"], at, "o", color="black", ms=3, mew=0)
    axes.set_yticks(at, [shortened(str(gene), 14) for gene in rows["gene"]], fontsize=5.5)
    axes.tick_params(axis="y", length=0, pad=1)
    axes.set(ylim=(len(rows) - 0.3, -0.7), xlabel="expression")
    axes.grid(axis="y", color="#eeeeee", lw=0.5)
    axes.set_axisbelow(True)


def _files(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the examples of each target's first fold."""
    return {
        "examples": [
            f"{stage.FOLDER}/{target}/examples/{stage.folds(config, target)[0]}.tsv"
            for target in _targets(config)
        ]
    }


def _targets(config: Mapping[str, Any]) -> list[str]:
    return [target for target in stage.targets(config) if stage.folds(config, target)]


def _params(config: Mapping[str, Any]) -> dict[str, object]:
    run = stage.first_run(config)
    written = [run.get("model", ""), run.get("start", "")]
    return {**shown_params(config), "targets": _targets(config), "run": written}


FIGURE = FigureCard(
    label="Examples, gene by gene (Figure 5)",
    category=SINGLE_CELL,
    place=4,
    files=_files,
    params=_params,
    wanted=lambda config: stage.wanted(config) and bool(stage.first_run(config)),
)
