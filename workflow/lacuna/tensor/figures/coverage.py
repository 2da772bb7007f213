"""Which drugs were measured in which cells."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lacuna.drawing.card import DATA, FigureCard
from lacuna.drawing.palette import MEASURED, MISSING
from lacuna.drawing.wording import counted
from lacuna.tensor.profiles import ProfileSet


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tensor = ProfileSet.load(files["tensor"])
    grid = pd.DataFrame(tensor.measured.astype(int), tensor.drugs, tensor.cells)
    figure = draw(tensor.measured, list(tensor.cells), params["data"])
    return figure, grid.rename_axis("drug").reset_index()


def draw(measured: np.ndarray, cells: list[str], data: str) -> Figure:
    """Draw the drug x cell grid with the counts along both sides.

    Parameters
    ----------
    measured : bool array of shape (drugs, cells)
    cells
        Names of the cells.
    data
        What data this is, for the title.
    """
    width = min(12, max(5.5, 2.5 + 0.28 * len(cells)))
    figure = Figure(figsize=(width, 6.5), layout="constrained")
    axes = figure.subplot_mosaic(
        [["cells", "."], ["grid", "drugs"]], width_ratios=[4, 1], height_ratios=[1, 4]
    )
    draw_grid(axes["grid"], measured, cells)
    axes["cells"].bar(range(len(cells)), measured.sum(axis=0), color=MEASURED, width=0.8)
    axes["cells"].set(ylabel="drugs", xticks=[])
    axes["cells"].yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    axes["cells"].sharex(axes["grid"])
    axes["cells"].tick_params(labelbottom=False)
    axes["drugs"].step(measured.sum(axis=1), np.arange(len(measured)), color=MEASURED)
    axes["drugs"].set(
        xlabel="cells per drug", xlim=(0, len(cells) + 0.5), ylim=axes["grid"].get_ylim()
    )
    axes["drugs"].xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    axes["drugs"].tick_params(labelleft=False)
    figure.suptitle(
        f"{data}: {measured.sum():,} of {measured.size:,} profiles measured ({measured.mean():.1%})"
    )
    return figure


def draw_grid(axes: Axes, measured: np.ndarray, cells: list[str]) -> None:
    """Draw the grid alone into axes: dark where measured."""
    axes.imshow(measured, aspect="auto", cmap=ListedColormap([MISSING, MEASURED]), vmin=0, vmax=1)
    label_grid(axes, len(measured), cells)


def label_grid(axes: Axes, drugs: int, cells: list[str]) -> None:
    """Number the drugs of a grid and name its cells; where they are too many to read, every few."""
    axes.set_ylabel(f"{counted(drugs, 'drug')}, by number of cells")
    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
    every = -(-len(cells) // 40)
    axes.set_xticks(
        range(0, len(cells), every), cells[::every], rotation=90 if len(cells) > 3 else 0
    )
    axes.set_xlabel("cell line" if every == 1 else f"cell line (one in {every} named)")


FIGURE = FigureCard(
    label="Drug x cell coverage",
    category=DATA,
    place=2,
    files=lambda config: {"tensor": "tensor/large.h5"},
)
