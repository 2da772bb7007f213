"""Three scores per gene, against their definitions; positive is raised in the treated samples."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from lacuna.errors import LacunaError
from lacuna.signatures.characteristic_direction import characteristic_directions
from lacuna.translation.differential import (
    compare,
    fit_prior,
    fold_change,
    invert_trigamma,
    moderated_t,
    pooled_direction,
    top_genes,
)


def two_groups(treated=3, control=5, genes=400, df_prior=6.0, seed=0):
    """Genes with variances from an inverse chi-squared prior, a tenth of them raised by 3."""
    rng = np.random.default_rng([seed, treated, control])
    spread = 0.5 * np.sqrt(df_prior / rng.chisquare(df_prior, genes))
    high, low = (rng.normal(8, spread, (count, genes)) for count in (treated, control))
    high[:, : genes // 10] += 3
    return high, low


def limma_by_definition(treated, control):
    """Smyth 2004, equations of section 6, with trigamma inverted by searching its root."""
    genes = treated.shape[1]
    df = len(treated) + len(control) - 2
    variance = np.array(
        [
            (
                (len(treated) - 1) * np.var(treated[:, gene], ddof=1)
                + (len(control) - 1) * np.var(control[:, gene], ddof=1)
            )
            / df
            for gene in range(genes)
        ]
    )
    e = np.log(variance) - digamma(df / 2) + np.log(df / 2)
    target = np.sum((e - e.mean()) ** 2) / (genes - 1) - polygamma(1, df / 2)
    half = brentq(lambda x: polygamma(1, x) - target, 1e-6, 1e6, xtol=1e-14, rtol=1e-14)
    prior_df = 2 * half
    prior = np.exp(e.mean() + digamma(prior_df / 2) - np.log(prior_df / 2))
    posterior = (prior_df * prior + df * variance) / (prior_df + df)
    error = np.sqrt(posterior) * np.sqrt(1 / len(treated) + 1 / len(control))
    t = (treated.mean(axis=0) - control.mean(axis=0)) / error
    return t, 2 * stats.t.sf(abs(t), prior_df + df), prior_df, prior


@pytest.mark.parametrize(("treated", "control"), [(2, 2), (3, 5), (20, 4)])
def test_the_moderated_t_is_what_smyth_defines(treated, control):
    groups = two_groups(treated, control)
    found = moderated_t(*groups)
    t, p, df_prior, prior = limma_by_definition(*groups)
    assert found.df_prior == pytest.approx(df_prior, rel=1e-6)
    assert found.variance_prior == pytest.approx(prior, rel=1e-6)
    np.testing.assert_allclose(found.t, t, rtol=1e-6)
    np.testing.assert_allclose(found.p, p, rtol=1e-5)


def test_the_moderated_t_agrees_with_the_port_of_limma():
    limma = pytest.importorskip("inmoose.limma", reason="pip install inmoose")
    treated, control = two_groups()
    expression = pd.DataFrame(np.concatenate([treated, control]).T)
    design = pd.DataFrame({"mean": 1.0, "treated": [1.0] * len(treated) + [0.0] * len(control)})
    fit = limma.eBayes(limma.lmFit(expression, design))
    found = moderated_t(treated, control)
    np.testing.assert_allclose(found.t, np.asarray(fit.t)[:, 1], rtol=1e-6)
    np.testing.assert_allclose(found.p, np.asarray(fit.p_value)[:, 1], rtol=1e-5)
    assert found.df_prior == pytest.approx(float(np.ravel(fit.df_prior)[0]), rel=1e-6)


def test_the_planted_prior_is_found_and_infinite_where_genes_vary_alike():
    rng = np.random.default_rng(1)
    variance = 0.25 * rng.f(4, 6, 50_000)
    df_prior, prior = fit_prior(variance, 4)
    assert df_prior == pytest.approx(6, rel=0.1)
    assert prior == pytest.approx(0.25, rel=0.05)
    alike = 0.25 * stats.chi2.ppf((np.arange(500) + 0.5) / 500, 4) / 4 * 0.9 + 0.025
    df_prior, prior = fit_prior(alike, 4)
    assert df_prior == np.inf
    assert prior == pytest.approx(alike.mean())


def test_of_equal_variances_the_test_is_the_ordinary_one_with_all_genes_degrees_of_freedom():
    rng = np.random.default_rng(2)
    treated, control = rng.normal(size=(2, 30)), rng.normal(size=(2, 30))
    for group in (treated, control):  # residuals of exactly +-1 in every gene
        group[:] = group[0]
        group[0] += 1
        group[1] -= 1
    found = moderated_t(treated, control)
    assert found.df_prior == np.inf
    assert found.df == 30 * 2
    np.testing.assert_allclose(found.variance, 2)
    np.testing.assert_allclose(found.t, fold_change(treated, control) / np.sqrt(2))
    np.testing.assert_allclose(found.margin, stats.t.ppf(0.975, 60) * np.sqrt(2))


@pytest.mark.parametrize("x", [1e-3, 0.2, 1.0, 7.5, 1e4])
def test_trigamma_is_inverted(x):
    assert invert_trigamma(float(polygamma(1, x))) == pytest.approx(x, rel=1e-6)


def test_a_gene_raised_in_the_treated_samples_is_positive_by_every_method():
    treated, control = two_groups()
    scores = compare(treated, control, 0.5)
    swapped = compare(control, treated, 0.5)
    assert list(scores.by_method()) == ["cd", "limma", "fold_change"]
    for method, score in scores.by_method().items():
        assert (score[:40] > 0).mean() > 0.95, method
        np.testing.assert_allclose(swapped.by_method()[method], -score, atol=1e-5)
    assert np.median(scores.fold_change[:40]) == pytest.approx(3, abs=0.3)


def test_intervals_of_fold_changes_cover_the_truth_nineteen_times_in_twenty():
    covered = []
    for seed in range(5):
        treated, control = two_groups(genes=2000, seed=seed)
        truth = np.where(np.arange(2000) < 200, 3, 0)
        scores = compare(treated, control, 0.5)
        covered.append(abs(scores.fold_change - truth) <= scores.margin)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


def test_the_direction_is_that_of_the_pooled_covariance():
    treated, control = two_groups(4, 6, genes=30)
    within = np.concatenate([treated - treated.mean(axis=0), control - control.mean(axis=0)])
    covariance = within.T @ within / (len(within) - 2)
    shrunk = 0.3 * covariance + 0.7 * np.trace(covariance) / 30 * np.eye(30)
    expected = np.linalg.solve(shrunk, treated.mean(axis=0) - control.mean(axis=0))
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(pooled_direction(treated, control, 0.3), expected, atol=1e-5)


def test_of_one_treated_sample_there_is_direction_and_fold_change_alone():
    treated, control = two_groups(1, 5)
    scores = compare(treated, control, 0.5)
    assert list(scores.by_method()) == ["cd", "fold_change"]
    assert np.isnan(scores.margin).all()
    expected = characteristic_directions(treated, control, 0.5)[0]
    np.testing.assert_allclose(scores.cd, expected, atol=1e-6)
    np.testing.assert_allclose(scores.fold_change, treated[0] - control.mean(axis=0))


def test_a_mean_per_plate_costs_a_degree_of_freedom_each():
    rng = np.random.default_rng(3)
    plates = np.repeat([0, 1, 2], 2)
    variances = []
    for _ in range(4):
        control = rng.normal(size=(6, 2000))
        for plate in range(3):
            control[plates == plate] -= control[plates == plate].mean(axis=0)
        found = moderated_t(rng.normal(size=(2, 2000)), control, control_means=3)
        variances.append(found.variance_prior)
    assert np.mean(variances) == pytest.approx(1, abs=0.05)


def test_dead_genes_do_no_harm_but_must_not_be_the_most():
    treated, control = two_groups(genes=100)
    treated[:, :20] = control[:, :20] = 0
    found = moderated_t(treated, control)
    assert np.isfinite(found.t).all()
    assert (found.t[:20] == 0).all()
    treated[:, :60] = control[:, :60] = 0
    with pytest.raises(LacunaError, match="60 of 100 genes never vary"):
        moderated_t(treated, control)


@pytest.mark.parametrize(
    ("treated", "control", "named"),
    [
        (np.zeros((2, 5)), np.zeros((3, 6)), "the same genes"),
        (np.zeros((0, 5)), np.zeros((3, 5)), "0 treated and 3 control"),
        (np.zeros((2, 5)), np.zeros((1, 5)), "2 treated and 1 control"),
        (np.full((2, 5), np.nan), np.zeros((3, 5)), "treated sample in row 0 .* gene 0"),
        (np.zeros(5), np.zeros((3, 5)), "samples x genes"),
    ],
)
def test_what_cannot_be_compared_is_named(treated, control, named):
    with pytest.raises(LacunaError, match=named):
        compare(treated, control, 0.5)


def test_the_top_genes_are_those_of_highest_and_lowest_score():
    score = np.array([0.5, -2, 0, 3, -1, 0.5])
    assert top_genes(score, list("abcdef"), 2) == (["d", "a"], ["b", "e"])
    assert top_genes(score, list("abcdef"), 9) == (["d", "a", "f"], ["b", "e"])
