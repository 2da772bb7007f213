"""Ridge regressions both ways, against scikit-learn's on every well."""

from dataclasses import replace

import numpy as np
import pytest
from matched_sides import planted_pairs, repeated
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge

from lacuna.retrieval import linear
from lacuna.retrieval.methods import ridge_to_fingerprint, ridge_to_profile, shared

WAYS = {"ridge_to_fingerprint": ridge_to_fingerprint, "ridge_to_profile": ridge_to_profile}
both = pytest.mark.parametrize("name", WAYS)


def rng():
    return np.random.default_rng(6)


def sides(pairs):
    """Return profiles, and the vector of each well, in float64."""
    return pairs.profiles.astype(float), pairs.vectors[pairs.molecule].astype(float)


def test_the_vector_is_that_of_a_ridge_regression_on_every_well():
    training, validation, test = planted_pairs(rng())
    profiles, vectors = sides(training)
    unit = profiles.var(axis=0).mean()
    ranker = ridge_to_fingerprint.fit(training, validation, rng(), penalties=[0.7])
    model = Ridge(0.7 * unit * len(profiles)).fit(profiles, vectors)
    expected = model.predict(test.profiles.astype(float))
    np.testing.assert_allclose(ranker.to_vector(test.profiles), expected, atol=1e-9)
    expected = np.clip(expected, 0, 1)
    lower = np.minimum(expected[:, None], test.vectors).sum(axis=2)
    upper = np.maximum(expected[:, None], test.vectors).sum(axis=2)
    found = ranker.distances(test.profiles, test.vectors)
    np.testing.assert_allclose(found, 1 - lower / upper, atol=1e-9)


def test_the_profile_is_that_of_a_ridge_regression_on_every_well():
    training, validation, test = planted_pairs(rng(), kind="correlation")
    profiles, vectors = sides(training)
    unit = vectors.var(axis=0).mean()
    ranker = ridge_to_profile.fit(training, validation, rng(), penalties=[0.7])
    model = Ridge(0.7 * unit * len(profiles)).fit(vectors, profiles)
    mean = profiles.mean(axis=0)
    expected = model.predict(test.vectors.astype(float)) - mean
    np.testing.assert_allclose(ranker.to_profile(test.vectors), expected, atol=1e-6)
    np.testing.assert_allclose(
        ranker.distances(test.profiles, test.vectors),
        cdist(test.profiles - mean, expected, "correlation"),
        atol=1e-6,
    )


@both
def test_a_molecule_of_three_wells_is_three_molecules_of_one(name):
    training, validation, test = planted_pairs(rng())
    for penalties in ([0.1], [10.0]):
        found, expected = (
            WAYS[name]
            .fit(pairs, validation, rng(), penalties=penalties)
            .distances(test.profiles, test.vectors)
            for pairs in (training, repeated(training))
        )
        np.testing.assert_allclose(found, expected, atol=1e-9)


@both
def test_the_penalty_is_the_best_on_validation_and_on_nothing_else(name):
    training, validation, test = planted_pairs(rng(), molecules=120, bits=60, noise=8)
    grid = [1e-4, 1.0, 1e4]
    fit = WAYS[name].fit
    alone = {
        penalty: fit(training, validation, rng(), penalties=[penalty]).distances(
            validation.profiles, validation.vectors
        )
        for penalty in grid
    }
    scores = {
        penalty: shared.validation_mrr(distances, validation.molecule)
        for penalty, distances in alone.items()
    }
    assert len(set(scores.values())) == 3  # it matters
    chosen = fit(training, validation, rng(), penalties=grid)
    found = chosen.distances(validation.profiles, validation.vectors)
    np.testing.assert_array_equal(found, alone[max(scores, key=scores.get)])
    # A validation turned about chooses another.
    turned = replace(validation, molecule=len(validation.vectors) - 1 - validation.molecule)
    other = fit(training, turned, rng(), penalties=grid)
    assert not np.allclose(
        other.distances(test.profiles, test.vectors), chosen.distances(test.profiles, test.vectors)
    )


def test_directions_without_variance_have_no_weight():
    rows = rng().normal(size=(50, 4))
    rows = np.column_stack([rows, rows[:, 0], np.zeros(50)])
    rows -= rows.mean(axis=0)
    truth = rows[:, :1] * 2
    path = path_of(rows, truth)
    for penalty in (0.0, 1e-6):
        weights = path.weights(penalty)
        np.testing.assert_allclose(rows @ weights, truth, atol=1e-4)
        np.testing.assert_allclose(weights[[0, 4], 0], 1, atol=1e-4)  # shared, not 1e15 and -1e15
        np.testing.assert_allclose(weights[5], 0, atol=1e-12)


def test_what_rounding_leaves_of_a_difference_is_not_learnt_from():
    treated, control = rng().normal(size=(2, 80, 5)).astype(np.float32)
    rows = np.concatenate([treated, control, treated - control], axis=1).astype(float)
    rows -= rows.mean(axis=0)
    outcome = rng().normal(size=(80, 1))
    path = path_of(rows, outcome)
    assert np.abs(path.weights(0.0)).max() < 10  # rounding has weights of millions
    found = rows @ path.weights(0.0)
    expected = rows[:, :10] @ np.linalg.lstsq(rows[:, :10], outcome, rcond=None)[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def path_of(rows, outcome):
    return linear.RidgePath(rows.T @ rows / len(rows), rows.T @ outcome / len(rows))
