"""The whole in one picture: what was measured, and how well the rest is predicted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import SUMMARY, FigureCard
from lacuna.drawing.palette import MEASURED
from lacuna.evaluation.metrics import metric_label
from lacuna.tensor.figures.coverage import draw_grid
from lacuna.tensor.profiles import ProfileSet

METRICS = ("pct", "deg_auc_1")
INCHES_PER_METHOD = 0.36


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    tensor = ProfileSet.load(files["tensor"])
    metrics = pd.read_csv(files["metrics"], sep="\t").query(
        "size == 'large' and split == 'profiles'"
    )
    metrics = metrics[metrics["metric"].isin(METRICS)]
    return draw(tensor.measured, list(tensor.cells), metrics, params["data"]), metrics


def draw(measured: np.ndarray, cells: list[str], metrics: pd.DataFrame, data: str) -> Figure:
    """Draw the grid beside the scores of all methods and controls.

    Parameters
    ----------
    measured : bool array of shape (drugs, cells)
    cells
        Names of the cells.
    metrics
        method, metric, value, low, high.
    data
        What data this is, for the title.
    """
    methods = list(metrics["method"].unique())[::-1]
    figure = Figure(figsize=(10, 1.4 + INCHES_PER_METHOD * len(methods)), layout="constrained")
    grid, *panels = figure.subplots(1, 1 + len(METRICS), width_ratios=[1.1, 1, 1])
    draw_grid(grid, measured, cells)
    grid.set_title(f"{measured.sum():,} profiles measured,\n{(~measured).sum():,} to predict")
    for panel, metric in zip(panels, METRICS, strict=True):
        scores = metrics[metrics["metric"] == metric].set_index("method").loc[methods]
        error = [scores["value"] - scores["low"], scores["high"] - scores["value"]]
        panel.errorbar(
            scores["value"], range(len(methods)), xerr=error, fmt="o", ms=4, color=MEASURED
        )
        for height, value in enumerate(scores["value"]):
            panel.annotate(
                f"{value:z.2f}", (value, height), (0, 5), textcoords="offset points", ha="center"
            )
        panel.set_yticks(range(len(methods)), map(method_label, methods))
        panel.set(title=metric_label(metric), ylim=(-0.5, len(methods) - 0.2))
        panel.margins(x=0.12)
        panel.grid(axis="x", color="#dddddd", lw=0.6)
    bars = "95 % interval" if metrics["low"].notna().any() else "too few drugs for an interval"
    panels[0].set_xlabel(f"correlation of predicted and measured\nheld-out profiles, {bars}")
    panels[1].set_xlabel(f"area under the ROC curve,\n{bars}")
    panels[1].set_yticklabels([])
    figure.suptitle(data)
    return figure


FIGURE = FigureCard(
    label="Overview",
    category=SUMMARY,
    place=1,
    files=lambda config: {"tensor": "tensor/large.h5", "metrics": "metrics.tsv"},
)
