"""PCT of every drug, cell and gene, method by method."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.drawing.wording import counted
from lacuna.evaluation import stage
from lacuna.evaluation.parts import PARTS
from lacuna.io.tsv import read_table

INCHES_PER_METHOD = 0.3
WHISKERS = (5, 95)  # percentiles


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    parts = read_table(files["parts"])
    return draw(parts, list(params["methods"]), params["data"], params.get("compared", ())), parts


def draw(
    parts: pd.DataFrame, methods: list[str], data: str, compared: Sequence[str] = ()
) -> Figure:
    """Draw a panel each for drugs, cells and genes, with a box per method.

    Parameters
    ----------
    parts
        method, part, name, pct.
    methods
        Those compared, in the order of their colours.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    pct = {key: rows["pct"].dropna() for key, rows in parts.groupby(["part", "method"], sort=False)}
    ranked = sorted(methods, key=lambda method: pct["drug", method].median())
    colours = method_colours(compared or methods)
    figure = Figure(figsize=(9, 1.4 + INCHES_PER_METHOD * len(methods)), layout="constrained")
    for panel, part in zip(
        figure.subplots(1, len(PARTS), sharex=True, sharey=True), PARTS, strict=True
    ):
        scores = [pct[part, method] for method in ranked]
        boxes = panel.boxplot(
            scores,
            orientation="horizontal",
            whis=WHISKERS,
            showfliers=False,
            widths=0.6,
            patch_artist=True,
            medianprops={"color": "black", "lw": 1.6},
        )
        for method, box in zip(ranked, boxes["boxes"], strict=True):
            box.set(facecolor=colours[method], alpha=0.6)
        panel.axvline(0, color="grey", lw=0.6)
        panel.set(xlabel=f"PCT of a {part}", title=counted(len(scores[0]), part))
        panel.grid(axis="x", color="#dddddd", lw=0.6)
        panel.set_yticks(range(1, len(ranked) + 1), map(method_label, ranked))
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="PCT by drug, cell and gene",
    category=PREDICTIONS,
    files=lambda config: {"parts": "evaluation/parts.tsv"},
    params=lambda config: {"methods": list(stage.methods(config))},
)
