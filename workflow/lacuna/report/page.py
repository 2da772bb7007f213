"""Pages as HTML files that stand alone, their tables, and what the report takes of them."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from lacuna.drawing.tables import ShownTable, Term
from lacuna.errors import DamagedFile
from lacuna.io.atomic import write_whole

ASSETS = Path(__file__).parent / "assets"
LONG = 60  # letters of a cell that is broken into lines
NUMBER = re.compile(
    r"[-+]?[\d.]+(,\d{3})*(e[-+]?\d+)?( |,|%|$)"
)  # what a cell of numbers begins with
OPENS, CLOSES = '<main id="main">', "</main>"  # around what the report shows of a page
TITLE = re.compile(r"<h1>.*?</h1>\s*", re.DOTALL)
HEADING = re.compile(r"(</?h)([2-4])>")

Shown = ShownTable | tuple[str, pd.DataFrame]


class Cell(NamedTuple):
    """A cell of a table: its text, and its attributes in the page."""

    text: str
    classes: Markup


class TableView(NamedTuple):
    """A `ShownTable` as the templates take it."""

    heading: str
    columns: list[Cell]
    bodies: list[tuple[str, list[list[Cell]]]]
    terms: Sequence[Term]
    folded: bool
    note: str


@cache
def environment() -> Environment:
    """Return the templates of all pages; what is put into them is escaped."""
    return Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=FileSystemLoader(ASSETS)
    )


def looks() -> dict[str, Markup]:
    """Return the style and the script that all pages hold, by name."""
    files = {"css": "page.css", "js": "page.js"}
    return {
        name: Markup((ASSETS / file).read_text(encoding="utf-8")) for name, file in files.items()
    }


def write_page(
    path: str | Path, title: str, paragraphs: Sequence[str], sections: Sequence[Shown]
) -> None:
    """Write an HTML page of some paragraphs and some tables, each under its heading.

    Parameters
    ----------
    path
        The page, which appears whole or not at all.
    title, paragraphs
        Texts; they are escaped, as everything is.
    sections
        Tables, or pairs of a heading and a table.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    template = environment().get_template("page.html")
    tables = [view(section) for section in sections]
    with write_whole(path) as unfinished:
        page = template.render(title=title, paragraphs=paragraphs, tables=tables, **looks())
        unfinished.write_text(page, encoding="utf-8")


def view(section: Shown) -> TableView:
    """Return a table as the templates take it."""
    shown = section if isinstance(section, ShownTable) else ShownTable(*section)
    columns = [str(name) for name in shown.table.columns]
    texts = [column_texts(shown.table.iloc[:, place]) for place in range(len(columns))]
    words = [place > 0 and _is_words(column) for place, column in enumerate(texts)]
    bodies: dict[str, list[list[Cell]]] = {}
    groups = shown.groups or [""] * len(shown.table)
    for number, (group, row) in enumerate(zip(groups, zip(*texts, strict=True), strict=True)):
        cells = [
            _cell(text, (number, name) in shown.best, is_words)
            for name, text, is_words in zip(columns, row, words, strict=True)
        ]
        bodies.setdefault(group, []).append(cells)
    heads = [_cell(name, False, is_words) for name, is_words in zip(columns, words, strict=True)]
    return TableView(shown.heading, heads, [*bodies.items()], shown.terms, shown.folded, shown.note)


def column_texts(column: pd.Series) -> list[str]:
    """Return what the cells of a column show; numbers of one column have as many decimals."""
    texts = [cell_text(value) for value in column]
    if not pd.api.types.is_float_dtype(column) or any("e" in text for text in texts):
        return texts
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    return ["" if pd.isna(value) else f"{value:,.{decimals}f}" for value in column]


def _is_words(texts: Sequence[str]) -> bool:
    """Return whether cells hold words and no number, not even one with its interval."""
    filled = [text for text in texts if text]
    return bool(filled) and not any(NUMBER.match(text) for text in filled)


def _cell(text: str, best: bool, words: bool) -> Cell:
    looks = {"best": best, "words": words, "long": len(text) > LONG}
    names = [name for name, is_so in looks.items() if is_so]
    return Cell(text, Markup(' class="{}"').format(" ".join(names)) if names else Markup(""))


def cell_text(value: object) -> str:
    """Return what a cell shows: numbers with separators and six digits, nothing for missing."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:,.6g}"
    return "" if value is None or value is pd.NA else str(value)


def page_body(path: str | Path) -> Markup:
    """Return what the report shows of a page of `write_page`, its headings two levels lower.

    Parameters
    ----------
    path
        The page.

    Raises
    ------
    DamagedFile
        If it is cut short, or no page of Lacuna's.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    start, end = text.find(OPENS), text.rfind(CLOSES)
    if start < 0 or end < start:
        raise DamagedFile(
            path, "it is no page of this report, or is cut short. Delete it and run again."
        )
    body = TITLE.sub("", text[start + len(OPENS) : end], count=1)
    return Markup(HEADING.sub(lambda found: f"{found[1]}{int(found[2]) + 2}>", body).strip())
