"""What the basal state still tells of drug and line (Hetzel et al. 2022, section 5.1)."""

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
    foot,
    label_of,
    ordered_runs,
    read_results,
    run_colours,
    runs_of,
    shown_params,
)

OF = ("drug", "line")
WAYS = {
    "published": ("o", -0.17, "by cells that the classifier was trained on (published)"),
    "held_out": ("s", 0.17, "by other cells"),
}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_results([files["disentanglement"]]).rename(columns={"model": "method"})
    return draw(table, runs_of(params), params["data"]), table


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw a row of panels per target, of drug and of line; a mark per training.

    Parameters
    ----------
    table
        target, fold, method, start, seed, of (drug or line), way (published or held_out),
        accuracy, most_frequent, threshold, passes.
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    targets = list(dict.fromkeys(table["target"]))
    shown, colours = ordered_runs(table, runs), run_colours(runs)
    height = 1.1 + 0.36 * len(shown)
    figure = Figure(figsize=(10, 1.3 + height * max(len(targets), 1)), layout="constrained")
    figure.suptitle(f"{data}: what a classifier finds in the basal state")
    panels = figure.subplots(max(len(targets), 1), len(OF), squeeze=False)
    if not targets:
        figure.suptitle(f"{data}: no network was trained whose basal state could be judged")
        for axes in panels.flat:
            axes.set_axis_off()
        return figure
    for row, target in zip(panels, targets, strict=True):
        for axes, of in zip(row, OF, strict=True):
            part = table[(table["target"] == target) & (table["of"] == of)]
            _draw_panel(axes, part, shown, colours)
            axes.set_title(f"{target}: {of}", fontsize=9)
            axes.set_xlabel(f"accuracy for the {of}")
        names = [label_of(*run) for run in shown]
        row[0].set_yticks(range(len(shown)), names, fontsize=8)
    look: dict[str, Any] = {"color": SHADES[0], "ls": "none", "ms": 5}
    handles = [Line2D([], [], marker=m, label=label, **look) for m, _, label in WAYS.values()]
    handles += [
        Line2D([], [], marker="o", mfc="white", label="above the threshold: fails", **look),
        Line2D([], [], color="black", lw=1, ls=":", label="most frequent class"),
        Line2D([], [], color="black", lw=0.9, ls="--", label="threshold"),
    ]
    foot(figure, handles)
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, shown: Sequence[Run], colours: Mapping[Run, Colour]
) -> None:
    places = {run: place for place, run in enumerate(shown)}
    known = rows[rows["accuracy"].notna()]
    of = zip(known["method"], known["start"], strict=True)
    fails = known["passes"].eq(False)
    for run, way, accuracy, hollow in zip(of, known["way"], known["accuracy"], fails, strict=True):
        marker, shift, _ = WAYS[way]
        colour = colour_of(run, colours)
        face = "white" if hollow else colour
        axes.plot(accuracy, places[run] + shift, marker, color=colour, ms=5, mfc=face)
    for share in known["most_frequent"].dropna().unique():
        axes.axvline(share, color="black", lw=1, ls=":", zorder=1.8)
    for threshold in known["threshold"].dropna().unique():
        axes.axvline(threshold, color="black", lw=0.9, ls="--", zorder=1.8)
    if known.empty:
        axes.text(0.5, 0.5, "not judged", transform=axes.transAxes, ha="center")
        axes.set_xticks([])
    else:
        marks = known[["accuracy", "most_frequent", "threshold"]].max().max()
        axes.set_xlim(0, 1.06 * max(marks, 1e-3))
        axes.locator_params(axis="x", nbins=7)
    axes.set(ylim=(len(shown) - 0.5, -0.5), yticks=[])
    axes.grid(axis="x", color="#dddddd", lw=0.6)


FIGURE = FigureCard(
    label="Basal states: disentanglement",
    category=SINGLE_CELL,
    files=lambda config: {"disentanglement": f"{stage.FOLDER}/disentanglement.tsv"},
    params=shown_params,
    wanted=lambda config: stage.wanted(config) and bool(stage.losses(config)),
)
