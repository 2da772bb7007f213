"""What plain methods are given: nothing of the test, roles together, controls of lines."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold, signature_fold

from lacuna.errors import LacunaError
from lacuna.single_cell.card import available, method_card, method_module
from lacuna.single_cell.interface import CONDITION, TEST, TRAINING, VALIDATION, Fold, Seen
from lacuna.single_cell.judge import Truth
from lacuna.single_cell.seen import Known, judged_rows, pooled_moments, seen_of


@pytest.fixture
def world():
    return planted_fold(np.random.default_rng(3))


def altered(fold, rows):
    """Return the fold with other means, variances, halves and lists of some conditions."""
    rng = np.random.default_rng(9)
    arrays = {name: getattr(fold, name).copy() for name in ("mean", "variance", "halves")}
    for array in arrays.values():
        array[..., rows, :] = rng.normal(50, 9, array[..., rows, :].shape)
    return replace(fold, degs=fold.degs.iloc[::-1], **arrays)


def with_descriptors(vectors):
    return vectors | {"descriptors": vectors["morgan"] + 1}


def predictions(seen, wanted, name):
    return method_module(name).predict(seen, wanted, np.random.default_rng(5))


def test_nothing_of_the_test_is_seen(world):
    fold, vectors = world
    vectors = with_descriptors(vectors)
    in_test = (fold.conditions["role"] == TEST).to_numpy()
    seen, other = seen_of(fold, vectors), seen_of(altered(fold, in_test), vectors)
    assert set(seen.conditions["role"]) == {TRAINING, VALIDATION}
    assert not set(fold.held_out) & set(seen.conditions["drug"])
    pd.testing.assert_frame_equal(seen.conditions, other.conditions)
    np.testing.assert_array_equal(seen.mean, other.mean)
    np.testing.assert_array_equal(seen.variance, other.variance)
    wanted = fold.conditions[in_test & ~fold.conditions["control"]]
    for name in available():
        if not method_card(name).answers:
            first, second = (predictions(one, wanted, name) for one in (seen, other))
            np.testing.assert_array_equal(first.mean, second.mean)
    # and what is trained on counts
    trained = altered(fold, (fold.conditions["role"] == TRAINING).to_numpy())
    changed = predictions(seen_of(trained, vectors), wanted, "line_mean")
    assert not np.allclose(changed.mean, predictions(seen, wanted, "line_mean").mean)


def test_a_held_out_drug_that_validates_is_a_fault(world):
    fold, vectors = world
    table = fold.conditions.copy()
    row = table.index[table["drug"] == fold.held_out[0]][0]
    table.loc[row, "role"] = VALIDATION
    with pytest.raises(LacunaError, match=r"drugs_0: 'drug_0' should be held out, but are in"):
        seen_of(replace(fold, conditions=table), vectors)


def test_conditions_of_both_roles_are_those_of_all_their_cells():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(30, 4)) + np.repeat([0, 3, -2], 10)[:, None]
    group = np.repeat([0, 0, 1], [7, 15, 8])
    parts = [cells[:7], cells[7:22], cells[22:]]
    mean, variance = pooled_moments(
        np.array([0, 0, 1]),
        2,
        np.array([7, 15, 8]),
        np.array([part.mean(axis=0) for part in parts]),
        np.array([part.var(axis=0) for part in parts]),
    )
    for number in (0, 1):
        np.testing.assert_allclose(mean[number], cells[group == number].mean(axis=0))
        np.testing.assert_allclose(variance[number], cells[group == number].var(axis=0))


def test_controls_of_a_line_are_of_both_roles_and_of_no_other_line(world):
    fold, vectors = world
    known = Known.of(seen_of(fold, vectors))
    table = fold.conditions
    for line in ("A549", "K562"):
        rows = (table["control"] & (table["line"] == line) & (table["role"] != TEST)).to_numpy()
        expected = np.average(fold.mean[rows], axis=0, weights=table["observations"][rows])
        np.testing.assert_allclose(known.control_of(np.array([line]))[0][0], expected, rtol=1e-6)
    both = known.control_of(np.array(["A549", "K562"]))[0]
    np.testing.assert_allclose(known.control_of(np.array(["HeLa"]))[0][0], both.mean(axis=0))
    change = known.change
    row = known.conditions.index[known.conditions["line"] == "K562"][0]
    np.testing.assert_allclose(change[row], known.mean[row] - both[1])


def test_of_signatures_the_mean_of_what_is_seen_stands_for_the_control():
    fold, vectors = signature_fold(np.random.default_rng(1), validating=4)
    seen = seen_of(fold, vectors, "signatures")
    assert (seen.conditions["role"] == VALIDATION).any()
    truth = Truth.of(fold, seen, "signatures")
    made = predictions(seen, truth.conditions, "line_mean")
    compared = truth.with_predicted(made, "line_mean")
    assert (compared.predicted_change == 0).all()
    # the fold's own, of training signatures alone, is another
    plain = seen_of(fold, vectors)
    assert not np.allclose(plain.mean, seen.mean)


def test_what_is_judged_are_drugs_of_the_test(world):
    fold, _ = world
    table = fold.conditions.copy()
    table.loc[table["line"] == "K562", "role"] = TEST  # as if the line were held out
    judged = table[judged_rows(replace(fold, conditions=table))]
    assert set(judged["role"]) == {TEST}
    assert not judged["control"].any()
    assert judged["line"].value_counts()["K562"] == 24 * 2


def test_methods_need_controls_and_drugs(world):
    fold, vectors = world
    seen = seen_of(fold, vectors)
    control = seen.conditions["control"].to_numpy(bool)
    for kept, word in ((control, "drug"), (~control, "control")):
        part = Seen(seen.conditions[kept], seen.mean[kept], seen.variance[kept], vectors)
        with pytest.raises(LacunaError, match=f"no {word} among"):
            Known.of(part)


def test_a_fold_comes_back_from_its_file(world, tmp_path):
    fold, _ = world
    fold.save(tmp_path / "fold.h5")
    again = Fold.load(tmp_path / "fold.h5")
    assert again.shared == fold.shared
    np.testing.assert_array_equal(again.mean, fold.mean)
    assert again.conditions[CONDITION].equals(fold.conditions[CONDITION])
