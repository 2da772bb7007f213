"""The genes that most signatures of ageing share (Jeon et al. 2022, Tables S1 and S2)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.io.tsv import read_table
from lacuna.translation.ageing import INFERRED, LANDMARK, MODEL_ONLY

COLOURS = {LANDMARK: "#26456e", INFERRED: "#7fa3c7", MODEL_ONLY: "#e0a030"}
DIRECTIONS = {"up": "higher in older donors", "down": "lower in older donors"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    frequent = read_table(files["frequent"])
    return draw(frequent, params["data"]), frequent


def draw(frequent: pd.DataFrame, data: str) -> Figure:
    """Draw in how many signatures each gene is among the strongest, by the gene's origin.

    Parameters
    ----------
    frequent
        direction, place, gene, signatures, of, origin: see
        `lacuna.translation.ageing.frequent_genes`.
    data
        What data this is, for the title.
    """
    longest = int(frequent["place"].max()) if len(frequent) else 0
    figure = Figure(figsize=(8, 1.6 + 0.115 * longest), layout="constrained")
    of = int(frequent["of"].max()) if len(frequent) else 0
    figure.suptitle(f"{data}: genes shared by most of {of} signatures of ageing")
    for axes, (direction, said) in zip(figure.subplots(1, 2), DIRECTIONS.items(), strict=True):
        rows = frequent[frequent["direction"] == direction]
        colours = [COLOURS[origin] for origin in rows["origin"]]
        axes.barh(rows["place"], rows["signatures"], color=colours, height=0.85)
        axes.set_yticks(rows["place"], rows["gene"], fontsize=5.5)
        axes.tick_params(axis="y", length=0, pad=1)
        axes.set(ylim=(longest + 0.7, 0.3), xlabel="signatures", title=f"{said}: {len(rows)} genes")
    handles = [Patch(color=colour, label=origin) for origin, colour in COLOURS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


FIGURE = FigureCard(
    label="Genes of ageing",
    category=TRANSLATION,
    files=lambda config: {"frequent": "translation/ageing/genes.tsv"},
    wanted=lambda config: bool(config["translation"]["ageing"]),
)
