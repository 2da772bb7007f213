"""Figure 3B of Hodos et al. 2018: the method that predicts each profile best."""

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lacuna.drawing.style import method_colours
from lacuna.names import method_name
from lacuna.tensor.figures.coverage import label_cells


def draw(
    best: pd.DataFrame, methods: list[str], drugs: list[str], cells: list[str], data: str
) -> Figure:
    """Draw the grid, each held-out profile in the colour of the method that predicts it best.

    Parameters
    ----------
    best
        drug, cell, best: one row per held-out profile.
    methods
        Those compared, in the order of their colours.
    drugs, cells
        The grid's axes, in its order.
    data
        What data this is, for the title.
    """
    grid = np.full((len(drugs), len(cells)), np.nan)
    place = pd.Index(drugs).get_indexer(best["drug"]), pd.Index(cells).get_indexer(best["cell"])
    grid[place] = best["best"].map(methods.index)
    colours = method_colours(methods)
    figure = Figure(figsize=(min(13, max(6.5, 3.5 + 0.28 * len(cells))), 6.5), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("white")
    axes.imshow(
        grid,
        aspect="auto",
        cmap=ListedColormap(list(colours.values())),
        vmin=-0.5,
        vmax=len(methods) - 0.5,
    )
    label_cells(axes, cells)
    axes.set_ylabel(f"{len(drugs)} drugs, by number of cells")
    share = best["best"].value_counts(normalize=True).reindex(methods, fill_value=0)
    handles = [
        Patch(color=colours[method], label=f"{method_name(method)}: {share[method]:.0%}")
        for method in methods
    ]
    handles.append(
        Patch(facecolor="white", edgecolor="grey", label="never held out\nor not measured")
    )
    axes.legend(
        handles=handles, title="best prediction", loc="upper left", bbox_to_anchor=(1.01, 1)
    )
    figure.suptitle(f"{data}: best method of each of {len(best):,} held-out profiles")
    return figure
