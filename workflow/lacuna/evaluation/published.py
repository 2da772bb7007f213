"""This run's scores that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return scores, accuracy against density, and the largest similarity of structures by drug.

    Parameters
    ----------
    files
        By name, each may be missing: "metrics", "density", "most_similar".

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [
        *(numbers_of_metrics(read_table(path)) for path in files.get("metrics", ())),
        *(numbers_of_density(read_table(path)) for path in files.get("density", ())),
        *(numbers_of_similar(read_table(path)) for path in files.get("most_similar", ())),
    ]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the scores, by size/split/method/metric.

    Parameters
    ----------
    metrics
        size, split, method, metric, value, low, high.
    """
    return pd.DataFrame(
        {
            "table": "metrics",
            "key": metrics[["size", "split", "method", "metric"]].agg("/".join, axis=1),
            "ours": metrics["value"],
            "low": metrics["low"],
            "high": metrics["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_density(density: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy against density (method, percent, mean, sd), by method/percent."""
    return pd.DataFrame(
        {
            "table": "density",
            "key": density["method"] + "/" + density["percent"].astype(str),
            "ours": density["mean"],
            "low": density["mean"] - density["sd"],
            "high": density["mean"] + density["sd"],
            "interval": "mean and sd of repeats",
        }
    )


def numbers_of_similar(similar: pd.DataFrame) -> pd.DataFrame:
    """Return the largest Tanimoto similarity of each drug (name, tanimoto), by its name."""
    named = similar.drop_duplicates("name")
    return pd.DataFrame({"table": "most_similar", "key": named["name"], "ours": named["tanimoto"]})
