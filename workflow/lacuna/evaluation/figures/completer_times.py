"""Figure S1 of Hodos et al. 2018, the other half: how long each completer takes for a fold."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from lacuna.completion.registry import method_label
from lacuna.drawing.card import PREDICTIONS, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.evaluation import stage
from lacuna.evaluation.figures.completers import INCHES_PER_METHOD, drawn_size
from lacuna.io.benchmarks import read_benchmark

IDLE = "zeros"  # a control that predicts nothing: what a job takes without any method


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn, in the order of `_files`; see `draw`."""
    folds = [len(batch) for batch in params["batches"]]
    jobs = [(player, count) for player in params["players"] for count in folds]
    table = pd.DataFrame(jobs, columns=["method", "folds"])
    table["seconds"] = [read_benchmark(path).seconds for path in files["jobs"]]
    table["seconds_per_fold"] = table["seconds"] / table["folds"]
    title = f"{params['data']}, {params['size']} tensor"
    figure = draw(
        table, list(params["methods"]), title, os.cpu_count() or 1, params.get("compared", ())
    )
    return figure, table.assign(size=params["size"])


def draw(
    table: pd.DataFrame, methods: list[str], title: str, cores: int, compared: Sequence[str] = ()
) -> Figure:
    """Draw every job as a point, a row per method, the fastest at the bottom.

    A method of which no job's time was kept stands above all others, without points.

    Parameters
    ----------
    table
        method, seconds_per_fold: one row per job. Rows of `IDLE` are drawn as a line.
    methods
        Those compared, in the order of their colours.
    title
        What data this is.
    cores
        Of the machine.
    compared
        All methods of the run, whose order gives the colours; without any, those that are drawn.
    """
    of_method = table.groupby("method")["seconds_per_fold"]
    mean = of_method.mean()
    ranked = list(mean[methods].sort_values(kind="stable").index)  # NaN come last
    colours = method_colours(compared or methods)
    figure = Figure(figsize=(7.6, 1.5 + INCHES_PER_METHOD * len(methods)), layout="constrained")
    panel = figure.subplots()
    for place, method in enumerate(ranked):
        jobs = of_method.get_group(method)
        panel.plot(jobs, [place] * len(jobs), "o", color=colours[method], mec="black", mew=0.5)
    if mean.get(IDLE, math.nan) > 0:
        panel.axvline(mean[IDLE], color="black", lw=0.8, ls="--")
        panel.text(mean[IDLE], len(ranked) - 0.4, "a job without a method", fontsize=8, va="bottom")
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    lost = {method: ", not measured" if math.isnan(mean[method]) else "" for method in ranked}
    panel.set_yticks(range(len(ranked)), [method_label(one) + lost[one] for one in ranked])
    panel.set_xlabel(
        f"seconds a fold, jobs of one thread side by side on a machine of {cores} cores", fontsize=9
    )
    panel.grid(axis="x", color="#dddddd", lw=0.6)
    figure.suptitle(title)
    return figure


def _players(config: Mapping[str, Any]) -> list[str]:
    """Return the methods, and the control that does nothing where the run has it."""
    idle = [IDLE] if IDLE in config["completion"]["controls"] else []
    return [*stage.methods(config), *idle]


def _files(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what Snakemake measured of the jobs, method by method, each in the order of folds."""
    folder, size = "benchmarks/predict_folds", drawn_size(config)
    return {
        "jobs": [
            f"{folder}/{size}_profiles_{player}_{batch}.tsv"
            for player in _players(config)
            for batch in range(len(stage.folds(config, "profiles")))
        ]
    }


FIGURE = FigureCard(
    label="Seconds a fold of all methods (Figure S1)",
    category=PREDICTIONS,
    place=8,
    files=_files,
    params=lambda config: {
        "methods": list(stage.methods(config)),
        "players": _players(config),
        "batches": stage.folds(config, "profiles"),
        "size": drawn_size(config),
    },
    timed=True,
)
