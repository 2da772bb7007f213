"""Measured, translated and L1000 samples of a tissue (Jeon et al. 2022, Figures 4, S13 to S65)."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.views import PLATFORMS

COLUMNS = 4
MARKERS = dict(zip(PLATFORMS, ("o", "x", "s"), strict=True))


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["components"])
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel per tissue.

    Parameters
    ----------
    table
        kind, sample, platform, pc1, pc2, share1, share2.
    data
        What data this is, for the title.
    """
    kinds = list(table["kind"].unique())
    columns = min(COLUMNS, max(len(kinds), 1))
    rows = max(math.ceil(len(kinds) / columns), 1)
    figure = Figure(figsize=(3.4 * columns + 1, 3.2 * rows + 0.6), layout="constrained")
    figure.suptitle(f"{data}: principal components of the landmark genes")
    colours = method_colours(PLATFORMS)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, kind in zip(panels, kinds, strict=False):
        of_kind = table[table["kind"] == kind]
        for platform, points in of_kind.groupby("platform", sort=False):
            name = str(platform)
            axes.scatter(
                points["pc1"],
                points["pc2"],
                s=14,
                color=colours[name],
                marker=MARKERS[name],
                linewidths=0.8,
                label=name,
            )
        first = of_kind.iloc[0]
        axes.set_title(f"{kind}, {of_kind['sample'].nunique()} samples", fontsize=9)
        axes.set_xlabel(f"PC 1 ({first['share1']:.0%})")
        axes.set_ylabel(f"PC 2 ({first['share2']:.0%})")
        axes.legend(fontsize=7)
    for axes in panels[len(kinds) :]:
        axes.set_axis_off()
    return figure


FIGURE = FigureCard(
    label="Samples of each tissue",
    category=TRANSLATION,
    files=lambda config: {"components": "translation/components.tsv"},
    wanted=stage.has_pairs,
)
