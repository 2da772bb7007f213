"""The Gaussian process of Kernel: neighbours, conditioning, noise and error scale, written out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy import GENES, clustered, grid

from lacuna.completion.shared import covariance
from lacuna.completion.shared.covariance import (
    PRIOR_WEIGHTS,
    GaussianProcess,
    NeighbourCovariances,
    SideSimilarities,
    replicate_noise,
)
from lacuna.completion.shared.error_scale import Calibration, error_scale
from lacuna.completion.shared.shrinkage import best_predictors

NOTHING = SideSimilarities(None, None)


def test_terms_that_nothing_is_known_of_are_left_out():
    observed = clustered(drugs=8, cells=3)
    drugs, cells = np.eye(8, dtype=np.float32), np.eye(3, dtype=np.float32)
    of_structure = {"like structure", "like structure, same cell"}
    of_baseline = {"same drug, like baseline", "similar drug, like baseline"}
    for side, missing in (
        (SideSimilarities(drugs, cells), set()),
        (SideSimilarities(None, cells), of_structure),
        (SideSimilarities(drugs, None), of_baseline),
        (NOTHING, of_structure | of_baseline),
    ):
        process = GaussianProcess(observed, side, 4)
        assert process.terms == [term for term in PRIOR_WEIGHTS if term not in missing]
        assert process.prior_weights.tolist() == [PRIOR_WEIGHTS[term] for term in process.terms]
        near = process.nearest(observed.missing_pairs)
        assert len(near.to_pair) == len(near.among) == len(process.terms)


def test_a_cells_mean_is_the_mean_of_all_plus_the_cells_shrunken_effect():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(1, 4, GENES)) + 0.5 * rng.normal(size=(30, 4, GENES))
    observed = grid(dense, rng.random((30, 4)) < 0.6)
    overall = observed.profiles.mean(axis=0)
    process = GaussianProcess(observed, NOTHING, 4)
    effect = best_predictors(observed.profiles - overall, observed.cell, 4)
    assert np.abs(effect).max() > 0.1
    assert np.allclose(process.mean, overall + effect, atol=1e-5)
    assert np.allclose(process.residual(), observed.profiles - process.mean[observed.cell])


def test_a_prediction_is_the_conditional_mean_and_variance():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 2, 6, 6))
    joint = root @ root.swapaxes(-1, -2)  # of 3 terms and 2 pairs: five neighbours and the pair
    joint /= np.sqrt(np.einsum("tpii,tpjj->tpij", joint, joint))
    noise = np.broadcast_to(np.eye(5), (1, 2, 5, 5))
    near = NeighbourCovariances(
        np.zeros((2, 5), int),
        np.concatenate([joint[..., 5, :5], np.zeros((1, 2, 5))]),
        np.concatenate([joint[..., :5, :5], noise]),
    )
    weights = np.array([0.5, 0.3, 0.2, 0.4])
    shares, variance = near.condition(weights)
    for pair in range(2):
        among = sum(w * near.among[t, pair] for t, w in enumerate(weights))
        to_pair = sum(w * near.to_pair[t, pair] for t, w in enumerate(weights))
        plain = np.linalg.inv(among) @ to_pair
        assert np.allclose(shares[pair], plain, atol=1e-4)
        assert variance[pair] == pytest.approx(weights.sum() - to_pair @ plain, rel=1e-3)


def test_a_variance_is_never_0():
    one = np.ones((1, 1, 1))
    near = NeighbourCovariances(np.zeros((1, 1), int), one, one[..., None])
    shares, variance = near.condition(np.ones(1))  # the neighbour is the pair, without noise
    assert shares[0, 0] == pytest.approx(1)
    assert 0 < variance[0] <= 1e-9


def test_neighbours_are_those_that_covary_most():
    observed = clustered(drugs=30)
    pairs = observed.missing_pairs
    everything = GaussianProcess(observed, NOTHING, 10_000)
    near = everything.nearest(pairs)
    assert near.index.shape == (len(pairs), len(observed))
    total = np.tensordot(everything.prior_weights, near.to_pair, 1)
    few = GaussianProcess(observed, NOTHING, 9).nearest(pairs)
    for row in range(len(pairs)):
        covariance_of = np.zeros(len(observed))
        covariance_of[near.index[row]] = total[row]
        assert len(set(few.index[row])) == 9
        left = np.setdiff1d(np.arange(len(observed)), few.index[row])
        assert covariance_of[few.index[row]].min() >= covariance_of[left].max() - 1e-6


def test_how_many_pairs_are_predicted_at_once_changes_nothing(monkeypatch):
    observed = clustered(drugs=30)
    process = GaussianProcess(observed, NOTHING, 12)
    whole = process.predict(observed.missing_pairs, [process.untuned()])
    monkeypatch.setattr(covariance, "BATCH", 7)
    parts = process.predict(observed.missing_pairs, [process.untuned()])
    assert np.allclose(whole[0], parts[0], atol=1e-6)
    assert np.allclose(whole[1], parts[1], rtol=1e-5)


def test_untuned_variance_is_that_of_the_residuals():
    process = GaussianProcess(clustered(), NOTHING, 12)
    untuned = process.untuned()
    assert untuned.variance * untuned.weights.sum() == pytest.approx(
        np.mean(process.residual() ** 2)
    )
    assert np.array_equal(untuned.directions, np.eye(GENES))


def test_noise_is_one_over_replicates_on_average_1():
    observed = clustered(drugs=4, cells=2, missing=0)
    assert replicate_noise(observed).tolist() == [1] * 8
    replicates = [1, 2, 4, 4, np.nan, 0, 1, 2]
    known = replace(observed, reliability=pd.DataFrame({"replicates": replicates}))
    plain = np.array([1, 0.5, 0.25, 0.25, np.nan, np.nan, 1, 0.5])
    plain[4:6] = np.nanmean(plain)
    assert np.allclose(replicate_noise(known), plain / plain.mean())
    unknown = replace(observed, reliability=pd.DataFrame({"replicates": [np.nan] * 8}))
    assert replicate_noise(unknown).tolist() == [1] * 8


# The error scale


def test_scaled_errors_lie_in_their_intervals_nine_times_in_ten():
    rng = np.random.default_rng(0)
    size = rng.uniform(0.5, 3, 500)
    error = size[:, None] * rng.normal(size=(500, 40))
    scale = error_scale(error, size)
    assert scale == pytest.approx(1, abs=0.02)
    assert error_scale(error, size / 4) == pytest.approx(4 * scale)
    wide = rng.uniform(-1, 1, (500, 40))
    stated = error_scale(wide, np.ones(500))
    assert (np.abs(wide) < 1.6449 * stated).mean() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize(("actual", "expected"), [(0.5, 0.5), (3, 3), (-2, 0), (30, 10)])
def test_the_power_is_the_slope_of_log_errors_within_bounds(actual, expected):
    rng = np.random.default_rng(0)
    variance = rng.uniform(0.5, 2, 400)
    signs = rng.choice([-1, 1], (400, 40))
    fitted = Calibration.fit(signs * (variance ** (actual / 2))[:, None], variance)
    assert fitted.power == pytest.approx(expected, abs=1e-3)
    stderr = fitted.scale * variance ** (fitted.power / 2)
    assert np.allclose(fitted.stderr(variance), stderr)


def test_a_constant_variance_is_scaled_alone():
    fitted = Calibration.fit(np.random.default_rng(0).normal(size=(50, 40)), np.full(50, 2.0))
    assert fitted.power == 1
    assert Calibration().stderr(np.array([4.0])).tolist() == [2.0]
