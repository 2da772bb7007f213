"""The factor model finds what was planted, chooses by what it predicts, and knows its errors."""

from dataclasses import replace

import numpy as np
import pytest
from toy import GENES, awkward, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods import factor_model
from lacuna.completion.methods.factor_model import Components, Setting, choose, prepare
from lacuna.completion.run import run_method
from lacuna.completion.shared.holdout import WARM, Holdout, draw_holdouts


def complete(observed, wanted=None, name="factor_model", seed=0):
    wanted = observed.missing_pairs if wanted is None else np.array(wanted)
    return run_method(name, observed, wanted, SideInformation(), np.random.default_rng(seed), {})


def planted(drugs=60, cells=8, rank=3, own=1.0, noise=0.3, known=0.6, seed=0, noisy=False):
    """Factors of drugs, decoded in each cell by what all share and, times `own`, by its own.

    Returns what is true in every place, or with `noisy` what would be measured, and what is known.
    """
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(drugs, rank))
    decoders = rng.normal(size=(1, rank, GENES)) + own * rng.normal(size=(cells, rank, GENES))
    truth = np.einsum("dk,ckg->dcg", factors, decoders) + rng.normal(size=(1, cells, GENES))
    measured = rng.random((drugs, cells)) < known
    measured[np.arange(drugs), np.arange(drugs) % cells] = True
    measured[np.arange(drugs), (np.arange(drugs) + 1) % cells] = True
    everywhere = truth + noise * rng.normal(size=truth.shape)
    length = np.linalg.norm(everywhere, axis=2, keepdims=True)
    return (everywhere if noisy else truth) / length, grid(everywhere, measured)


def agreement(found, truth, observed):
    at = tuple(observed.missing_pairs.T)
    return np.corrcoef(found.profiles.ravel(), truth[at].ravel())[0, 1]


@pytest.mark.parametrize("rank", [2, 5])
def test_planted_factors_are_recovered(rank):
    truth, observed = planted(rank=rank)
    found = agreement(complete(observed), truth, observed)
    assert found > 0.98
    assert agreement(complete(observed, name="additive"), truth, observed) < 0.8


def test_what_lies_outside_the_components_is_as_additive_says(monkeypatch):
    monkeypatch.setattr(factor_model, "COMPONENTS", (5,))
    _, observed = planted()
    found = complete(observed).profiles
    additive = complete(observed, name="additive").profiles
    values = np.linalg.svd(found.astype(float) - additive, compute_uv=False)
    assert values[4] > 1e-3
    assert values[5] < 1e-5


def chosen(observed):
    return choose(list(draw_holdouts(observed, WARM, np.random.default_rng(0))))[0]


def test_without_factors_it_is_as_good_as_additive_where_drug_and_cell_add_up():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(80, 1, GENES)) + rng.normal(size=(1, 8, GENES))
    everywhere = truth + rng.normal(size=truth.shape)
    observed = grid(everywhere, rng.random((80, 8)) < 0.5)
    pairs = observed.missing_pairs
    length = np.linalg.norm(everywhere, axis=2, keepdims=True)
    truth = (truth / length)[tuple(pairs.T)].ravel()
    found = Components(observed).fit(Setting(components=12, rank=0)).predict(pairs)[0]
    additive = complete(observed, name="additive").profiles
    best = np.corrcoef(additive.ravel(), truth)[0, 1]
    assert np.corrcoef(found.ravel(), truth)[0, 1] > best - 0.01


def test_the_leading_components_of_what_cells_leave_are_decoded():
    _, observed = planted()
    found = Components(observed).fit(Setting(components=5)).directions
    left = observed.profiles - observed.mean_by_cell()[0][observed.cell]
    leading = np.linalg.svd(left, full_matrices=False)[2][:5]
    assert np.linalg.svd(found.T @ leading.T, compute_uv=False).min() > 0.98


def test_noise_has_no_factors():
    rng = np.random.default_rng(0)
    observed = grid(rng.normal(size=(60, 8, GENES)), rng.random((60, 8)) < 0.5)
    assert chosen(observed).rank == 0
    assert np.abs(complete(observed).profiles).max() < 0.1


def test_rank_and_penalty_follow_what_was_planted():
    few = chosen(planted(rank=2, drugs=120, noise=1.0)[1])
    many = chosen(planted(rank=12, drugs=120, cells=10)[1])
    assert few.rank < 8 < many.rank
    alike, apart = (chosen(planted(own=own, noise=1.0)[1]) for own in (0.0, 1.0))
    assert alike.penalty > apart.penalty


def test_a_drug_without_profiles_gets_the_cells_mean_and_says_so():
    observed = awkward()  # drug 0 and cell 4 have no profile
    found = complete(observed)
    pairs = observed.missing_pairs
    assert found.fallback.tolist() == (~np.isin(pairs[:, 0], observed.drug)).tolist()
    additive = complete(observed, name="additive")
    assert np.allclose(found.profiles[found.fallback], additive.profiles[found.fallback], atol=1e-6)


def test_a_cell_without_profiles_decodes_as_the_mean_of_all():
    truth, whole = planted(drugs=80, own=0.2)
    observed = whole.take(whole.cell != 2)
    wanted = np.column_stack([np.arange(80), np.full(80, 2)])
    found = complete(observed, wanted)
    assert not found.fallback.any()
    # The cell's own effect is not to be known: what remains is that of the drug.
    centred = [rows - rows.mean(axis=0) for rows in (found.profiles, truth[:, 2])]
    assert np.corrcoef(*(rows.ravel() for rows in centred))[0, 1] > 0.9


@pytest.mark.parametrize("components", [factor_model.COMPONENTS, (5,)])
def test_the_standard_error_holds_and_tells_drugs_of_few_profiles(components, monkeypatch):
    monkeypatch.setattr(factor_model, "COMPONENTS", components)
    measured, observed = planted(drugs=150, noise=0.6, known=0.4, noisy=True)
    found = complete(observed)
    pairs = observed.missing_pairs
    error = np.abs(found.profiles - measured[tuple(pairs.T)])
    assert 0.85 < (error < 1.6449 * found.stderr[:, None]).mean() < 0.95
    cells = observed.measured.sum(axis=1)[pairs[:, 0]]
    assert found.stderr[cells <= 3].mean() > found.stderr[cells >= 6].mean()


def test_few_profiles_and_single_ones_are_no_trouble():
    one = clustered(drugs=3, cells=2).take(np.array([0]))
    assert np.allclose(complete(one).profiles, one.profiles[0], atol=1e-6)
    for number in (2, 3, 5, 9):
        few = clustered(drugs=6, cells=3).take(np.arange(number))
        found = complete(few)
        assert np.isfinite(found.profiles).all()
        assert np.isfinite(found.stderr).all()
    tensor = clustered(drugs=60)
    _, firsts = np.unique(tensor.drug, return_index=True)
    singles = tensor.take(firsts)  # a drug's only profile
    assert np.isfinite(complete(singles).profiles).all()


def test_what_is_chosen_is_what_predicts_the_held_out():
    _, observed = planted()
    (holdout, *_) = draw_holdouts(observed, WARM, np.random.default_rng(0))
    other = holdout.held_out
    changed = replace(other, profiles=np.roll(other.profiles, 1, axis=1))
    ranks = [choose([Holdout(held_out, holdout.training)])[0].rank for held_out in (other, changed)]
    assert ranks[0] > 0
    assert ranks[1] == 0  # rolled, they are as noise to what was learnt


def test_the_order_of_the_profiles_changes_nothing():
    _, observed = planted()
    order = np.random.default_rng(3).permutation(len(observed))
    expected = complete(observed).profiles
    assert np.allclose(complete(observed.take(order)).profiles, expected, atol=1e-5)


def test_the_same_stream_gives_the_same_bits():
    _, observed = planted()
    wanted = observed.missing_pairs
    results = [
        prepare(observed, wanted, SideInformation(), np.random.default_rng(4))(wanted)
        for _ in range(2)
    ]
    assert np.array_equal(results[0].profiles, results[1].profiles)
    assert np.array_equal(results[0].stderr, results[1].stderr)
