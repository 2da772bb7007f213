"""Held-out profiles beside their latent states (Umarov et al. 2021, t-SNE of the latent space)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.drawing.wording import counted, with_interval
from lacuna.io.tsv import read_table

SPACES = {"input": "measured profiles", "latent": "latent states"}
WELL_PREDICTED = 0.4  # the authors show the profiles above it only
MOST_LINKED = 150  # drugs: more lines hide the points


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["states"])
    return draw(table, read_table(files["agreement"]), params["data"]), table


def draw(states: pd.DataFrame, agreement: pd.DataFrame, data: str) -> Figure:
    """Draw both maps, coloured by cell; a line joins the profiles of a drug.

    Parameters
    ----------
    states
        drug, cell, pearson, then x and y of both spaces: see
        `lacuna.cell_to_cell.latent_states.state_table`.
    agreement
        space, measure, value, low, high: see `lacuna.cell_to_cell.latent_states.measure_agreement`.
    data
        What data this is, for the title.
    """
    cells = list(states["cell"].unique())
    colours = method_colours(cells)
    figure = Figure(figsize=(9.2, 4.9), layout="constrained")
    measured = {
        (row["space"], row["measure"]): with_interval(row["value"], row["low"], row["high"])
        for row in agreement.to_dict("records")
    }
    for panel, (space, title) in zip(figure.subplots(1, 2), SPACES.items(), strict=True):
        x, y = f"x_{space}", f"y_{space}"
        if states["drug"].nunique() <= MOST_LINKED:
            for _, rows in states.groupby("drug", sort=False):
                panel.plot(rows[x], rows[y], color="#cccccc", lw=0.6, zorder=0)
        for cell, rows in states.groupby("cell", sort=False):
            well = rows["pearson"] > WELL_PREDICTED
            colour = colours[str(cell)]
            look: dict[str, Any] = {"s": 20, "lw": 1, "edgecolors": [colour]}
            panel.scatter(rows.loc[well, x], rows.loc[well, y], color=colour, **look)
            panel.scatter(rows.loc[~well, x], rows.loc[~well, y], facecolors="white", **look)
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(True)
        panel.spines[:].set_color("#999999")
        by_cell, by_drug = (measured[space, name] for name in ("silhouette", "retrieval"))
        panel.set_title(
            f"{title}\nby cell: silhouette {by_cell}\nby drug: own drug found {by_drug}"
        )
    predicted = int((states["pearson"] > WELL_PREDICTED).sum())
    dot: dict[str, Any] = {"marker": "o", "ls": "", "ms": 5}
    handles = [
        *(Line2D([], [], color=colours[cell], label=cell, **dot) for cell in cells),
        Line2D(
            [], [], color="#777777", label=f"predicted at r > {WELL_PREDICTED}: {predicted}", **dot
        ),
        Line2D(
            [],
            [],
            color="#777777",
            mfc="white",
            label=f"the others: {len(states) - predicted}",
            **dot,
        ),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.suptitle(
        f"{data}: {counted(states['drug'].nunique(), 'held-out drug')}, "
        f"{counted(len(states), 'profile')}"
    )
    return figure


FIGURE = FigureCard(
    label="Latent states",
    category=CELL_TO_CELL,
    files=lambda config: {
        "states": "cell_to_cell/latent_states.tsv",
        "agreement": "cell_to_cell/latent_agreement.tsv",
    },
    wanted=lambda config: stage.asks_for(config, "latent_states"),
)
