"""Scores of all methods and controls, with intervals, beside what chance scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.drawing.wording import counted
from lacuna.single_cell import stage
from lacuna.single_cell.claims import data_label
from lacuna.single_cell.metrics import metric_label
from lacuna.single_cell.shown import (
    CHANGE,
    RANK_SHARE,
    RECIPROCAL_RANK,
    SIGNATURE,
    SPECIFIC,
    Colour,
    Run,
    chosen,
    colour_of,
    dose_label,
    first_known,
    label_of,
    ordered_runs,
    read_results,
    run_colours,
    runs_of,
    shown_params,
)

# A column each; of signatures, which have no change, the correlation of the signature itself.
COLUMNS = ((CHANGE, SIGNATURE), (SPECIFIC,), (RECIPROCAL_RANK,), (RANK_SHARE,))
GENES = "all"
QUESTION = ["target", "split", "metric"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    metrics = read_results([files["metrics"]], metric=sum(COLUMNS, ()), genes=[GENES])
    metrics = chosen(metrics, metric=COLUMNS)
    metrics = metrics.assign(dose=pd.to_numeric(metrics["dose"], errors="coerce"))
    # Of the doses of most drugs the highest, as in the paper's tables; over all where none is said.
    best = metrics.dropna(subset="dose").sort_values(["drugs", "dose"])
    best = best.drop_duplicates(QUESTION, keep="last")[[*QUESTION, "dose"]]
    at = metrics[QUESTION].merge(best, "left", QUESTION)["dose"]
    table = metrics[(metrics["dose"] == at) | at.isna()].reset_index(drop=True)
    return draw(table, runs_of(params), params["data"]), table


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw a row of panels for each target and split, a dot per method with its interval.

    Parameters
    ----------
    table
        target, split, method, start, genes, dose (micromolar; NaN: over all), metric, value, low,
        high, drugs, chance.
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    groups = list(table.groupby(["target", "split"], sort=False))
    found = [ordered_runs(rows, runs) for _, rows in groups]
    heights = [1.1 + 0.19 * len(shown) for shown in found] or [1.0]
    figure = Figure(figsize=(13, 0.6 + sum(heights)), layout="constrained")
    figure.suptitle(
        f"{data}: conditions held out, by all methods (95 % over drugs; dotted: chance)"
    )
    if not groups:
        figure.suptitle(f"{data}: no drug was judged")
    colours = run_colours(runs)
    panels = figure.subplots(len(heights), len(COLUMNS), squeeze=False, height_ratios=heights)
    for row, ((target, split), rows), shown in zip(panels, groups, found, strict=False):
        for axes, metrics in zip(row, COLUMNS, strict=True):
            metric = first_known(metrics, rows["metric"])
            _draw_panel(axes, rows[rows["metric"] == metric], shown, colours)
            axes.set_xlabel(metric_label(metric))
        names = [label_of(*run) for run in shown]
        row[0].set_yticks(range(len(shown)), names, fontsize=7.5)
        dose = dose_label(rows["dose"].max())
        said = [data_label(target, split), counted(int(rows["drugs"].max()), "drug"), dose]
        row[0].set_title(", ".join(filter(None, said)), loc="left", fontsize=9, fontweight="bold")
    if not groups:
        for axes in panels.flat:
            axes.set_axis_off()
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, shown: Sequence[Run], colours: Mapping[Run, Colour]
) -> None:
    places = {run: place for place, run in enumerate(shown)}
    known = rows[rows["value"].notna()]
    of = list(zip(known["method"], known["start"], strict=True))
    for run, low, high, value in zip(of, known["low"], known["high"], known["value"], strict=True):
        colour = colour_of(run, colours)
        axes.plot([low, high], [places[run]] * 2, color=colour, lw=1.6)
        axes.plot(value, places[run], "o", color=colour, ms=4.5)
    for run in (run for run in shown if run not in of):
        axes.text(
            0.02, places[run], "not defined", transform=axes.get_yaxis_transform(),
            va="center", fontsize=6, color="#808080", bbox={"color": "white", "pad": 1},
        )  # fmt: skip
    for chance in rows["chance"].dropna().unique():
        axes.axvline(chance, color="black", lw=0.8, ls=":", zorder=1.8)
    # A line between controls, plain methods and networks.
    kinds = [(colour_of(run, {}), bool(run[1])) for run in shown]
    for place in range(1, len(shown)):
        if kinds[place] != kinds[place - 1]:
            axes.axhline(place - 0.5, color="#dddddd", lw=0.8, zorder=0)
    axes.set(ylim=(len(shown) - 0.4, -0.6), yticks=[])
    axes.grid(axis="x", color="#dddddd", lw=0.6)
    axes.locator_params(axis="x", nbins=6)
    if known.empty:
        axes.set_xticks([])


FIGURE = FigureCard(
    label="Unseen drugs: all methods",
    category=SINGLE_CELL,
    place=1,
    files=lambda config: {"metrics": f"{stage.FOLDER}/metrics.tsv"},
    params=shown_params,
    wanted=stage.wanted,
)
