"""Recall and precision (Finlayson et al. 2021, figures 2 and A1), and the ECDF of ranks."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lacuna.drawing.card import RETRIEVAL, FigureCard
from lacuna.drawing.palette import method_colours
from lacuna.io.tsv import read_table
from lacuna.retrieval.compare import ORACLE, RAW
from lacuna.retrieval.tables import label_of


def make(files: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Read what is drawn; see `draw`."""
    curves = read_table(files["curves"])
    table = curves[_shown(curves)].reset_index(drop=True)
    return draw(table, params["data"]), table


def _shown(curves: pd.DataFrame) -> pd.Series:
    """Choose the rows of raw profiles with the first encoder, those of one space, and oracles."""
    first = curves.loc[curves["profile"] == RAW, "molecule"].iloc[0]
    plain = (curves["profile"] == RAW) & (curves["molecule"] == first)
    return plain | (curves["profile"] == curves["molecule"]) | (curves["method"] == ORACLE)


def draw(table: pd.DataFrame, data: str) -> Figure:
    """Draw precision against recall, and recall against the share of the library returned.

    Of all methods, those of raw profiles with the first encoder, and those of one space.

    Parameters
    ----------
    table
        profile, molecule, method, curve ("recall" or "precision"), share, value, low, high, chance.
    data
        What data this is, for the title.
    """
    figure = Figure(figsize=(13, 5.5), layout="constrained")
    figure.suptitle(f"{data}: compounds found among the first of the list")
    left, right = figure.subplots(1, 2)
    names = ["profile", "molecule", "method"]
    rows = [tuple(row) for row in table[names].drop_duplicates().to_numpy()]
    shown = [f"{label_of(c)}: {label_of(a)}, {label_of(b)}" for a, b, c in rows]
    colours = method_colours(shown)
    for row, label in zip(rows, shown, strict=True):
        part = table[(table[names] == row).all(axis=1)]
        recall = part[part["curve"] == "recall"].set_index("share")
        precision = part[part["curve"] == "precision"].set_index("share")
        both = precision.join(recall["value"].rename("recall"))
        oracle = row[2] == ORACLE
        style = ":" if oracle else "--" if row[0] == RAW else "-"
        look: dict[str, Any] = {"color": colours[label], "ls": style, "lw": 1.3}
        left.plot(both["recall"], both["value"], label=label, **look)
        right.plot(recall.index, recall["value"], **look)
        right.fill_between(
            recall.index, recall["low"], recall["high"], color=colours[label], alpha=0.08, lw=0
        )
    chance = table[table["curve"] == "recall"].drop_duplicates("share")
    right.plot(chance["share"], chance["chance"], color="black", lw=1, label="chance")
    precision = table[table["curve"] == "precision"].drop_duplicates("share")
    both = precision.merge(chance[["share", "chance"]], on="share", suffixes=("", "_recall"))
    left.plot(both["chance_recall"], both["chance"], color="black", lw=1)
    left.set(xlabel="recall", ylabel="precision", yscale="log")
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter("")
    right.set(xlabel="share of the library", ylabel="share of queries answered (recall)")
    figure.legend(loc="outside right center", fontsize=6)
    return figure


FIGURE = FigureCard(
    label="Recall and precision",
    category=RETRIEVAL,
    files=lambda config: {"curves": "retrieval/curves.tsv"},
)
