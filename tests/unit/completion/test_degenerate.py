"""Grids at the edge: profiles all alike or all 0, a single drug, cell, gene or profile, no gap."""

import numpy as np
import pytest
from toy import few_steps, grid

from lacuna.completion.card import STRUCTURES
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods import factor_model
from lacuna.completion.model import CompletionModel
from lacuna.completion.registry import available, card, is_trained, keeps_model
from lacuna.completion.run import predict_in_blocks, prepare_method, run_method
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet

DRUGS, CELLS, GENES = 12, 4, 10
METHODS = [name for name in available() if name != "truth"]
KEPT = [name for name in METHODS if keeps_model(name, {})]
NEW = np.array(["CCCl", "CCO"])


def profiles(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


def alike(*shape):
    """One profile, or several, everywhere."""
    return np.broadcast_to(profiles(*shape), (DRUGS, CELLS, GENES))


def where(*places, shape=(DRUGS, CELLS)):
    measured = np.zeros(shape, bool)
    for place in places:
        measured[place] = True
    return measured


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


MOST = np.random.default_rng(0).random((DRUGS, CELLS)) < 0.6
MOST[np.arange(DRUGS), np.arange(DRUGS) % CELLS], MOST[0, :2] = True, (True, False)
WHOLE = profiles(DRUGS, CELLS, GENES)
GRIDS = {
    "identical": (alike(1, 1, GENES), MOST),
    "identical in each cell": (alike(1, CELLS, GENES), MOST),
    "identical of each drug": (alike(DRUGS, 1, GENES), MOST),
    "all but identical": (alike(1, 1, GENES) + 1e-8 * WHOLE, MOST),
    "identical but for one": (changed(alike(1, 1, GENES), (0, 0), WHOLE[0, 0]), MOST),
    "all zero": (np.zeros_like(WHOLE), MOST),
    "half of the drugs zero": (changed(WHOLE, slice(6), 0), MOST),
    "a cell all zero": (changed(WHOLE, (slice(None), 2), 0), MOST),
    "drugs measured twice under two names": (np.tile(WHOLE[:6], (2, 1, 1)), MOST),
    "drugs that do the opposite": (np.concatenate([WHOLE[:6], -WHOLE[:6]]), MOST),
    "genes that never change": (changed(WHOLE, (..., slice(5)), 1), MOST),
    "genes that are 0": (changed(WHOLE, (..., slice(5)), 0), MOST),
    "all in one gene": (changed(np.zeros_like(WHOLE), (..., 0), 1), MOST),
    "one gene": (WHOLE[..., :1], MOST),
    "two genes": (WHOLE[..., :2], MOST),
    "one drug": (WHOLE[:1], np.array([[True, True, False, True]])),
    "one cell": (WHOLE[:, :1], np.arange(DRUGS)[:, None] % 5 > 0),
    "two drugs": (WHOLE[:2], np.array([[1, 1, 0, 1], [1, 0, 1, 1]], bool)),
    "two drugs, two cells": (WHOLE[:2, :2], np.array([[True, True], [True, False]])),
    "one profile": (WHOLE, where((3, 2))),
    "one profile of one drug": (WHOLE[:1, :2], where((0, 0), shape=(1, 2))),
    "one profile in one cell": (WHOLE[:2, :1], where((0, 0), shape=(2, 1))),
    "two profiles of a drug": (WHOLE, where((3, 1), (3, 2))),
    "two profiles in a cell": (WHOLE, where((3, 2), (5, 2))),
    "two profiles that share nothing": (WHOLE, where((3, 1), (5, 2))),
    "one cell for each drug": (WHOLE[:CELLS], np.eye(CELLS, dtype=bool)),
    "a whole row": (WHOLE, where(3)),
    "a whole column": (WHOLE, where((slice(None), 2))),
    "a row and a column": (WHOLE, where(3, (slice(None), 2))),
    "a drug and a cell without any": (WHOLE, MOST & ~where(3, (slice(None), 2))),
    "no gap": (WHOLE, np.ones((DRUGS, CELLS), bool)),
}
SIDES = {
    "nothing known": lambda tensor: SideInformation(),
    "all known": lambda tensor: SideInformation(
        np.resize(["CCO", "c1ccccc1", "CC(=O)O", "CCN"], len(tensor.drugs)),
        profiles(len(tensor.cells), len(tensor.genes)).astype(np.float32),
    ),
    "all alike": lambda tensor: SideInformation(
        np.full(len(tensor.drugs), "CCO"),
        np.ones((len(tensor.cells), len(tensor.genes)), np.float32),
    ),
}


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Few choices: it is whether there is an answer that counts."""
    for choices in ("COMPONENTS", "RANKS", "PENALTIES"):
        monkeypatch.setattr(factor_model, choices, getattr(factor_model, choices)[:2])


def tensor_of(name) -> ProfileSet:
    return grid(*GRIDS[name])


def rng():
    return np.random.default_rng(0)


def check(completion, pairs, tensor):
    assert completion.profiles.shape == (len(pairs), len(tensor.genes))
    assert completion.profiles.dtype == np.float32
    assert np.isfinite(completion.profiles).all()
    # No prediction is certain: what divides by its error must not divide by 0.
    assert completion.stderr is None or (completion.stderr > 0).all()


FAULT = pytest.mark.fault(
    "profiles all alike or all 0; one drug, cell, gene or profile; a grid without gaps; 31 grids "
    "in all, by every method",
    "an answer of the right shape, finite, with errors above 0; no warning",
)


@FAULT
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_on_every_grid(name):
    options = few_steps(name)
    side_of = SIDES["all alike" if STRUCTURES in card(name).needs else "nothing known"]
    for case in GRIDS:
        tensor = tensor_of(case)
        wanted = tensor.missing_pairs
        with named(case):
            prepared = prepare_method(name, tensor, wanted, side_of(tensor), rng(), options)
            blocks = list(predict_in_blocks(name, prepared, tensor, wanted))
            assert bool(blocks) == bool(len(wanted))
            if blocks:
                check(Completion.join(blocks), wanted, tensor)


@FAULT
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [name for name in METHODS if is_trained(name)])
def test_what_was_trained_answers_from_other_cells_on_every_grid(name):
    for case in GRIDS:
        tensor = tensor_of(case)
        even = np.arange(len(tensor)) % 2 == 0
        observed, elsewhere, wanted = tensor.take(even), tensor.take(~even), tensor.missing_pairs
        with named(case):
            side = SideInformation()
            found = run_method(
                name, observed, wanted, side, rng(), few_steps(name), elsewhere=elsewhere
            )
            check(found, wanted, tensor)


@pytest.mark.fault(
    "the same grids, kept as models and asked for drugs without any profile",
    "the kept model fills the gaps as the run did, and predicts new drugs with errors above 0, or "
    "says that no structure is known",
)
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("known", SIDES)
@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_predicts_on_every_grid(name, known, tmp_path):
    path = tmp_path / "m.model.h5"
    for case in GRIDS:
        tensor = tensor_of(case)
        side, wanted = SIDES[known](tensor), tensor.missing_pairs
        new = np.argwhere(np.ones((len(NEW), len(tensor.cells)), bool))
        with named(case):
            prepared = prepare_method(name, tensor, wanted, side, rng(), {})
            CompletionModel.learn(name, name, {}, tensor, side, prepared, rng()).save(path)
            model = CompletionModel.load(path)
            if len(wanted):
                again = model.predict_gaps(tensor, side)(wanted)
                check(again, wanted, tensor)
                assert np.array_equal(again.profiles, prepared(wanted).profiles)
            if side.smiles is None:
                with pytest.raises(LacunaError, match="no structure is known"):
                    model.predict_new(tensor, side, NEW)
            else:
                check(model.predict_new(tensor, side, NEW)(new), new, tensor)


def test_of_single_profiles_the_error_is_as_large_as_they_are():
    """Nothing says how much others differ; that they do not is the one thing not to be stated."""
    for case in ("one profile", "two profiles of a drug", "a whole row"):
        tensor = tensor_of(case)
        wanted = tensor.missing_pairs
        found = run_method("kernel", tensor, wanted, SideInformation(), rng(), {})
        assert (found.stderr > 0.5 * GENES**-0.5).all(), case


@pytest.mark.parametrize("name", METHODS)
def test_double_precision_changes_no_contract(name):
    tensor = tensor_of("identical but for one")
    double = ProfileSet(
        *(tensor.profiles.astype(float), tensor.drug, tensor.cell),
        *(tensor.drugs, tensor.cells, tensor.genes),
    )
    found = run_method(
        name, double, double.missing_pairs, SideInformation(), rng(), few_steps(name)
    )
    check(found, double.missing_pairs, double)


def test_the_random_control_draws_unit_profiles():
    tensor = tensor_of("no gap")
    tensor = tensor.take(tensor.drug > 2)
    found = run_method("random", tensor, tensor.missing_pairs, SideInformation(), rng(), {})
    assert found.profiles.dtype == np.float32
    assert np.allclose(np.linalg.norm(found.profiles, axis=1), 1, atol=1e-6)


class named:
    """Says of which grid a failure is."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            error.add_note(f"grid: {', '.join(self.words)}")
