"""The genes from which decoders predict best (Umarov et al. 2021, important genes)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.cell_to_cell import stage
from lacuna.cell_to_cell.gene_importance import TOP, choose_top
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

MOST_NAMED = 130


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Choose the genes shown, and read what is drawn; see `draw`."""
    shown = choose_top(read_table(files["ranks"]))
    return draw(shown, read_table(files["stability"]), params["data"]), shown


def draw(shown: pd.DataFrame, stability: pd.DataFrame, data: str) -> Figure:
    """Draw a heat map, decoders down and genes across, and how stable the top genes are.

    Parameters
    ----------
    shown
        As `lacuna.cell_to_cell.gene_importance.choose_top` returns it.
    stability
        cell, overlap, low, high, most_variable, chance, chance_high: see
        `lacuna.cell_to_cell.gene_importance.measure_stability`.
    data
        What data this is, for the title.
    """
    cells, genes = list(shown["cell"].unique()), shown["symbol"].iloc[: shown["gene"].nunique()]
    named = len(genes) <= MOST_NAMED
    figure = Figure(figsize=(12, 2.6 + 0.6 * len(cells)), layout="constrained")
    heat, bars = figure.subplots(2, 1, height_ratios=[len(cells) + 1, len(cells)])
    values = shown["scaled"].to_numpy().reshape(len(cells), len(genes))
    image = heat.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    heat.spines[:].set_visible(False)
    heat.set_yticks(range(len(cells)), cells)
    heat.set_xticks(range(len(genes)) if named else [], genes if named else [], rotation=90)
    heat.tick_params(axis="x", labelsize=5.5, length=1.5, pad=1)
    heat.set_title(f"{len(genes)} genes: the {TOP} of each decoder, the shared ones first")
    figure.colorbar(image, ax=heat, label="count, scaled", aspect=10, pad=0.01)
    places = range(len(cells))
    chance = stability["chance_high"].max()
    bars.axvspan(0, chance, color="#e4e4e4", lw=0, label="chance, 97.5 % of random sets")
    bars.hlines(places, stability["low"], stability["high"], color="#26456e", lw=1.5)
    bars.plot(
        stability["overlap"], places, "o", color="#26456e", label="in both halves of the drugs"
    )
    bars.plot(
        stability["most_variable"],
        places,
        "D",
        mfc="white",
        color="#555555",
        label=f"among the {TOP} most variable genes",
    )
    bars.set_yticks(
        places,
        [
            f"{cell}, {counted(drugs, 'drug')}"
            for cell, drugs in zip(stability["cell"], stability["drugs"], strict=True)
        ],
    )
    bars.set(ylim=(len(cells) - 0.5, -0.5), xlim=(0, TOP), xlabel=f"of the top {TOP} genes")
    figure.legend(loc="outside lower center", ncols=3)
    figure.suptitle(f"{data}: the genes from which decoders predict best")
    return figure


FIGURE = FigureCard(
    label="Important genes",
    category=CELL_TO_CELL,
    files=lambda config: {
        "ranks": "cell_to_cell/important_genes.tsv",
        "stability": "cell_to_cell/gene_stability.tsv",
    },
    wanted=lambda config: stage.asks_for(config, "important_genes"),
)
