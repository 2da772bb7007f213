"""Profiles given in other cells: what a method is shown, and that it is never the answer."""

import numpy as np
import pytest
from toy import clustered

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.registry import available
from lacuna.completion.run import run_method
from lacuna.evaluation.splits import make_folds

CONTROLS = {"truth", "zeros", "random"}


def by_drug(seed=0, **planted):
    tensor = clustered(**planted)
    fold = make_folds(tensor, "cell_transfer", 3, np.random.default_rng(seed))
    return tensor.take(fold != 0), tensor.take(fold == 0)


def run(name, observed, elsewhere, wanted=None, **options):
    wanted = elsewhere.pairs if wanted is None else wanted
    rng = np.random.default_rng(0)
    return run_method(name, observed, wanted, SideInformation(), rng, options, elsewhere=elsewhere)


def test_the_split_holds_out_whole_drugs():
    observed, held_out = by_drug()
    assert not set(observed.drug) & set(held_out.drug)


def test_a_method_is_shown_all_other_cells_and_never_the_wanted_one(monkeypatch):
    observed, held_out = by_drug()
    seen = []

    def look(known, wanted, side, rng):
        seen.append((known, wanted))
        return Completion(np.zeros((len(wanted), len(known.genes)), dtype=np.float32))

    monkeypatch.setattr("lacuna.completion.controls.zeros.complete", look)
    run("zeros", observed, held_out)
    asked = {tuple(pair) for _, wanted in seen for pair in wanted}
    assert asked == set(map(tuple, held_out.pairs))
    for known, wanted in seen:
        (cell,) = set(wanted[:, 1])
        shown = set(map(tuple, known.pairs)) - set(map(tuple, observed.pairs))
        assert shown == {(drug, other) for drug, other in held_out.pairs if other != cell}


@pytest.mark.parametrize("name", [name for name in available() if name not in CONTROLS])
def test_the_answer_changes_no_prediction_of_its_own_pair(name):
    observed, held_out = by_drug()
    first = run(name, observed, held_out).profiles
    changed = held_out.profiles.copy()
    changed[0] = -changed[0]
    other = run(name, observed, held_out.__class__(changed, *_rest(held_out))).profiles
    assert np.array_equal(first[0], other[0])


def _rest(tensor):
    return tensor.drug, tensor.cell, tensor.drugs, tensor.cells, tensor.genes


def test_the_copy_is_the_mean_of_the_drugs_other_cells():
    observed, held_out = by_drug()
    found = run("mean_1d", observed, held_out)
    for row, (drug, cell) in enumerate(held_out.pairs):
        others = held_out.profiles[(held_out.drug == drug) & (held_out.cell != cell)]
        assert found.fallback[row] == (len(others) == 0)
        if len(others):
            assert np.allclose(found.profiles[row], others.mean(axis=0), atol=1e-6)


def test_predictions_come_back_in_the_order_of_the_wanted():
    observed, held_out = by_drug()
    backward = run("mean_1d", observed, held_out, held_out.pairs[::-1]).profiles
    assert np.array_equal(run("mean_1d", observed, held_out).profiles, backward[::-1])
