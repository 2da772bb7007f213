"""Profiles of the user's own: a table of genes x profiles, brought to a model's genes."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.completion.cell_model import UNIT
from lacuna.errors import LacunaError, listed
from lacuna.io.expression import open_matrix
from lacuna.io.genes import without_version
from lacuna.io.landmarks import landmarks

# Of the model's genes, so many must be in the table. A gene that is missing is 0 to the network, as
# if the drug left it alone; training drops half of them at most.
LEAST_SHARE = 0.5
MOST_NAMED = 10  # genes in a message
MOST_PROFILES = 10_000
WANTED = "genes x profiles: a column of genes (symbols, Entrez or Ensembl ids), then the profiles"

Table = str | Path | pd.DataFrame | pd.Series


@dataclass(frozen=True)
class Given:
    """Profiles of a table, on a model's genes.

    Attributes
    ----------
    names : list of str
        Of the profiles.
    numbers : float array of shape (profiles, genes)
        As they stand in the table; 0 where it does not have a gene.
    missing : list of str
        The model's genes that the table does not have.
    unknown : int
        How many genes of the table the model does not have.
    by_case : int
        How many genes were found only without regard to upper and lower case.
    where : str
        The table, for messages.
    """

    names: list[str]
    numbers: np.ndarray
    missing: list[str] = field(default_factory=list)
    unknown: int = 0
    by_case: int = 0
    where: str = "table"

    def on_scale(self, scale: str) -> np.ndarray:
        """Return the profiles on the scale of a model's training profiles.

        Parameters
        ----------
        scale
            See `lacuna.completion.cell_model.SCALES`. To unit length each profile is scaled, over
            the genes that it has; z-scores stay as they are.
        """
        if scale != UNIT:
            return self.numbers
        # First to 1 at most: the squares of large or small numbers are none.
        largest = np.abs(self.numbers).max(axis=1, keepdims=True)
        scaled = self.numbers / largest
        return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)


class _Table(NamedTuple):
    """A table as it was found.

    Attributes
    ----------
    ids, symbols : Index of str
        What it calls its genes; symbols None where it has none beside ids.
    names : Index of str
        Of its profiles.
    places : list of str
        Where each gene stands, for messages.
    read : callable
        The values of some genes, by their positions: shape (profiles, genes), NaN where none.
    """

    ids: pd.Index
    symbols: pd.Index | None
    names: pd.Index
    places: list[str]
    read: Callable[[np.ndarray], np.ndarray]


def read_given(table: Table, genes: pd.DataFrame) -> Given:
    """Read profiles, and find a model's genes in them.

    Parameters
    ----------
    table
        A file: a table separated by tabs or commas, GCT, GCTX or h5ad; or a DataFrame, genes in
        rows, named by its index, or a Series of one profile. Genes by symbol, Entrez or Ensembl
        id, whatever is there.
    genes
        gene (id) and symbol of the model.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If it is missing, in no layout that is known or empty, a value is missing or no number, a
        gene stands twice, the table has less than half of the model's genes, or a profile is 0.
    """
    if isinstance(table, pd.Series):
        table = table.to_frame()
    if isinstance(table, pd.DataFrame):
        return _given(_from_frame(table), genes, "table")
    if not Path(table).is_file():
        raise LacunaError(f"{table}: no such file; expected a table of {WANTED}.")
    with open_matrix(table) as opened:
        samples = opened.samples.index
        if len(samples) > MOST_PROFILES:
            raise LacunaError(
                f"{table}: has {len(samples):,} profiles; expected at most {MOST_PROFILES:,}. Cut "
                "it into parts."
            )
        places = [f"{opened.place_of(row)}, gene {name!r}" for row, name in enumerate(opened.genes)]

        def read(rows: np.ndarray) -> np.ndarray:
            return np.concatenate([block[:, rows] for _, block in opened.blocks()])

        found = _Table(opened.genes, opened.symbols, samples, places, read)
        return _given(found, genes, str(table))


def _from_frame(table: pd.DataFrame) -> _Table:
    named = [name for name in ("gene", "symbol") if name in table]
    profiles = table.drop(columns=named)
    if profiles.empty:
        raise LacunaError(
            f"table: has {len(profiles)} genes and {profiles.shape[1]} profiles; expected {WANTED}."
        )
    symbols, ids = None, pd.Index(table.index)
    if isinstance(ids, pd.RangeIndex) and named:
        ids = pd.Index(table[named[0]])
    if "symbol" in table:
        symbols = pd.Index(table["symbol"].astype(object))
    places = [f"row {row + 1}, gene {str(name)!r}" for row, name in enumerate(ids)]
    values = np.empty(profiles.shape)
    for at, (name, column) in enumerate(profiles.items()):
        values[:, at] = _numbers(column, name, places)
    if twice := profiles.columns[profiles.columns.duplicated()].tolist():
        raise LacunaError(f"table: profiles {listed(twice)} stand more than once; rename them.")
    return _Table(ids, symbols, pd.Index(profiles.columns), places, lambda rows: values[rows].T)


def _numbers(column: pd.Series, name: Hashable, places: list[str]) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    if len(wrong) or column.dtype == bool:
        row = int(wrong[0]) if len(wrong) else 0
        raise LacunaError(
            f"table: {places[row]}, profile {str(name)!r}: {column.iloc[row]!r} is no number; "
            "expected one."
        )
    return numbers


def _given(table: _Table, genes: pd.DataFrame, where: str) -> Given:
    """Bring a table to a model's genes."""
    ids, names, places = table.ids, table.names, table.places
    position, by_case = find_genes(ids, table.symbols, genes)
    known = np.flatnonzero(position >= 0)
    order = known[np.argsort(position[known], kind="stable")]
    same = np.flatnonzero(np.diff(position[order]) == 0)
    if len(same):
        first, second = places[order[same[0]]], places[order[same[0] + 1]]
        raise LacunaError(
            f"{where}: {first} and {second} are one gene ({len(same)} such rows); expected each "
            "gene once. Average the rows, or remove all but one."
        )
    called = genes["symbol"].where(genes["symbol"] != "", genes["gene"])
    missing = called[~np.isin(np.arange(len(genes)), position)].tolist()
    if len(known) < LEAST_SHARE * len(genes):
        raise LacunaError(
            f"{where}: has {len(known):,} of the model's {len(genes):,} genes; expected at least "
            f"{LEAST_SHARE:.0%}, by symbol, Entrez or Ensembl id. It lacks "
            f"{listed(missing, MOST_NAMED)}; its own are {listed(ids)}."
        )
    on_genes = np.zeros((len(names), len(genes)))
    values = table.read(known)
    on_genes[:, position[known]] = values
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        profile, row = bad[0]
        found = "has no value" if np.isnan(values[profile, row]) else f"is {values[profile, row]}"
        raise LacunaError(
            f"{where}: {places[known[row]]}, profile {str(names[profile])!r}: {found} "
            f"({len(bad)} such fields); expected a number. A gene that was not measured is left "
            "out with its row: it is missing then, and set to 0."
        )
    flat = np.flatnonzero(~on_genes.any(axis=1))
    if len(flat):
        raise LacunaError(
            f"{where}: profile {str(names[flat[0]])!r} is 0 in all of the model's genes "
            f"({len(flat)} of {len(names)} profiles are); expected changes. Remove it."
        )
    unknown = len(ids) - len(known)
    return Given(list(map(str, names)), on_genes, missing, unknown, by_case, where)


def find_genes(
    ids: pd.Index, symbols: pd.Index | None, genes: pd.DataFrame
) -> tuple[np.ndarray, int]:
    """Find the genes of a table among those of a model.

    Parameters
    ----------
    ids, symbols
        What the table calls each gene; symbols beside ids, if it has any.
    genes
        gene (id) and symbol of the model.

    Returns
    -------
    int array of shape (ids,)
        Positions in the model; -1 of those that it does not have. The model's ids count before its
        symbols, and these before what the landmark genes are called besides; at last, symbols are
        compared without regard to case.
    int
        How many were found only so.
    """
    known: dict[str, int] = {}
    for column in ("gene", "symbol"):
        for at, name in enumerate(genes[column]):
            known.setdefault(str(name), at)
    for names in landmarks()[["entrez", "symbol", "ensembl"]].astype(str).to_numpy():
        if called := [known[name] for name in names if name and name in known]:
            for name in names:
                known.setdefault(name, called[0])
    known.pop("", None)
    folded: dict[str, int] = {}
    for at, name in enumerate(genes["symbol"]):
        folded.setdefault(str(name).casefold(), at)
    folded.pop("", None)
    position, by_case = np.full(len(ids), -1), 0
    for row, name in enumerate(ids):
        tried = [without_version(str(name).strip())]
        if symbols is not None and not pd.isna(symbols[row]):
            tried.append(str(symbols[row]).strip())
        found = next((known[one] for one in tried if one in known), -1)
        if found < 0:
            found = next((folded[one.casefold()] for one in tried if one.casefold() in folded), -1)
            by_case += found >= 0
        position[row] = found
    return position, by_case
