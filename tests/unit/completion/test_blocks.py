"""Pairs are predicted in blocks as all at once, by every method."""

import numpy as np
import pytest
from toy import GENES, clustered, few_steps

from lacuna.completion import run
from lacuna.completion.card import Method
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods import ridge_map
from lacuna.completion.registry import available, is_control
from lacuna.completion.run import complete_in_blocks, run_method, train_method
from lacuna.errors import LacunaError
from lacuna.runtime.seeds import generator

METHODS = [name for name in available() if name not in ("truth", "random")]
DRAWS_INPUTS = {"inputs": "single"}


def with_cold_starts():
    """A grid with a drug and a cell that have no profile."""
    tensor = clustered(drugs=16, cells=5)
    return tensor.take((tensor.drug != 3) & (tensor.cell != 2))


def prepared(name, observed, **options):
    rng = generator(1, name)
    trained = train_method(name, observed, SideInformation(), rng, few_steps(name) | options)
    return trained.prepare(observed, observed.missing_pairs, rng)


def same(found, expected):
    assert np.allclose(found.profiles, expected.profiles, atol=2e-5)
    for one, other in ((found.fallback, expected.fallback), (found.stderr, expected.stderr)):
        assert (one is None) == (other is None)
        assert one is None or np.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, {}) for name in METHODS), ("deepcellstate", DRAWS_INPUTS)],
    ids=[*METHODS, "deepcellstate, single inputs"],
)
def test_blocks_are_predicted_as_all_pairs_at_once(name, options):
    observed = with_cold_starts()
    wanted = observed.missing_pairs
    predict = prepared(name, observed, **options)
    expected = predict(wanted)
    assert len(expected.profiles) == len(wanted)
    # Blocks of all sizes, in an order of their own, one of them of a single pair.
    order = np.random.default_rng(0).permutation(len(wanted))
    blocks = np.split(order, [1, 5, len(wanted) // 2])
    for rows in blocks:
        same(predict(wanted[rows]), expected.take(rows))


def test_a_method_is_fitted_once_for_all_blocks(monkeypatch):
    fitted = []
    fit = ridge_map.fit
    monkeypatch.setattr(ridge_map, "fit", lambda *a, **k: fitted.append(1) or fit(*a, **k))
    monkeypatch.setattr(run, "is_trained", lambda _: True)
    monkeypatch.setattr(run, "AT_ONCE", 7)
    observed = clustered()
    blocks = in_blocks("ridge_map", observed)
    assert len(blocks) > 3
    assert len(fitted) == 1


def in_blocks(name, observed, work=None):
    blocks = complete_in_blocks(
        name, observed, observed.missing_pairs, SideInformation(), generator(1, name), {}, work
    )
    return list(blocks)


@pytest.mark.parametrize("name", ["dnpp", "kernel", "ridge_map", "random", "falrtc"])
def test_blocks_come_in_the_order_of_the_pairs(name, monkeypatch, tmp_path):
    observed = with_cold_starts()
    wanted = observed.missing_pairs
    rng = generator(1, name)
    expected = run_method(name, observed, wanted, SideInformation(), rng, {})
    monkeypatch.setattr(run, "AT_ONCE", 7)
    blocks = in_blocks(name, observed, tmp_path / "work")
    assert [len(block.profiles) for block in blocks[:-1]] == [7] * (len(blocks) - 1)
    joined = Completion.join(blocks)
    assert np.allclose(joined.profiles, expected.profiles, atol=1e-5)
    if expected.fallback is not None:
        assert np.array_equal(joined.fallback, expected.fallback)
    assert (joined.stderr is None) == (expected.stderr is None)
    # A fold of more pairs than a block is joined, in its order.
    again = run_method(name, observed, wanted, SideInformation(), generator(1, name), {})
    assert np.allclose(again.profiles, expected.profiles, atol=1e-5)
    assert not any((tmp_path / "work").glob("*"))


def test_a_grid_without_gaps_has_no_blocks():
    assert in_blocks("dnpp", clustered(missing=0)) == []


@pytest.mark.parametrize("by_cell", [False, True])
def test_a_method_that_predicts_all_at_once_gives_its_blocks(by_cell, monkeypatch):
    """Of other packages: a function `complete`, and errors of every gene."""
    observed = clustered()
    wanted = observed.missing_pairs
    number = np.arange(len(wanted), dtype=np.float32)
    errors = np.tile(number[:, None], (1, GENES))
    errors[:, 0] += GENES
    monkeypatch.setattr(run, "card", lambda _: Method("Zeros", "All 0.", by_cell=by_cell))
    whole = Completion(np.tile(number[:, None], (1, GENES)), number % 2 == 0, errors)
    monkeypatch.setattr("lacuna.completion.controls.zeros.complete", lambda *_, **__: whole)
    monkeypatch.setattr(run, "AT_ONCE", 7)
    joined = Completion.join(in_blocks("zeros", observed))
    assert np.array_equal(joined.profiles, whole.profiles)
    assert np.array_equal(joined.fallback, whole.fallback)
    assert np.array_equal(joined.stderr, errors)


def test_a_block_that_breaks_the_contract_is_caught(monkeypatch):
    observed = clustered()
    wrong = Completion(np.full((len(observed.missing_pairs), GENES), np.nan, np.float32))
    monkeypatch.setattr("lacuna.completion.controls.zeros.complete", lambda *_, **__: wrong)
    with pytest.raises(ValueError, match="zeros returned values that are not finite"):
        in_blocks("zeros", observed)
    with pytest.raises(LacunaError, match="unknown method 'dnp'"):
        in_blocks("dnp", observed)


def test_every_method_of_ours_predicts_block_by_block():
    """None keeps all predictions of a grid, but for controls."""
    from lacuna.completion.registry import find_method

    names = [name for name in available() if not is_control(name)]
    assert [name for name in names if find_method(name).__name__ == "complete"] == []
