"""Figure S3 of Hodos et al. 2018: accuracy without drugs that are like one of training."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.evaluation import stage
from lacuna.evaluation.splits import split_label
from lacuna.io.tsv import read_table

SIDESTEP = 0.006  # Tanimoto, between the points of two methods


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = [read_table(path) for path in files["similar"]]
    table = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    return draw(
        table,
        list(params["methods"]),
        list(params["splits"]),
        params["data"],
        params.get("compared", ()),
    ), table


def draw(
    table: pd.DataFrame,
    methods: list[str],
    splits: list[str],
    data: str,
    compared: Sequence[str] = (),
) -> Figure:
    """Draw a panel per split, PCT against the threshold, with 95 % intervals.

    Parameters
    ----------
    table
        split, method, threshold, drugs, profiles, pct, low, high.
    methods
        Those compared, in the order of their colours.
    splits
        What is held out, a panel each.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    colours, lines = method_colours(compared or methods), method_lines(compared or methods)
    figure = Figure(figsize=(4.6 * len(splits) + 1.6, 4.4), layout="constrained")
    if table.empty:
        figure.suptitle(f"{data}: no structures are known")
        return figure
    panels = figure.subplots(1, len(splits), sharey=True, squeeze=False)[0]
    for panel, split in zip(panels, splits, strict=True):
        of_split = table[table["split"] == split]
        for number, method in enumerate(methods):
            rows = of_split[of_split["method"] == method]
            places = rows["threshold"] + SIDESTEP * (number - (len(methods) - 1) / 2)
            panel.errorbar(
                places,
                rows["pct"],
                yerr=[rows["pct"] - rows["low"], rows["high"] - rows["pct"]],
                color=colours[method],
                ls=lines[method],
                elinewidth=0.8,
                marker="o",
                ms=3,
                label=method_label(method),
            )
        counts = of_split.drop_duplicates("threshold").sort_values("threshold")
        ticks = [f"{row.threshold:.1f}\n{row.drugs:,}" for row in counts.itertuples()]
        panel.set_xticks(counts["threshold"], ticks, fontsize=8)
        panel.set_title(f"held out: {split_label(split)}", fontsize=9)
        panel.grid(axis="y", color="#dddddd", lw=0.6)
    figure.supxlabel(
        "largest Tanimoto similarity with a training drug, at most; drugs that are left", fontsize=9
    )
    panels[0].set_ylabel("PCT, 95 % interval over drugs")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="Accuracy without similar drugs (Figure S3)",
    category=PREDICTIONS,
    place=6,
    files=lambda config: {"similar": stage.similarity_files(config)},
    params=lambda config: {
        "methods": list(stage.methods(config)),
        "splits": stage.splits_by_similarity(config),
    },
)
