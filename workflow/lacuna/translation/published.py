"""This run's scores of a translation that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the scores of chains and controls, by first/second/genes/metric.

    Parameters
    ----------
    files
        By name; `translation`, metrics.tsv, may be missing.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [numbers_of_chains(read_table(path)) for path in files.get("translation", ())]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_chains(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the scores under their keys.

    Parameters
    ----------
    metrics
        first, second, genes, metric, value, low, high.
    """
    return pd.DataFrame(
        {
            "table": "translation",
            "key": metrics[["first", "second", "genes", "metric"]].agg("/".join, axis=1),
            "ours": metrics["value"],
            "low": metrics["low"],
            "high": metrics["high"],
            "interval": "95 %, over donors or lines",
        }
    )
