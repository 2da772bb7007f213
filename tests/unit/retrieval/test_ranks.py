"""Ranks: where queries find their hits, with ties, twins, plates, and both ways."""

import tracemalloc
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import rankdata

from lacuna.errors import LacunaError
from lacuna.retrieval import ranks as module
from lacuna.retrieval.ranks import (
    Found,
    distance_blocks,
    distance_blocks_of_molecules,
    find,
    find_profiles,
    find_within_plates,
    pool,
    ranks,
)

QUERIES, MOLECULES = 40, 12


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def tied(rng):
    """Distances of few values, so with many ties."""
    return rng.integers(0, 5, (QUERIES, MOLECULES)).astype(float)


@pytest.fixture
def truth(rng):
    return rng.integers(0, MOLECULES, QUERIES)


def mean_place_of_first(distances, hits):
    """By definition: the mean over all orders that the distances allow."""
    places = []
    for chance in permutations(range(len(distances))):
        order = np.lexsort([chance, distances])
        places.append(np.flatnonzero(hits[order])[0] + 1)
    return np.mean(places)


def test_the_rank_is_the_average_of_ties_and_1_is_nearest(tied, truth):
    wanted = [rankdata(row)[own] for row, own in zip(tied, truth, strict=True)]
    assert np.allclose(ranks(tied, truth), wanted)
    found = find(tied, truth)
    assert np.allclose(found.mean_rank, wanted)
    assert (found.library == MOLECULES).all() and (found.hits == 1).all()
    assert found.query.tolist() == list(range(QUERIES)) and found.asked == QUERIES


def test_what_is_all_equally_near_is_in_the_middle_not_first():
    assert (ranks(np.ones((3, 9)), np.array([0, 4, 8])) == 5).all()
    assert (ranks(np.zeros((3, 9)), np.array([0, 4, 8])) == 5).all()


def test_what_differs_by_rounding_is_tied(rng):
    distances = 1 + rng.normal(size=(20, 7)) * 1e-15
    assert (ranks(distances, rng.integers(0, 7, 20)) == 4).all()
    assert ranks(1 + np.arange(7.0)[None] * 1e-6, np.array([2])) == 3


def test_blocks_of_any_size_are_the_same_as_the_whole(tied, truth, monkeypatch):
    whole = find(tied, truth).table()
    for cut in (1, 7, QUERIES):
        parts = (tied[first : first + cut].astype(np.float32) for first in range(0, QUERIES, cut))
        assert find(parts, truth).table().equals(whole)
    monkeypatch.setattr(module, "ENTRIES", 3 * MOLECULES)
    assert find(tied, truth).table().equals(whole)


def test_no_more_than_a_block_is_held_in_float64():
    distances = np.broadcast_to(np.float32(1), (4_000, 10_000))  # 320 MB in float64
    tracemalloc.start()
    found = find(distances, np.zeros(4_000, dtype=int))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 8 * module.ENTRIES
    assert (found.rank == 5_000.5).all()


def test_of_twins_the_first_counts_over_all_orders_of_ties(rng):
    for _ in range(20):
        distances, group = rng.integers(0, 3, (1, 6)).astype(float), rng.integers(0, 3, 6)
        truth = rng.integers(0, 6, 1)
        hits = group == group[truth[0]]
        found = find(distances, truth, group)
        assert found.rank[0] == pytest.approx(mean_place_of_first(distances[0], hits))
        assert found.mean_rank[0] == pytest.approx(rankdata(distances[0])[hits].mean())
        assert found.hits[0] == hits.sum()


def test_twins_only_help_and_groups_of_one_are_strict(tied, truth, rng):
    strict = find(tied, truth)
    alone = find(tied, truth, np.array([f"block {number}" for number in range(MOLECULES)]))
    assert alone.table().equals(strict.table())
    assert (find(tied, truth, rng.integers(0, 4, MOLECULES)).rank <= strict.rank).all()


def test_two_twins_that_are_tied_for_the_first_place_have_it():
    assert ranks(np.array([[1.0, 1.0, 2.0]]), np.array([0]), np.array([5, 5, 6])) == 1
    assert ranks(np.array([[1.0, 1.0, 2.0]]), np.array([0])) == 1.5


def test_within_a_plate_the_library_is_what_stands_there(tied, truth, rng):
    plate = rng.choice(["a", "b", "c"], QUERIES)
    found = find_within_plates(tied, truth, plate)
    for query, rank, size in zip(found.query, found.rank, found.library, strict=True):
        stands = np.unique(truth[plate == plate[query]])
        row = tied[query, stands]
        assert size == len(stands)
        assert rank == rankdata(row)[np.searchsorted(stands, truth[query])]


def test_twins_on_other_plates_are_no_hits(rng):
    truth, plate = np.array([0, 2, 1, 3]), np.array([0, 0, 1, 1])
    group = np.array([0, 0, 1, 1])  # the twin of each stands on the other plate
    found = find_within_plates(rng.random((4, 4)), truth, plate, group)
    assert found.hits.tolist() == [1] * 4 and (found.library == 2).all()
    wide = find_within_plates(np.ones((4, 4)), truth, plate, group)
    assert (wide.rank == 1.5).all() and (wide.mean_rank == 1.5).all()


def test_a_plate_with_nothing_but_right_answers_counts_out_its_queries():
    truth, plate = np.array([0, 1, 2, 2, 3, 4]), np.array([0, 0, 1, 1, 2, 2])
    found = find_within_plates(np.ones((6, 5)), truth, plate)
    assert found.query.tolist() == [0, 1, 4, 5] and found.asked == 6
    assert (found.library == 2).all() and (found.rank == 1.5).all()
    twins = find_within_plates(np.ones((6, 5)), truth, plate, np.array([0, 0, 1, 2, 3]))
    assert twins.query.tolist() == [4, 5]


def test_profiles_of_a_molecule_are_found_by_the_first_and_by_all(tied, truth):
    truth = np.where(truth == 3, 4, truth)  # molecule 3 has no profile
    found = find_profiles(tied.T, truth, MOLECULES)
    assert 3 not in found.query and found.asked == MOLECULES
    for query, mean_rank, hits in zip(found.query, found.mean_rank, found.hits, strict=True):
        own = truth == query
        assert hits == own.sum()
        assert mean_rank == pytest.approx(rankdata(tied[:, query])[own].mean())
    untied = tied + np.linspace(0, 0.5, QUERIES)[:, None]
    found = find_profiles(untied.T, truth, MOLECULES)
    first = [rankdata(untied[:, query])[truth == query].min() for query in found.query]
    assert np.allclose(found.rank, first)


def test_profiles_of_twins_are_hits_too(tied, truth):
    group = np.arange(MOLECULES) // 2
    found = find_profiles(tied.T, truth, MOLECULES, group)
    assert found.hits.tolist() == [(truth // 2 == query // 2).sum() for query in found.query]


class Lookup:
    """Distances that are known beforehand, by the numbers of profile and molecule."""

    def __init__(self, distances):
        self.known, self.largest = distances, 0

    def distances(self, profiles, vectors):
        self.largest = max(self.largest, len(profiles) * len(vectors))
        return self.known[np.ix_(profiles[:, 0].astype(int), vectors[:, 0].astype(int))]

    def state(self):
        return {}


def test_a_ranker_is_asked_by_blocks_from_both_sides(tied, monkeypatch):
    monkeypatch.setattr(module, "ENTRIES", 100)
    ranker, profiles, vectors = Lookup(tied), *(np.arange(size)[:, None] for size in tied.shape)
    assert (np.concatenate([*distance_blocks(ranker, profiles, vectors)]) == tied).all()
    towards = np.concatenate([*distance_blocks_of_molecules(ranker, profiles, vectors)])
    assert (towards == tied.T).all()
    assert ranker.largest <= 100


def test_folds_are_pooled_with_their_own_libraries():
    first = find_within_plates(np.ones((3, 4)), np.array([0, 1, 2]), np.array([0, 0, 1]))
    both = pool([first, find(np.ones((2, 7)), np.array([6, 0]))])
    assert both.query.tolist() == [0, 1, 3, 4] and both.asked == 5
    assert both.library.tolist() == [2, 2, 7, 7]


def test_a_table_holds_all_that_was_found(tied, truth):
    found = find(tied, truth, np.arange(MOLECULES) // 2)
    again = Found.of_table(found.table(), found.asked)
    assert again.table().equals(found.table()) and again.asked == QUERIES


def test_one_molecule_is_always_found_and_no_query_is_no_fault():
    assert find(np.array([[3.0]]), np.array([0])).rank.tolist() == [1]
    assert len(find(np.empty((0, 4)), np.empty(0, dtype=int)).query) == 0
    assert len(find(iter([]), np.empty(0, dtype=int)).query) == 0


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
@pytest.mark.fault("a method gives a distance that is no number", "refused, with its place")
def test_distances_that_are_not_finite_are_refused(tied, truth, fault):
    tied[23, 5] = fault
    with pytest.raises(LacunaError, match=r"query 23 to candidate 5 is -?(nan|inf)"):
        find((tied[:20], tied[20:]), truth)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": np.full(QUERIES, MOLECULES)}, r"profile 0 is of molecule 12"),
        ({"truth": np.full(QUERIES, -1)}, r"profile 0 is of molecule -1"),
        ({"truth": np.zeros(QUERIES)}, r"float64; expected positions"),
        ({"truth": np.zeros(QUERIES - 1, dtype=int)}, r"for 39 queries"),
        ({"truth": np.zeros(QUERIES + 1, dtype=int)}, r"40 rows .* 41 queries"),
        ({"group": np.arange(3)}, r"3 groups of 12 molecules"),
        ({"distances": np.ones(5)}, r"shape \(5,\)"),
        ({"distances": [np.ones((39, 12)), np.ones((1, 11))]}, r"query 39 are to 11 candidates"),
    ],
)
def test_what_does_not_fit_is_refused(tied, truth, change, message):
    given = {"distances": tied, "truth": truth} | change
    with pytest.raises(LacunaError, match=message):
        find(**given)


def test_a_plate_of_each_profile_is_asked_for(tied, truth):
    with pytest.raises(LacunaError, match="3 plates of 40 profiles"):
        find_within_plates(tied, truth, np.array(["a", "b", "c"]))
