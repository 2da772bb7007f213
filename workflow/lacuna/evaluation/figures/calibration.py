"""How far to trust a prediction: the errors that methods state against those they make."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours, method_lines
from lacuna.evaluation import stage


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    table = pd.concat(pd.read_csv(path, sep="\t") for path in files["calibration"])
    return draw(table, params["data"], params.get("compared", ())), table


def draw(table: pd.DataFrame, data: str, compared: Sequence[str] = ()) -> Figure:
    """Draw stated against observed coverage, and stated against observed error.

    Parameters
    ----------
    table
        method, view, stated, observed, low, high, of methods that state errors; see
        `lacuna.evaluation.calibration.calibration`.
    data
        What data this is, for the title.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    figure = Figure(figsize=(8.2, 4.2), layout="constrained")
    coverage, error = figure.subplots(1, 2)
    figure.suptitle(data)
    methods = list(table["method"].unique())
    if not methods:
        figure.suptitle(f"{data}: no method of this run states an error")
    colours, lines = method_colours(compared or methods), method_lines(compared or methods)
    for method in methods:
        rows = table[table["method"] == method]
        look: dict[str, Any] = {
            "color": colours[method],
            "ls": lines[method],
            "label": method_label(method),
        }
        covered = rows[rows["view"] == "coverage"]
        coverage.plot(covered["stated"], covered["observed"], marker=".", **look)
        coverage.fill_between(
            covered["stated"], covered["low"], covered["high"], color=colours[method], alpha=0.2
        )
        made = rows[rows["view"] == "error"]
        error.plot(made["stated"], made["observed"], marker=".", **look)
    coverage.set(xlabel="stated coverage", ylabel="observed coverage", aspect="equal")
    error.set(xlabel="stated standard error", ylabel="root mean square error made")
    for panel in (coverage, error):
        panel.axline((0, 0), slope=1, color="grey", lw=0.6)
    if methods:
        coverage.set(xlim=(0, 1), ylim=(0, 1))
        made = table[table["view"] == "error"]
        values = made[["stated", "observed"]].to_numpy()
        low, high = 0.95 * values.min(), 1.05 * values.max()
        error.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        coverage.legend(loc="upper left")
    return figure


FIGURE = FigureCard(
    label="Stated and real errors",
    category=PREDICTIONS,
    place=2,
    files=lambda config: {"calibration": stage.of_methods(config, "calibration.tsv")},
)
