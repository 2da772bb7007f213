"""Profiles of another platform or laboratory, and the table of log fold changes that gives them.

Other layouts: `lacuna.io.series_matrix`, `lacuna.io.tag_counts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import check_present, check_unique, read_columns, read_text_table
from lacuna.io.names import drug_key, one_spelling, plain_key
from lacuna.io.odd_rows import Account, tell
from lacuna.vectors import unit_rows

SAMPLE_COLUMNS = {name: (name,) for name in ("sample", "drug", "cell")}
KNOWN_OF_DRUGS = {"inchi_key": ("inchi_key",)}  # a column that the table of samples may have


@dataclass(frozen=True)
class External:
    """Profiles of another platform, over the genes of a tensor.

    Attributes
    ----------
    profiles : float32 array of shape (n, genes)
        Rows of unit length, one per drug and cell; 0 where there is no value.
    measured : bool array of shape (genes,)
        Genes that have a value in any sample.
    drug, cell : object arrays of shape (n,)
        Names, as the table of samples has them.
    name : str
        What the set is called: a GEO accession, or its file up to the first dot.
    inchi_keys : dict of str to str
        By drug, where it is known.
    """

    profiles: np.ndarray
    measured: np.ndarray
    drug: np.ndarray
    cell: np.ndarray
    name: str = ""
    inchi_keys: dict[str, str] = field(default_factory=dict)


def read_external(profiles: str | Path, samples: str | Path, genes: pd.DataFrame) -> External:
    """Read a table of log fold changes and what its samples are.

    Parameters
    ----------
    profiles
        Tab-separated, plain or gzipped: the first column `symbol`, one more for each sample. Log
        fold changes to any base; an empty field or NA is a missing value.
    samples
        Tab-separated, plain or gzipped: sample, drug, cell, and inchi_key where it is known.
        Samples of one drug and cell are averaged, gene by gene, before the average is scaled.
    genes
        gene and symbol, in the tensor's order. Other genes of the table are left out.

    Returns
    -------
    External
        Drugs and cells in the order of `samples`.

    Raises
    ------
    LacunaError
        If a column is missing, a symbol or sample stands twice or is empty, there is no sample or
        one stands in one file only, a value is no number, no gene is one of the tensor's, a sample
        has no value for any of them, or a drug's changes in a cell are all 0.
    """
    account: Account = []
    described = read_samples(samples, SAMPLE_COLUMNS, KNOWN_OF_DRUGS, account)
    check_present(described, "drug", samples)
    changes = _read_changes(profiles, described["sample"], samples)
    if not genes["symbol"].isin(changes.index).any():
        raise LacunaError(
            f"{profiles}: none of its symbols ({listed(changes.index)}) is a gene of the tensor "
            f"({listed(genes['symbol'].dropna())}); expected gene symbols, spelt alike."
        )
    changes = changes.reindex(genes["symbol"])
    without = changes.columns[changes.isna().all()]
    if len(without):
        raise LacunaError(
            f"{profiles}: samples {listed(without)} have no value for any gene of the tensor; "
            f"expected some. Remove them here and from {samples}."
        )
    described = spell_pairs(described, account)
    tell(samples, account)
    pair = described.groupby(["drug", "cell"], sort=False).ngroup().to_numpy()
    means = changes.T.groupby(pair).mean().fillna(0).to_numpy()
    measured = changes.notna().any(axis=1).to_numpy()
    pairs = described.drop_duplicates(["drug", "cell"])
    return external_of(profiles, means, measured, pairs, stem(profiles))


def read_samples(
    path: str | Path,
    required: Mapping[str, tuple[str, ...]],
    optional: Mapping[str, tuple[str, ...]],
    account: Account,
) -> pd.DataFrame:
    """Read a table of samples; see `lacuna.io.geo.read_columns`.

    Raises
    ------
    LacunaError
        If a column is missing, a sample stands twice or has no cell, or there is none.
    """
    described = read_columns(path, required, optional, account=account, exact=("sample",))
    check_unique(described, "sample", "sample", path)
    check_present(described, "cell", path)
    if described.empty:
        raise LacunaError(f"{path}: names no sample; expected a row for each.")
    return described


def spell_pairs(described: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Give each drug, and each cell (MCF-7, MCF7), one spelling."""
    return described.assign(
        drug=one_spelling(described["drug"], "drug", account, drug_key),
        cell=one_spelling(described["cell"], "cell", account, plain_key),
    )


def external_of(
    path: str | Path, means: np.ndarray, measured: np.ndarray, pairs: pd.DataFrame, name: str
) -> External:
    """Bring changes of each drug in each cell to unit length.

    Parameters
    ----------
    path
        The file, for the message.
    means : array of shape (pairs, genes)
        0 where there is no value.
    measured : bool array of shape (genes,)
    pairs
        drug, cell, and inchi_key where any is known.
    name
        What the set is called.

    Raises
    ------
    LacunaError
        If a drug's changes in a cell are all 0.
    """
    drug, cell = pairs["drug"].to_numpy(object), pairs["cell"].to_numpy(object)
    # First to 1 at most: the squares of small numbers would be 0.
    means = means / np.maximum(np.abs(means).max(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    scaled = unit_rows(means).astype(np.float32)
    flat = np.flatnonzero(~scaled.any(axis=1))
    if len(flat):
        raise LacunaError(
            f"{path}: the changes by drug {drug[flat[0]]!r} in cell {cell[flat[0]]!r} are all "
            f"0 (so in {len(flat)} of {len(scaled)} pairs): no profile. Remove their samples."
        )
    known = pairs.reindex(columns=["drug", "inchi_key"]).dropna().drop_duplicates("drug")
    keys = dict(zip(known["drug"], known["inchi_key"], strict=True))
    return External(scaled, measured, drug, cell, name, keys)


def stem(path: str | Path) -> str:
    """Return the name of a file up to its first dot."""
    return Path(path).name.partition(".")[0]


def _read_changes(path: str | Path, samples: pd.Series, samples_path: str | Path) -> pd.DataFrame:
    """Read the numbers, indexed by symbol, one column per sample in the order given."""
    table = read_text_table(Path(path), dtype=str)
    if table.columns[0] != "symbol":
        raise LacunaError(
            f"{path}: the first column is {table.columns[0]!r}; expected 'symbol', with gene "
            "symbols, then one column of log fold changes for each sample."
        )
    check_unique(table, "symbol", "symbol", path)
    texts = table.set_index("symbol")
    _refuse_unmatched(path, texts.columns.difference(pd.Index(samples)), samples_path)
    _refuse_unmatched(samples_path, pd.Index(samples).difference(texts.columns), path)
    texts = texts[samples]
    numbers, wrong = as_numbers(texts)
    if wrong:
        row, column = wrong
        raise LacunaError(
            f"{path}: column {texts.columns[column]!r}, line {row + 2}, symbol "
            f"{texts.index[row]!r}: {texts.iloc[row, column]!r} is no number; expected a log fold "
            "change, or nothing where there is none."
        )
    large = np.argwhere(np.abs(numbers.to_numpy()) > np.finfo(np.float32).max)
    if len(large):
        row, column = large[0]
        raise LacunaError(
            f"{path}: column {texts.columns[column]!r}, line {row + 2}, symbol "
            f"{texts.index[row]!r}: {texts.iloc[row, column]!r} is beyond "
            f"{np.finfo(np.float32).max:.2g} ({len(large)} such values); expected a log fold "
            "change."
        )
    return numbers


def as_numbers(texts: pd.DataFrame) -> tuple[pd.DataFrame, tuple[int, int] | None]:
    """Return texts as numbers, NaN where nothing is given, and the place of the first that is none.

    Parameters
    ----------
    texts
        As a table holds them.

    Returns
    -------
    numbers : DataFrame of float, of the same shape
    wrong : tuple of row and column, or None
        Infinity is no number here.
    """
    numbers = texts.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = np.argwhere(texts.notna().to_numpy() & ~np.isfinite(numbers.to_numpy()))
    return numbers, (int(wrong[0][0]), int(wrong[0][1])) if len(wrong) else None


def _refuse_unmatched(path: str | Path, alone: pd.Index, other: str | Path) -> None:
    if len(alone):
        raise LacunaError(
            f"{path}: samples {listed(alone)} do not stand in {other}; expected the same samples "
            "in both. Add or remove them in one of the two."
        )
