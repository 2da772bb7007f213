"""Tables as tab-separated text."""

import gzip
import re
from pathlib import Path

import pandas as pd

from lacuna.io.atomic import whole

FORMULA = r"[=+\-@\t\r]"  # how a cell begins that a spreadsheet runs

TEXT = dict.fromkeys(
    (
        *("drug", "cell", "gene", "name", "plate", "batch", "group", "setting", "profile_type"),
        *("atc_codes", "targets", "mechanisms"),
    ),
    str,
)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; names stay text, even NA or 007."""
    return pd.read_csv(path, sep="\t", dtype=TEXT, keep_default_na=False, na_values=[""])


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as a tab-separated file, without its index."""
    path = Path(path)
    with whole(path) as unfinished:
        text = table.to_csv(sep="\t", index=False, float_format="%.6g").encode()
        # No name and no time stamp inside, so that equal tables are equal files.
        unfinished.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def guard_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would run as a formula.

    For tables that people open and nothing reads again: the names in them are no longer those that
    tables are joined by. Numbers stay numbers, negative ones too.
    """
    texts = table.select_dtypes(["object", "string", "category"]).columns
    guarded = table.assign(**{name: table[name].astype(object).map(_guarded) for name in texts})
    return guarded.rename(columns=_guarded)


def _guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and re.match(FORMULA, value) else value
