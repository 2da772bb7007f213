"""Bridge plots: targets among the genes of a signature (Jeon et al. 2022, Figures 5 and 6)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.enrichment import SIGNATURE
from lacuna.translation.target_jobs import OTHER_WELLS

LABELS = {"cd": "Characteristic Direction", "limma": "limma", "fold_change": "fold change"}
RANDOM = "#cfcfcf"
CORNER: dict[str, Any] = {"ha": "right", "va": "top"}
PANEL = ["drug", "set", "universe", "walk", "method"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    walks = read_table(files["walks"])
    return draw(walks, read_table(files["bridges"]), params["data"]), walks


def draw(walks: pd.DataFrame, bridges: pd.DataFrame, data: str) -> Figure:
    """Draw the walks, methods across and sets of targets down, random signatures in grey.

    Parameters
    ----------
    walks
        drug, platform, method, set, universe, walk, line, share, height: see
        `lacuna.translation.enrichment.Bridge.walks`; of several signatures, their mean as
        `lacuna.translation.enrichment.pool_bridges` gives it.
    bridges
        drug, platform, method, set, universe, control, walk, peak, p: see
        `lacuna.translation.enrichment.Bridge.numbers`; one row of each, or two where there are both
        controls, of which random wells are the stricter.
    data
        What data this is, for the title.
    """
    rows = walks[PANEL[:-1]].drop_duplicates().astype(str).to_numpy().tolist()
    methods, platforms = list(walks["method"].unique()), list(walks["platform"].unique())
    size = (1.4 + 2.7 * max(len(methods), 1), 1.3 + 1.9 * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(f"{data}: targets among the genes ranked by the size of their scores")
    if not rows:
        return figure
    colours, styles = method_colours(platforms), method_lines(platforms)
    panels = figure.subplots(len(rows), len(methods), sharex=True, sharey="row", squeeze=False)
    panel_walks = dict(list(walks.groupby(PANEL)))
    panel_numbers = dict(list(bridges.groupby(PANEL)))
    for across, row in zip(panels, rows, strict=True):
        for axes, method in zip(across, methods, strict=True):
            where = (*row, method)
            axes.axhline(0, color="black", lw=0.6)
            axes.set_title(LABELS.get(method, method), fontsize=9)
            if where not in panel_walks:
                axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center")
                continue
            for platform in platforms:
                _draw_walks(axes, panel_walks[where], platform, colours, styles)
            said = _say(panel_numbers[where])
            axes.text(0.99, 0.98, "\n".join(said), transform=axes.transAxes, fontsize=6, **CORNER)
        drug, targets, universe, walk = row
        said_of_row = f"{drug}\n{targets}\n{universe.replace('_', ' ')} genes, {walk}"
        across[0].set_ylabel(said_of_row, fontsize=7)
    for axes in panels[-1]:
        axes.set(xlabel="genes passed, share", xlim=(0, 1))
    handles = [
        Line2D([], [], color=colours[platform], ls=styles[platform], label=platform)
        for platform in platforms
    ]
    handles.append(Line2D([], [], color=RANDOM, label="random signatures"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _say(numbers: pd.DataFrame) -> list[str]:
    """Return a line per platform: the peak, and p against the stricter control."""
    said = []
    for platform, rows in numbers.groupby("platform", sort=False):
        wells = rows["control"] == OTHER_WELLS
        of, control = (rows[wells], "wells") if wells.any() else (rows, "shuffled")
        peak, p = of[["peak", "p"]].iloc[0]
        said.append(f"{platform}: {peak:.2f}, p {p:.2g} ({control})")
    return said


def _draw_walks(
    axes: Axes,
    walks: pd.DataFrame,
    platform: str,
    colours: Mapping[str, Any],
    styles: Mapping[str, Any],
) -> None:
    of = walks[walks["platform"] == platform]
    own, random = of[of["line"] == SIGNATURE], of[of["line"] != SIGNATURE]
    look = {"color": colours[platform], "ls": styles[platform], "lw": 1.6, "zorder": 3}
    axes.plot(own["share"], own["height"], **look)
    # One line with gaps: matplotlib takes long over many.
    parts = [part.to_numpy() for _, part in random.groupby("line")[["share", "height"]]]
    if parts:
        joined = np.concatenate([np.vstack([part, [np.nan, np.nan]]) for part in parts])
        axes.plot(*joined.T, color=RANDOM, lw=0.6, zorder=1)


FIGURE = FigureCard(
    label="Bridge plots",
    category=TRANSLATION,
    files=lambda config: {
        "walks": f"translation/{stage.signature_folder(config)}/walks.tsv",
        "bridges": f"translation/{stage.signature_folder(config)}/bridges.tsv",
    },
    wanted=lambda config: bool(config["translation"]["targets"]),
)
