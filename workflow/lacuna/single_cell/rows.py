"""Rows of tables: by group, and of several tables one below the other."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd


def rows_by(table: pd.DataFrame, by: list[str]) -> Iterator[np.ndarray]:
    """Yield the positions of the rows of each group, groups in the order of their names."""
    number = table.groupby(by, sort=True).ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(number[order])) + 1) if len(order) else ()


def stacked(tables: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Return tables one below the other, with these columns, of none an empty one.

    Empty tables are left out: pandas would take the kinds of columns from them.
    """
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(filled, ignore_index=True)[list(columns)]
