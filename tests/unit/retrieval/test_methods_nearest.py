"""Distances, ranks and the double nearest neighbour, each against its definition."""

from dataclasses import replace

import numpy as np
import pytest
from matched_sides import planted_pairs
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from lacuna.errors import LacunaError
from lacuna.retrieval import linear
from lacuna.retrieval.interface import Pairs
from lacuna.retrieval.methods import correlation, double_nearest, shared
from lacuna.retrieval.ranks import ranks

RNG = np.random.default_rng(0)


def test_correlation_distance_is_scipy_s_and_1_for_what_is_constant():
    first, second = RNG.normal(3, 1, size=(9, 7)), RNG.normal(-2, 5, size=(6, 7))
    expected = cdist(first, second, "correlation")
    np.testing.assert_allclose(shared.correlation_distances(first, second), expected, atol=1e-12)
    # 0.1 + 0.2 is not 0.3 in floating point, but it is no signal, either.
    first[2], second[1] = [0.3, 0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3], 0
    found = shared.correlation_distances(first, second)
    assert (found[2] == 1).all()
    assert (found[:, 1] == 1).all()
    np.testing.assert_allclose(
        np.delete(np.delete(found, 2, 0), 1, 1),
        np.delete(np.delete(expected, 2, 0), 1, 1),
        atol=1e-12,
    )
    for scale in (1e-200, 1e200):  # whose squares are no numbers
        scaled = shared.correlation_distances(first * scale, second)
        np.testing.assert_allclose(scaled, found, atol=1e-12)
    np.testing.assert_allclose(shared.correlation_distances(first + 1e5, second), found, atol=1e-8)


def test_correlation_distance_does_not_depend_on_blocks(monkeypatch):
    first, second = RNG.normal(size=(25, 7)), RNG.normal(size=(11, 7))
    whole = shared.correlation_distances(first, second)
    monkeypatch.setattr(linear.blocks, "__defaults__", (4,))
    np.testing.assert_allclose(shared.correlation_distances(first, second), whole, atol=1e-14)


def test_jaccard_distance_is_scipy_s_and_of_shares_the_ruzicka_distance():
    first = (RNG.random((8, 20)) < 0.3).astype(np.float32)
    second = (RNG.random((9, 20)) < 0.3).astype(np.float32)
    first[0] = second[0] = 0
    expected = cdist(first.astype(bool), second.astype(bool), "jaccard")
    found = shared.jaccard_distances(first, second)
    np.testing.assert_allclose(found, expected, atol=1e-15)
    assert found[0, 0] == 0
    assert (found[0, 1:] == 1).all()
    shares = RNG.random((8, 20))
    lower = np.minimum(shares[:, None], second).sum(axis=2)
    upper = np.maximum(shares[:, None], second).sum(axis=2)
    np.testing.assert_allclose(
        shared.jaccard_distances(shares, second), 1 - lower / upper, atol=1e-12
    )


def test_equal_shares_of_bits_are_equal_to_the_last_bit():
    # 1 of 3, 2 of 6: the same distance of different molecules.
    first = np.zeros((1, 12), np.float32)
    second = np.zeros((2, 12), np.float32)
    first[0, :3] = 1
    second[0, 0] = 1
    second[1, :2] = second[1, 3:6] = 1
    found = shared.jaccard_distances(first, second)[0]
    assert found[0] == found[1]


def test_distances_are_computed_once_for_equal_vectors():
    vectors = np.array([[1.0, 0.0], [2, 3], [1, -0.0], [2, 3], [5, 5]], dtype=np.float32)
    given = []

    def by_place(profiles, different):
        given.append(different)
        return np.tile(np.arange(len(different), dtype=float), (len(profiles), 1))

    found = shared.of_distinct("x", np.ones((2, 4)), vectors, (4, 2), by_place)
    assert len(given[0]) == 3
    for row in found:
        assert row[0] == row[2]
        assert row[1] == row[3]
        np.testing.assert_array_equal(given[0][row.astype(int)], vectors)


def test_ties_are_averaged_as_by_rankdata():
    distances = RNG.integers(0, 5, size=(200, 12)).astype(float)
    molecule = RNG.integers(0, 12, 200)
    expected = rankdata(distances, axis=1)[np.arange(200), molecule]
    np.testing.assert_array_equal(ranks(distances, molecule), expected)
    # Over all orders of what ties, the mean of 1 / place.
    own = distances[np.arange(200), molecule][:, None]
    nearer, tied = ((distances < own).sum(axis=1), (distances == own).sum(axis=1))
    places = [np.arange(n + 1, n + t + 1) for n, t in zip(nearer, tied, strict=True)]
    mrr = np.mean([(1 / place).mean() for place in places])
    assert shared.validation_mrr(distances, molecule) == pytest.approx(mrr)
    # What says nothing stands in the middle, not first.
    assert ranks(np.ones((1, 5)), np.array([3]))[0] == 3
    assert shared.validation_mrr(np.zeros((0, 5)), np.zeros(0, int)) == 0


def test_of_equally_good_settings_the_first_is_taken():
    good, bad = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
    tried = [("a", bad), ("b", good), ("c", good)]
    assert shared.best_setting(tried, np.array([0])) == "b"


def plain_double_nearest(training, test, nearest):
    """Loop as the definition says."""
    rows = []
    if nearest == "well":
        references = [(row, m) for row, m in zip(training.profiles, training.molecule, strict=True)]
    else:
        references = [
            (training.profiles[training.molecule == m].mean(axis=0, dtype=float), m)
            for m in np.unique(training.molecule)
        ]
    for query in test.profiles:
        away = [1 - np.corrcoef(query, row)[0, 1] for row, _ in references]
        vector = training.vectors[references[int(np.argmin(away))][1]]
        if training.alike == "jaccard":
            rows.append(
                [1 - ((vector * v).sum() / np.maximum(vector, v).sum()) for v in test.vectors]
            )
        else:
            rows.append([1 - np.corrcoef(vector, v)[0, 1] for v in test.vectors])
    return np.array(rows)


@pytest.mark.parametrize("kind", ["jaccard", "correlation"])
@pytest.mark.parametrize("nearest", ["drug", "well"])
def test_double_nearest_is_its_definition(kind, nearest, monkeypatch):
    training, validation, test = planted_pairs(np.random.default_rng(1), kind=kind, noise=4)
    expected = plain_double_nearest(training, test, nearest)
    for size in (2048, 7):
        monkeypatch.setattr(linear.blocks, "__defaults__", (size,))
        ranker = double_nearest.fit(training, validation, RNG, nearest=nearest)
        found = ranker.distances(test.profiles, test.vectors)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_nearest_drug_and_nearest_well_differ_as_they_should():
    # One well of drug 0 is like the query, but its mean is not; drug 1 is always somewhat so.
    query = np.array([1.0, -1, 0, 0])
    profiles = np.array([[1.0, -1, 0, 0], [-1, 1, 0.5, 0], [1, -0.5, -0.5, 0.2], [1, -0.6, 0, 0]])
    pairs = Pairs(profiles, np.eye(2, 5), np.array([0, 0, 1, 1]), "jaccard")
    first = {
        nearest: double_nearest.fit(pairs, pairs, RNG, nearest=nearest)
        .distances(query[None], pairs.vectors)[0]
        .argmin()
        for nearest in ("drug", "well")
    }
    assert first == {"drug": 1, "well": 0}


def test_a_molecule_without_a_well_is_nobody_s_nearest():
    # Its mean would be a row of zeros, at distance 1; all others are at more.
    profiles = np.array([[1.0, 2, 3], [1, 2, 4]])
    pairs = Pairs(profiles, np.eye(3), np.array([1, 2]), "correlation")
    ranker = double_nearest.fit(pairs, pairs, RNG)
    assert (ranker.distances(-profiles, pairs.vectors).argmin(axis=1) > 0).all()


def test_of_equal_references_the_first_is_nearest():
    row = RNG.normal(size=33)
    profiles = np.tile(row, (2500, 1))
    pairs = Pairs(profiles, np.eye(2500, 8), np.arange(2500), "jaccard")
    ranker = double_nearest.fit(pairs, pairs, RNG)
    assert (ranker.nearest(np.stack([row, np.full(33, 2.0)])) == 0).all()


def test_correlation_needs_one_space():
    training, validation, test = planted_pairs(
        np.random.default_rng(2), features=20, bits=20, kind="correlation"
    )
    ranker = correlation.fit(training, validation, RNG)
    np.testing.assert_allclose(
        ranker.distances(test.profiles, test.vectors),
        cdist(test.profiles, test.vectors, "correlation"),
        atol=1e-6,
    )
    cut = [replace(part, profiles=part.profiles[:, :-1]) for part in (training, validation)]
    with pytest.raises(LacunaError, match="profiles have 19 columns and molecules 20"):
        correlation.fit(*cut, RNG)
