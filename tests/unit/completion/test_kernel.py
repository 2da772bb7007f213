"""Kernel completion and what it is made of, against definitions written out."""

import numpy as np
import pytest
from toy import GENES, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods import kernel as k
from lacuna.completion.shared import covariance as gp
from lacuna.completion.shared.error_scale import Calibration
from lacuna.completion.shared.holdout import ColdStart, draw_holdouts
from lacuna.completion.shared.shrinkage import best_predictors, shrunken_slopes
from lacuna.completion.shared.similarity import response_similarity
from lacuna.tensor.profiles import ProfileSet

NOTHING = SideInformation()
SMILES = np.array(["CCO", "CCN", "c1ccccc1", "", "not a molecule", "CCO"])


def complete(observed, pairs, side=NOTHING, **options):
    return k.prepare(observed, pairs, side, np.random.default_rng(0), **options)(pairs)


def correlation(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


def is_kernel(matrix):
    assert np.allclose(matrix, matrix.T, atol=1e-6)
    assert np.allclose(np.diag(matrix), 1, atol=1e-5)
    return np.linalg.eigvalsh(matrix.astype(float)).min() > -1e-4


# The process


def plain_process(observed, known, pairs):
    """The Gaussian process on all profiles, term by term, with the first weights."""
    profiles = observed.profiles.astype(float)
    every = profiles.mean(axis=0)
    mean = every + best_predictors(profiles - every, observed.cell, len(observed.cells))
    residual = (profiles - mean[observed.cell]).astype(np.float32)
    by_drug = response_similarity(
        residual.__getitem__, observed.drug, observed.cell, observed.measured
    )
    by_cell = response_similarity(
        residual.__getitem__, observed.cell, observed.drug, observed.measured.T
    )

    def covariance(one, other):
        (d, c), (e, f) = one, other
        return sum(
            (
                0.2 * (d == e),  # same drug
                0.2 * ((d == e) * by_cell[c, f]),  # same drug, similar cell
                0.1 * (by_drug[d, e]),  # similar drug
                0.3 * (by_drug[d, e] * (c == f)),  # similar drug, same cell
                0.2 * (by_drug[d, e] * by_cell[c, f]),  # similar drug, similar cell
                0.1 * (by_drug[d, e] ** 3 * (c == f)),  # very similar drug, same cell
                0.02 * (c == f),  # same cell
                0.1 * (known.structure[d, e] ** 2),  # like structure
                0.1 * (known.structure[d, e] ** 2 * (c == f)),  # like structure, same cell
                0.1 * ((d == e) * known.baseline[c, f]),  # same drug, like baseline
                0.1 * (by_drug[d, e] * known.baseline[c, f]),  # similar drug, like baseline
            )
        )

    replicates = observed.reliability["replicates"].to_numpy()
    few = (1 / replicates) / (1 / replicates).mean()
    noise = 0.5 + 0.2 * few
    among = np.array([[covariance(p, q) for q in observed.pairs] for p in observed.pairs])
    across = np.array([[covariance(p, q) for q in observed.pairs] for p in pairs])
    solved = np.linalg.solve(among + np.diag(noise), across.T)
    own = np.array([covariance(p, p) for p in pairs]) + 0.5 + 0.2
    return mean, solved.T @ residual, own - np.einsum("pn,np->p", across, solved)


def test_with_all_profiles_as_neighbours_it_is_the_gaussian_process_of_the_definition():
    rng = np.random.default_rng(0)
    observed = clustered(drugs=10, cells=4)
    observed = ProfileSet(
        *(getattr(observed, n) for n in ("profiles", "drug", "cell", "drugs", "cells", "genes")),
        pd_frame(replicates=rng.integers(1, 5, len(observed))),
    )
    smiles = rng.choice(["CCO", "CCCO", "c1ccccc1C", "c1ccccc1CC", "CCCl"], 10)
    side = SideInformation(smiles, rng.normal(size=(4, 30)).astype(np.float32))
    known = gp.SideSimilarities.compute(side)
    pairs = observed.missing_pairs
    process = gp.GaussianProcess(observed, known, neighbours=1000)
    band = process.untuned()
    change, found = process.predict(pairs, [band])
    mean, expected, variance = plain_process(observed, known, pairs)
    assert np.allclose(process.mean, mean, atol=1e-5)
    assert np.allclose(change, expected, atol=1e-4)
    assert np.allclose(found / band.variance, variance, rtol=1e-3)


def pd_frame(**columns):
    import pandas as pd

    return pd.DataFrame(columns)


def test_few_neighbours_come_near_to_all():
    observed = clustered(drugs=80, missing=0.3)
    pairs = observed.missing_pairs
    few, all_of_them = (
        gp.GaussianProcess(observed, gp.SideSimilarities(None, None), count)
        for count in (40, len(observed))
    )
    near, _ = few.predict(pairs, [few.untuned()])
    exact, _ = all_of_them.predict(pairs, [all_of_them.untuned()])
    assert correlation(near, exact) > 0.97


def test_tuned_weights_predict_what_was_set_aside_better_than_the_first():
    observed = clustered(drugs=60)
    known, rng = gp.SideSimilarities(None, None), np.random.default_rng(0)
    (holdout, *_) = draw_holdouts(observed, ColdStart(False, False), rng)
    process = gp.GaussianProcess(holdout.training, known, 64)
    near = process.nearest(holdout.held_out.pairs)
    truth = holdout.held_out.profiles - process.mean[holdout.held_out.cell]
    nearby = process.residual()[near.index]

    def loss(weights):
        shares, _ = near.condition(weights)
        return ((np.einsum("bm,bmg->bg", shares, nearby) - truth) ** 2).sum()

    tuned = k.fit_weights(near, process.prior_weights, nearby, truth)
    assert loss(tuned) < 0.97 * loss(process.prior_weights)
    for term in range(len(tuned)):  # and no single one, changed, does better by much
        for factor in (0.8, 1.25):
            other = tuned.copy()
            other[term] *= factor
            assert loss(other) > 0.99 * loss(tuned)


def test_the_search_minimises_the_squared_error_and_the_penalty_of_the_definition(monkeypatch):
    rng = np.random.default_rng(0)
    observed = clustered(drugs=20, cells=3)
    process = gp.GaussianProcess(observed, gp.SideSimilarities(None, None), 6)
    near = process.nearest(observed.missing_pairs[:12])
    of_neighbours = rng.normal(size=(12, 6, 4))
    truth = rng.normal(size=(12, 4))
    prior = process.prior_weights
    search = {}

    def look(loss, start, **options):
        search.update(options, loss=loss, start=start)
        return minimize(loss, start, **options)

    minimize = k.minimize
    monkeypatch.setattr(k, "minimize", look)
    found = k.fit_weights(near, prior, of_neighbours, truth)

    def plain(log_weights):
        total = 0.0
        for pair in range(12):
            among = sum(np.exp(w) * near.among[t, pair] for t, w in enumerate(log_weights))
            to_pair = sum(np.exp(w) * near.to_pair[t, pair] for t, w in enumerate(log_weights))
            predicted = np.linalg.solve(among.astype(float), to_pair) @ of_neighbours[pair]
            total += ((predicted - truth[pair]) ** 2).sum()
        penalty = 0.03 / 12 * ((log_weights - np.log(prior)) ** 2).sum() / 2
        return total / (truth**2).sum() + penalty

    assert np.allclose(search["start"], np.log(prior))
    assert np.allclose(search["bounds"].lb, np.log(prior) - 7)
    assert np.allclose(search["bounds"].ub, np.log(prior) + 7)
    assert search["options"] == {"maxiter": 20}
    at = np.log(prior) + rng.normal(size=len(prior))
    value, gradient = search["loss"](at)
    assert value == pytest.approx(plain(at), rel=1e-4)
    for term, slope in enumerate(gradient):
        step = 1e-4 * np.eye(len(at))[term]
        numeric = (plain(at + step) - plain(at - step)) / 2e-4
        assert slope == pytest.approx(numeric, rel=1e-2, abs=1e-4)
    assert plain(np.log(found)) < plain(np.log(prior))


def test_weights_that_no_data_ask_for_stay_as_they_are():
    observed = clustered(drugs=20, cells=3)
    process = gp.GaussianProcess(observed, gp.SideSimilarities(None, None), 6)
    near = process.nearest(observed.missing_pairs[:12])
    silent = np.zeros((12, 6, 4))  # neighbours of zeros predict zeros, whatever the weights
    found = k.fit_weights(near, process.prior_weights, silent, np.ones((12, 4)))
    assert np.allclose(found, process.prior_weights, rtol=1e-5)


@pytest.mark.parametrize(("genes", "sizes"), [(100, [16, 48, 36]), (40, [16, 24]), (10, [10])])
def test_subspaces_are_principal_components_in_order(genes, sizes):
    rng = np.random.default_rng(0)
    residual = (rng.normal(size=(300, genes)) * np.linspace(3, 1, genes)).astype(np.float32)
    parts = k._principal_subspaces(residual)
    assert [part.shape[1] for part in parts] == sizes
    whole = np.hstack(parts)
    assert np.allclose(whole.T @ whole, np.eye(genes), atol=1e-4)
    energy = ((residual @ whole) ** 2).sum(axis=0)
    assert (np.diff(energy) < 0).all()


def test_many_directions_are_fitted_by_random_combinations_of_them():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(200, 100)))[0].astype(np.float32)
    assert np.array_equal(k._fitted_directions(basis[:, :48], rng), basis[:, :48])
    fitted = k._fitted_directions(basis, rng)
    assert fitted.shape == (200, 48)
    assert np.allclose(basis @ (basis.T @ fitted), fitted, atol=1e-4)
    assert (fitted**2).sum(axis=0).mean() == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize("has_slopes", [False, True])
def test_tuning_states_the_errors_of_the_held_out_profiles(monkeypatch, has_slopes):
    observed, rng = clustered(drugs=60), np.random.default_rng(0)
    side = gp.SideSimilarities(None, None)
    stated = {}

    def look(error, variance):
        stated.update(error=error.copy(), variance=variance.copy())
        return Calibration(2.0, 1.0)

    monkeypatch.setattr(k.Calibration, "fit", look)
    process = gp.GaussianProcess(observed, side, 12)
    (holdout, *_) = draw_holdouts(observed, ColdStart(False, False), rng)
    subspaces, calibration = k.tune(process, [holdout], side, rng, has_slopes=has_slopes)
    assert calibration == Calibration(2.0, 1.0)
    assert [s.directions.shape[1] for s in subspaces] == [16, GENES - 16]
    blind = gp.GaussianProcess(holdout.training, side, 12)
    change, variance = blind.predict(holdout.held_out.pairs, subspaces)
    truth = holdout.held_out.profiles - blind.mean[holdout.held_out.cell]
    assert np.allclose(stated["error"], change - truth, atol=1e-4)
    assert np.allclose(stated["variance"], variance, rtol=1e-3)
    assert variance.mean() == pytest.approx(((change - truth) ** 2).mean(), rel=1e-3)


def test_each_component_has_the_slope_of_held_out_truth_on_prediction():
    observed, side = clustered(drugs=60), gp.SideSimilarities(None, None)
    process = gp.GaussianProcess(observed, side, 12)
    (holdout, *_) = draw_holdouts(observed, ColdStart(False, False), np.random.default_rng(0))
    plain, sloped = (
        k.tune(process, [holdout], side, np.random.default_rng(1), has_slopes=has_slopes)[0]
        for has_slopes in (False, True)
    )
    blind, pairs = gp.GaussianProcess(holdout.training, side, 12), holdout.held_out.pairs
    truth = holdout.held_out.profiles - blind.mean[holdout.held_out.cell]
    change, _ = blind.predict(pairs, plain)
    better, _ = blind.predict(pairs, sloped)
    for before, after in zip(plain, sloped, strict=True):
        assert (before.slopes == 1).all()
        score, wanted = change @ before.directions, truth @ before.directions
        assert np.allclose(after.slopes, shrunken_slopes(score, wanted), atol=1e-4)
        assert np.allclose(better @ after.directions, after.slopes * score, atol=1e-4)
    assert sloped[0].slopes.std() > 0


def test_drugs_and_cells_without_profiles_are_predicted_without_slopes(monkeypatch):
    asked = []

    def look(predicted, truth):
        asked.append(len(predicted))
        return shrunken_slopes(predicted, truth)

    monkeypatch.setattr(k, "shrunken_slopes", look)
    tensor, side, _ = planted()
    is_new = tensor.drug < 9
    complete(tensor.take(~is_new), tensor.take(is_new).pairs, side)
    assert not asked
    complete(tensor, tensor.missing_pairs, side)
    assert asked


def test_where_nothing_can_be_held_out_nothing_is_tuned():
    process = gp.GaussianProcess(clustered(), gp.SideSimilarities(None, None), 12)
    rng = np.random.default_rng(0)
    subspaces, calibration = k.tune(process, [], gp.SideSimilarities(None, None), rng)
    assert [s.weights.tolist() for s in subspaces] == [process.prior_weights.tolist()]
    assert calibration == Calibration(1.0, 1.0)


def test_fewer_profiles_than_neighbours_are_all_used():
    observed = clustered(drugs=9, cells=3, missing=0.3)
    found = complete(observed, observed.missing_pairs)
    assert np.isfinite(found.profiles).all()
    one = complete(observed, observed.missing_pairs, neighbours=1)
    assert not np.allclose(found.profiles, one.profiles)


def test_profiles_of_few_replicates_count_for_less():
    """Each drug has a profile in one cell; half of these are noise, of one replicate."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(4, 1, GENES))[np.arange(60) % 4]
    poor = rng.random((60, 6)) < 0.5
    dense = signal + np.where(poor, 3, 0.3)[:, :, None] * rng.normal(size=(60, 6, GENES))
    tensor = grid(dense, rng.random((60, 6)) < 0.8)
    is_poor = poor[tensor.drug, tensor.cell]
    held_out = (rng.random(len(tensor)) < 0.2) & ~is_poor
    shares = {}
    for known in (True, False):
        reliability = pd_frame(replicates=np.where(is_poor & known, 1, 8))
        informed = ProfileSet(
            tensor.profiles,
            tensor.drug,
            tensor.cell,
            tensor.drugs,
            tensor.cells,
            tensor.genes,
            reliability,
        )
        observed, asked = informed.take(~held_out), informed.take(held_out)
        found = complete(observed, asked.pairs).profiles
        shares[known] = correlation(found, asked.profiles)
    assert shares[True] > shares[False] + 0.005


# Drugs and cells without any profile


def planted(drugs=90, cells=6, seed=0):
    """Drugs of a scaffold act alike; so do cells of like baseline."""
    rng = np.random.default_rng(seed)
    scaffolds = ["c1ccccc1", "C1CCNCC1", "c1ccc2ccccc2c1"]
    tails = ["C", "CC", "CCC", "CCCC", "C(C)C", "CO", "CCO"]
    of_drug = np.arange(drugs) % 3
    smiles = np.array([rng.choice(tails) + scaffolds[kind] for kind in of_drug])
    of_cell = np.arange(cells) % 2
    baseline = rng.normal(size=(2, 50))[of_cell] + 0.3 * rng.normal(size=(cells, 50))
    effect = rng.normal(size=(3, 2, GENES))[of_drug][:, of_cell]
    dense = effect + 0.5 * rng.normal(size=(drugs, cells, GENES))
    tensor = grid(dense, rng.random((drugs, cells)) < 0.7)
    return tensor, SideInformation(smiles, baseline.astype(np.float32)), effect


@pytest.mark.parametrize("axis", ["drug", "cell"])
def test_what_has_no_profile_is_predicted_from_what_is_known_of_it(axis):
    tensor, side, effect = planted()
    item, new = (tensor.drug, np.arange(9)) if axis == "drug" else (tensor.cell, [1])
    held_out = np.isin(item, new)
    observed, asked = tensor.take(~held_out), tensor.take(held_out)
    truth = effect[asked.drug, asked.cell]
    truth = truth - truth.mean(axis=0)

    def agreement(known):
        found = complete(observed, asked.pairs, known).profiles
        return correlation(found - found.mean(axis=0), truth)

    assert agreement(side) > 0.6
    assert agreement(side) > agreement(NOTHING) + 0.1


def test_a_drug_without_profile_and_structure_gets_about_the_mean_of_the_cell():
    tensor, _, _ = planted()
    held_out = tensor.drug < 9
    observed, asked = tensor.take(~held_out), tensor.take(held_out)
    found = complete(observed, asked.pairs)
    means, _ = observed.mean_by_cell()
    assert np.abs(found.profiles - means[asked.cell]).max() < 0.1
    assert (found.stderr > 0).all()


def test_errors_are_stated_as_large_as_they_are():
    tensor, side, _ = planted(drugs=300)
    held_out = np.random.default_rng(1).random(len(tensor)) < 0.2
    observed, asked = tensor.take(~held_out), tensor.take(held_out)
    found = complete(observed, asked.pairs, side)
    within = np.abs(found.profiles - asked.profiles) < 1.6449 * found.stderr[:, None]
    assert 0.87 < within.mean() < 0.93


def test_a_variance_that_only_sorts_the_errors_becomes_their_size():
    rng = np.random.default_rng(0)
    size = rng.uniform(0.5, 2, 2000)
    error = size[:, None] * rng.normal(size=(2000, GENES))
    variance = 7 * size**0.5  # a quarter of the spread of the squared errors
    stated = Calibration.fit(error, variance).stderr(variance)
    assert np.allclose(stated, size, rtol=0.05)
    constant = Calibration.fit(error, np.full(2000, 3.0)).stderr(np.full(2000, 3.0))
    assert (np.abs(error) < 1.6449 * constant[:, None]).mean() == pytest.approx(0.9, abs=0.001)
