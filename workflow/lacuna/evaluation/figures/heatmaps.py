"""Figure 4A and B of Hodos et al. 2018: drugs in all their cells, measured beside predicted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure

from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.evaluation import stage
from lacuna.evaluation.heatmaps import choose_drugs, heatmap_table
from lacuna.evaluation.held_out import held_out_order
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

MOST_NAMED = 40


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Choose the drugs, and read what is drawn of them; see `draw`."""
    tensor = ProfileSet.load(files["tensor"])
    fold = read_of_profiles(tensor, files["folds"], "fold")
    held_out = tensor.take(held_out_order(fold))
    annotation = read_described(tensor, "drugs", files["drugs"])
    names = annotation["name"].fillna(annotation["drug"]).to_list()
    drugs, left_out = choose_drugs(held_out, names, params["drugs"])
    for said in left_out:
        print(f"evaluation: heatmaps: drugs: {said}. It is not shown.")
    shown = np.isin(held_out.drug, drugs)
    methods = params["methods"]
    predicted = {
        method: Completion.join([Completion.load(path) for path in paths]).profiles[shown]
        for method, paths in zip(
            methods, np.array_split(list(files["predicted"]), len(methods)), strict=True
        )
    }
    table = heatmap_table(held_out.take(shown), predicted, list(drugs), names)
    return draw(table, params["data"], left_out), table


def draw(table: pd.DataFrame, data: str, left_out: Sequence[str] = ()) -> Figure:
    """Draw a row of panels per drug, cells down and genes across, on one colour scale.

    Parameters
    ----------
    table
        drug, name, panel, correlation, specificity, cell, gene, value: the entries in the order
        drawn, see `lacuna.evaluation.heatmaps.heatmap_table`. The first panel is the measured one.
    data
        What data this is, for the title.
    left_out
        Why drugs that were asked for are not shown.
    """
    panels = list(table["panel"].unique())
    heights = [0.5 + 0.16 * max(4, cells) for cells in _cells(table)]
    figure = Figure(
        figsize=(2 + 1.25 * len(panels), 0.9 + sum(min(6, height) + 0.7 for height in heights)),
        layout="constrained",
    )
    axes = figure.subplots(len(heights), len(panels), squeeze=False, height_ratios=heights)
    measured = table.loc[table["panel"] == panels[0], "value"]
    scale = CenteredNorm(0, measured.abs().quantile(0.99))
    for row, (_, of_drug) in zip(axes, table.groupby("drug", sort=False), strict=True):
        for panel, (method, entries) in zip(row, of_drug.groupby("panel", sort=False), strict=True):
            cells, genes = entries["cell"].unique(), entries["gene"].nunique()
            values = entries["value"].to_numpy().reshape(len(cells), genes)
            image = panel.imshow(values, aspect="auto", cmap="RdBu_r", norm=scale)
            panel.spines[:].set_visible(False)
            panel.set(xticks=[], yticks=[])
            first = entries.iloc[0]
            agreement = f"r {first['correlation']:.2f}\n" if method != panels[0] else ""
            panel.set_title(
                f"{method_label(str(method))}\n{agreement}specificity {first['specificity']:.2f}",
                fontsize=9,
            )
        every = -(-len(cells) // MOST_NAMED)
        row[0].set_yticks(range(0, len(cells), every), cells[::every], fontsize=8.5)
        row[0].set_ylabel(of_drug["name"].iloc[0], fontweight="bold")
        row[0].set_xlabel(f"{genes} genes", fontsize=9)
    figure.colorbar(
        image,
        ax=axes,
        label="expression change (unit-norm profiles)",
        extend="both",
        aspect=40,
        pad=0.01,
    )
    title = f"{data}: drugs in all their cells, measured and predicted while held out"
    figure.suptitle("\n".join([title, *(f"not shown: {said}" for said in left_out)]), wrap=True)
    return figure


def _cells(table: pd.DataFrame) -> list[int]:
    return table.groupby("drug", sort=False)["cell"].nunique().to_list()


FIGURE = FigureCard(
    label="Cell-specific drugs, measured and predicted (Figure 4)",
    category=PREDICTIONS,
    place=2,
    files=lambda config: {
        "tensor": "tensor/large.h5",
        "drugs": "tensor/drugs.tsv",
        "folds": "evaluation/large/profiles/folds.tsv",
        "predicted": stage.of_methods(config, stage.prediction_files(config, "profiles")),
    },
    params=lambda config: {
        "methods": list(stage.methods(config)),
        "drugs": config["evaluation"]["heatmaps"]["drugs"],
    },
)
