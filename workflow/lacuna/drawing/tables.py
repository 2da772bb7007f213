"""What pages are made of beside figures: tables for reading, and answers for the first screen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd


class Answer(NamedTuple):
    """What a run says to one question that its reader has.

    Attributes
    ----------
    question : str
        In a few words, such as "New drugs".
    text : str
        The answer, in sentences.
    """

    question: str
    text: str


class Term(NamedTuple):
    """A word that stands in a table, and what it means."""

    word: str
    meaning: str


@dataclass(frozen=True)
class ShownTable:
    """A table as a page shows it.

    Attributes
    ----------
    heading : str
        What stands above it.
    table : DataFrame
        Numbers or texts; the first column names the rows. Texts that begin with a number are
        sorted by it.
    best : set of (row, column)
        Cells that are shown in bold, by the place of the row and the name of the column.
    groups : sequence of str
        The group of each row, such as controls; groups are set apart, and each is sorted for
        itself. Empty for one group without a name.
    terms : sequence of Term
        What words in it mean, said below it.
    folded : bool
        Whether it is hidden until the reader opens it.
    note : str
        What stands between heading and table.
    """

    heading: str
    table: pd.DataFrame
    best: Collection[tuple[int, str]] = frozenset()
    groups: Sequence[str] = ()
    terms: Sequence[Term] = ()
    folded: bool = False
    note: str = ""
