"""Gene sets that drugs move: in groups of cells that respond alike, and in single profiles."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import APPLICATIONS, FigureCard
from lacuna.drawing.palette import MEASURED, MISSING
from lacuna.enrichment import stage
from lacuna.enrichment.groups import LABEL
from lacuna.io.tsv import read_table

SHOWN = 8  # sets a panel, those of the largest score up or down
LARGEST_FDR = 0.05
COLUMNS = 2
MOST_LETTERS = 46


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["enrichment"])
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw the most enriched sets of each profile.

    Parameters
    ----------
    table
        kind, drug, name, cells, source, set, nes, fdr: see `lacuna.enrichment.preranked`.
    data
        What data this is, for the title.
    """
    profiles = list(table.groupby(LABEL, sort=False))
    lines = -(-max(1, len(profiles)) // COLUMNS)
    figure = Figure(figsize=(10.5, 0.6 + (0.9 + 0.22 * SHOWN) * lines), layout="constrained")
    figure.suptitle(f"{data}: gene sets up and down")
    grid = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True).ravel()
    for axes, ((_, _, name, cells, source), of_profile) in zip(grid, profiles, strict=False):
        largest = of_profile["nes"].abs().nlargest(SHOWN).index
        shown = of_profile.loc[largest].sort_values("nes")
        is_sure = shown["fdr"] < LARGEST_FDR
        axes.barh(
            range(len(shown)),
            shown["nes"],
            color=is_sure.map({True: MEASURED, False: MISSING}),
            edgecolor="black",
            lw=0.5,
        )
        axes.set_yticks(range(len(shown)), [_short(text) for text in shown["set"]], fontsize=7)
        axes.axvline(0, color="black", lw=0.6)
        axes.set_title(f"{name} in {_short(str(cells))} ({source})", fontsize=8)
        axes.tick_params(labelbottom=True)
    for axes in grid[max(0, len(profiles) - COLUMNS) : len(profiles)]:
        axes.set_xlabel(f"normalised enrichment score; dark: FDR < {LARGEST_FDR}")
    for axes in grid[len(profiles) :]:
        axes.set_axis_off()
    return figure


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


FIGURE = FigureCard(
    label="Gene sets of cell groups and profiles",
    category=APPLICATIONS,
    files=lambda config: {"enrichment": stage.TABLE},
)
