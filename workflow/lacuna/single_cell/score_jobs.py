"""From the scores of all folds to means with intervals, leads, and the paper's other numbers."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.averages import averages, over_seeds, read_scores
from lacuna.single_cell.disentangled import RUN, Run, disentanglement
from lacuna.single_cell.interface import Fold
from lacuna.single_cell.leads import leads
from lacuna.single_cell.moved import MOVED, moved
from lacuna.single_cell.rows import stacked

SHARED, EXTENDED = "shared", "extended"  # genes: those of the bulk screen alone, or more


def score_cells(
    scores: Sequence[str],
    drugs: Mapping[str, str],
    folds: Mapping[str, Sequence[str]],
    disentangled: Mapping[Run, str],
    losses: Mapping[Run, str],
    output: Mapping[str, str],
    *,
    encoders: Mapping[str, str],
    seed: int,
) -> None:
    """Score all targets, folds and methods.

    Parameters
    ----------
    scores
        Of all folds, as `lacuna.single_cell.judge_jobs.judge_unseen` writes them.
    drugs
        Tables of drugs, by target.
    folds
        Files of folds, by target.
    disentangled, losses
        Tables of the runs of networks, by target, fold, model, start and seed.
    output
        metrics, differences, disentanglement, losses, moved.
    encoders
        What each network reads structures by: papers name networks so.
    seed
        Of the run.
    """
    found = read_scores(scores)
    blocks = {target: read_blocks(path) for target, path in drugs.items()}
    means = over_seeds(found)
    said, of_genes = [], {}
    for target, paths in folds.items():
        for path in paths:
            fold = Fold.load(path)
            said.append(moved(fold, target))
            of_genes[target] = SHARED if fold.shared == len(fold.genes) else EXTENDED
    table = averages(means, blocks, seed)
    write_table(_described(table, of_genes, encoders), output["metrics"])
    table = leads(means, blocks, seed)
    write_table(_described(table, of_genes, encoders), output["differences"])
    table = disentanglement(disentangled, found).rename(columns={"model": "method"})
    table = _described(table, of_genes, encoders).rename(columns={"method": "model"})
    write_table(table, output["disentanglement"])
    write_table(read_losses(losses), output["losses"])
    write_table(stacked(said, MOVED), output["moved"])


def _described(
    table: pd.DataFrame, of_genes: Mapping[str, str], encoders: Mapping[str, str]
) -> pd.DataFrame:
    """Add which genes a target has, and what a network reads structures by."""
    return table.assign(
        gene_set=table["target"].map(of_genes), encoder=table["method"].map(encoders).fillna("")
    )


def read_blocks(drugs: str) -> "pd.Series[str]":
    """Return the first block of the InChIKey of each drug; of one without any, its name."""
    table = read_table(drugs).set_index("drug")
    block = table["block"].astype(object)
    return block.where(block.notna() & (block != ""), table.index.to_series()).astype(str)


def read_losses(paths: Mapping[Run, str]) -> pd.DataFrame:
    """Read the losses of all runs, one below the other."""
    tables = []
    for run, path in paths.items():
        table = read_table(path)
        named = pd.DataFrame([run] * len(table), columns=RUN, index=table.index)
        tables.append(named.join(table.drop(columns=RUN, errors="ignore")))
    return stacked(tables, list(map(str, tables[0])) if tables else RUN)
