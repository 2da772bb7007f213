"""Profiles laid out by UMAP, by what they were used for (Finlayson et al. 2021, figure A5)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.retrieval.split import ROLES


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["profiles"])
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel per kind of profile, wells coloured by training, validation and test.

    Parameters
    ----------
    table
        kind, role, x, y.
    data
        What data this is, for the title.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    figure = Figure(figsize=(3.6 * max(len(kinds), 1), 4.2), layout="constrained")
    figure.suptitle(f"{data}: profiles by UMAP")
    colours = method_colours(ROLES)
    panels = figure.subplots(1, max(len(kinds), 1), squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=False):
        for role in ROLES:
            rows = table[(table["kind"] == kind) & (table["role"] == role)]
            axes.plot(
                rows["x"], rows["y"], "o", ms=2, color=colours[role], mew=0, label=role, alpha=0.7
            )
        axes.set(title=kind, xticks=[], yticks=[])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, markerscale=3)
    return figure


FIGURE = FigureCard(
    label="Profiles by line and by role",
    category=RETRIEVAL,
    files=lambda config: {"profiles": "retrieval/map_profiles.tsv"},
)
