"""A sample of low, of middle and of high correlation (Jeon et al. 2022, Figures S66 to S68)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.io.tsv import read_table
from lacuna.translation import stage


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["samples"])
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel per sample, a point per gene.

    Parameters
    ----------
    table
        place, sample, pearson, gene, real, predicted.
    data
        What data this is, for the title.
    """
    places = list(table["place"].unique())
    figure = Figure(figsize=(3.6 * max(len(places), 1), 3.9), layout="constrained")
    figure.suptitle(f"{data}: single samples, translated against measured")
    panels = figure.subplots(1, max(len(places), 1), sharex=True, sharey=True, squeeze=False)[0]
    for axes, place in zip(panels, places, strict=False):
        points = table[table["place"] == place]
        axes.scatter(
            points["real"], points["predicted"], s=2, alpha=0.3, color=MEASURED, rasterized=True
        )
        top = float(points[["real", "predicted"]].max().max())
        axes.plot([0, top], [0, top], color="black", lw=0.6)
        first = points.iloc[0]
        axes.set_title(f"{place}: {first['sample']}, r = {first['pearson']:.3f}", fontsize=9)
        axes.set(xlabel="RNA-seq, log(CPM + 1)", ylabel="translated")
    return figure


FIGURE = FigureCard(
    label="Single samples, gene by gene",
    category=TRANSLATION,
    files=lambda config: {"samples": "translation/samples_shown.tsv"},
    wanted=stage.has_pairs,
)
