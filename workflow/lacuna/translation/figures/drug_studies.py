"""Signatures of drugs beside RNA-seq studies of the same drugs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.enrichment import ALL
from lacuna.translation.studies import MEAN_OF, METRICS, STUDY

LABELS = {
    "pearson": "Pearson r of scores",
    "spearman": "Spearman r of scores",
    "top_raised": "genes raised most: peak",
    "top_lowered": "genes lowered most: peak",
}
METHODS = {"cd": "CD", "limma": "limma", "fold_change": "fold change"}
RANDOM = "#cfcfcf"
MARKERS = "osD^vP*X"


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    studies = read_table(files["studies"])
    shown = studies[(studies["signature"] == MEAN_OF) | (studies["platform"] == STUDY)]
    shown = shown[shown["universe"] != ALL].reset_index(drop=True)
    return draw(shown, params["data"]), shown


def draw(studies: pd.DataFrame, data: str) -> Figure:
    """Draw a dot per study, platforms and methods down, random signatures as grey bars.

    Parameters
    ----------
    studies
        drug, platform, method, universe, study, signature, metric, genes, value, random,
        random_high: see `lacuna.translation.studies`; the means of a drug's signatures, and the
        studies against one another.
    data
        What data this is, for the title.
    """
    rows = studies[["drug", "universe"]].drop_duplicates().to_numpy().tolist()
    places = studies[["platform", "method"]].drop_duplicates().to_numpy().tolist()
    size = (13, 1.3 + max(len(rows), 1) * (0.7 + 0.17 * len(places)))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(f"{data}: signatures of drugs against RNA-seq studies of the same drugs")
    if not rows:
        return figure
    names = list(studies["study"].unique())
    markers = {name: MARKERS[number % len(MARKERS)] for number, name in enumerate(names)}
    colours = method_colours(list(studies["platform"].unique()))
    panels = figure.subplots(len(rows), len(METRICS), squeeze=False, sharex="col")
    for across, (drug, universe) in zip(panels, rows, strict=True):
        of_row = studies[(studies["drug"] == drug) & (studies["universe"] == universe)]
        shown = [
            place for place in places if (of_row[["platform", "method"]] == place).all(1).any()
        ]
        for axes, metric in zip(across, METRICS, strict=True):
            table = of_row[of_row["metric"] == metric]
            _draw_panel(axes, table, shown, colours, markers)
            axes.set_title(LABELS[metric], fontsize=9)
            axes.set_yticks([])
        labels = [
            f"{'other studies' if platform == STUDY else platform}, {METHODS[method]}"
            for platform, method in shown
        ]
        across[0].set_yticks(range(len(shown)), labels, fontsize=6.5)
        genes = int(of_row["genes"].iloc[0])
        said = f"{drug}\n{genes} {universe.replace('_', ' ')}"
        across[0].set_ylabel(said if universe == "landmarks" else f"{said} genes", fontsize=8)
    handles = [
        Line2D([], [], color="black", ls="", marker=marker, ms=5, label=name)
        for name, marker in markers.items()
    ]
    handles.append(Line2D([], [], color=RANDOM, lw=5, label="random wells, up to 95 % of them"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _draw_panel(
    axes: Axes,
    table: pd.DataFrame,
    places: list[list[str]],
    colours: Mapping[str, Any],
    markers: Mapping[str, str],
) -> None:
    axes.axvline(0, color="black", lw=0.6)
    for at, (platform, method) in enumerate(places):
        rows = table[(table["platform"] == platform) & (table["method"] == method)]
        if rows["random_high"].notna().any():
            middle, high = rows["random"].mean(), rows["random_high"].max()
            axes.barh(at, high - middle, left=middle, height=0.8, color=RANDOM, lw=0)
        for study, value in rows.groupby("study", sort=False)["value"].mean().items():
            look: dict[str, Any] = {"marker": markers[str(study)], "color": colours[platform]}
            axes.plot(value, at, ls="", ms=5, zorder=3, **look)
    axes.set_ylim(len(places) - 0.4, -0.6)


FIGURE = FigureCard(
    label="Against studies of the same drug",
    category=TRANSLATION,
    files=lambda config: {"studies": f"translation/{stage.signature_folder(config)}/studies.tsv"},
    wanted=lambda config: bool(stage.studies(config)),
)
