"""This run's scores of retrieval that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table
from lacuna.retrieval.score_jobs import MAIN

PRETRAINED = "admet"
FEATURES = {
    "tanimoto": "morgan_distance",
    "molecule_aligned": "aligned_molecule_distance",
    "genes_changed": "changed_genes",
}
KEY = ["profile", "molecule", "method", "metric"]


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the scores of methods and oracles, and what they depend on.

    Parameters
    ----------
    files
        By name, each may be missing: `retrieval`, a table for `numbers_of_methods`, and
        `retrieval_regressions`, one for `numbers_of_regressions`.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [
        *(numbers_of_methods(read_table(path)) for path in files.get("retrieval", ())),
        *(
            numbers_of_regressions(read_table(path))
            for path in files.get("retrieval_regressions", ())
        ),
    ]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_methods(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the scores under their keys.

    Parameters
    ----------
    metrics
        As `lacuna.retrieval.score_jobs.score` returns them; of them, strict ranks of wells in the
        whole library, as the paper's are. What the paper calls Chemprop is `admet` here, weights
        of the same kind of network that learnt other things; its alignment is that called
        `aligned`.
    """
    for column, value in MAIN._asdict().items():
        metrics = metrics[metrics[column] == value]
    metrics = metrics.assign(molecule=metrics["molecule"].replace(PRETRAINED, "encoder"))
    return pd.DataFrame(
        {
            "table": "retrieval",
            "key": metrics[KEY].astype(str).agg("/".join, axis=1),
            "ours": metrics["value"],
            "low": metrics["low"],
            "high": metrics["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_regressions(regressions: pd.DataFrame) -> pd.DataFrame:
    """Return slopes and correlations by outcome/feature/slope and outcome/feature/r.

    Parameters
    ----------
    regressions
        As `lacuna.retrieval.introspect.regressions` returns it.
    """
    names = regressions["outcome"] + "/" + regressions["feature"].replace(FEATURES)
    tables = []
    for number, low, high in (("slope", "low", "high"), ("r", "r_low", "r_high")):
        table = regressions[[number, low, high]].set_axis(["ours", "low", "high"], axis=1)
        tables.append(table.assign(key=names + "/" + number))
    numbers = pd.concat(tables, ignore_index=True)
    return numbers.assign(table="retrieval", interval="95 %, over drugs")
