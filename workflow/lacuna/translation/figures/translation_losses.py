"""How the networks of a translation were trained (Jeon et al. 2022, Figure 2)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import TRANSLATION, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.io.tsv import read_table
from lacuna.translation import stage
from lacuna.translation.card import step_card

DECADE = 10  # losses that differ by more are shown as logarithms
NOT_LOSSES = ("stage", "epoch")
COLUMNS = ["kind", "step", "epoch", "loss", "value"]


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = [pd.DataFrame(columns=COLUMNS)]
    for kind in ("landmarks", "genome"):
        for path in files[kind]:
            losses = read_table(path)
            long = losses.melt(
                "epoch",
                [name for name in losses if name not in NOT_LOSSES],
                var_name="loss",
                value_name="value",
            )
            step = Path(path).stem.removesuffix("_losses")
            tables.append(long.assign(kind=kind, step=step)[COLUMNS])
    table = pd.concat(tables, ignore_index=True)
    return draw(table, params["data"]), table


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw a panel per network, a line per loss.

    Parameters
    ----------
    table
        kind ("landmarks" or "genome"), step, epoch, loss, value.
    data
        What data this is, for the title.
    """
    steps = list(table[["kind", "step"]].drop_duplicates().itertuples(index=False))
    figure = Figure(figsize=(4.5 * max(len(steps), 1), 3.4), layout="constrained")
    if not steps:
        figure.suptitle(f"{data}: no step trains in epochs")
        return figure
    figure.suptitle(f"{data}: losses over epochs")
    for axes, (kind, step) in zip(
        figure.subplots(1, len(steps), squeeze=False)[0], steps, strict=True
    ):
        rows = table[(table["kind"] == kind) & (table["step"] == step)]
        names = list(rows["loss"].unique())
        colours, styles = method_colours(names), method_lines(names)
        for name, line in rows.groupby("loss", sort=False):
            axes.plot(
                line["epoch"] + 1, line["value"], color=colours[name], ls=styles[name], label=name
            )
        axes.set(title=step_card(kind, step).label, xlabel="epoch", ylabel="loss")
        if rows["value"].min() > 0 and rows["value"].max() > DECADE * rows["value"].min():
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")  # names are shown as they are: no mathtext
            axes.yaxis.set_minor_formatter("")
        axes.grid(axis="y", color="#dddddd", lw=0.6)
        axes.legend(fontsize=7)
    return figure


FIGURE = FigureCard(
    label="Losses of the networks",
    category=TRANSLATION,
    files=stage.losses,
    wanted=lambda config: any(stage.losses(config).values()),
)
