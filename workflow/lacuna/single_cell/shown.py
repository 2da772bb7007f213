"""How results of single cells are read, called, ordered and coloured, in all figures alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lacuna.drawing.palette import SHADES, method_colours
from lacuna.io.tsv import read_table
from lacuna.single_cell import claims, stage
from lacuna.single_cell.card import available
from lacuna.single_cell.interface import CONTROL
from lacuna.single_cell.tables import GENES

Config = Mapping[str, Any]
Run = tuple[str, str]  # of a network, its name and its start; of a plain method, its name and ""
Colour = str | tuple[float, float, float]

PLAIN, BASELINE = SHADES
CONTROLS = (CONTROL, "chance", "random_drug", "other_half")  # know nothing, or what was measured
SIMPLEST = (CONTROL, "line_mean")  # what networks stand beside; of signatures, the second
# Metrics that figures show, by their names in tables. Of cells first; signatures have no change.
R2, CHANGE, SPECIFIC, SIGNATURE = "r2_mean", "change_pearson", "specific_pearson", "pearson"
RECIPROCAL_RANK, RANK_SHARE = "reciprocal_rank", "rank_share"
LONGEST = 28  # letters of a method's name


def label_of(method: str, start: str = "") -> str:
    """Return how a method is called, and what its training started from, not too long."""
    known = method in available()
    return claims.label_of(method if known else shortened(method, LONGEST), start)


def genes_label(genes: str) -> str:
    """Return how a set of genes is called."""
    return GENES.get(genes, genes)


def dose_label(dose: float) -> str:
    """Return a dose in micromolar as nM below 1, as µM else; nothing for NaN."""
    if np.isnan(dose):
        return ""
    return f"{dose:g} µM" if dose >= 1 else f"{1000 * dose:g} nM"


def shortened(name: str, most: int) -> str:
    """Return a name of at most so many letters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def shown_params(config: Config) -> dict[str, object]:
    """Return what figures must know of the networks, for one colour each everywhere."""
    return {"models": list(stage.models(config)), "starts": stage.starts(config)}


def runs_of(params: Mapping[str, Any]) -> list[Run]:
    """Return all networks with their starts, from `shown_params`."""
    return [(model, start) for model in params["models"] for start in params["starts"]]


def run_colours(runs: Sequence[Run]) -> dict[Run, Colour]:
    """Return a colour per network and start; `colour_of` knows those of plain methods."""
    named = {f"{model} {start}": (model, start) for model, start in runs}
    return {named[name]: colour for name, colour in method_colours(list(named)).items()}


def colour_of(run: Run, colours: Mapping[Run, Colour]) -> Colour:
    """Return the colour of a network, a plain method, or (pale) a control."""
    return colours.get(run, BASELINE if run[0] in CONTROLS else PLAIN)


def is_pale(colour: Colour) -> bool:
    """Return whether black is seen better on a colour than white."""
    return float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722])) > 0.5


def head(figure: Figure, title: str, handles: Sequence[Artist]) -> None:
    """Write a title and below it a legend, which is not below a figure that may be tall."""
    figure.legend(
        handles=handles,
        title=title,
        title_fontsize=12,
        loc="outside upper center",
        ncols=_columns(figure, handles),
        fontsize=8,
    )


def foot(figure: Figure, handles: Sequence[Artist]) -> None:
    """Write a legend below a figure."""
    columns = _columns(figure, handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=8)


def _columns(figure: Figure, handles: Sequence[Artist]) -> int:
    """Return how many columns of a legend the figure is wide enough for, at most 4, all full."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=0)
    most = int(np.clip(figure.get_figwidth() / (0.6 + 0.065 * longest), 1, 4))
    rows = -(-len(handles) // most)
    return -(-len(handles) // max(rows, 1)) or 1


def ordered_runs(table: pd.DataFrame, runs: Sequence[Run]) -> list[Run]:
    """Return who is in a table with columns method and start: controls, plain methods, networks.

    Each kind stands in the order of the table, networks in that of the configuration.
    """
    found = list(dict.fromkeys(zip(table["method"], table["start"], strict=True)))
    networks = [run for run in runs if run in found]
    networks += [run for run in found if run[1] and run not in runs]
    plain = [run for run in found if not run[1]]
    controls = [run for name in CONTROLS for run in plain if run[0] == name]
    return [*controls, *(run for run in plain if run not in controls), *networks]


def beside_networks(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of networks and of the simplest prediction, of each target its own."""
    kept = (table["start"] != "").to_numpy()
    for target, rows in table.groupby("target", sort=False):
        there = [name for name in SIMPLEST if rows["method"].eq(name).any()][:1]
        kept |= ((table["target"] == target) & table["method"].isin(there)).to_numpy()
    return table.loc[kept].reset_index(drop=True)


def first_known(names: Sequence[str], values: pd.Series) -> str:
    """Return the first of some names that a column has; without any, the first."""
    known = set(values)
    return next((name for name in names if name in known), names[0])


def chosen(table: pd.DataFrame, **choices: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Keep, of each choice of names in a column, the first that a target has.

    Parameters
    ----------
    table
        With a column target.
    choices
        By column.
    """
    for column, sets in choices.items():
        kept = np.zeros(len(table), dtype=bool)
        for target, rows in table.groupby("target", sort=False):
            names = [first_known(names, rows[column]) for names in sets]
            kept |= ((table["target"] == target) & table[column].isin(names)).to_numpy()
        table = table.loc[kept]
    return table.reset_index(drop=True)


def read_results(paths: Sequence[str | Path], **kept: Sequence[str]) -> pd.DataFrame:
    """Read tables of one layout as one.

    Parameters
    ----------
    paths
        Of the tables.
    kept
        By column, the values whose rows are kept, such as those of metric.
    """
    tables = []
    for path in paths:
        table = read_table(path)
        names = table.columns.intersection(["target", "split", "method", "model", "start", "line"])
        table = table.astype(dict.fromkeys(names, object))
        table[names] = table[names].fillna("").astype(str)
        for column, values in kept.items():
            table = table[table[column].isin(values)]
        tables.append(table)
    filled = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(filled, ignore_index=True)
