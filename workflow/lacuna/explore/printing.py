"""Prints answers: for people on a terminal, for programs as TSV or JSON."""

import json
import math
import sys
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import pandas as pd

from lacuna.explore.answers import Answer, Table
from lacuna.explore.columns import COLUMNS, FREE, Column
from lacuna.explore.words import FORMATS

if TYPE_CHECKING:
    from rich.table import Table as Grid

UNKNOWN = "-"  # for people; programs get an empty field, or null
APART = 3  # characters between tables that stand side by side
EDGES = 2  # blanks left and right of a table
NARROWEST = 100  # characters, where the output is no terminal
STYLES = {"measured": "green", "predicted": "yellow"}


def print_answer(answer: Answer, form: str | None = None, out: TextIO | None = None) -> None:
    """Print an answer.

    Parameters
    ----------
    answer
        What to print.
    form
        One of `lacuna.explore.words.FORMATS`; by default a table on a terminal, and TSV elsewhere.
    out
        Where to; standard output by default. Of TSV, only the table goes there, and all else to
        standard error.
    """
    out = out or sys.stdout
    if form is None:
        form = "table" if out.isatty() else "tsv"
    writers = (_as_table, _as_tsv, _as_json)
    dict(zip(FORMATS, writers, strict=True))[form](answer, out)


def first_table(answer: Answer) -> pd.DataFrame:
    """Return the first table of an answer, and below it those that have its columns."""
    tables = [table.rows for table in answer.tables.values()]
    alike = [rows for rows in tables if list(rows) == list(tables[0])]
    filled = [rows for rows in alike if len(rows)]
    return pd.concat(filled, ignore_index=True) if filled else alike[0]


def _as_json(answer: Answer, out: TextIO) -> None:
    tables = {name: _records(table.rows) for name, table in answer.tables.items()}
    whole = {"question": answer.title, "facts": answer.facts, **tables, "notes": answer.notes}
    json.dump(_plain(whole), out, indent=1, ensure_ascii=False, allow_nan=False)
    out.write("\n")


def _as_tsv(answer: Answer, out: TextIO) -> None:
    for name, fact in answer.facts.items():
        print(f"{name}: {_said(fact, COLUMNS.get(name))}", file=sys.stderr)
    if answer.tables:
        first_table(answer).to_csv(out, sep="\t", index=False, float_format="%.6g")
    else:
        facts = pd.DataFrame([answer.facts])
        facts.to_csv(out, sep="\t", index=False, float_format="%.6g")
    for note in answer.notes:
        print(note, file=sys.stderr)


def _as_table(answer: Answer, out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    console = Console(file=out, highlight=False, soft_wrap=False)
    if not console.is_terminal and console.width < NARROWEST:
        console = Console(file=out, highlight=False, width=NARROWEST)
    with console.capture() as said:  # rich would end the program where a reader has enough
        console.print(Text(answer.title, style="bold"))
        if answer.facts:
            console.print(_facts(answer.facts))
        console.print()
        grids = [_grid(table, console.width) for table in answer.tables.values()]
        if sum(console.measure(grid).maximum + APART for grid in grids) <= console.width:
            beside = Grid.grid(padding=(0, APART, 0, 0))
            beside.add_row(*grids)
            grids = [beside]
        for grid in grids:
            console.print(grid)
        for note in answer.notes:
            console.print(Text(note, style="dim"))
    out.write(said.get())


def _facts(facts: Mapping[str, Any]) -> "Grid":
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, fact in facts.items():
        column = COLUMNS.get(name)
        label = column.heading if column else name.replace("_", " ")
        said = _said(fact, column)
        grid.add_row(label, Text(said, style=STYLES.get(said, "")))
    return grid


def _grid(table: Table, width: int) -> "Grid":
    """Lay a table out; cells stand in one line each, but for long texts, where there is room.

    A column of which nothing is known is left out.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        title=Text(table.title, style="bold"),
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    shown = [str(name) for name in table.rows if name not in table.hidden]
    known = COLUMNS | table.columns
    columns = {name: known.get(name, Column(name)) for name in shown}
    said = {
        name: [_said(value, column) for value in table.rows[name]]
        for name, column in columns.items()
    }
    said = {name: texts for name, texts in said.items() if set(texts) != {UNKNOWN}}
    headings = {name: _heading(columns[name].heading, texts) for name, texts in said.items()}
    least = [
        _longest(_words([headings[name], *texts]))
        if name in FREE
        else _longest([*headings[name].splitlines(), *texts])
        for name, texts in said.items()
    ]
    one_line = sum(least) + len(least) + EDGES <= width
    for name in said:
        grid.add_column(
            headings[name],
            justify="right" if pd.api.types.is_numeric_dtype(table.rows[name]) else "left",
            overflow="fold",
            no_wrap=one_line and name not in FREE,
        )
    for row in zip(*said.values(), strict=True):
        grid.add_row(*(Text(value, style=STYLES.get(value, "")) for value in row))
    if table.rows.empty:
        grid.caption = "nothing"
    return grid


def _heading(heading: str, texts: list[str]) -> str:
    """Cut a heading into lines that are no wider than what stands below, where words allow it."""
    return "\n".join(textwrap.wrap(heading, _longest([*texts, *heading.split()])))


def _longest(texts: list[str]) -> int:
    return max(map(len, texts))


def _words(texts: list[str]) -> list[str]:
    return [word for text in texts for word in text.split()]


def _said(value: object, column: Column | None) -> str:
    """Write a value for people."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or UNKNOWN
    if (
        value is None
        or value == ""
        or (isinstance(value, float | np.floating) and math.isnan(value))
    ):
        return UNKNOWN
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.number):
        form = column.form if column else ""
        if form == "d" or (not form and isinstance(value, int | np.integer)):
            return f"{int(value):,}"
        return format(float(value), form or ".3g")
    return str(value)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in rows]
    return [dict(zip(names, row, strict=True)) for row in rows.itertuples(index=False, name=None)]


def _plain(value: Any) -> Any:
    """Return what JSON has: null for what is not known, numbers with six digits."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else str(value)
