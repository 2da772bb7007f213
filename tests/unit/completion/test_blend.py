"""The blend finds the weights that were planted, and is no worse than its members."""

import numpy as np
from toy import GENES, clustered

from lacuna.completion.interface import SideInformation
from lacuna.completion.registry import find_method
from lacuna.completion.run import run_method
from lacuna.completion.shared.stacking import fit_weights
from lacuna.vectors import unit_rows


def parts(pairs=400, seed=0):
    """Two members' predictions, and counts of cells and drugs."""
    rng = np.random.default_rng(seed)
    profiles = rng.normal(size=(2, pairs, GENES))
    counts = np.log2(1 + rng.integers(1, 40, size=(pairs, 2)))
    return rng, profiles, counts, np.arange(pairs) // 4


def test_planted_weights_are_found():
    rng, profiles, counts, drug = parts()
    truth = 0.7 * profiles[0] + 0.2 * profiles[1] + rng.normal(size=profiles[0].shape)
    weights = fit_weights(profiles, truth, counts, drug, rng)
    assert np.allclose(weights.constant, [0.7, 0.2], atol=0.03)
    assert np.abs(weights.change).max() < 0.02


def test_weights_are_never_negative():
    rng, profiles, counts, drug = parts()
    truth = profiles[0] - 0.5 * profiles[1]
    weights = fit_weights(profiles, truth, counts, drug, rng)
    assert weights.constant[1] == 0
    assert weights.constant[0] > 0.9


def test_weights_follow_the_counts_where_that_is_planted():
    rng, profiles, counts, drug = parts()
    many_cells = (counts[:, 0] > np.median(counts[:, 0]))[:, None]
    truth = np.where(many_cells, profiles[0], profiles[1]) + rng.normal(size=profiles[0].shape)
    weights = fit_weights(profiles, truth, counts, drug, rng)
    few, many = weights.at(np.array([[1.0, 4.0], [5.3, 4.0]]))
    assert few[1] > 0.7 > 0.3 > few[0]
    assert many[0] > 0.7 > 0.3 > many[1]
    beyond = weights.at(np.array([[100.0, 4.0], [1000.0, 4.0]]))
    assert np.array_equal(beyond[0], beyond[1])


def test_equal_members_share_the_weight_and_none_at_all_is_no_trouble():
    rng, profiles, counts, drug = parts()
    same = np.stack([profiles[0], profiles[0]])
    weights = fit_weights(same, profiles[0], counts, drug, rng)
    assert np.isclose(weights.constant.sum(), 1, atol=0.01)
    silent = fit_weights(np.zeros_like(profiles), profiles[0], counts, drug, rng)
    assert not silent.at(counts).any()


def test_the_blend_is_no_worse_than_its_best_member():
    tensor = clustered(drugs=80, cells=6)
    held_out = np.random.default_rng(1).random(len(tensor)) < 0.2
    observed, asked = tensor.take(~held_out), tensor.take(held_out)
    members = ["mean_1d", "dnpp", "kernel"]

    mean = observed.mean_by_cell()[0][asked.cell]

    def agreement(method, **options):
        rng = np.random.default_rng(0)
        found = run_method(method, observed, asked.pairs, SideInformation(), rng, options)
        unit = found.profiles / np.linalg.norm(found.profiles, axis=1, keepdims=True)
        pairs = ((asked.profiles, unit), (asked.profiles - mean, unit - mean))
        return np.array([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs])

    best = np.max([agreement(member) for member in members], axis=0)
    assert (agreement("blend", members=members) > best - 0.005).all()


def test_where_the_drug_is_new_the_last_member_predicts_alone():
    tensor = clustered(drugs=40)
    is_new = tensor.drug < 5
    observed, asked = tensor.take(~is_new), tensor.take(is_new)
    side, members = SideInformation(), ["dnpp", "additive"]
    alone = run_method("additive", observed, asked.pairs, side, np.random.default_rng(0), {})
    found = run_method(
        "blend", observed, asked.pairs, side, np.random.default_rng(0), {"members": members}
    )
    assert np.array_equal(found.profiles, alone.profiles)
    assert found.fallback.all()


def test_where_each_drug_has_one_profile_the_last_member_predicts_alone():
    tensor = clustered(drugs=60)
    _, firsts = np.unique(tensor.drug, return_index=True)
    observed, asked = tensor.take(firsts), np.delete(np.arange(len(tensor)), firsts)
    pairs, side = tensor.take(asked).pairs, SideInformation()
    alone = run_method("additive", observed, pairs, side, np.random.default_rng(0), {})
    options = {"members": ["dnpp", "additive"]}
    found = run_method("blend", observed, pairs, side, np.random.default_rng(0), options)
    assert np.allclose(found.profiles, alone.profiles, atol=1e-6)


def test_one_member_is_kept_but_for_its_length():
    tensor = clustered()
    side, rng = SideInformation(), np.random.default_rng
    pairs = tensor.missing_pairs
    one = find_method("dnpp")(tensor, pairs, side, rng(0))(pairs).profiles
    found = run_method("blend", tensor, pairs, side, rng(0), {"members": ["dnpp"]})
    cosine = (unit_rows(one) * unit_rows(found.profiles)).sum(axis=1)
    assert np.allclose(cosine, 1, atol=1e-5)
    assert found.stderr is None
