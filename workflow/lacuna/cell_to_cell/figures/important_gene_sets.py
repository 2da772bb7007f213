"""Gene sets of the genes from which decoders predict best (Umarov et al. 2021, important genes)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

SHOWN = 8  # sets of a list
LARGEST_FDR = 0.05
COLUMNS = 3
MOST_LETTERS = 40


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["sets"])
    return draw(table, read_table(files["control"]), params["data"]), table


def draw(table: pd.DataFrame, control: pd.DataFrame, data: str) -> Figure:
    """Draw how many genes of the most enriched sets each list holds, and random lists.

    Parameters
    ----------
    table
        list, set, listed, common, fdr, random, random_high: see
        `lacuna.enrichment.over_representation.enrich_lists`; of each list the sets of smallest p
        first.
    control
        list, significant, random_high: see there.
    data
        What data this is, for the title.
    """
    lists = list(control["list"])
    columns = max(min(COLUMNS, len(lists)), 1)
    lines = max(-(-len(lists) // columns), 1)
    size = (1 + 4.4 * columns, 1 + (0.9 + 0.2 * SHOWN) * lines)
    figure = Figure(figsize=size, layout="constrained")
    said = "gene sets of the genes from which decoders predict best"
    figure.suptitle(f"{data}: {said if lists else 'no gene set can be asked about'}")
    if not lists:
        return figure
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    look: dict[str, Any] = {"ls": "", "marker": "o", "ms": 4.5, "color": MEASURED}
    bar: dict[str, Any] = {"color": "#cfcfcf", "lw": 5}
    for axes, (_, row) in zip(grid, control.iterrows(), strict=False):
        shown = table[table["list"] == row["list"]].head(SHOWN).iloc[::-1].reset_index(drop=True)
        axes.hlines(shown.index, 0, shown["random_high"], **bar)
        axes.vlines(shown["random"], shown.index - 0.35, shown.index + 0.35, color="#777777", lw=1)
        sure = shown["fdr"] <= LARGEST_FDR
        axes.plot(shown["common"][sure], shown.index[sure], **look)
        axes.plot(shown["common"][~sure], shown.index[~sure], mfc="white", **look)
        axes.set_yticks(shown.index, [_short(name) for name in shown["set"]], fontsize=7)
        axes.set(xlim=(-0.3, None), ylim=(-0.7, SHOWN - 0.3), xlabel="genes of the list in the set")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_title(
            f"{row['list']}: {counted(row['listed'], 'gene')}\n{row['significant']} of "
            f"{row['sets']} sets at FDR {LARGEST_FDR} (random genes: up to {row['random_high']:g})",
            fontsize=8,
        )
    for axes in grid[len(lists) :]:
        axes.set_axis_off()
    handles = [
        Line2D([], [], label="as many random genes, 97.5 % and median", **bar),
        Line2D([], [], label=f"FDR <= {LARGEST_FDR}", **look),
        Line2D([], [], label="above", **(look | {"mfc": "white"})),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


FIGURE = FigureCard(
    label="Gene sets of important genes",
    category=CELL_TO_CELL,
    files=lambda config: {
        "sets": "cell_to_cell/important_gene_sets.tsv",
        "control": "cell_to_cell/important_gene_sets_control.tsv",
    },
    wanted=lambda config: stage.asks_for_sets(config, "important_genes"),
)
