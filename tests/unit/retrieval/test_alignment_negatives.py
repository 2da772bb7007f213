"""Which other compound is drawn: the distribution of each way, and what is never drawn."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist, squareform
from scipy.stats import chisquare

from lacuna.errors import LacunaError
from lacuna.retrieval.alignment import negatives
from lacuna.retrieval.alignment.negatives import (
    MOST,
    WAYS,
    Companions,
    Negatives,
    correlation_distance,
    density,
    expression_distance,
    tanimoto_distance,
)

DRAWS = 20_000


@pytest.fixture(autouse=True)
def stream():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def some_distances(count, seed=0):
    return correlation_distance(np.random.default_rng(seed).normal(size=(count, 8)))


def drawn(index, anchor, draws=DRAWS):
    found = index.draw(np.full(draws, anchor))
    return np.bincount(found, minlength=len(index.size))


def agrees(count, share):
    """Whether counts are those of shares, where these are above 0, and 0 elsewhere."""
    there = share > 0
    assert count[~there].sum() == 0
    return chisquare(count[there], share[there] / share.sum() * count.sum()).pvalue > 1e-3


def test_distances_are_those_of_scipy_and_of_constant_rows_1():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(6, 9))
    expected = squareform(pdist(rows, "correlation"))
    np.testing.assert_allclose(correlation_distance(rows), expected, atol=1e-6)
    bits = rng.random((6, 40)) < 0.3
    expected = squareform(pdist(bits, "jaccard"))
    np.testing.assert_allclose(tanimoto_distance(bits.astype(np.float32)), expected, atol=1e-6)
    rows[2] = 5
    constant = correlation_distance(rows)
    assert (constant[2] == 1).all()
    assert np.isfinite(tanimoto_distance(np.zeros((3, 4)))).all()


def test_compounds_are_as_far_as_their_mean_profiles():
    rng = np.random.default_rng(2)
    profiles, molecule = rng.normal(size=(7, 5)), np.array([0, 2, 2, 1, 1, 1, 0])
    means = np.array([profiles[molecule == drug].mean(axis=0) for drug in range(3)])
    expected = squareform(pdist(means, "correlation"))
    np.testing.assert_allclose(expression_distance(profiles, molecule, 3), expected, atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_neither_the_anchor_nor_a_twin_nor_a_compound_without_wells_is_drawn(way):
    group = np.array([0, 1, 1, 2, 3, 4, 1, 5])
    molecule = np.array([0, 1, 2, 3, 5, 6, 7, 7, 0])  # none of compound 4
    distances = some_distances(8)
    distances[0, 3] = distances[3, 0] = 0  # a compound may look like the anchor
    index = Negatives(distances, molecule, way, group)
    anchors = np.tile(np.unique(molecule), 500)
    found = index.draw(anchors)
    assert (found != anchors).all()
    assert (group[found] != group[anchors]).all()
    assert set(found) == set(molecule)
    wells = index.well_of(found)
    assert (molecule[wells] == found).all()
    assert set(wells) == set(range(len(molecule)))


def test_uniform_draws_what_is_nearest_to_a_distance_between_the_extremes():
    """A target between the extremes of all pairs, and the nearest compound but itself."""
    distances = some_distances(9)
    index = Negatives(distances, np.arange(9), "uniform")
    of_two = distances[~np.eye(9, dtype=bool)].astype(float)
    targets = np.linspace(of_two.min(), of_two.max(), 200_001)
    for anchor in range(3):
        others = np.delete(np.arange(9), anchor)
        nearest = others[np.abs(distances[anchor, others] - targets[:, None]).argmin(axis=1)]
        assert agrees(drawn(index, anchor), np.bincount(nearest, minlength=9) / len(targets))


def test_compounds_at_one_distance_take_turns():
    distances = 1 - np.eye(5)
    distances[0, 4] = distances[4, 0] = 0.2
    index = Negatives(distances, np.arange(5), "uniform")
    # Targets from 0.2 to 1: below 0.6 compound 4, else one of three.
    assert agrees(drawn(index, 0), np.array([0, 1 / 6, 1 / 6, 1 / 6, 1 / 2]))
    assert agrees(drawn(index, 1), np.array([1, 0, 1, 1, 1]) / 4)


def test_random_draws_all_alike():
    index = Negatives(some_distances(6), np.array([0, 0, 0, 1, 2, 3, 4, 5]), "random")
    assert agrees(drawn(index, 2), np.array([1, 1, 0, 1, 1, 1]) / 5)


def test_inverse_density_draws_by_the_clipped_weights():
    distances = some_distances(12)
    index = Negatives(distances, np.arange(12), "inverse_density")
    of_two = distances[~np.eye(12, dtype=bool)]
    assert index.dimensions == pytest.approx(1 / np.mean((1 - of_two.astype(float)) ** 2))
    for anchor in range(3):
        apart = np.sqrt(2 * distances[anchor].astype(float))
        with np.errstate(divide="ignore"):
            weights = np.minimum(1 / density(apart, index.dimensions), MOST)
        weights[anchor] = 0
        assert weights.max() > 2 * weights[weights > 0].min()
        assert agrees(drawn(index, anchor), weights)


def test_a_rare_distance_is_drawn_at_most_so_many_times_more_often():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, 100))
    rows[1] = rows[0] + 1e-3 * rng.normal(size=100)  # nearly the same: its density is nearly 0
    index = Negatives(correlation_distance(rows), np.arange(400), "inverse_density")
    share = drawn(index, 0)[1] / DRAWS
    assert MOST / (MOST + 398 * 3) < share < MOST / (MOST + 398)


def test_the_density_is_that_of_points_on_a_sphere():
    rng = np.random.default_rng(4)
    points = rng.normal(size=(1000, 10))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    counts, edges = np.histogram(pdist(points), bins=30, range=(0.6, 1.9), density=True)
    middles = (edges[:-1] + edges[1:]) / 2
    expected = density(middles, 10)
    np.testing.assert_allclose(counts / counts.max(), expected / expected.max(), atol=0.03)
    assert density(np.linspace(0, 2, 10_001), 10).max() == pytest.approx(1, abs=1e-6)
    assert density(np.array([0.0, 2.0]), 10).tolist() == [0, 0]


def test_blocks_of_the_index_give_the_same_index(monkeypatch):
    group, molecule = np.arange(9) // 2, np.arange(9)
    whole = Negatives(some_distances(9), molecule, "inverse_density", group)
    monkeypatch.setattr(negatives, "ROWS_AT_ONCE", 2)
    parts = Negatives(some_distances(9), molecule, "inverse_density", group)
    anchors = np.arange(9).repeat(50)
    torch.manual_seed(1)
    first = whole.draw(anchors)
    torch.manual_seed(1)
    assert (parts.draw(anchors) == first).all()


def test_another_well_is_of_the_same_compound_and_another_line_where_there_is_one():
    rng = np.random.default_rng(5)
    molecule, line = rng.integers(0, 12, 60), rng.choice(["A375", "MCF7", "PC3"], 60)
    molecule[:4], line[:4] = [12, 12, 13, 14], ["PC3", "PC3", "MCF7", "A375"]
    molecule[4], line[4] = 14, "A375"
    companions = Companions(molecule, line, 16)
    for well in range(60):
        same = np.flatnonzero((molecule == molecule[well]) & (np.arange(60) != well))
        allowed = same[line[same] != line[well]] if (line[same] != line[well]).any() else same
        found, is_there = companions.draw(np.full(200, well))
        assert is_there.all() == bool(len(allowed))
        assert set(found) == (set(allowed) if len(allowed) else {well})
    one_line = Companions(np.array([0, 0, 1]), None, 2)
    assert one_line.draw(np.arange(3))[0].tolist() == [1, 0, 2]
    assert one_line.draw(np.arange(3))[1].tolist() == [True, True, False]


def test_compounds_that_nothing_can_stand_against_are_refused():
    with pytest.raises(LacunaError, match="compound 0 and 0 more have no other compound"):
        Negatives(np.zeros((1, 1)), np.zeros(3, dtype=int))
    with pytest.raises(LacunaError, match="compound 0 and 1 more"):
        Negatives(np.zeros((2, 2)), np.arange(2), group=np.array([4, 4]))
    with pytest.raises(LacunaError, match="is no number"):
        Negatives(np.full((2, 2), np.nan), np.arange(2))


@pytest.mark.parametrize("way", WAYS)
def test_equal_distances_everywhere_are_no_fault(way):
    index = Negatives(np.ones((4, 4)), np.arange(4), way)
    assert set(index.draw(np.zeros(100, dtype=int))) == {1, 2, 3}
