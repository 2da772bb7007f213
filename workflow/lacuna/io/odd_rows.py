"""Odd rows of the tables that come with a matrix: left out or merged, counted and named.

One odd row among a million must not stop a run. What such a row leaves open is not guessed: a row
that lacks what it is about is left out, and of rows that contradict each other the contradicted
field counts as missing. Only where nobody could tell which row is meant is a table refused.
"""

from pathlib import Path
from typing import NamedTuple, TextIO

import pandas as pd

from lacuna.errors import listed

MOST_NAMED = 10  # rows that an account names


class OddRows(NamedTuple):
    """What became of some odd rows of a table.

    Attributes
    ----------
    what : str
        What is odd, and what was done.
    rows : int
        How many rows of the file.
    named : str
        Some of them, by their key, or by their lines where they have none.
    """

    what: str
    rows: int
    named: str


Account = list[OddRows]


def note(account: Account | None, what: str, names: pd.Series, rows: int | None = None) -> None:
    """Add some odd rows to an account, if one is kept and there are any.

    Parameters
    ----------
    account
        None where nobody asks.
    what
        What is odd, and what was done.
    names
        By what the rows are named.
    rows
        Their number, where it is not that of the names.
    """
    if account is not None and len(names):
        count = len(names) if rows is None else rows
        account.append(OddRows(what, count, listed(names, MOST_NAMED)))


def tell(path: str | Path, account: Account, file: TextIO | None = None) -> None:
    """Print what was odd in a file: for readers whose account nobody else keeps.

    Parameters
    ----------
    path, account
        The file, and what was odd in it.
    file
        Where to; None for standard output, which a job's log keeps.
    """
    for odd in account:
        print(f"{path}: {odd.what} ({odd.rows:,}: {odd.named}).", file=file)


def merge_rows(
    table: pd.DataFrame, key: str, upstream: str, account: Account | None
) -> pd.DataFrame:
    """Bring a table to one row for each key: the rows of one key become one.

    Parameters
    ----------
    table
        Texts, NaN where a value is missing; its index counts the rows of the file.
    key, upstream
        The column that must be unique, by our name and by that of the file.
    account
        Gets what was odd.

    Returns
    -------
    DataFrame
        In the order in which keys come first. Rows without a key are left out. A field has what
        the rows of its key say of it; NaN where they contradict each other.
    """
    lines = pd.Series([f"line {place + 2}" for place in table.index[table[key].isna()]])
    note(account, f"without {upstream}: left out", lines)
    table = table[table[key].notna()]
    several = table[key].duplicated(keep=False)
    if not several.any():
        return table.reset_index(drop=True)
    groups = table[several].groupby(key, sort=False, observed=True)
    said = groups.nunique()
    contradicted = said > 1
    merged = groups.first().mask(contradicted)
    note(
        account,
        f"{upstream} in more than one row: merged",
        pd.Series(merged.index),
        int(several.sum()),
    )
    for column in contradicted:
        note(
            account,
            f"rows of one {upstream} differ in {column}: it counts as missing",
            pd.Series(merged.index[contradicted[column]]),
        )
    single = table[~table[key].duplicated()].reset_index(drop=True)
    at = single.index[single[key].isin(merged.index)]
    filled = merged.loc[single.loc[at, key]].reset_index().set_axis(at, axis=0)
    single.loc[at, list(filled)] = filled
    return single
