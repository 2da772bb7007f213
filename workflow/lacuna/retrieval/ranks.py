"""At which place a query finds what it looks for: molecules for a profile, or profiles for one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.retrieval.interface import Ranker

# All queries by all candidates, or blocks of queries that follow each other.
Distances = np.ndarray | Iterable[np.ndarray]
ENTRIES = 1 << 22  # distances that are held in float64 at a time: 32 MB
# Share of the largest distance of a query: what differs by less is tied. Equal fingerprints are
# then tied on every machine, whatever order its matrix products sum in.
TIED = 1e-9


@dataclass(frozen=True)
class Found:
    """The place of each query's first hit among the candidates.

    A hit is a candidate that answers the query; the first is the nearest. Where other candidates
    are just as near, their order is chance, so nothing is won by a tie.

    Attributes
    ----------
    query : int array of shape (k,)
        The position of each query among all that were asked; some may be counted out.
    nearer : int array of shape (k,)
        Candidates that are nearer than the first hit.
    tied : int array of shape (k,)
        Candidates as near as the first hit, itself included: at least 1.
    tied_hits : int array of shape (k,)
        Hits among these: at least 1.
    library : int array of shape (k,)
        Candidates.
    hits : int array of shape (k,)
        Hits among the candidates: at least 1.
    mean_rank : float64 array of shape (k,)
        The rank of a hit, ties averaged, as a mean over all hits.
    asked : int
        How many queries were asked; `len(query)` of them are ranked.
    """

    query: np.ndarray
    nearer: np.ndarray
    tied: np.ndarray
    tied_hits: np.ndarray
    library: np.ndarray
    hits: np.ndarray
    mean_rank: np.ndarray
    asked: int

    @property
    def rank(self) -> np.ndarray:
        """The rank of the first hit, 1 for the best, float64 of shape (k,).

        Its expectation over all orders of what is tied: nearer + (t + 1) / (h + 1), with t
        candidates tied, h hits among them. With one hit this is the usual average of ties.
        """
        return self.nearer + (self.tied + 1) / (self.tied_hits + 1)

    def at(self, rows: np.ndarray) -> "Found":
        """Return some of the queries: `rows` are positions in `query`, or say yes or no of each."""
        return Found(**{name: column[rows] for name, column in self._columns()}, asked=self.asked)

    def among(self, query: np.ndarray, asked: int) -> "Found":
        """Number the queries anew: `query` holds the position of each among `asked` others."""
        return replace(self, query=query[self.query], asked=asked)

    def all_tied(self) -> "Found":
        """Return what is found of the same queries when all candidates are equally near."""
        return Found(
            query=self.query,
            nearer=np.zeros_like(self.library),
            tied=self.library,
            tied_hits=self.hits,
            library=self.library,
            hits=self.hits,
            mean_rank=(self.library + 1) / 2,
            asked=self.asked,
        )

    def table(self) -> pd.DataFrame:
        """Return a row per ranked query: query, rank, and the other attributes."""
        table = pd.DataFrame(dict(self._columns()))
        table.insert(1, "rank", self.rank)
        return table

    @staticmethod
    def of_table(table: pd.DataFrame, asked: int) -> "Found":
        """Return what `table` was made of."""
        names = [field.name for field in fields(Found) if field.name != "asked"]
        return Found(**{name: table[name].to_numpy() for name in names}, asked=asked)

    def _columns(self) -> Iterator[tuple[str, np.ndarray]]:
        for field in fields(self):
            if field.name != "asked":
                yield field.name, getattr(self, field.name)


def ranks(distances: Distances, truth: np.ndarray, group: np.ndarray | None = None) -> np.ndarray:
    """Return the rank of each query's true molecule, 1 for the nearest, ties averaged.

    Parameters
    ----------
    distances, truth, group
        See `find`.

    Returns
    -------
    float64 array of shape (n,)
    """
    return find(distances, truth, group).rank


def find(distances: Distances, truth: np.ndarray, group: np.ndarray | None = None) -> Found:
    """Look for the molecule of each profile in the whole library.

    Parameters
    ----------
    distances : array of shape (n, m), or blocks of its rows
        From each profile to each molecule; small is near.
    truth : int array of shape (n,)
        The position of each profile's molecule in the library.
    group : int array of shape (m,), optional
        Molecules of one group, such as stereo twins, answer for each other: every molecule of the
        group of the true one is a hit. Without it, the true molecule alone is.

    Raises
    ------
    LacunaError
        If a distance is not finite, or shapes do not fit.
    """
    molecules, blocks = _opened(distances)
    of_library = _groups(truth, group, molecules)
    return _look(blocks, of_library[truth], of_library)


def find_within_plates(
    distances: Distances,
    truth: np.ndarray,
    plate: np.ndarray,
    group: np.ndarray | None = None,
) -> Found:
    """Look for the molecule of each profile among those that stand on its plate.

    Wells of a plate share what the plate did to them, treated and control ones alike. A method
    that knows the plate only, and so the molecules on it, is at chance here.

    Parameters
    ----------
    distances, truth, group
        See `find`.
    plate : array of shape (n,)
        The plate of each profile. On a plate stand the molecules of its profiles.

    Returns
    -------
    Found
        Queries whose plate has no molecule but hits are counted out: a right answer is all they
        could get.

    Raises
    ------
    LacunaError
        As `find` does.
    """
    molecules, blocks = _opened(distances)
    of_library = _groups(truth, group, molecules)
    names, number = np.unique(plate, return_inverse=True)
    if len(number) != len(truth):
        raise LacunaError(
            f"retrieval: {len(number)} plates of {len(truth)} profiles; expected one of each."
        )
    stands = np.zeros((len(names), molecules), dtype=bool)
    stands[number, truth] = True
    found = _look(blocks, of_library[truth], of_library, stands, number)
    return found.at(found.library > found.hits)


def find_profiles(
    distances: Distances, truth: np.ndarray, molecules: int, group: np.ndarray | None = None
) -> Found:
    """Look for the profiles of each molecule among all profiles.

    Several profiles of a molecule are hits: `rank` is that of the first one, whose mean reciprocal
    is the MRR of information retrieval; `mean_rank` is that of all of them.

    Parameters
    ----------
    distances : array of shape (m, n), or blocks of its rows
        From each molecule to each profile.
    truth : int array of shape (n,)
        The position of each profile's molecule.
    molecules
        m, the number of molecules.
    group : int array of shape (m,), optional
        Profiles of any molecule of the group are hits, see `find`.

    Returns
    -------
    Found
        Molecules without a profile are counted out.

    Raises
    ------
    LacunaError
        As `find` does.
    """
    _, blocks = _opened(distances)
    of_molecule = _groups(truth, group, molecules)
    found = _look(blocks, of_molecule, of_molecule[truth])
    return found.at(found.hits > 0)


def pool(parts: Sequence[Found]) -> Found:
    """Put the queries of several parts, such as folds with libraries of their own, in one.

    Queries are numbered on: those of the second part follow all that the first part was asked.
    """
    before = np.cumsum([0, *(part.asked for part in parts)])
    columns = {
        name: np.concatenate([dict(part._columns())[name] for part in parts])
        for name, _ in parts[0]._columns()
    }
    columns["query"] = np.concatenate(
        [part.query + start for part, start in zip(parts, before[:-1], strict=True)]
    )
    return Found(**columns, asked=int(before[-1]))


def distance_blocks(
    ranker: Ranker, profiles: np.ndarray, vectors: np.ndarray
) -> Iterator[np.ndarray]:
    """Measure from profiles to molecules, a block of profiles at a time: what `find` takes."""
    rows = max(ENTRIES // max(len(vectors), 1), 1)
    for first in range(0, len(profiles), rows):
        yield ranker.distances(profiles[first : first + rows], vectors)


def distance_blocks_of_molecules(
    ranker: Ranker, profiles: np.ndarray, vectors: np.ndarray
) -> Iterator[np.ndarray]:
    """Measure from molecules to profiles, a block of molecules at a time: for `find_profiles`.

    The distances of a ranker to one molecule must not depend on the others in the library.
    """
    rows = max(ENTRIES // max(len(profiles), 1), 1)
    for first in range(0, len(vectors), rows):
        yield ranker.distances(profiles, vectors[first : first + rows]).T


def _opened(distances: Distances) -> tuple[int, Iterator[np.ndarray]]:
    """Return how many candidates there are, and the blocks of queries."""
    blocks = iter([distances] if isinstance(distances, np.ndarray) else distances)
    first = next(blocks, np.empty((0, 0)))
    if first.ndim != 2:
        raise LacunaError(
            f"retrieval: distances of shape {first.shape}; expected queries x candidates."
        )
    return first.shape[1], chain([first], blocks)


def _groups(truth: np.ndarray, group: np.ndarray | None, molecules: int) -> np.ndarray:
    """Return the group of each molecule, from 0 on, and check that the truth is in the library."""
    if truth.dtype.kind not in "iu":
        raise LacunaError(
            f"retrieval: the true molecules are {truth.dtype}; expected positions in the library."
        )
    outside = np.flatnonzero((truth < 0) | (truth >= molecules))
    if len(outside):
        raise LacunaError(
            f"retrieval: profile {outside[0]} is of molecule {truth[outside[0]]}; expected a "
            f"position from 0 on in the library of {molecules}."
        )
    if group is None:
        return np.arange(molecules)
    if len(group) != molecules:
        raise LacunaError(
            f"retrieval: {len(group)} groups of {molecules} molecules; expected one of each."
        )
    return np.unique(group, return_inverse=True)[1]


def _look(
    blocks: Iterator[np.ndarray],
    wanted: np.ndarray,
    of_candidate: np.ndarray,
    stands: np.ndarray | None = None,
    plate: np.ndarray | None = None,
) -> Found:
    """Find the first hit of every query.

    Parameters
    ----------
    blocks
        Of distances: a row per query, a column per candidate.
    wanted : int array of shape (n,)
        Candidates of this group are the hits of the query.
    of_candidate : int array of shape (m,)
        The group of each candidate.
    stands : bool array of shape (plates, m), optional
        The candidates of each plate, where they are limited to the query's.
    plate : int array of shape (n,), optional
        The plate of each query.
    """
    asked, parts = 0, [np.empty((6, 0))]
    for block in _of_limited_size(blocks):
        rows = slice(asked, asked + len(block))
        asked += len(block)
        if block.shape[1] != len(of_candidate):
            raise LacunaError(
                f"retrieval: distances from query {rows.start} are to {block.shape[1]} candidates; "
                f"expected {len(of_candidate)}, as from all others."
            )
        if asked > len(wanted):
            break
        _check_finite(block, rows.start)
        allowed = None if stands is None or plate is None else stands[plate[rows]]
        parts.append(_places(block, wanted[rows], of_candidate, allowed))
    if asked != len(wanted):
        raise LacunaError(
            f"retrieval: {asked} rows of distances for {len(wanted)} queries; expected one of each."
        )
    *counts, mean_rank = np.concatenate(parts, axis=1)
    nearer, tied, tied_hits, library, hits = (count.astype(int) for count in counts)
    return Found(np.arange(asked), nearer, tied, tied_hits, library, hits, mean_rank, asked)


def _of_limited_size(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut blocks so that none is larger in float64 than `ENTRIES`."""
    for block in blocks:
        rows = max(ENTRIES // max(block.shape[1], 1), 1)
        for first in range(0, len(block), rows):
            yield np.asarray(block[first : first + rows], dtype=np.float64)


def _check_finite(block: np.ndarray, first: int) -> None:
    if not np.isfinite(block).all():
        row, column = np.argwhere(~np.isfinite(block))[0]
        raise LacunaError(
            f"retrieval: the distance of query {first + row} to candidate {column} is "
            f"{block[row, column]}; expected finite distances. A method must give what it cannot "
            "compare, such as a constant profile, a distance like that of unrelated ones."
        )


def _places(
    block: np.ndarray, wanted: np.ndarray, of_candidate: np.ndarray, allowed: np.ndarray | None
) -> np.ndarray:
    """Return nearer, tied, tied_hits, library, hits and mean_rank of each query, shape (6, b).

    Where a query has no hit, hits is 0 and the others say nothing.
    """
    margin = TIED * np.abs(block).max(axis=1, initial=0.0)
    hit = of_candidate == wanted[:, None]
    library = np.full(len(block), block.shape[1])
    if allowed is not None:
        hit &= allowed
        block = np.where(allowed, block, np.inf)
        library = allowed.sum(axis=1)
    first = np.where(hit, block, np.inf).min(axis=1, initial=np.inf)
    nearer = (block < (first - margin)[:, None]).sum(axis=1)
    near = block <= (first + margin)[:, None]
    hits, tied, tied_hits = hit.sum(axis=1), near.sum(axis=1) - nearer, (near & hit).sum(axis=1)
    mean_rank = nearer + (tied + 1) / 2
    for row in np.flatnonzero(hits > 1):
        mean_rank[row] = _mean_rank(block[row], hit[row], margin[row])
    return np.stack([nearer, tied, tied_hits, library, hits, mean_rank])


def _mean_rank(distances: np.ndarray, hit: np.ndarray, margin: float) -> float:
    """Return the mean over all hits of one query of the hit's rank, ties averaged."""
    in_order = np.sort(distances)
    nearer = np.searchsorted(in_order, distances[hit] - margin, side="left")
    up_to = np.searchsorted(in_order, distances[hit] + margin, side="right")
    return float(((nearer + up_to + 1) / 2).mean())
