"""From the ranks of all folds to scores, leads and curves."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.io.tsv import read_table, write_table
from lacuna.retrieval.compare import Asked, Row, main_row
from lacuna.retrieval.curves import curves
from lacuna.retrieval.introspect import regressions
from lacuna.retrieval.metrics import differences, metrics_table
from lacuna.retrieval.ranks import Found
from lacuna.runtime.seeds import generator
from lacuna.structures.identity import BLOCK_LETTERS

FEATURES = ("tanimoto", "molecule_", "profile_", "genes_changed")
JOINED = " / "  # between the parts of a row's name
# The question of the paper, and of the differences and curves.
MAIN = Asked("well", "structure", "own", "library")


def read_ranks(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Read what was found in all folds, one below the other, with the fold."""
    tables = [read_table(path).assign(fold=fold) for fold, path in enumerate(paths)]
    texts = ["cell", "plate"]  # empty where the query is a drug
    return pd.concat(tables, ignore_index=True).fillna(dict.fromkeys(texts, ""))


def questions(ranks: pd.DataFrame) -> Iterator[tuple[Asked, dict[str, Found], np.ndarray]]:
    """Yield each question with what every row found, and the drug of each query.

    Folds are pooled: each query was ranked among the library of its fold. Stereo twins count as one
    drug, since their wells are not independent.
    """
    for asked, table in ranks.groupby([*Asked._fields], sort=False):
        queries = table[["fold", "name", "drug"]].drop_duplicates(["fold", "name"])
        position = pd.Series(np.arange(len(queries)), index=[queries["fold"], queries["name"]])
        found = {}
        for row, part in table.groupby([*Row._fields], sort=False):
            query = position.loc[pd.MultiIndex.from_frame(part[["fold", "name"]])].to_numpy()
            order = np.argsort(query)
            numbered = part.iloc[order].assign(query=query[order])
            found[JOINED.join(map(str, row))] = Found.of_table(numbered, len(queries))
        yield Asked(*map(str, asked)), found, queries["drug"].str[:BLOCK_LETTERS].to_numpy()


def score(ranks: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Score all rows at all questions.

    Returns
    -------
    metrics : DataFrame
        profile, molecule, method, level, direction, right, within, and the columns of
        `lacuna.retrieval.metrics.metrics_table`.
    leads : DataFrame
        Of the main question: how much better the first row that needs one space is than each other,
        or the first row where there is none; columns of `lacuna.retrieval.metrics.differences`.
    drawn : DataFrame
        Of the main question: columns of `lacuna.retrieval.curves.curves`.
    """
    tables = []
    leads, drawn = pd.DataFrame(), pd.DataFrame()
    for asked, found, drug in questions(ranks):
        table = metrics_table(found, drug, seed)
        tables.append(_divided(table, "method").assign(**asked._asdict()))
        if asked == MAIN:
            rows = [Row(*name.split(JOINED)) for name in found]
            reference = JOINED.join(main_row(rows))
            leads = _divided(differences(found, reference, drug, seed), "method")
            drawn = _divided(curves(found, drug, seed), "method")
    metrics = pd.concat(tables, ignore_index=True)
    first = [*Row._fields, *Asked._fields]
    return metrics[[*first, *(name for name in metrics if name not in first)]], leads, drawn


def _divided(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put the parts of a row's name into columns of their own."""
    names = table[column].astype(str)
    parts = names.str.split(JOINED, expand=True, regex=False)
    if not len(table):
        parts = pd.DataFrame(columns=range(len(Row._fields)))
    divided = table.drop(columns=column)
    for number, field in enumerate(Row._fields):
        divided.insert(number, field, parts[number])
    return divided


def score_retrieval(
    ranks: Sequence[str], neighbours: Sequence[str], output: Mapping[str, str], seed: int
) -> None:
    """Read ranks and neighbours of all folds; write metrics, differences, curves, regressions."""
    found = read_ranks(ranks)
    metrics, leads, drawn = score(found, seed)
    write_table(metrics, output["metrics"])
    write_table(leads, output["differences"])
    write_table(drawn, output["curves"])
    table = pd.concat(map(read_table, neighbours), ignore_index=True)
    write_table(table, output["neighbours"])
    features = [name for name in map(str, table) if name.startswith(FEATURES)]
    rng = generator(seed, "retrieval", "regressions")
    write_table(regressions(table, features, rng, logs=["genes_changed"]), output["regressions"])
