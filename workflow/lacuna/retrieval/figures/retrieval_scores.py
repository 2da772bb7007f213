"""Scores of all methods and oracles, with intervals: Tables 1 and 2 of the paper as dots."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import SHADES
from lacuna.io.tsv import read_table
from lacuna.retrieval.compare import ORACLE
from lacuna.retrieval.metrics import metric_label
from lacuna.retrieval.score_jobs import MAIN
from lacuna.retrieval.tables import label_of

SHOWN = ("mrr", "median_rank_share", "hits_10")


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    metrics = read_table(files["metrics"])
    for column, value in MAIN._asdict().items():
        metrics = metrics[metrics[column] == value]
    table = metrics[metrics["metric"].isin(SHOWN)].reset_index(drop=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a dot per method with its 95 % interval over drugs; a line where chance is.

    Parameters
    ----------
    table
        profile, molecule, method, metric, value, low, high, chance.
    data
        What data this is, for the title.
    """
    names = ["profile", "molecule", "method"]
    rows = [tuple(row) for row in table[names].drop_duplicates().to_numpy()]
    figure = Figure(figsize=(11, 1.6 + 0.24 * max(len(rows), 1)), layout="constrained")
    figure.suptitle(f"{data}: which of the unseen compounds was it?")
    places = {row: -number for number, row in enumerate(rows)}
    for axes, metric in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN, strict=True):
        part = table[table["metric"] == metric]
        for row in part.itertuples():
            at = places[row.profile, row.molecule, row.method]
            colour = SHADES[1] if row.method == ORACLE else SHADES[0]
            axes.plot([row.low, row.high], [at, at], color=colour, lw=1.5)
            axes.plot(row.value, at, "o", color=colour, ms=4)
        if len(part):
            axes.axvline(part["chance"].iloc[0], color="black", lw=0.8, ls=":")
        axes.set_xlabel(metric_label(metric))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
    labels = [
        f"{label_of(method)}: {label_of(profile)}, {label_of(molecule)}"
        for profile, molecule, method in rows
    ]
    figure.axes[0].set_yticks(list(places.values()), labels, fontsize=7)
    return figure


FIGURE = FigureCard(
    label="Which compound was it? All methods",
    category=RETRIEVAL,
    place=1,
    files=lambda config: {"metrics": "retrieval/metrics.tsv"},
)
