"""Targets that a factor binds in a cell, and elsewhere (Umarov et al. 2021, figure 3E)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import SHADES_OF_THREE
from lacuna.io.tsv import read_table

KINDS = {"own": ("bound in this cell", 0), "general": ("bound in other cells", 2)}
MOST_SHOWN = 40


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["factors"])
    summary, left_out = read_table(files["summary"]), read_table(files["left_out"])
    return draw(table, summary, left_out, params["data"]), table


def draw(factors: pd.DataFrame, summary: pd.DataFrame, left_out: pd.DataFrame, data: str) -> Figure:
    """Draw the folds of both kinds of targets of each factor, and their mean difference.

    Parameters
    ----------
    factors
        factor, cell, fold_own, fold_general, control_own: see
        `lacuna.cell_to_cell.bound_factors.compare_targets`. Of many factors, those of the largest
        fold are shown.
    summary
        cell, factors, higher, what, value, low, high: see
        `lacuna.cell_to_cell.bound_factors.summarise_targets`.
    left_out
        factor, cell: of those not asked about.
    data
        What data this is, for the title.
    """
    cells = list(factors["cell"].unique())
    most = min(int(factors.groupby("cell").size().max()) if cells else 0, MOST_SHOWN)
    size = (2.4 + 3.6 * max(len(cells), 1), 2.3 + 0.22 * most)
    figure = Figure(figsize=size, layout="constrained")
    said = f"{data}: {factors['factor'].nunique()} transcription factors"
    figure.suptitle(f"{said}; {left_out['factor'].nunique()} left out of some cell")
    if not cells:
        return figure
    panels = figure.subplots(1, len(cells), sharex=True, squeeze=False)[0]
    for panel, cell in zip(panels, cells, strict=True):
        rows = factors[factors["cell"] == cell]
        rows = rows.nlargest(MOST_SHOWN, "fold_own").iloc[::-1].reset_index(drop=True)
        folds = [f"fold_{kind}" for kind in KINDS]
        panel.hlines(rows.index, rows[folds].min(axis=1), rows[folds].max(axis=1), color="#cfcfcf")
        panel.plot(rows["control_own"], rows.index, "|", color="#777777", ms=9)
        for kind, (_, shade) in KINDS.items():
            panel.plot(rows[f"fold_{kind}"], rows.index, "o", ms=5, color=SHADES_OF_THREE[shade])
        panel.axvline(1, color="grey", lw=0.6, ls=":")
        panel.set_yticks(rows.index, rows["factor"], fontsize=7)
        panel.set(xlabel="fold enrichment of targets", ylim=(-0.7, len(rows) - 0.3))
        panel.set_title(_said(cell, summary[summary["cell"] == cell]), fontsize=8)
    handles = [
        Line2D([], [], ls="", marker="o", label=label, color=SHADES_OF_THREE[shade])
        for label, shade in KINDS.values()
    ]
    other = "median where other genes are raised"
    handles.append(Line2D([], [], ls="", marker="|", ms=9, color="#777777", label=other))
    figure.legend(handles=handles, loc="outside lower center", ncols=1 if len(cells) == 1 else 3)
    return figure


def _said(cell: str, summary: pd.DataFrame) -> str:
    row = summary[summary["what"] == "difference"].iloc[0]
    interval = f" [{row['low']:.2f}, {row['high']:.2f}]" if pd.notna(row["low"]) else ""
    return (
        f"{cell}: own above general in {row['higher']} of {row['factors']}\n"
        f"mean difference {row['value']:+.2f}{interval}"
    )


FIGURE = FigureCard(
    label="Targets bound in a cell and elsewhere [Umarov et al. 2021, figure 3E]",
    category=CELL_TO_CELL,
    files=lambda config: {
        "factors": "cell_to_cell/bound_factors.tsv",
        "summary": "cell_to_cell/bound_factors_summary.tsv",
        "left_out": "cell_to_cell/bound_factors_left_out.tsv",
    },
    wanted=stage.asks_for_binding,
)
