"""Box plots of predictions by dose (Hetzel et al. 2022, figures 2, 4 and 6 to 9)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.single_cell import stage
from lacuna.single_cell.claims import data_label
from lacuna.single_cell.metrics import metric_label
from lacuna.single_cell.shown import (
    CHANGE,
    R2,
    SIGNATURE,
    SPECIFIC,
    Colour,
    Run,
    beside_networks,
    chosen,
    colour_of,
    dose_label,
    first_known,
    genes_label,
    head,
    is_pale,
    label_of,
    ordered_runs,
    read_results,
    run_colours,
    runs_of,
    shown_params,
)

# Up: the whole profile, as published. Down: what the drug changes. Of cells, and of signatures.
LEVELS = ((R2, SIGNATURE), (CHANGE, SPECIFIC))
OF_NOTHING = {CHANGE: "doing nothing is 0"}
GENE_SETS = (("all",), ("deg_pooled", "deg"))  # the second where the first is not listed
LOWEST = -1.0  # values below are counted, and no axis goes there unless a box does
DRAWN = ["target", "split", "metric", "genes", "dose", "method", "start", "seed", "fold", "drug"]
DRAWN += ["line", "value"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    scores = read_results(files["scores"], metric=sum(LEVELS, ()), genes=sum(GENE_SETS, ()))
    table = beside_networks(chosen(scores, metric=LEVELS, genes=GENE_SETS))[DRAWN]
    return draw(table, runs_of(params), params["data"]), table


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw two rows of panels for each target and split, gene sets across, boxes by dose.

    Parameters
    ----------
    table
        target, split, metric, genes, dose (micromolar, or NaN), method, start, seed, fold, drug,
        line, value: a row per condition, method and seed.
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    groups = list(table.groupby(["target", "split"], sort=False))
    shown, colours = ordered_runs(table, runs), run_colours(runs)
    doses = max((rows["dose"].nunique() for _, rows in groups), default=1)
    width = max(1.5 + 0.16 * doses * len(shown), 1.2 + 0.62 * doses)
    figure = Figure(
        figsize=(2 * float(np.clip(width, 4, 9)), 1 + 5.2 * max(len(groups), 1)),
        layout="constrained",
    )
    panels = figure.subplots(2 * max(len(groups), 1), 2, squeeze=False)
    if not groups:
        figure.suptitle(f"{data}: no condition was judged")
        for axes in panels.flat:
            axes.set_axis_off()
    for number, ((target, split), rows) in enumerate(groups):
        for level, metrics in enumerate(LEVELS):
            metric = first_known(metrics, rows["metric"])
            for axes, sets in zip(panels[2 * number + level], GENE_SETS, strict=True):
                genes = first_known(sets, rows["genes"])
                part = rows[(rows["metric"] == metric) & (rows["genes"] == genes)]
                _draw_panel(axes, part, shown, colours)
                axes.set_title(f"{data_label(target, split)}: {genes_label(genes)}", fontsize=9)
    if groups:
        title = f"{data}: predictions of conditions held out, by dose"
        patches = [Patch(color=colour_of(run, colours), label=label_of(*run)) for run in shown]
        head(figure, title, patches)
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, shown: Sequence[Run], colours: Mapping[Run, Colour]
) -> None:
    rows = rows[rows["value"].notna()]
    if rows.empty:
        axes.text(0.5, 0.5, "nothing judged", transform=axes.transAxes, ha="center")
        axes.set(xticks=[], yticks=[])
        return
    metric = rows["metric"].iloc[0]
    doses = [float("nan")] if rows["dose"].isna().all() else sorted(rows["dose"].dropna().unique())
    drawn, width = [], 0.84 / len(shown)
    for number, dose in enumerate(doses):
        of_dose = rows if np.isnan(dose) else rows[rows["dose"] == dose]
        for place, run in enumerate(shown):
            is_run = (of_dose["method"] == run[0]) & (of_dose["start"] == run[1])
            values = of_dose.loc[is_run, "value"].to_numpy(float)
            if len(values):
                [box] = boxplot_stats(values)
                drawn.append(box)
                at = number + (place - (len(shown) - 1) / 2) * width
                _draw_box(axes, box, at, width, colour_of(run, colours))
    lowest = min(LOWEST, *(box["q1"] for box in drawn))
    below = int((rows["value"] < lowest).sum())
    if rows["value"].min() < lowest:
        axes.set_ylim(bottom=lowest - 0.05)
        axes.text(
            0.99, 0.03, f"{below} of {len(rows)} below {lowest:.2g}, not shown",
            transform=axes.transAxes, ha="right", va="bottom", fontsize=6.5,
            bbox={"color": "white", "alpha": 0.8, "pad": 1},
        )  # fmt: skip
    axes.axhline(0, color="black", lw=0.6, zorder=1.8)
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    conditions = rows.drop_duplicates(["fold", "drug", "line", "dose"])
    counts = [int((conditions["dose"] == dose).sum()) or len(conditions) for dose in doses]
    ticks = [f"{dose_label(d)}\nn = {n}".strip() for d, n in zip(doses, counts, strict=True)]
    axes.set_xticks(range(len(doses)), ticks)
    axes.set_xlim(-0.55, len(doses) - 0.45)
    said = f"\n({OF_NOTHING[metric]})" if metric in OF_NOTHING else ""
    axes.set_ylabel(metric_label(metric) + said)


def _draw_box(axes: Axes, box: dict[str, Any], at: float, width: float, colour: Colour) -> None:
    axes.bxp(
        [box],
        positions=[at],
        widths=0.85 * width,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "edgecolor": colour, "linewidth": 1},
        medianprops={"color": "black" if is_pale(colour) else "white", "linewidth": 1.3},
        whiskerprops={"color": colour, "linewidth": 0.9},
        capprops={"linewidth": 0},
        flierprops={"marker": "o", "ms": 1.6, "mfc": colour, "mec": "none", "alpha": 0.6},
    )


FIGURE = FigureCard(
    label="Predictions by dose (Figures 2, 4, 6 to 9)",
    category=SINGLE_CELL,
    place=2,
    files=lambda config: {"scores": stage.of_folds(config, "scores", ".tsv.gz")},
    params=shown_params,
    wanted=stage.wanted,
)
