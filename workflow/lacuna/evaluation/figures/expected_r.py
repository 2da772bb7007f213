"""Do tiers keep their promise: what is expected of predictions against what was observed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.completion.tiers import TIERS
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.evaluation import stage
from lacuna.evaluation.splits import split_label

FEW = 50  # profiles; a tier of fewer is drawn hollow
TO_THE_LEFT = 0.8  # from here on there is no room for words on the right of a point


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tables = [
        pd.read_csv(path, sep="\t").assign(method=method)
        for path, method in zip(files["tiers"], params["methods"], strict=True)
    ]
    filled = [table for table in tables if len(table)] or tables[:1]
    table = pd.concat(filled, ignore_index=True)
    return draw(table, params["methods"], params["data"]), table


def draw(table: pd.DataFrame, methods: list[str], data: str) -> Figure:
    """Draw a row of panels per method: what was observed of each tier, and how many are of it.

    Parameters
    ----------
    table
        method, split, tier, profiles, expected, observed, low, high; see
        `lacuna.evaluation.expected_r.judge_splits`.
    methods
        Those with a row of panels.
    data
        What data this is, for the title.
    """
    splits = list(dict.fromkeys(table["split"])) or ["profiles"]
    rows = max(1, len(methods))
    figure = Figure(figsize=(1.2 + 3.1 * len(splits), 0.5 + 3.2 * rows), layout="constrained")
    figure.suptitle(data if len(table) else f"{data}: too few drugs to judge what is expected")
    grid = figure.subplots(rows, len(splits), squeeze=False, sharex=True, sharey=True)
    for method, line in zip(methods, grid, strict=False):
        for split, panel in zip(splits, line, strict=True):
            of_both = table["method"].eq(method) & table["split"].eq(split)
            _draw_tiers(panel, table[of_both])
        line[0].set_ylabel(f"{method_label(method)}\nobserved r")
    for split, first, last in zip(splits, grid[0], grid[-1], strict=True):
        first.set_title(split_label(split))
        last.set_xlabel("expected r")
    return figure


def _draw_tiers(panel: Axes, rows: pd.DataFrame) -> None:
    limits = [tier.at_least for tier in TIERS[:-1]]
    for limit in limits:
        panel.axvline(limit, color="#dddddd", lw=0.6, zorder=0)
    panel.axline((0, 0), slope=1, color="grey", lw=0.6)
    numbers = rows[["expected", "observed", "low", "high"]].to_numpy(float)
    for tier, profiles, place in zip(rows["tier"], rows["profiles"], numbers, strict=True):
        expected, observed, low, high = place
        panel.errorbar(
            [expected],
            [observed],
            yerr=None if np.isnan(place).any() else [[observed - low], [high - observed]],
            fmt="o",
            ms=5,
            color=MEASURED,
            mfc="white" if profiles < FEW else MEASURED,
            capsize=2,
        )
        panel.annotate(
            f"{tier}: {profiles:,}",
            (expected, observed),
            xytext=(7, -9) if expected < TO_THE_LEFT else (-7, 4),
            ha="left" if expected < TO_THE_LEFT else "right",
            textcoords="offset points",
            fontsize=7,
        )
    panel.set(xlim=(-0.1, 1), ylim=(-0.1, 1), aspect="equal")


FIGURE = FigureCard(
    label="Expected and observed correlation",
    category=PREDICTIONS,
    place=1,
    files=lambda config: {"tiers": stage.expected_files(config)},
    params=lambda config: {"methods": list(config["completion"]["completed"])},
    wanted=lambda config: bool(config["completion"]["completed"]),
)
