"""Scores by comparison, of samples and of genes (Jeon et al. 2022, Figures 3 and S1 to S12)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.judge import SCORES

LABELS = {"pearson": "Pearson", "spearman": "Spearman", "rmse": "RMSE, log2"}
SIDES = {"sample": "of samples", "gene": "of genes"}
ROWS = {"landmarks": "landmark genes", "new": "genes of step 2", "all": "all genes"}


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = []
    for side in SIDES:
        table = read_table(files[side]).rename(columns={side: "name"})
        tables.append(table.assign(of=side))
    table = pd.concat(tables, ignore_index=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw violins: genes down, scores of samples and of genes across.

    Parameters
    ----------
    table
        of ("sample" or "gene"), genes, comparison, pearson, spearman, rmse.
    data
        What data this is, for the title.
    """
    columns = [(side, score) for side in SIDES for score in SCORES]
    figure = Figure(figsize=(2.9 * len(columns), 8.5), layout="constrained")
    figure.suptitle(f"{data}: translated profiles, the baseline's, the input and random pairs")
    names = list(dict.fromkeys(table["comparison"]))
    colours = method_colours(names)
    panels = figure.subplots(len(ROWS), len(columns), squeeze=False)
    for across, (kind, heading) in zip(panels, ROWS.items(), strict=True):
        for axes, (side, score) in zip(across, columns, strict=True):
            rows = table[(table["genes"] == kind) & (table["of"] == side)]
            shown = [name for name in names if name in set(rows["comparison"])]
            sns.violinplot(
                rows,
                y="comparison",
                x=score,
                order=shown,
                hue="comparison",
                hue_order=shown,
                palette={name: colours[name] for name in shown},
                inner="quart",
                linewidth=0.6,
                cut=0,
                density_norm="width",
                legend=False,
                ax=axes,
            )
            axes.set(xlabel=f"{LABELS[score]} {SIDES[side]}", ylabel="")
            if axes is across[0]:
                axes.set_ylabel(heading)
            else:
                axes.set_yticklabels([])
    return figure


FIGURE = FigureCard(
    label="Translated against measured, by comparison",
    category=TRANSLATION,
    place=1,
    files=lambda config: {
        "sample": "translation/by_sample.tsv",
        "gene": "translation/by_gene.tsv",
    },
    wanted=stage.has_pairs,
)
