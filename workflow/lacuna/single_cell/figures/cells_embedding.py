"""What networks make of drugs, laid out by UMAP (Hetzel et al. 2022, figure 3)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from lacuna.drawing.card import SINGLE_CELL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.single_cell import stage
from lacuna.single_cell.shown import dose_label, foot, label_of, read_results, shortened

MOST = 12  # pathways that have a colour of their own
MOST_NAMED = 60  # held-out drugs named in a panel, on both sides
GAP = 0.031  # between names, as a share of the panel's height
OTHERS = "#c8c8c8"
SHAPES = "osD^vP"


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_results([files["map"]]).astype({"pathway": object}).fillna({"pathway": ""})
    ends = table.groupby("model")["dose"]
    extreme = table["dose"].isin([]) | table["dose"].isna()
    for end in ("min", "max"):
        extreme |= table["dose"] == ends.transform(end)
    table = table[extreme].reset_index(drop=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel for the lowest and the highest dose, a row per network; name unseen drugs.

    Parameters
    ----------
    table
        model, drug, dose (micromolar, or NaN), pathway (empty where unknown), held_out, x, y.
    data
        What data this is, for the title.
    """
    models = list(dict.fromkeys(table["model"]))
    columns = max((rows["dose"].nunique() for _, rows in table.groupby("model")), default=1) or 1
    figure = Figure(figsize=(6.6 * columns, 1.4 + 4.4 * max(len(models), 1)), layout="constrained")
    figure.suptitle(f"{data}: drugs by UMAP of their latent perturbation, coloured by pathway")
    panels = figure.subplots(max(len(models), 1), columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    if not models:
        figure.suptitle(f"{data}: no network was trained whose drugs could be laid out")
        return figure
    known = table.loc[table["pathway"] != ""].drop_duplicates("drug")["pathway"]
    common = list(known.value_counts(sort=True).sort_index().nlargest(MOST).index)
    colours = method_colours(common)
    looks: dict[str, dict[str, Any]] = {
        name: {"color": colours[name], "marker": SHAPES[number % len(SHAPES)]}
        for number, name in enumerate(common)
    }
    for row, model in zip(panels, models, strict=True):
        rows = table[table["model"] == model]
        doses = sorted(rows["dose"].dropna().unique()) or [float("nan")]
        for axes, dose in zip(row, doses, strict=False):
            axes.set_axis_on()
            part = rows if np.isnan(dose) else rows[rows["dose"] == dose]
            _draw_panel(axes, part.reset_index(drop=True), looks)
            axes.set_title(f"{label_of(model)}: {dose_label(dose) or 'no doses'}", fontsize=9)
    line: dict[str, Any] = {"ls": "none", "ms": 5, "mew": 0}
    handles = [Line2D([], [], label=shortened(n, 40), **look, **line) for n, look in looks.items()]
    if (~table["pathway"].isin(common)).any():
        handles.append(
            Line2D([], [], label="another, or unknown", color=OTHERS, marker="o", **line)
        )
    if _held_out(table).any():
        ring: dict[str, Any] = {"ls": "none", "ms": 7, "mfc": "none", "mec": "black"}
        handles.append(Line2D([], [], label="held out", marker="o", **ring))
    foot(figure, handles)
    return figure


def _held_out(rows: pd.DataFrame) -> pd.Series:
    return rows["held_out"].eq(True)


def _draw_panel(axes: Axes, rows: pd.DataFrame, looks: Mapping[str, Mapping[str, Any]]) -> None:
    rest = rows[~rows["pathway"].isin(looks)]
    axes.plot(rest["x"], rest["y"], "o", ms=3.5, color=OTHERS, mew=0, zorder=1)
    for name, look in looks.items():
        part = rows[rows["pathway"] == name]
        axes.plot(part["x"], part["y"], ls="none", ms=4.5, mew=0, zorder=2, **look)
    unseen = rows[_held_out(rows)]
    axes.plot(unseen["x"], unseen["y"], "o", ms=7.5, mfc="none", mec="black", mew=0.9, zorder=3)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.06)
    named = unseen.iloc[:MOST_NAMED]
    if len(named) < len(unseen):
        axes.set_xlabel(f"{len(named)} of {len(unseen)} held-out drugs named", fontsize=7)
    _name(axes, named)


def _name(axes: Axes, rows: pd.DataFrame) -> None:
    """Write names left and right of a panel, as high as their points where there is room."""
    bottom, top = axes.get_ylim()
    line = {"arrowstyle": "-", "color": "#909090", "lw": 0.4, "shrinkA": 1, "shrinkB": 3}
    order = rows.sort_values(["x", "drug"])
    half = (len(rows) + 1) // 2
    for side, part in ((-0.02, order.iloc[:half]), (1.02, order.iloc[half:])):
        part = part.sort_values(["y", "drug"])
        heights = _apart(((part["y"] - bottom) / (top - bottom)).to_numpy(float), GAP)
        for row, height in zip(part.itertuples(), heights, strict=True):
            axes.annotate(
                shortened(str(row.drug), 20),
                (row.x, row.y),
                xytext=(side, height),
                textcoords="axes fraction",
                ha="right" if side < 0 else "left",
                va="center",
                fontsize=6.5,
                arrowprops={**line, "relpos": (1 if side < 0 else 0, 0.5)},
            )


def _apart(heights: np.ndarray, gap: float) -> np.ndarray:
    """Move heights, sorted, as little as can be until they are a gap apart, and in 0 to 1."""
    below = gap * np.arange(len(heights))
    moved = isotonic_regression(heights - below).x if len(heights) else heights
    return np.clip(moved, 0, max(0, 1 - gap * (len(heights) - 1))) + below


FIGURE = FigureCard(
    label="Drugs at the lowest and the highest dose (Figure 3)",
    category=SINGLE_CELL,
    files=lambda config: {"map": f"{stage.FOLDER}/map.tsv"},
    wanted=lambda config: stage.wanted(config) and bool(stage.first_run(config)),
)
