"""Distances between rows."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from lacuna.errors import LacunaError
from lacuna.retrieval import measures
from lacuna.retrieval.measures import distances_between, distances_of_pairs, nearest


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def rows_of(measure, rng, count):
    values = rng.normal(size=(count, 12)) + 3
    return (values > 3) * 1.0 if measure == "jaccard" else values.astype(np.float32)


@pytest.mark.parametrize("measure", ["correlation", "cosine", "euclidean", "jaccard"])
def test_distances_are_those_of_scipy(measure, rng):
    rows, others = rows_of(measure, rng, 7), rows_of(measure, rng, 9)
    bits = (rows > 0, others > 0) if measure == "jaccard" else (rows, others)
    wanted = cdist(*bits, measure)
    assert np.allclose(distances_between(rows, others, measure), wanted, atol=1e-6)
    assert np.allclose(distances_of_pairs(rows, others[:7], measure), np.diag(wanted), atol=1e-6)
    distance, position = nearest(rows, others, measure)
    assert np.allclose(distance, wanted.min(axis=1), atol=1e-6)
    assert position.tolist() == wanted.argmin(axis=1).tolist()


def test_what_does_not_vary_is_as_far_as_what_is_unrelated(rng):
    constant = np.full((2, 12), 0.1, dtype=np.float32)
    others = rng.normal(size=(3, 12))
    nearly = 3 * (1 + 1e-8 * rng.normal(size=(2, 12)))  # as rounding leaves it
    assert (distances_between(nearly, others, "correlation") == 1).all()
    assert (distances_between(constant, others, "correlation") == 1).all()
    assert (distances_between(constant, constant, "correlation") == 1).all()
    assert (distances_between(np.zeros((2, 12)), others, "cosine") == 1).all()
    assert (distances_between(np.zeros((2, 12)), np.zeros((1, 12)), "jaccard") == 0).all()
    assert (distances_between(others, others, "euclidean") >= 0).all()


def test_the_nearest_is_the_first_of_equals_in_blocks_too(rng, monkeypatch):
    rows, others = rng.normal(size=(9, 4)), np.repeat(rng.normal(size=(5, 4)), 2, axis=0)
    whole = nearest(rows, others, "euclidean")
    assert (whole[1] % 2 == 0).all()
    monkeypatch.setattr(measures, "ENTRIES", 20)
    monkeypatch.setattr(measures, "OTHERS", 3)
    parts = nearest(rows, others, "euclidean")
    assert np.allclose(parts[0], whole[0]) and parts[1].tolist() == whole[1].tolist()


@pytest.mark.parametrize(
    ("rows", "others", "measure", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "cosine", r"shape \(2, 4\) .* 3 columns"),
        (np.array([[1.0], [np.nan]]), np.ones((1, 1)), "cosine", "row 1 .* not finite"),
        (np.full((1, 2), 0.5), np.ones((1, 2)), "jaccard", "other values than 0 and 1"),
        (np.ones((1, 2)), np.empty((0, 2)), "cosine", "nothing to be near to"),
    ],
)
def test_what_cannot_be_compared_is_refused(rows, others, measure, message):
    with pytest.raises(LacunaError, match=message):
        nearest(rows, others, measure)
