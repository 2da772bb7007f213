"""Which drugs mimic a signature, and which reverse it?"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.explore.answers import Answer, Table
from lacuna.explore.answers_gene import Wanted, choose
from lacuna.explore.connectivity import by_drug, by_mechanism, search
from lacuna.explore.index import Index
from lacuna.explore.names import find_cell, find_drug, gene_names, plain_name
from lacuna.explore.profile_table import label_of
from lacuna.explore.query import Query, query_profile, query_sets, query_values
from lacuna.explore.reference import WEIGHTED
from lacuna.explore.signature_files import read_genes, read_values
from lacuna.explore.words import DRUG, MECHANISM

SIDES = {"mimics": "do the like", "reversers": "do the reverse"}
SCORES = (
    "score: 1 does the like, -1 the reverse. NCS: over the mean score of its sign in the same "
    "cell and source. tau: how many percent of real queries score lower. FDR: against queries "
    "of random genes, over all profiles. docs/explore.md explains them."
)
OVER_CELLS = (
    "NCS of a drug: the upper or the lower third of those in its cells, whichever is further from "
    "0. docs/explore.md explains the scores."
)


def similar_answer(
    index: Index, query: Query, asked: str, *, by: str, score: str, wanted: Wanted, top: int
) -> Answer:
    """Name the profiles, drugs or mechanisms that are most like a signature, and most unlike.

    Parameters
    ----------
    index
        The product's.
    query
        The signature.
    asked
        What it is, for the title.
    by
        One of `lacuna.explore.words.BY`.
    score
        As `lacuna.explore.connectivity.search` takes it.
    wanted
        Which profiles are listed; p, FDR and tau are of all.
    top
        How many on each side.

    Returns
    -------
    Answer
        Tables mimics and reversers: side, place, what `search`, `by_drug` or `by_mechanism` say of
        each; facts: how many genes were found, and which were not.

    Raises
    ------
    LacunaError
        If there is no such score, or nothing is left to list.
    """
    found = search(index, query, score)
    listed_ones = choose(index, wanted)
    notes = []
    if query.profile is not None:
        listed_ones[query.profile] = False
        notes.append("The profile itself is not listed.")
    found = found[listed_ones[found.index]]
    if by == MECHANISM:
        found = by_mechanism(by_drug(index, found))
        if found.empty:
            raise LacunaError(
                "no mechanism has three drugs or more here; ask --by drug. Mechanisms come from "
                "`acquire: annotations`."
            )
        key = "ncs"
    elif by == DRUG:
        found, key = by_drug(index, found), "ncs"
        notes.append(OVER_CELLS)
    else:
        notes.append(SCORES)
        moa = index.drugs["moa"].to_numpy()[index.profiles["drug"].to_numpy()[found.index]]
        found, key = found.assign(moa=moa), "score"
    facts = {
        "score": score,
        **_genes_found(query, score),
        "searched": f"{listed_ones.sum():,} profiles",
    }
    return Answer(f"What is like {asked}?", facts, _sides(found, key, top), notes)


def _sides(found: pd.DataFrame, key: str, top: int) -> dict[str, Table]:
    """Cut both ends off a table that is sorted from the highest to the lowest."""
    ends = {"mimics": found[found[key] > 0][:top], "reversers": found[found[key] < 0][::-1][:top]}
    tables = {}
    for side, rows in ends.items():
        rows = rows.reset_index(drop=True)
        rows.insert(0, "place", np.arange(1, len(rows) + 1))
        rows.insert(0, "side", side)
        tables[side] = Table(f"{side}: {SIDES[side]}", rows, ("side", "drug", "p"))
    return tables


def query_of_files(
    index: Index, up: Path | None, down: Path | None, table: Path | None
) -> tuple[Query, str]:
    """Read a signature, and say what it is.

    Parameters
    ----------
    index
        Whose genes it is brought to.
    up, down
        Genes that go up, and genes that go down.
    table
        In place of both, a value for each gene.

    Raises
    ------
    LacunaError
        As `lacuna.explore.signature_files` and `lacuna.explore.query` raise, with the file's name.
    """
    paths = [path for path in (up, down, table) if path is not None]
    asked = " and ".join(map(str, paths))
    if table is not None:
        values = read_values(table)
        values.index = pd.Index(_known(index, values.index))
    else:
        sets = [_known(index, read_genes(path)) if path is not None else [] for path in (up, down)]
    try:
        if table is not None:
            return query_values(index, values), asked
        return query_sets(index, *sets), asked
    except LacunaError as error:
        raise LacunaError(f"{asked}: {error}") from None


def query_of_profile(index: Index, drug: str, cell: str) -> tuple[Query, str]:
    """Take a profile of the product as the signature, and say what it is."""
    at, where = find_drug(index, drug), find_cell(index, cell)
    label = f"{label_of(index, at)} in {index.cells['cell'].iloc[where]}"
    return query_profile(index, at * len(index.cells) + where), label


def _known(index: Index, names: Iterable[str]) -> list[str]:
    """Give genes of the tensor their ids, so that all names count that `lacuna gene` knows."""
    known, ids = gene_names(index.genes), index.genes["gene"].astype(str).to_numpy()
    return [ids[known[plain_name(n)]] if plain_name(n) in known else n for n in names]


def _genes_found(query: Query, score: str) -> dict[str, str]:
    missing = query.not_found
    count = len(query.genes) - len(missing)
    said = f"{count} of {len(query.genes)}"
    if query.whole and score == WEIGHTED:
        said += f"; the score takes the {len(query.up)} highest and the {len(query.down)} lowest"
    facts = {"genes_found": said}
    if missing:
        facts["not_among_the_genes_of_the_tensor"] = listed(missing, 12)
    return facts
