"""Figure 1 of Hodos et al. 2018: how much a drug's effect differs between cells."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from lacuna.drawing.card import DATA, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.io.tsv import read_table

EXAMPLES = (0.0, 1 / 3, 2 / 3, 1.0)


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = read_table(files["specificity"])
    return draw(table, params["data"]), table


def draw(specificity: pd.DataFrame, data: str) -> Figure:
    """Draw the distribution over drugs, and name four of them from least to most specific.

    Parameters
    ----------
    specificity
        name, cells, specificity: one row per drug with at least two cells. The examples are taken
        among drugs with at least five cells, or with the most there are.
    data
        What data this is, for the title.
    """
    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    bins = min(40, max(8, len(specificity) // 6))
    sns.histplot(x=specificity["specificity"], bins=bins, color=MEASURED, ax=axes, alpha=0.85)
    axes.set(
        xlabel="cell specificity of the drug (mean cosine distance between its cells)",
        ylabel=f"drugs (of {len(specificity)})",
    )
    top = axes.get_ylim()[1]
    axes.set_ylim(0, 1.45 * top)
    for rank, (_, drug) in enumerate(_examples(specificity).iterrows()):
        height = top * (1.05 + 0.1 * rank)
        axes.vlines(drug["specificity"], 0, height, color="black", lw=0.8, ls=":")
        right = drug["specificity"] > np.mean(axes.get_xlim())
        axes.annotate(
            f"{drug['name']}: {drug['specificity']:.2f}",
            (drug["specificity"], height),
            xytext=(-3 if right else 3, 0),
            textcoords="offset points",
            ha="right" if right else "left",
        )
    quartiles = specificity["specificity"].quantile([0.25, 0.5, 0.75])
    axes.set_title(
        f"{data}: median {quartiles[0.5]:.2f}, half of the drugs between "
        f"{quartiles[0.25]:.2f} and {quartiles[0.75]:.2f}"
    )
    return figure


def _examples(specificity: pd.DataFrame) -> pd.DataFrame:
    covered = specificity[specificity["cells"] >= min(5, specificity["cells"].max())]
    ordered = covered.sort_values("specificity", kind="stable")
    positions = sorted({round(share * (len(ordered) - 1)) for share in EXAMPLES})
    return ordered.iloc[positions]


FIGURE = FigureCard(
    label="Cell specificity of drugs (Figure 1)",
    category=DATA,
    place=3,
    files=lambda config: {"specificity": "tensor/cell_specificity.tsv"},
)
