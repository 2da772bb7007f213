"""Numbers and headings as figures and tables show them."""

import pandas as pd


def with_interval(row) -> str:
    return f"{row.value:z.3f} [{row.low:z.3f}, {row.high:z.3f}]"


def short_number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.4g}"


def with_spaces(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its columns' names as they are read."""
    return table.rename(columns=lambda name: name.replace("_", " "))
