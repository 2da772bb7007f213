"""What an answer consists of, whoever prints it: facts, tables and remarks."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lacuna.explore.columns import Column


@dataclass(frozen=True)
class Table:
    """A table of an answer.

    Attributes
    ----------
    title
        What it shows.
    rows
        Its rows; columns are named as in `lacuna.explore.columns`.
    hidden
        Columns that the title says already, and only programs read.
    columns
        How columns are shown where that is not as usual.
    """

    title: str
    rows: pd.DataFrame
    hidden: tuple[str, ...] = ()
    columns: dict[str, Column] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    Attributes
    ----------
    title
        What was asked.
    facts
        By a word, what is one value; None where it is not known.
    tables
        By a word. Those with the columns of the first one are one table to a program.
    notes
        What is to be known of them, a sentence each.
    """

    title: str
    facts: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
