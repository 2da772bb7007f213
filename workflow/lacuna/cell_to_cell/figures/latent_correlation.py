"""Drugs in one cell against drugs in another (Umarov et al. 2021, latent correlation matrix)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lacuna.cell_to_cell import stage
from lacuna.drawing.card import CELL_TO_CELL, FigureCard
from lacuna.drawing.palette import SHADES
from lacuna.drawing.wording import counted
from lacuna.io.tsv import read_table

SPACES = {"input": "measured profiles", "latent": "latent states"}
MEASURES = {"same_drug": "same drug", "different_drugs": "different drugs"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["correlation"])
    return draw(table, read_table(files["agreement"]), params["data"]), table


def draw(table: pd.DataFrame, agreement: pd.DataFrame, data: str) -> Figure:
    """Draw a matrix of each space, and the means on and off its diagonal.

    Parameters
    ----------
    table
        drug, cell, other_drug, other_cell, input, latent: every pair of drugs, in the order drawn,
        as `lacuna.cell_to_cell.latent_states.correlation_table` returns it.
    agreement
        space, measure, value, low, high: see `lacuna.cell_to_cell.latent_states.measure_agreement`.
    data
        What data this is, for the title.
    """
    drugs = table["drug"].nunique()
    figure = Figure(figsize=(11, 4), layout=ConstrainedLayoutEngine(wspace=0.06))
    *matrices, means = figure.subplots(1, 3, width_ratios=[1, 1, 0.8])
    for panel, (space, title) in zip(matrices, SPACES.items(), strict=True):
        values = table[space].to_numpy().reshape(drugs, drugs)
        image = panel.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
        panel.spines[:].set_visible(False)
        panel.set(title=title, xticks=[], yticks=[])
        panel.set_xlabel(f"{counted(drugs, 'drug')} in {table['other_cell'].iloc[0]}")
    matrices[0].set_ylabel(f"the same drugs in {table['cell'].iloc[0]}")
    figure.colorbar(image, ax=matrices, label="Pearson's r", aspect=30, pad=0.02)
    measured = {(row.space, row.measure): row for row in agreement.itertuples()}
    for at, space in enumerate(SPACES):
        for shift, shade, measure in zip((-0.12, 0.12), SHADES, MEASURES, strict=True):
            row = measured[space, measure]
            means.vlines(at + shift, row.low, row.high, color=shade, lw=1.5)
            label = MEASURES[measure] if at == 0 else None
            means.plot(at + shift, row.value, "o", color=shade, label=label)
            means.annotate(
                f"{row.value:z.2f}",
                (at + shift, row.value),
                xytext=(-7 if shift < 0 else 7, 0),
                textcoords="offset points",
                ha="right" if shift < 0 else "left",
                va="bottom",
            )
    means.axhline(0, color="grey", lw=0.6)
    names = []
    for space, title in SPACES.items():
        found = measured[space, "retrieval"]
        chance = f"{found.value:z.2f} [{found.low:z.2f}, {found.high:z.2f}]"
        names.append(f"{title}\nown drug found\n{chance}")
    means.set_xticks(range(len(SPACES)), names)
    means.set(xlim=(-0.6, len(SPACES) - 0.4), ylim=(min(-0.1, means.get_ylim()[0]), 1.25))
    means.set_yticks([0, 0.25, 0.5, 0.75, 1])
    means.set(ylabel="mean r between cells, 95 % interval over drugs")
    means.legend(loc="upper left", ncols=2, columnspacing=1, handletextpad=0.3)
    figure.suptitle(f"{data}: held-out drugs between cells")
    return figure


FIGURE = FigureCard(
    label="Latent states between cells",
    category=CELL_TO_CELL,
    files=lambda config: {
        "correlation": "cell_to_cell/latent_correlation.tsv",
        "agreement": "cell_to_cell/latent_agreement.tsv",
    },
    wanted=lambda config: stage.asks_for(config, "latent_states"),
)
