"""This run's predictions from cell to cell that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the mean correlations of all settings, those of the transfer, and the enrichment.

    Parameters
    ----------
    files
        By name, each may be missing: "variations", "transfer" (its summary), "factors".

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [
        *(numbers_of_variations(read_table(path)) for path in files.get("variations", ())),
        *(numbers_of_transfer(read_table(path)) for path in files.get("transfer", ())),
        *(numbers_of_factors(read_table(path)) for path in files.get("factors", ())),
    ]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_variations(variations: pd.DataFrame) -> pd.DataFrame:
    """Return the mean correlations of the study from cell to cell, by analysis/setting.

    Parameters
    ----------
    variations
        analysis, setting, value, low, high.
    """
    return pd.DataFrame(
        {
            "table": "cell_to_cell",
            "key": variations["analysis"] + "/" + variations["setting"],
            "ours": variations["value"],
            "low": variations["low"],
            "high": variations["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_transfer(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the scores on external profiles (what, value, low, high), by transfer/what."""
    named = summary.rename(columns={"what": "setting"})
    return numbers_of_variations(named.assign(analysis="transfer"))


def numbers_of_factors(factors: pd.DataFrame) -> pd.DataFrame:
    """Return the mean fold enrichment (fold: one row per gene set and cell)."""
    mean = factors["fold"].mean()
    return pd.DataFrame({"table": "cell_to_cell", "key": ["factors/fold"], "ours": [mean]})
