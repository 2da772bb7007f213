"""Molecules laid out by UMAP before and after alignment (Finlayson et al. 2021, figure A4)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.retrieval.tables import label_of

MOST = 10  # mechanisms that have a colour of their own
OTHERS = "#d0d0d0"


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["molecules"]).fillna({"mechanism": ""})
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel per kind of vector; the commonest mechanisms in colours.

    Parameters
    ----------
    table
        kind, mechanism (of several, joined by "|"; empty where unknown), x, y.
    data
        What data this is, for the title.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    figure = Figure(figsize=(4 * max(len(kinds), 1), 4.6), layout="constrained")
    figure.suptitle(f"{data}: molecules by UMAP, coloured by mechanism")
    known = table[table["mechanism"] != ""].drop_duplicates("drug")["mechanism"]
    common = list(known.value_counts(sort=True).sort_index().nlargest(MOST).index)
    colours = method_colours(common)
    for axes, kind in zip(figure.subplots(1, max(len(kinds), 1), squeeze=False)[0], kinds,
                          strict=False):  # fmt: skip
        part = table[table["kind"] == kind]
        rest = part[~part["mechanism"].isin(common)]
        axes.plot(rest["x"], rest["y"], "o", ms=2.5, color=OTHERS, mew=0, zorder=1)
        for name in common:
            rows = part[part["mechanism"] == name]
            axes.plot(rows["x"], rows["y"], "o", ms=4, color=colours[name], mew=0, label=name)
        axes.set(title=label_of(kind), xticks=[], yticks=[])
    if common:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=7)
    return figure


FIGURE = FigureCard(
    label="Molecules before and after alignment",
    category=RETRIEVAL,
    files=lambda config: {"molecules": "retrieval/map_molecules.tsv"},
)
