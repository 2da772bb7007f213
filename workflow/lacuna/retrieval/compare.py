"""Every method on every kind of profile and molecule, as Table 1 of the paper, on one fold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lacuna.retrieval.card import available, method_card, method_module
from lacuna.retrieval.data import REFERENCE, Fold, Side
from lacuna.retrieval.interface import Alike, Pairs, Ranker
from lacuna.retrieval.measures import Measure
from lacuna.retrieval.oracles import oracle_of_other_lines, oracle_of_test_line
from lacuna.retrieval.ranks import (
    Found,
    distance_blocks,
    distance_blocks_of_molecules,
    find,
    find_profiles,
    find_within_plates,
)
from lacuna.retrieval.split import ROLES, TEST, TRAINING, VALIDATION
from lacuna.runtime.seeds import generator

RAW = "raw"  # profiles as features, before any network
# What an oracle has in the place of molecules: the mean profiles of drugs.
ORACLE, TEST_LINE, TRAINING_LINES = "oracle", "test_line", "training_lines"
WORDS = "retrieval"


class Row(NamedTuple):
    """What is compared: a kind of profile, a kind of molecule, a method."""

    profile: str
    molecule: str
    method: str


class Asked(NamedTuple):
    """How a question is put.

    Attributes
    ----------
    level : str
        "well": every well is a query; "drug": the mean of the wells of each drug.
    direction : str
        "structure": which molecule was it; "profile": which profiles are of this molecule.
    right : str
        "own": the molecule itself; "twins": its stereo twins count, too.
    within : str
        "library", or "plate": molecules of the query's plate alone.
    """

    level: str
    direction: str
    right: str
    within: str


@dataclass(frozen=True)
class Vectors:
    """Molecules as vectors.

    Attributes
    ----------
    by_role : dict of array
    alike
        How two molecules are compared.
    measure
        Of an aligned space: how a molecule is compared with a profile.
    """

    by_role: Mapping[str, np.ndarray]
    alike: Alike
    measure: Measure = "correlation"


def rows_of(
    methods: Sequence[str], encoders: Sequence[str], alignments: Sequence[str]
) -> list[Row]:
    """Return what is compared.

    A control looks at no query: it stands once. A method that needs one space stands once for each
    alignment. All others see profiles raw and aligned, molecules encoded and aligned, by the first
    alignment.
    """
    first = list(alignments)[:1]
    rows = []
    for method in methods:
        card = method_card(method)
        if card.control:
            rows.append(Row(RAW, encoders[0], method))
        elif card.one_space:
            rows += [Row(name, name, method) for name in alignments]
        else:
            rows += [
                Row(profile, molecule, method)
                for profile in (RAW, *first)
                for molecule in (*encoders, *first)
            ]
    return rows


def main_row(rows: Sequence[Row]) -> Row:
    """Return the row that others are compared with: the first in one space, or the first of all."""
    known = set(available())  # an oracle is no method
    one_space = [row for row in rows if row.method in known and method_card(row.method).one_space]
    return [*one_space, *rows][0]


def fitted(
    fold: Fold,
    number: int,
    rows: Sequence[Row],
    profiles: Mapping[str, Mapping[str, np.ndarray]],
    vectors: Mapping[str, Vectors],
    options: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> Iterator[tuple[Row, Ranker, Pairs]]:
    """Fit each method on training and validation pairs; yield it with the test pairs.

    Parameters
    ----------
    fold, number
        The wells, and which fold it is.
    rows
        See `rows_of`.
    profiles
        By kind and role.
    vectors
        By kind.
    options
        Of methods, by name.
    seed
        Of the run.
    """
    for row in rows:
        made, sides = profiles[row.profile], vectors[row.molecule]
        card = method_card(row.method)
        own = {"measure": sides.measure} if card.one_space else {}
        block = card.block
        if row.profile == RAW and block in fold.features.blocks:
            columns = fold.features.columns(block)
            made = {role: made[role][:, columns] for role in ROLES}
        pairs = {
            role: fold.sides[role].pairs(made[role], sides.by_role[role], sides.alike)
            for role in ROLES
        }
        ranker = method_module(row.method).fit(
            pairs[TRAINING],
            pairs[VALIDATION],
            generator(seed, WORDS, number, *row),
            **(own | dict(options.get(row.method, {}))),
        )
        yield row, ranker, pairs[TEST]


def ask(ranker: Ranker, side: Side, pairs: Pairs) -> Iterator[tuple[Asked, Found]]:
    """Put all questions to a method that was fitted."""
    queries, library = pairs.profiles, pairs.vectors
    plates = side.wells["plate"].to_numpy()
    for right, twins in (("own", None), ("twins", side.twins)):
        blocks = distance_blocks(ranker, queries, library)
        yield Asked("well", "structure", right, "library"), find(blocks, side.molecule, twins)
        means = pairs.means().astype(np.float32)
        blocks = distance_blocks(ranker, means, library)
        truth = np.arange(len(library))
        yield Asked("drug", "structure", right, "library"), find(blocks, truth, twins)
    if (plates != "").any():
        blocks = distance_blocks(ranker, queries, library)
        found = find_within_plates(blocks, side.molecule, plates)
        yield Asked("well", "structure", "own", "plate"), found
    blocks = distance_blocks_of_molecules(ranker, queries, library)
    found = find_profiles(blocks, side.molecule, len(library))
    yield Asked("well", "profile", "own", "library"), found


def ask_oracles(
    fold: Fold, profiles: Mapping[str, Mapping[str, np.ndarray]], block: str
) -> Iterator[tuple[Row, Asked, Found]]:
    """Retrieve profiles by profiles: what a perfect predictor of profiles would reach.

    Parameters
    ----------
    fold
        The wells.
    profiles
        By kind and role: raw features, of which one block is compared, and embedded ones.
    block
        Of the raw features.
    """
    side, other = fold.sides[TEST], fold.sides.get(REFERENCE)
    plates = side.wells["plate"].to_numpy()
    for kind, of_role in profiles.items():
        columns = fold.features.columns(block) if kind == RAW else slice(None)
        mine = of_role[TEST][:, columns]
        oracles = {TEST_LINE: oracle_of_test_line(mine, side.molecule)}
        if other is not None:
            at = side.molecules.index.get_indexer(other.molecules.index)
            molecule = at[other.molecule]
            theirs = of_role[REFERENCE][:, columns][molecule >= 0]
            oracles[TRAINING_LINES] = oracle_of_other_lines(
                mine, side.molecule, theirs, molecule[molecule >= 0]
            )
        for name, oracle in oracles.items():
            row = Row(kind, name, ORACLE)
            yield row, Asked("well", "structure", "own", "library"), oracle.find()
            yield row, Asked("well", "structure", "twins", "library"), oracle.find(side.twins)
            if (plates != "").any():
                found = oracle.find_within_plates(plates)
                yield row, Asked("well", "structure", "own", "plate"), found


def tabulate(row: Row, asked: Asked, found: Found, side: Side) -> pd.DataFrame:
    """Return a row per query: what was compared and asked, who the query is, what was found."""
    table = found.table()
    if asked.level == "well" and asked.direction == "structure":
        wells = side.wells.iloc[found.query]
        who = {"name": wells.index, **{c: wells[c].to_numpy() for c in ("drug", "cell", "plate")}}
    else:
        drugs = side.molecules.index[found.query]
        who = {"name": drugs, "drug": drugs, "cell": "", "plate": ""}
    facts = {**row._asdict(), **asked._asdict(), **who}
    return pd.concat([pd.DataFrame(facts, index=table.index), table], axis=1)
