"""Both regressions of the factor model against loops, and the closed form where they end."""

from types import SimpleNamespace

import numpy as np
import pytest
from toy import awkward, clustered, grid

from lacuna.completion.shared import factors
from lacuna.completion.shared.factors import (
    Factors,
    Places,
    first_factors,
    fit_decoders,
    fit_factors,
    noise_variance,
    read_drugs,
)

RANK, COMPONENTS, PENALTY, NOISE = 3, 7, 2.5, 0.6


def drawn(observed, seed=0):
    """Scores, and parts of a model that has seen nothing of them."""
    rng = np.random.default_rng(seed)
    drugs, cells = observed.measured.shape
    roots = rng.normal(size=(drugs, RANK, RANK))
    return SimpleNamespace(
        scores=rng.normal(size=(len(observed), COMPONENTS)),
        factor=rng.normal(size=(drugs, RANK)),
        covariance=0.3 * roots @ roots.transpose(0, 2, 1),
        decoder=rng.normal(size=(cells, RANK, COMPONENTS)),
    )


def plain_drug(observed, scores, decoder, noise, drug):
    precision, total = np.eye(RANK), np.zeros(RANK)
    for row in np.flatnonzero(observed.drug == drug):
        of_cell = decoder[observed.cell[row]]
        precision += of_cell @ of_cell.T / noise
        total += of_cell @ scores[row] / noise
    return np.linalg.solve(precision, total), np.linalg.inv(precision)


def plain_decoder(observed, part, penalty, mean, cell):
    squares, products = penalty * np.eye(RANK), penalty * mean
    for row in np.flatnonzero(observed.cell == cell):
        z, of_drug = part.factor[observed.drug[row]], part.covariance[observed.drug[row]]
        squares = squares + np.outer(z, z) + of_drug
        products = products + np.outer(z, part.scores[row])
    return np.linalg.solve(squares, products), np.linalg.inv(squares)


@pytest.mark.parametrize("observed", [clustered(), awkward()], ids=["clustered", "awkward"])
def test_the_factors_of_a_drug_are_a_ridge_regression_on_the_decoders_of_its_cells(observed):
    part = drawn(observed)
    factor, covariance = read_drugs(part.scores, Places(observed), part.decoder, NOISE)
    for drug in range(len(observed.drugs)):
        expected = plain_drug(observed, part.scores, part.decoder, NOISE, drug)
        assert np.allclose(factor[drug], expected[0])
        assert np.allclose(covariance[drug], expected[1])
    for drug in set(range(len(observed.drugs))) - set(observed.drug):
        assert not factor[drug].any()
        assert np.allclose(covariance[drug], np.eye(RANK))


@pytest.mark.parametrize("observed", [clustered(), awkward()], ids=["clustered", "awkward"])
def test_a_decoder_is_a_ridge_regression_towards_the_mean_of_all(observed):
    part = drawn(observed)
    decoder, uncertainty = fit_decoders(
        part.scores, Places(observed), part.factor, part.covariance, PENALTY
    )
    has_profiles = np.unique(observed.cell)
    mean = decoder[has_profiles].mean(axis=0)
    for cell in range(len(observed.cells)):
        expected = plain_decoder(observed, part, PENALTY, mean, cell)
        assert np.allclose(decoder[cell], expected[0])
        assert np.allclose(uncertainty[cell], expected[1])


def test_the_noise_is_what_is_expected_to_be_left():
    observed = clustered()
    part = drawn(observed)
    found = noise_variance(
        part.scores, Places(observed), part.factor, part.covariance, part.decoder
    )
    total = 0.0
    for row, (drug, cell) in enumerate(observed.pairs):
        total += ((part.scores[row] - part.factor[drug] @ part.decoder[cell]) ** 2).sum()
        total += np.trace(part.decoder[cell].T @ part.covariance[drug] @ part.decoder[cell])
    assert np.isclose(found, total / part.scores.size)


@pytest.mark.parametrize("observed", [clustered(), awkward()], ids=["clustered", "awkward"])
def test_it_starts_from_the_singular_vectors_of_the_unfolding(observed):
    scores = drawn(observed).scores
    unfolding = np.zeros((*observed.measured.shape, COMPONENTS))
    unfolding[observed.drug, observed.cell] = scores
    left = np.linalg.svd(unfolding.reshape(len(unfolding), -1), full_matrices=False)[0][:, :RANK]
    found = first_factors(scores, Places(observed), RANK)
    seen = len(np.unique(observed.drug))
    assert np.allclose(found @ found.T, seen * left @ left.T)
    # Leading ones first, so that fewer are the first of more.
    assert np.allclose(np.abs(found[:, 0]), np.sqrt(seen) * np.abs(left[:, 0]))
    fewer = first_factors(scores, Places(observed), RANK - 1)
    assert np.allclose(np.abs(fewer), np.abs(found[:, : RANK - 1]))


def test_there_are_no_more_factors_than_the_unfolding_has():
    observed = clustered(drugs=6, cells=3)
    scores = np.ones((len(observed), COMPONENTS))  # rank 3 at most, of cells
    assert first_factors(scores, Places(observed), 20).shape[1] <= 3
    assert first_factors(drawn(observed).scores, Places(observed), 20).shape == (6, 6)
    assert first_factors(0 * scores, Places(observed), 20).shape == (6, 0)


def test_without_gaps_the_fit_ends_at_the_closed_form(monkeypatch):
    """Tipping and Bishop 1999, equations 7 to 9: shrunken principal components."""
    monkeypatch.setattr(factors, "ITERATIONS", 3000)
    rng = np.random.default_rng(0)
    drugs, cells = 50, 2
    truth = rng.normal(size=(drugs, RANK)) @ rng.normal(size=(RANK, cells * COMPONENTS))
    whole = truth + 0.5 * rng.normal(size=truth.shape)
    observed = grid(np.ones((drugs, cells, 2)), np.ones((drugs, cells), bool))
    scores = whole.reshape(drugs, cells, COMPONENTS)[observed.drug, observed.cell]
    places = Places(observed)
    found = fit_factors(scores, places, first_factors(scores, places, RANK), 1e-9)
    left, values, right = np.linalg.svd(whole, full_matrices=False)
    variances = values**2 / drugs
    noise = variances[RANK:].mean()
    shrunk = (1 - noise / variances[:RANK]) * values[:RANK]
    expected = (left[:, :RANK] * shrunk) @ right[:RANK]
    assert np.isclose(found.noise, noise, rtol=1e-3)
    fitted = found.predict(observed.pairs)[0]
    expected = expected.reshape(drugs, cells, COMPONENTS)[observed.drug, observed.cell]
    assert np.abs(fitted - expected).max() < 0.01 * np.abs(expected).max()


def test_a_prediction_and_its_variance_equal_their_definition(monkeypatch):
    observed = clustered(drugs=9, cells=4)
    part = drawn(observed)
    roots = np.random.default_rng(1).normal(size=(4, RANK, RANK))
    uncertainty = roots @ roots.transpose(0, 2, 1)
    model = Factors(part.factor, part.covariance, part.decoder, uncertainty, NOISE)
    monkeypatch.setattr(factors, "PAIRS_AT_ONCE", 5)
    pairs = observed.missing_pairs
    scores, variance = model.predict(pairs)
    for row, (drug, cell) in enumerate(pairs):
        z, of_cell = part.factor[drug], part.decoder[cell]
        assert np.allclose(scores[row], of_cell.T @ z)
        of_drug = np.trace(of_cell.T @ part.covariance[drug] @ of_cell)
        of_decoder = COMPONENTS * NOISE * z @ uncertainty[cell] @ z
        assert np.isclose(variance[row], of_drug + of_decoder)


def test_without_factors_the_noise_is_all():
    observed = clustered()
    part = drawn(observed)
    places = Places(observed)
    found = fit_factors(part.scores, places, first_factors(part.scores, places, 3)[:, :0], 1.0)
    scores, variance = found.predict(observed.missing_pairs)
    assert scores.shape == (len(observed.missing_pairs), COMPONENTS)
    assert not scores.any()
    assert not variance.any()
    assert np.isclose(found.noise, (part.scores**2).mean())


def test_scores_of_zeros_have_no_factors_that_say_anything():
    observed = clustered()
    places = Places(observed)
    first = first_factors(drawn(observed).scores, places, RANK)
    found = fit_factors(np.zeros((len(observed), COMPONENTS)), places, first, 1.0)
    scores, variance = found.predict(observed.missing_pairs)
    assert not scores.any()
    assert np.isfinite(variance).all()
