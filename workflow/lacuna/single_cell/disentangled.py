"""Whether basal states still tell drug and line, and the runs where they tell least."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.tsv import read_table
from lacuna.single_cell.averages import CLIPPED
from lacuna.single_cell.metrics import ALL, DEG_POOLED

Run = tuple[str, str, str, str, int]  # target, fold, model, start, seed
RUN = ["target", "fold", "model", "start", "seed"]
READ = ["of", "way", "accuracy", "most_frequent", "threshold", "passes"]
DISENTANGLED = [
    *("target", "split", "fold", "model", "start", "seed", *READ),
    *("best", "r2_all", "r2_deg"),
]
MOST_BEST = 5  # runs that are reported, as in Table 1 of the paper


def disentanglement(paths: Mapping[Run, str], scores: pd.DataFrame) -> pd.DataFrame:
    """Gather what classifiers find in the basal states of all runs.

    Parameters
    ----------
    paths
        Of each run, a table with the columns of (drug or line), way ("published", by cells that the
        classifier was trained on, or "held_out"), accuracy, most_frequent (the share of the most
        frequent class), threshold (which moves with that share), passes (whether the accuracy is at
        most the threshold).
    scores
        See `lacuna.single_cell.averages.read_scores`.

    Returns
    -------
    DataFrame with columns `DISENTANGLED`
        best: whether the run is, by this way, one of the five of its target, split, model and start
        that tell the line least, among those that pass for the drug: what Table 1 of the paper
        averages. r2_all, r2_deg: means over the conditions of the run of r² clipped at 0, on all
        genes and on lists over doses. A run that fails is marked, not dropped.

    Raises
    ------
    LacunaError
        If a table has other columns.
    """
    tables = []
    for run, path in paths.items():
        table = read_table(path)
        if missing := [name for name in READ if name not in table]:
            raise LacunaError(f"{path}: no column {listed(missing)}; delete it and run again.")
        table[RUN] = pd.DataFrame([run] * len(table), columns=RUN, index=table.index)
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=DISENTANGLED)
    whole = pd.concat(tables, ignore_index=True)
    whole["split"] = whole["fold"].str.rpartition("_")[0]
    whole["best"] = _best(whole)
    for name, genes in (("r2_all", ALL), ("r2_deg", DEG_POOLED)):
        own = scores[(scores["metric"] == CLIPPED) & (scores["genes"] == genes)]
        by = ["target", "fold", "method", "start", "seed"]
        of_run = own.groupby(by)["value"].mean().rename(name).rename_axis(RUN)
        whole = whole.join(of_run, on=RUN)
    return whole[DISENTANGLED]


def _best(whole: pd.DataFrame) -> np.ndarray:
    """Mark the rows of the runs that tell the line least, of those that pass for the drug."""
    best = np.zeros(len(whole), dtype=bool)
    for _, table in whole.groupby(["target", "split", "model", "start", "way"], sort=False):
        run = ["fold", "seed"]
        passing = pd.MultiIndex.from_frame(table[(table["of"] == "drug") & table["passes"]][run])
        lines = table[table["of"] == "line"].set_index(run)["accuracy"]
        lines = lines[lines.index.isin(passing)].sort_values(kind="stable")
        rows = pd.MultiIndex.from_frame(table[run]).isin(lines.index[:MOST_BEST])
        best[table.index[rows]] = True
    return best
