"""Reads counts of tags, as CAGE gives them, into what drugs change.

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), who predict the response to statins in
MCF-7 from that in HepG2.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.external import (
    KNOWN_OF_DRUGS,
    SAMPLE_COLUMNS,
    External,
    as_numbers,
    external_of,
    read_samples,
    spell_pairs,
    stem,
)
from lacuna.io.geo import check_present, read_text_table
from lacuna.io.odd_rows import Account, note, tell
from lacuna.io.untrusted import check_plain

ADDED = 2  # tags, so that no gene has none
WINDOW = 1000  # base pairs between a promoter and the start of its gene, at most
TREATED, CONTROL = "treated", "control"
GROUP = {"group": ("group",)}
SYMBOL, DISTANCE = "symbol", "distance"
BESIDE = (SYMBOL, "promoter", DISTANCE)  # columns that are no samples


def read_tag_counts(counts: str | Path, samples: str | Path, genes: pd.DataFrame) -> External:
    """Read what drugs change, from tags counted at the promoters of genes.

    In each sample the tags of a gene are those of its promoters, 0 where it has none, and

        rate = 10^6 (tags + 2) / (sum over the tensor's genes of (tags + 2))

    whose means over replicates give the change

        log(mean rate of treated samples / mean rate of control samples).

    The sum is over the tensor's genes, as in the paper, so that a table of these alone gives the
    same numbers as one of all genes.

    Parameters
    ----------
    counts
        Tab-separated, plain or gzipped: `symbol`, a column for each sample, and `promoter` and
        `distance` (base pairs to the start of the gene) where each row is a promoter: those
        farther away than `WINDOW` do not count. Rows of one symbol are added up; an empty field is
        no tag. Columns of samples that `samples` does not name are left out.
    samples
        Tab-separated, plain or gzipped: sample, drug, cell, group (treated or control), and
        inchi_key where it is known. A control of no drug is one for all drugs in its cell.
    genes
        gene and symbol, in the tensor's order.

    Returns
    -------
    External
        Drugs and cells in the order of `samples`. A gene is measured where any sample has a tag.

    Raises
    ------
    LacunaError
        If a column is missing, a sample stands twice or in no column, is of no group, or treated
        without a drug, a drug in a cell has no control, a count is negative or no number, or no
        gene of the tensor has a tag.
    """
    account: Account = []
    described = read_samples(samples, {**SAMPLE_COLUMNS, **GROUP}, KNOWN_OF_DRUGS, account)
    group = described["group"].str.casefold()
    wrong = np.flatnonzero(~group.isin([TREATED, CONTROL]))
    if len(wrong):
        raise LacunaError(
            f"{samples}: line {wrong[0] + 2}: the group is {described['group'].iloc[wrong[0]]!r}; "
            f"expected {TREATED} or {CONTROL}."
        )
    is_treated = group.eq(TREATED).to_numpy()
    if not is_treated.any():
        raise LacunaError(f"{samples}: no sample is {TREATED}; expected some.")
    check_present(described.where(~group.eq(CONTROL), "none"), "drug", samples)
    rates, measured = _rates(counts, described["sample"], samples, genes, account)
    described = spell_pairs(described, account)
    tell(counts, account)
    pairs = described[is_treated].drop_duplicates(["drug", "cell"])
    changes = []
    for drug, cell in zip(pairs["drug"], pairs["cell"], strict=True):
        of_cell = (described["cell"] == cell).to_numpy()
        own = (described["drug"] == drug).to_numpy()
        control = of_cell & ~is_treated & own
        if not control.any():
            control = of_cell & ~is_treated & described["drug"].isna().to_numpy()
        if not control.any():
            raise LacunaError(
                f"{samples}: no {CONTROL} for drug {drug!r} in cell {cell!r}; expected a sample of "
                "that cell, with that drug or without any."
            )
        treated = rates[of_cell & is_treated & own].mean(axis=0)
        changes.append(np.log(treated / rates[control].mean(axis=0)))
    return external_of(counts, np.where(measured, changes, 0), measured, pairs, stem(counts))


def _rates(
    path: str | Path,
    samples: pd.Series,
    samples_path: str | Path,
    genes: pd.DataFrame,
    account: Account,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates, float64 (samples, genes), and which genes have any tag."""
    table = read_text_table(Path(path), dtype=str, account=account)
    if SYMBOL not in table:
        raise LacunaError(
            f"{path}: no column {SYMBOL}{did_you_mean(SYMBOL, map(str, table))}; it has "
            f"{listed(table, 20)}. Expected gene symbols, and tags for each sample."
        )
    check_plain(table[SYMBOL], SYMBOL, path, first_line=2)
    absent = pd.Index(samples).difference(table.columns)
    if len(absent):
        raise LacunaError(
            f"{path}: samples {listed(absent)} of {samples_path} have no column; expected one each."
        )
    unnamed = table.columns.difference([*samples, *BESIDE])
    note(account, f"columns that {samples_path} does not name: left out", pd.Series(unnamed))
    if DISTANCE in table:
        distance = _numbers(table, [DISTANCE], path, "a number of base pairs")[DISTANCE]
        far = ~(distance.abs() <= WINDOW)
        note(account, f"promoters farther than {WINDOW} from a gene: left out", table[SYMBOL][far])
        table = table[~far]
    tags = _numbers(table, list(samples), path, "a count of tags").fillna(0)
    negative = np.argwhere(tags.to_numpy() < 0)
    if len(negative):
        row, column = negative[0]
        raise LacunaError(
            f"{path}: column {samples.iloc[column]!r}, line {tags.index[row] + 2}, symbol "
            f"{table[SYMBOL].iloc[row]!r}: {tags.iloc[row, column]:g} ({len(negative)} such "
            "values); expected counts of tags, which are not negative. Give log fold changes as "
            "profiles."
        )
    of_gene = tags.groupby(table[SYMBOL]).sum().reindex(genes["symbol"]).fillna(0)
    counted = of_gene.T.to_numpy(np.float64)
    measured = (counted > 0).any(axis=0) & genes["symbol"].notna().to_numpy()
    if not measured.any():
        raise LacunaError(
            f"{path}: no gene of the tensor ({listed(genes['symbol'].dropna())}) has a tag; "
            "expected gene symbols, spelt alike."
        )
    counted += ADDED
    return 1e6 * counted / counted.sum(axis=1, keepdims=True), measured


def _numbers(
    table: pd.DataFrame, columns: list[str], path: str | Path, expected: str
) -> pd.DataFrame:
    """Return columns as numbers, NaN where nothing is given."""
    texts = table[columns]
    numbers, wrong = as_numbers(texts)
    if wrong:
        row, column = wrong
        raise LacunaError(
            f"{path}: column {columns[column]!r}, line {texts.index[row] + 2}, symbol "
            f"{table[SYMBOL].iloc[row]!r}: {texts.iloc[row, column]!r} is no finite number; "
            f"expected {expected}."
        )
    return numbers
