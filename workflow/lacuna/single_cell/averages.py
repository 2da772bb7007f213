"""Scores of all folds, and their means over drugs with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.io.tsv import read_table
from lacuna.runtime.seeds import generator
from lacuna.single_cell.interface import CONDITION
from lacuna.single_cell.judge import CHANCE
from lacuna.single_cell.metrics import METRICS
from lacuna.single_cell.rows import stacked

ANY_DOSE = "all"
PUBLISHED, CLIPPED = "r2_mean", "r2_clipped"
WORDS = ("single_cell", "drugs of intervals")  # the stream of draws: one for all methods
RUN = ["method", "start"]
PLACE = ["target", "split", "genes", "metric"]
AVERAGES = [
    *("target", "split", "genes", "dose", "metric", *RUN, "value", "low", "high"),
    *("median", "chance", "drugs", "combinations", "flatters"),
]
Name = tuple[str, str]  # of who is scored: a method, and what its training started from


class Question(NamedTuple):
    """One metric on one set of genes, at one dose or at all.

    Attributes
    ----------
    target, split, genes, metric, dose : str
    is_highest : bool
        Whether it is the highest dose of the target.
    scores : DataFrame
        A row per drug, line and dose of a fold; a column per method and start, means over seeds;
        NaN where a method has no score.
    chance : Series
        Of the same rows; NaN where it is not known.
    """

    target: str
    split: str
    genes: str
    metric: str
    dose: str
    is_highest: bool
    scores: pd.DataFrame
    chance: pd.Series

    @property
    def drug(self) -> np.ndarray:
        """The drug of each row."""
        return self.scores.index.get_level_values("drug").to_numpy()


def read_scores(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Read the scores of all folds, one below the other; r² also clipped at 0."""
    scores = pd.concat(map(read_table, paths), ignore_index=True)
    texts = ["target", "split", "fold", *RUN, "drug", "line"]
    scores[texts] = scores[texts].fillna("").astype(str)
    clipped = scores[scores["metric"] == PUBLISHED]
    clipped = clipped.assign(metric=CLIPPED, value=clipped["value"].clip(lower=0))
    return pd.concat([scores, clipped], ignore_index=True)


def over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the scores of networks that differ in their seed alone, condition by condition."""
    by = [*PLACE, "fold", *RUN, *CONDITION]
    return scores.groupby(by, sort=False)["value"].mean().reset_index()


def questions(scores: pd.DataFrame) -> Iterator[Question]:
    """Yield what is asked of all methods: each metric on each set of genes, at all doses and each.

    Parameters
    ----------
    scores
        See `over_seeds`.
    """
    highest = scores.groupby("target")["dose"].max()
    order = list(dict.fromkeys(scores[RUN].itertuples(index=False, name=None)))
    for place, table in scores.groupby(PLACE, sort=False):
        wide = table.pivot_table("value", ["fold", *CONDITION], RUN, sort=True)
        wide = wide[[name for name in order if name in wide]]
        chance = pd.Series(np.nan, wide.index)
        if (CHANCE, "") in wide:
            chance = wide[CHANCE, ""]
            wide = wide.drop(columns=[(CHANCE, "")])
        at = wide.index.get_level_values("dose").to_numpy()
        target, split, genes, metric = map(str, place)
        yield Question(target, split, genes, metric, ANY_DOSE, False, wide, chance)
        for dose in np.unique(at):
            rows, is_highest = at == dose, bool(dose == highest[target])
            yield Question(
                *(target, split, genes, metric, f"{dose:g}"), is_highest, wide[rows], chance[rows]
            )


def averages(
    scores: pd.DataFrame, blocks: Mapping[str, "pd.Series[str]"], seed: int
) -> pd.DataFrame:
    """Average scores over drugs, each of which counts once, and say how sure the mean is.

    Parameters
    ----------
    scores
        See `over_seeds`.
    blocks
        By target, the first block of the InChIKey of each drug: stereo twins are drawn together.
    seed
        Of the run.

    Returns
    -------
    DataFrame with columns `AVERAGES`
        value: the mean over drugs of the mean over a drug's lines (and doses, and folds); of
        r2_clipped the mean over conditions, as the paper has it. low, high: its 95 % bootstrap
        interval over drugs, empty with fewer than five. median: over conditions. chance: what
        knowing nothing of the drug scores on the same conditions, where that is known. drugs,
        combinations: how many. flatters: whether doing nothing scores well.
    """
    tables = []
    for asked in questions(scores):
        values = asked.scores
        known = values.notna()
        chance = known.astype(float).mul(asked.chance, axis=0).where(known)
        rows = by_drug(asked, values).set_axis(range(values.shape[1]), axis=1)
        block = blocks[asked.target].reindex(rows.index.get_level_values("drug")).to_numpy()
        found = intervals(bootstrap_means(rows, block, generator(seed, *WORDS)))
        count = known.groupby(asked.drug).any().sum()
        table = found.drop(columns="metric").assign(
            target=asked.target,
            split=asked.split,
            genes=asked.genes,
            dose=asked.dose,
            metric=asked.metric,
            method=values.columns.get_level_values("method"),
            start=values.columns.get_level_values("start"),
            median=values.median().to_numpy(),
            chance=by_drug(asked, chance).mean().to_numpy(),
            drugs=count.to_numpy(),
            combinations=known.sum().to_numpy(),
            flatters=asked.metric in METRICS and METRICS[asked.metric].flatters,
        )
        tables.append(table[table["combinations"] > 0])
    return stacked(tables, AVERAGES)


def by_drug(asked: Question, values: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each drug's rows, by drug; rows as they are of what is published so."""
    if asked.metric == CLIPPED:
        return values.set_axis(pd.Index(asked.drug, name="drug"), axis=0)
    return values.groupby(pd.Index(asked.drug, name="drug")).mean()
