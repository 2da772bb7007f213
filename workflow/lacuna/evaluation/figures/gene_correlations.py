"""How much of the correlations between genes each method keeps, cell by cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.drawing.wording import counted
from lacuna.evaluation import stage
from lacuna.evaluation.gene_correlations import FEWEST_DRUGS
from lacuna.io.tsv import read_table

INCHES_PER_METHOD = 0.32


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    genes, kept = read_table(files["genes"]), read_table(files["kept"])
    return draw(
        genes, kept, list(params["methods"]), params["data"], params.get("compared", ())
    ), genes


def draw(
    genes: pd.DataFrame,
    kept: pd.DataFrame,
    methods: list[str],
    data: str,
    compared: Sequence[str] = (),
) -> Figure:
    """Draw the cells as points, a row per method, and the mean over cells with its interval.

    Parameters
    ----------
    genes
        method, cell, kept, halves.
    kept
        method, metric, value, low, high.
    methods
        Those compared, in the order of their colours.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    figure = Figure(figsize=(7.6, 1.5 + INCHES_PER_METHOD * len(methods)), layout="constrained")
    if genes.empty:
        figure.suptitle(f"{data}: no cell has {FEWEST_DRUGS} held-out profiles")
        return figure
    means = kept[kept["metric"] == "kept"].set_index("method").loc[methods]
    ranked = means.sort_values("value", kind="stable")
    colours = method_colours(compared or methods)
    panel = figure.subplots()
    ends = zip(ranked.index, *(ranked[name] for name in ("value", "low", "high")), strict=True)
    for place, (method, value, low, high) in enumerate(ends):
        cells = genes.loc[genes["method"] == method, "kept"]
        panel.plot(cells, [place] * len(cells), "|", ms=9, color=colours[method])
        error = [[value - low], [high - value]]
        panel.errorbar(value, place, xerr=error, fmt="o", ms=5, color="black", capsize=2.5)
    halves = genes.drop_duplicates("cell")["halves"]
    panel.axvline(halves.mean(), color="grey", ls="--", label="measured, half against half")
    panel.set_yticks(range(len(ranked)), map(method_label, ranked.index))
    panel.set_xlabel("gene-gene correlations, predicted against measured: correlation over pairs")
    panel.grid(axis="x", color="#dddddd", lw=0.6)
    panel.legend(loc="lower right", fontsize=8)
    figure.suptitle(f"{data}: {counted(len(halves), 'cell')}")
    return figure


FIGURE = FigureCard(
    label="Correlations between genes, kept",
    category=PREDICTIONS,
    files=lambda config: {
        "genes": "evaluation/gene_correlations.tsv",
        "kept": "evaluation/gene_correlations_kept.tsv",
    },
    params=lambda config: {"methods": list(stage.methods(config))},
)
