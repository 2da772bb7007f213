"""Shrunken effects against their definition and planted ones."""

import numpy as np
from toy import GENES, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.additive import prepare
from lacuna.completion.shared.shrinkage import best_predictors


def groups(sizes, between, within, seed=0):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    effect = between * rng.normal(size=(len(sizes), GENES))
    return effect, effect[group] + within * rng.normal(size=(len(group), GENES)), group


def test_an_effect_is_its_mean_shrunk_by_the_components_of_variance():
    sizes = [3, 1, 7, 4]
    _, rows, group = groups(sizes, 1.0, 0.8)
    means = np.array([rows[group == g].mean(axis=0) for g in range(4)])
    within = sum(((rows[group == g] - means[g]) ** 2).sum() for g in range(4)) / (15 - 4)
    between = np.mean([(m**2).sum() for m in means]) - within * np.mean([1 / n for n in sizes])
    expected = [n / (n + within / between) * m for n, m in zip(sizes, means, strict=True)]
    assert np.allclose(best_predictors(rows, group, 4), expected)


def test_shrunken_effects_are_nearer_to_the_planted_ones_than_means():
    effect, rows, group = groups([2] * 200, 0.5, 1.0)
    means = np.array([rows[group == g].mean(axis=0) for g in range(200)])
    found = best_predictors(rows, group, 200)
    assert ((found - effect) ** 2).sum() < 0.5 * ((means - effect) ** 2).sum()


def test_where_groups_do_not_differ_there_is_no_effect():
    _, rows, group = groups([5] * 300, 0.0, 1.0)
    assert np.abs(best_predictors(rows, group, 300)).max() < 0.2
    assert not best_predictors(rows, group, 301)[300].any()


def test_effects_of_drug_and_cell_add_up():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(60, 1, GENES)) + rng.normal(size=(1, 8, GENES))
    measured = rng.random((60, 8)) < 0.5
    observed = grid(dense, measured)
    # Profiles are of unit length, which adding up is not; nearly so where lengths are alike.
    wanted = observed.missing_pairs
    found = prepare(observed, wanted, SideInformation(), rng)(wanted).profiles
    truth = dense[tuple(observed.missing_pairs.T)]
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.95
