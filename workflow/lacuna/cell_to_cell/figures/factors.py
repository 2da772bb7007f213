"""Targets that rise with their transcription factor (Umarov et al. 2021, TF targets)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.io.tsv import read_table

MOST_SHOWN = 40
SIGNIFICANT = 0.05


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["factors"])
    return draw(table, read_table(files["left_out"]), params["data"]), table


def draw(factors: pd.DataFrame, left_out: pd.DataFrame, data: str) -> Figure:
    """Draw the fold enrichment of each set in each cell, over that where other genes are raised.

    Parameters
    ----------
    factors
        set, cell, fold, control, control_low, control_high, p_control: see
        `lacuna.cell_to_cell.factors.measure_enrichment`. Of many sets, those of largest mean fold
        over cells are shown.
    left_out
        One row per set that was not asked about.
    data
        What data this is, for the title.
    """
    mean = factors.groupby("set", sort=False)["fold"].mean().sort_values(kind="stable")
    sets, cells = list(mean.index[-MOST_SHOWN:]), list(factors["cell"].unique())
    size = (2.6 + 3.2 * max(len(cells), 1), 2.2 + 0.19 * len(sets))
    figure = Figure(figsize=size, layout="constrained")
    said = f"{data}: {len(mean)} gene sets"
    said += f", the {len(sets)} of largest mean fold shown" if len(mean) > len(sets) else ""
    figure.suptitle(said + (f"; {len(left_out)} more left out" if len(left_out) else ""))
    if not sets:
        return figure
    place = {name: at for at, name in enumerate(sets)}
    panels = figure.subplots(1, len(cells), sharex=True, sharey=True, squeeze=False)[0]
    for panel, cell in zip(panels, cells, strict=True):
        of_cell = factors[factors["cell"] == cell]
        beyond = (of_cell["p_control"] <= SIGNIFICANT).sum()
        rows = of_cell[of_cell["set"].isin(sets)]
        at = rows["set"].map(place)
        bar: dict[str, Any] = {"color": "#cfcfcf", "lw": 5}
        panel.hlines(at, rows["control_low"], rows["control_high"], **bar)
        panel.vlines(rows["control"], at - 0.35, at + 0.35, color="#777777", lw=1)
        sure = rows["p_control"] <= SIGNIFICANT
        look: dict[str, Any] = {"ls": "", "marker": "o", "ms": 4.5, "color": MEASURED}
        panel.plot(rows["fold"][sure], at[sure], **look)
        panel.plot(rows["fold"][~sure], at[~sure], mfc="white", **look)
        panel.axvline(1, color="grey", lw=0.6, ls=":")
        panel.set_yticks(range(len(sets)), sets, fontsize=7)
        panel.set_xlabel("fold enrichment of targets")
        panel.set_title(
            f"{cell}: p <= {SIGNIFICANT} in {beyond} of {len(of_cell)}\n"
            f"(by chance {SIGNIFICANT * len(of_cell):.1f})",
            fontsize=9,
        )
    hollow: dict[str, Any] = look | {"mfc": "white"}
    handles = [
        Line2D([], [], label="control: other genes raised, 95 % and median", **bar),
        Line2D([], [], label=f"the factor raised: p <= {SIGNIFICANT} against them", **look),
        Line2D([], [], label="the factor raised: no more than others", **hollow),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(cells), 3))
    panels[0].set_ylim(-0.7, len(sets) - 0.3)
    return figure


FIGURE = FigureCard(
    label="Targets of transcription factors",
    category=CELL_TO_CELL,
    files=lambda config: {
        "factors": "cell_to_cell/factors.tsv",
        "left_out": "cell_to_cell/factors_left_out.tsv",
    },
    wanted=lambda config: stage.asks_for_sets(config, "factors"),
)
