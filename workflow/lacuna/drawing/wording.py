"""Numbers and headings as figures and tables show them."""

import math

import pandas as pd


def with_interval(value: float, low: float, high: float) -> str:
    """Return a value and its interval, as 0.123 [0.101, 0.145]; NaN ends mean that it has none."""
    if math.isnan(value):
        return "no value"
    if math.isnan(low):
        return f"{value:z.3f}, too few for an interval"
    return f"{value:z.3f} [{low:z.3f}, {high:z.3f}]"


def short_number(value: float, sign: str = "") -> str:
    """Return a number with four digits, large ones whole; with the sign "+", pluses are shown."""
    return f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.4g}"


def with_spaces(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with blanks for the underscores in the names of its columns."""
    return table.rename(columns=lambda name: name.replace("_", " "))


def counted(number: int, noun: str) -> str:
    """Return a number of things, as 1 drug or 2,130 drugs."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
