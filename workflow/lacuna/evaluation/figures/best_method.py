"""Figure 3B of Hodos et al. 2018: the method that predicts each profile best."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.evaluation import stage
from lacuna.evaluation.compare import best_method_per_profile
from lacuna.tensor.figures.coverage import label_grid
from lacuna.tensor.profiles import ProfileSet


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tensor = ProfileSet.load(files["tensor"])
    scores = pd.concat(
        pd.read_csv(path, sep="\t", dtype={"drug": str, "cell": str}, keep_default_na=False)
        for path in files["profiles"]
    )
    best = best_method_per_profile(scores)
    axes = list(tensor.drugs), list(tensor.cells)
    return draw(
        best, list(params["methods"]), *axes, params["data"], params.get("compared", ())
    ), best


def draw(
    best: pd.DataFrame,
    methods: list[str],
    drugs: list[str],
    cells: list[str],
    data: str,
    compared: Sequence[str] = (),
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
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    grid = np.full((len(drugs), len(cells)), np.nan)
    at_drug = pd.Index(drugs).get_indexer(pd.Index(best["drug"]))
    at_cell = pd.Index(cells).get_indexer(pd.Index(best["cell"]))
    grid[at_drug, at_cell] = best["best"].map(methods.index)
    colours = method_colours(compared or methods)
    figure = Figure(figsize=(min(13, max(6.5, 3.5 + 0.28 * len(cells))), 6.5), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("white")
    axes.imshow(
        grid,
        aspect="auto",
        cmap=ListedColormap([colours[method] for method in methods]),
        vmin=-0.5,
        vmax=len(methods) - 0.5,
    )
    label_grid(axes, len(drugs), cells)
    share = best["best"].value_counts(normalize=True).reindex(methods, fill_value=0)
    handles = [
        Patch(color=colours[method], label=f"{method_label(method)}: {share[method]:.0%}")
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


FIGURE = FigureCard(
    label="Best method for each profile, all methods (Figure 3B)",
    category=PREDICTIONS,
    place=4,
    files=lambda config: {
        "tensor": "tensor/large.h5",
        "profiles": stage.of_methods(config, "metrics_per_profile.tsv"),
    },
    params=lambda config: {"methods": list(stage.methods(config))},
)
