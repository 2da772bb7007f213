"""Drug by drug, networks beside doing nothing (Hetzel et al. 2022, figures 10 to 13)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.single_cell import stage
from lacuna.single_cell.claims import data_label
from lacuna.single_cell.metrics import metric_label
from lacuna.single_cell.shown import (
    R2,
    SIGNATURE,
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
    shortened,
    shown_params,
)

METRICS = (R2, SIGNATURE)  # of cells, and of signatures
GENE_SETS = (("all",), ("deg_pooled", "deg"))  # the second where the first is not listed
LOWEST = -1.0  # a bar that goes below is cut
MOST_BARS, MOST_DRUGS = 290, 60  # in a row
GROUP = ["target", "split", "metric", "genes", "dose", "drug", "method", "start"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn: means over lines and seeds, of the first network; see `draw`."""
    scores = read_results(files["scores"], metric=METRICS, genes=sum(GENE_SETS, ()))
    scores = chosen(scores, metric=[METRICS], genes=GENE_SETS)
    first = scores["method"].isin(params["models"][:1]) | (scores["start"] == "")
    scores = beside_networks(scores[first & scores["value"].notna()])
    highest = scores.groupby(["target", "split", "drug"])["dose"].transform("max")
    scores = scores[(scores["dose"] == highest) | highest.isna()]
    groups = scores.groupby(GROUP, sort=False, dropna=False)["value"]
    table = groups.agg(value="mean", low="min", high="max", scores="size").reset_index()
    return draw(table, runs_of(params), params["data"]), table


def draw(table: pd.DataFrame, runs: Sequence[Run], data: str) -> Figure:
    """Draw rows of bars for each target and gene set, drugs by the score of doing nothing.

    Parameters
    ----------
    table
        target, split, metric, genes, dose, drug, method, start, value, low and high (of lines).
    runs
        All networks and starts of the configuration, for their colours.
    data
        What data this is, for the title.
    """
    shown, colours = ordered_runs(table, runs), run_colours(runs)
    in_row = min(MOST_DRUGS, MOST_BARS // (len(shown) + 1))
    rows = [
        (f"{data_label(target, split)}: {genes_label(genes)}", part, drugs)
        for (target, split), of_target in table.groupby(["target", "split"], sort=False)
        for genes in (first_known(sets, of_target["genes"]) for sets in GENE_SETS)
        if len(part := of_target[of_target["genes"] == genes])
        for drugs in _in_rows(_sorted_drugs(part, ordered_runs(part, runs)[0]), in_row)
    ]
    longest = max((len(drugs) for *_, drugs in rows), default=1)
    bars = longest * (len(shown) + 1)
    figure = Figure(
        figsize=(float(np.clip(1.5 + 0.13 * bars, 6, 14)), 1 + 2.2 * max(len(rows), 1)),
        layout="constrained",
    )
    panels = figure.subplots(max(len(rows), 1), 1, squeeze=False)[:, 0]
    if not rows:
        figure.suptitle(f"{data}: no drug was held out and judged")
        panels[0].set_axis_off()
    for axes, (title, part, drugs) in zip(panels, rows, strict=False):
        _draw_row(axes, part, drugs, shown, colours)
        doses = part["dose"].unique()
        dose = dose_label(doses[0]) if len(doses) == 1 else ""
        axes.set_title(f"{title}, {dose}" if dose else title, fontsize=9)
        axes.set_xlim(-0.6, longest - 0.4)
    if rows:
        title = f"{data}: drugs held out, each at its highest dose"
        patches = [Patch(color=colour_of(run, colours), label=label_of(*run)) for run in shown]
        head(figure, title, patches)
    return figure


def _sorted_drugs(rows: pd.DataFrame, first: Run) -> list[str]:
    """Return drugs from the lowest score of doing nothing to the highest; others after."""
    of_first = rows[(rows["method"] == first[0]) & (rows["start"] == first[1])]
    ordered = list(of_first.sort_values(["value", "drug"])["drug"])
    return list(dict.fromkeys([*ordered, *rows["drug"]]))


def _in_rows(drugs: list[str], most: int) -> list[list[str]]:
    """Divide drugs into rows of like length."""
    number = -(-len(drugs) // most)
    length = -(-len(drugs) // max(number, 1))
    return [drugs[at : at + length] for at in range(0, len(drugs), max(length, 1))]


def _draw_row(
    axes: Axes,
    rows: pd.DataFrame,
    drugs: Sequence[str],
    shown: Sequence[Run],
    colours: Mapping[Run, Colour],
) -> None:
    places = {drug: place for place, drug in enumerate(drugs)}
    rows = rows[rows["drug"].isin(places)]
    width = 0.8 / len(shown)
    for number, run in enumerate(shown):
        part = rows[(rows["method"] == run[0]) & (rows["start"] == run[1])]
        at = part["drug"].map(places).to_numpy(float) + (number - (len(shown) - 1) / 2) * width
        colour = colour_of(run, colours)
        axes.bar(at, part["value"], width=width, color=colour, lw=0)
        cut = (part["value"] < LOWEST).to_numpy()
        axes.vlines(at[~cut], part["low"][~cut], part["high"][~cut], color="black", lw=0.6)
        for x, value in zip(at[cut], part["value"][cut], strict=True):
            axes.text(
                x, LOWEST, f" {value:.2f}", rotation=90, ha="center", va="bottom", fontsize=5.5,
                color="black" if is_pale(colour) else "white",
            )  # fmt: skip
    axes.axhline(0, color="black", lw=0.6)
    metric = rows["metric"].iloc[0]
    top = max(1 if metric == R2 else 0.01, rows["high"].max())
    axes.set_ylim(max(LOWEST, min(0, rows["low"].min() * 1.05)), 1.03 * top)
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    many = len(drugs) > 12
    axes.set_xticks(
        range(len(drugs)),
        [shortened(drug, 18 if many else 24) for drug in drugs],
        rotation=90 if many else 30,
        ha="center" if many else "right",
        rotation_mode="default" if many else "anchor",
        fontsize=6.5 if many else 8,
    )
    axes.set_ylabel(metric_label(metric), fontsize=8)


FIGURE = FigureCard(
    label="Drug by drug (Figures 10 to 13)",
    category=SINGLE_CELL,
    place=3,
    files=lambda config: {"scores": _of_unseen_drugs(config)},
    params=shown_params,
    wanted=lambda config: stage.wanted(config) and bool(_of_unseen_drugs(config)),
)


def _of_unseen_drugs(config: Mapping[str, Any]) -> list[str]:
    """Return the scores of each target's first split that holds drugs out."""
    files = []
    for target in stage.targets(config):
        splits = [fold.rpartition("_")[0] for fold in stage.folds(config, target)]
        unseen = [split for split in splits if split not in stage.KNOWN_DRUGS]
        files += [
            f"{stage.FOLDER}/{target}/scores/{fold}.tsv.gz"
            for fold in stage.folds(config, target)
            if fold.rpartition("_")[0] in unseen[:1]
        ]
    return files
