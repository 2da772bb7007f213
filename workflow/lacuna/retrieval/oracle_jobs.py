"""Expression retrieved by expression over all drugs, without folds: how much the profiles know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.io.h5ad import read_written
from lacuna.io.tsv import write_table
from lacuna.retrieval.features import log_ratio
from lacuna.retrieval.measures import Measure
from lacuna.retrieval.metrics import metrics_table
from lacuna.retrieval.oracles import (
    Oracle,
    oracle_of_other_lines,
    oracle_of_test_line,
    published_oracle_of_test_line,
)
from lacuna.retrieval.ranks import Found, pool
from lacuna.retrieval.split import TEST, TRAINING
from lacuna.structures.identity import BLOCK_LETTERS
from lacuna.vectors import mean_by

# A well minus the mean of the treated wells of its plate tells drugs apart best; and as measured.
CENTRED, DIFFERENCE, TREATED = "centred by plate", "difference from controls", "treated"
TRAINING_WELLS, OTHER_PLATES = "training lines", "other plates of test lines"
MEASURE: Measure = "cosine"
MOST_PLATES = 6  # of which each is shown by itself
COLUMNS = ["block", "queries_of", "references", "measure", "form"]


class Asked(NamedTuple):
    """A comparison of queries with references.

    Attributes
    ----------
    queries_of, references : str
        In words.
    form : str
        "" for the definition, "published" for that of the authors' code.
    measure
        How profiles are compared.
    found : Found
    drug : array of str of shape (asked,)
        The drug of each query.
    """

    queries_of: str
    references: str
    form: str
    measure: Measure
    found: Found
    drug: np.ndarray


def judge_oracles(
    files: Mapping[str, str], output: str, *, lines: Mapping[str, Sequence[str]], seed: int
) -> None:
    """Retrieve wells of the test lines by mean profiles of drugs, over all drugs of the cut.

    Parameters
    ----------
    files
        treated and, of wells, control and centred: see `lacuna.retrieval.stage.cut`.
    output
        Where to write a table: block, queries_of, references, measure, form, metric, value, low,
        high, chance, queries, left_out, library.
    lines
        Cell lines by role.
    seed
        Of the run.
    """
    treated = read_written(files["treated"])
    wells, values = treated.obs, treated.X[:]
    blocks = {TREATED: values}
    if "control" in files:
        control = read_written(files["control"]).X[:]
        blocks[DIFFERENCE] = values - control
        blocks[CENTRED] = read_written(files["centred"]).X[:]
    tables = []
    for block, profiles in blocks.items():
        for asked in compare_lines(wells, profiles, lines):
            tables.append(_scored(asked, block, seed))
    if DIFFERENCE in blocks:
        tested = wells["cell"].isin(lines[TEST]).to_numpy()
        molecule = pd.factorize(wells["drug"][tested])[0]
        found = published_oracle_of_test_line(
            values[tested], log_ratio(values, control)[tested], molecule
        ).find()
        said = "wells", "other wells of test lines"
        drug = wells["drug"][tested].to_numpy()
        tables.append(
            _scored(Asked(*said, "published", "euclidean", found, drug), "treated, log ratio", seed)
        )
    write_table(pd.concat(tables, ignore_index=True), output)


def compare_lines(
    wells: pd.DataFrame, profiles: np.ndarray, lines: Mapping[str, Sequence[str]]
) -> Iterator[Asked]:
    """Compare wells, and means of drugs, of test lines with training lines and with themselves.

    Where there are few plates of test lines, each is asked by itself, too.

    Parameters
    ----------
    wells
        cell, plate, drug.
    profiles : array of shape (wells, genes)
        Of one block.
    lines
        Cell lines by role.
    """
    tested = wells["cell"].isin(lines[TEST]).to_numpy()
    trained = wells["cell"].isin(lines[TRAINING]).to_numpy()
    drug, index = pd.factorize(wells["drug"], sort=True)
    names = index.to_numpy()
    known = profiles[trained], drug[trained]
    oracle = oracle_of_other_lines(profiles[tested], drug[tested], *known, MEASURE)
    yield _asked("wells", TRAINING_WELLS, oracle, names[drug[tested]])
    oracle = oracle_of_test_line(profiles[tested], drug[tested], MEASURE)
    yield _asked("wells", "other wells of test lines", oracle, names[drug[tested]])
    means, drugs = _means(profiles[tested], drug[tested])
    oracle = oracle_of_other_lines(means, drugs, *known, MEASURE)
    yield _asked("mean of each drug", TRAINING_WELLS, oracle, names[drugs])
    plate = wells["plate"].to_numpy()
    plates = [name for name in pd.unique(plate[tested]) if name]
    if len(plates) < 2:
        return
    apart, drugs_apart, single = [], [], []
    for name in plates:
        rows = tested & (plate == name)
        others = tested & ~rows
        means, drugs = _means(profiles[rows], drug[rows])
        oracle = oracle_of_other_lines(means, drugs, profiles[others], drug[others], MEASURE)
        apart.append(oracle.find())
        drugs_apart.append(names[drugs])
        if len(plates) <= MOST_PLATES:
            said = f"mean of each drug on {name}"
            single.append(_asked(said, OTHER_PLATES, oracle, names[drugs]))
            oracle = oracle_of_other_lines(means, drugs, *known, MEASURE)
            single.append(_asked(said, TRAINING_WELLS, oracle, names[drugs]))
    # A plate's drugs among themselves, so that nothing is won by knowing the plate.
    found, pooled = pool(apart), np.concatenate(drugs_apart)
    yield Asked("mean of each drug on each plate", OTHER_PLATES, "", MEASURE, found, pooled)
    yield from single


def _means(profiles: np.ndarray, drug: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean profile of each drug that is there, and which drugs these are."""
    drugs, number = np.unique(drug, return_inverse=True)
    return mean_by(number, len(drugs), profiles.astype(np.float64))[0], drugs


def _asked(queries: str, references: str, oracle: Oracle, drug: np.ndarray) -> Asked:
    return Asked(queries, references, "", MEASURE, oracle.find(), drug)


def _scored(asked: Asked, block: str, seed: int) -> pd.DataFrame:
    drug = np.array([name[:BLOCK_LETTERS] for name in asked.drug], dtype=object)
    table = metrics_table({"": asked.found}, drug, seed).drop(columns="method")
    library = int(np.median(asked.found.library)) if len(asked.found.library) else 0
    facts = [block, asked.queries_of, asked.references, asked.measure, asked.form]
    return table.assign(**dict(zip(COLUMNS, facts, strict=True)), library=library)[
        [*COLUMNS, *(name for name in table), "library"]
    ]
