"""How trainings went: losses by epoch, of every fold."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import SHADES
from lacuna.evaluation import stage
from lacuna.evaluation.splits import split_label

KINDS = {"training": SHADES[1], "validation": SHADES[0]}


COLUMNS = ["size", "split", "method", "fold", "stage", "epoch", "training", "validation"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path, what in zip(files["predicted"], params["trained"], strict=True):
        losses = Completion.load(path).losses
        if losses is not None:
            fold = losses["part"].map(dict(enumerate(what["folds"])))
            names = {key: what[key] for key in ("size", "split", "method")}
            tables.append(losses.assign(**names, fold=fold)[COLUMNS])
    table = pd.concat(tables, ignore_index=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a row per method and a column per stage, a line per fold.

    Parameters
    ----------
    table
        size, split, method, fold, stage, epoch, training, validation.
    data
        What data this is, for the title.
    """
    # The decoders of a fold are trained one by one: they share a panel.
    table = table.assign(panel=table["stage"].str.replace(r" \d+$", "s, one by one", regex=True))
    methods = list(table["method"].unique())
    stages = {method: list(rows["panel"].unique()) for method, rows in table.groupby("method")}
    figure = Figure(figsize=(9, 0.6 + 2 * max(len(methods), 1)), layout="constrained")
    if not methods:
        figure.suptitle(f"{data}: no method trains in epochs")
        return figure
    columns = max(map(len, stages.values()))
    panels = figure.subplots(len(methods), columns, squeeze=False)
    for row, method in enumerate(methods):
        for column, panel in enumerate(panels[row]):
            if column >= len(stages[method]):
                panel.set_axis_off()
                continue
            stage = stages[method][column]
            lines = table[table["method"].eq(method) & table["panel"].eq(stage)]
            for _, line in lines.groupby(["size", "split", "fold", "stage"], sort=False):
                for kind, colour in KINDS.items():
                    relative = line[kind] / line[kind].iloc[0]
                    panel.plot(line["epoch"] + 1, relative, color=colour, lw=0.7, alpha=0.6)
            panel.set_title(f"{method_label(method)}: {stage}", fontsize=8)
            panel.set_xlabel("epoch")
            panel.grid(axis="y", color="#dddddd", lw=0.6)
        panels[row, 0].set_ylabel("loss / that of epoch 1")
    handles = [Line2D([], [], color=colour, label=kind) for kind, colour in KINDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    splits = "; ".join(split_label(split) for split in table["split"].unique())
    figure.suptitle(f"{data}, held out: {splits}")
    return figure


FIGURE = FigureCard(
    label="How the trainings went",
    category=PREDICTIONS,
    place=8,
    files=lambda config: {
        "predicted": [f"evaluation/{what['file']}" for what in stage.trained(config)]
    },
    params=lambda config: {"trained": stage.trained(config)},
    wanted=lambda config: bool(stage.trained(config)),
)
