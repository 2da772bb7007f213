"""Volcano plots of single genes over signatures (Jeon et al. 2022, Figures 7 and 8)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.io.tsv import read_table
from lacuna.translation import stage

KINDS = {"trt_cp": "compounds", "trt_xpr": "CRISPR knock-outs", "trt_sh": "shRNA knock-downs"}
UP, DOWN, DISAGREE = "#26456e", "#b03a2e", "#b8b8b8"
NAMED = 4  # of the best of each panel
PALEST = 0.25  # opacity of the smallest effects; the largest have 1


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    points = read_table(files["points"])
    return draw(points, params["data"]), points


def draw(points: pd.DataFrame, data: str) -> Figure:
    """Draw fold change against the size of the coefficient, genes down and perturbations across.

    Parameters
    ----------
    points
        gene, type, name, cell, fold_change, cd, disagree, best_place: see
        `lacuna.translation.search_tables.volcano_points`; cell lines and types are chosen there.
    data
        What data this is, for the title.
    """
    genes, types = list(points["gene"].unique()), list(points["type"].unique())
    cells = list(points["cell"].unique())
    size = (1.2 + 3.4 * max(len(types), 1), 1.4 + 2.8 * len(genes))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(
        f"{data}: signatures that raise or lower a gene most, in "
        + (cells[0] if len(cells) == 1 else f"{len(cells)} cell lines")
    )
    if not genes:
        return figure
    panels = figure.subplots(len(genes), len(types), squeeze=False)
    for across, gene in zip(panels, genes, strict=True):
        for axes, kind in zip(across, types, strict=True):
            rows = points[(points["gene"] == gene) & (points["type"] == kind)]
            _draw_panel(axes, rows)
            axes.set_title(f"{gene}: {len(rows)} {KINDS.get(kind, kind)}", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("fold change of the gene, log2")
    for across in panels:
        across[0].set_ylabel("coefficient (CD), size")
    look: dict[str, Any] = {"ls": "", "marker": "o", "ms": 5}
    handles = [
        Line2D([], [], color=UP, label="raised by both", **look),
        Line2D([], [], color=DOWN, label="lowered by both", **look),
        Line2D([], [], color=DISAGREE, label="the two disagree in sign", **look),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axvline(0, color="black", lw=0.6)
    if rows.empty:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center")
        return
    fold, size = rows["fold_change"].to_numpy(float), rows["cd"].abs().to_numpy(float)
    effect = np.hypot(fold / max(abs(fold).max(), 1e-12), size / max(size.max(), 1e-12))
    opacity = PALEST + (1 - PALEST) * effect / max(effect.max(), 1e-12)
    colour = np.where(rows["disagree"].astype(bool), DISAGREE, np.where(fold > 0, UP, DOWN))
    axes.scatter(fold, size, s=12, c=colour, alpha=opacity, lw=0)
    for at in np.argsort(-effect, kind="stable")[:NAMED]:
        row = rows.iloc[at]
        axes.annotate(
            f"{row['name']}, {row['cell']}",
            (fold[at], size[at]),
            xytext=(-3 if fold[at] > 0 else 3, 2),
            textcoords="offset points",
            ha="right" if fold[at] > 0 else "left",
            fontsize=6,
        )
    widest = 1.1 * max(abs(fold).max(), 1e-12)
    axes.locator_params(axis="x", nbins=5)
    axes.set(xlim=(-widest, widest), ylim=(0, 1.15 * max(size.max(), 1e-12)))


FIGURE = FigureCard(
    label="Volcano plots by gene",
    category=TRANSLATION,
    files=lambda config: {"points": f"translation/{stage.signature_folder(config)}/volcano.tsv"},
    wanted=lambda config: bool(config["translation"]["genes_shown"]),
)
