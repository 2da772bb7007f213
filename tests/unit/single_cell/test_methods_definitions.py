"""Plain methods against their definitions, written out, and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

from lacuna.completion.shared.shrinkage import best_predictors
from lacuna.single_cell.interface import CONTROL, STATISTICS, TRAINING, VALIDATION, Seen
from lacuna.single_cell.methods import (
    additive,
    control,
    line_mean,
    nearest_structure,
    random_drug,
    ridge_descriptors,
    ridge_fingerprint,
)
from lacuna.single_cell.methods.shared import PENALTIES, choose_penalty, ridge_weights, tanimoto
from lacuna.single_cell.seen import Known, judged_rows, seen_of

RNG = np.random.default_rng(0)


def seen_as(rows, vectors=None):
    """Make what is seen of (drug, line, dose, role, cells, profile); variances are the profiles."""
    table = pd.DataFrame(rows, columns=["drug", "line", "dose", "role", "observations", "mean"])
    mean = np.array(table.pop("mean").tolist(), np.float32)
    table["control"] = table["drug"] == CONTROL
    return Seen(table[STATISTICS], mean, mean**2, vectors or {})


def wanted_as(*rows):
    return pd.DataFrame(rows, columns=["drug", "line", "dose"])


SMALL = [
    (CONTROL, "A", 0.0, TRAINING, 90, [1.0, 1.0]),
    (CONTROL, "A", 0.0, VALIDATION, 10, [2.0, 1.0]),
    (CONTROL, "B", 0.0, TRAINING, 300, [4.0, 0.0]),
    ("d1", "A", 1.0, TRAINING, 20, [2.0, 3.0]),
    ("d2", "A", 1.0, TRAINING, 20, [4.0, 5.0]),
    ("d2", "A", 1.0, VALIDATION, 60, [8.0, 5.0]),
    ("d1", "A", 10.0, TRAINING, 20, [9.0, 9.0]),
    ("d1", "B", 1.0, TRAINING, 20, [5.0, 0.0]),
    ("d2", "B", 1.0, TRAINING, 20, [7.0, 2.0]),
]


def test_control():
    seen = seen_as(SMALL)
    wanted = wanted_as(("x", "A", 1.0), ("x", "B", 10.0), ("x", "C", 1.0))
    found = control.predict(seen, wanted, RNG)
    own = np.array([[1.1, 1.0], [4.0, 0.0]])
    np.testing.assert_allclose(found.mean, [*own, own.mean(axis=0)], rtol=1e-6)
    # mean square + spread of means: of cells of variances [1, 1] and [4, 1] around 1 and 2
    np.testing.assert_allclose(found.variance[0], [0.9 * 1 + 0.1 * 4 + 0.09, 1.0], rtol=1e-6)
    pooled = control.predict(seen, wanted, RNG, lines="pooled")
    np.testing.assert_allclose(pooled.mean, [[(110 + 1200) / 400, 100 / 400]] * 3, rtol=1e-6)
    published = control.predict(seen, wanted[:1], RNG, cells="validation")
    np.testing.assert_allclose(published.mean, [[2.0, 1.0]])


def test_line_mean_counts_each_drug_once():
    wanted = wanted_as(("x", "A", 1.0), ("x", "B", 1.0), ("x", "A", 10.0))
    found = line_mean.predict(seen_as(SMALL), wanted, RNG)
    np.testing.assert_allclose(found.mean, [[4.5, 4.0], [6.0, 1.0], [9.0, 9.0]], rtol=1e-6)


def test_line_mean_falls_back_on_the_nearest_dose_and_on_other_lines():
    seen = seen_as(SMALL)
    wanted = wanted_as(("x", "A", 2.0), ("x", "A", 4.0), ("x", "C", 10.0))
    found = line_mean.predict(seen, wanted, RNG).mean
    np.testing.assert_allclose(found[:2], [[4.5, 4.0], [9.0, 9.0]], rtol=1e-6)
    # of a new line: the mean control, and the mean over lines of the change at the nearest dose
    changes = [np.array([9.0, 9.0]) - [1.1, 1.0], np.array([6.0, 1.0]) - [4.0, 0.0]]
    np.testing.assert_allclose(
        found[2], np.array([2.55, 0.5]) + np.mean(changes, axis=0), rtol=1e-6
    )


def test_additive_adds_what_a_drug_does_elsewhere():
    rng = np.random.default_rng(0)
    lines, drugs = list("ABCD"), [f"d{number}" for number in range(8)]
    effect, basal = rng.normal(size=(8, 5)), rng.normal(size=(4, 5))
    rows = [(CONTROL, line, 0.0, TRAINING, 50, basal[k]) for k, line in enumerate(lines)]
    for k, line in enumerate(lines[:3]):
        for d, drug in enumerate(drugs):
            noise = 0.3 * rng.normal(size=5)
            rows.append((drug, line, 1.0, TRAINING, 50, basal[k] + effect[d] + noise))
    seen = seen_as(rows)
    new = wanted_as(*((drug, "D", 1.0) for drug in drugs), ("new", "D", 1.0), ("d3", "D", 5.0))
    found = additive.predict(seen, new, rng).mean
    known = Known.of(seen)
    change = known.change.reshape(8, 3, 5)  # drugs x lines
    beyond = change - change.mean(axis=0)
    shrunk = best_predictors(beyond.reshape(24, 5), np.repeat(np.arange(8), 3), 8)
    base = line_mean.predict(seen, new, rng).mean
    np.testing.assert_allclose(found[:8], base[:8] + shrunk, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found[8], base[8])  # never seen: no effect of its own
    np.testing.assert_array_equal(found[9] - base[9], found[3] - base[3])  # its nearest dose
    truth = basal[3] + effect
    assert ((found[:8] - truth) ** 2).sum() < 0.3 * ((base[:8] - truth) ** 2).sum()


def test_nearest_structure_and_ties():
    bits = pd.DataFrame(
        [[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [np.nan] * 4],
        ["x", "d1", "d2", "d3", "y"],
    )
    np.testing.assert_allclose(
        tanimoto("t", bits.iloc[:4]).to_numpy(),
        1 - pairwise_distances(bits.iloc[:4].to_numpy(bool), metric="jaccard"),
    )
    third = ("d3", "A", 1.0, TRAINING, 20, [6.0, 1.0])
    seen = seen_as([*SMALL, third], {"morgan": bits})
    wanted = wanted_as(("x", "A", 1.0), ("x", "A", 10.0), ("x", "B", 1.0), ("y", "A", 1.0))
    found = nearest_structure.predict(seen, wanted, RNG).mean
    np.testing.assert_allclose(found[0], [4.0, 2.0])  # d1 and d3 alike: the mean of both
    np.testing.assert_allclose(found[1], [9.0, 9.0])  # d1 alone was measured there
    np.testing.assert_allclose(found[2], [5.0, 0.0])
    np.testing.assert_allclose(found[3], np.mean([[2, 3], [7, 5], [6, 1]], axis=0))


def test_random_drug_is_one_of_the_line_and_dose_and_not_the_drug_itself():
    rows = [(CONTROL, line, 0.0, TRAINING, 50, [0.0, 0.0]) for line in "AB"]
    for number in range(30):
        for line in "AB":
            place = 1.0 if line == "A" else -1.0
            rows.append((f"d{number}", line, 1.0, TRAINING, 50, [number, place]))
    wanted = wanted_as(*((f"d{number}", line, 1.0) for line in "AB" for number in range(30)))
    found = random_drug.predict(seen_as(rows), wanted, np.random.default_rng(1)).mean
    np.testing.assert_array_equal(found[:, 1], np.repeat([1, -1], 30))
    np.testing.assert_array_equal(found[:30, 0], found[30:, 0])  # the same drug in both lines
    assert not (found[:30, 0] == np.arange(30)).any()
    assert len(set(found[:30, 0])) > 10
    few = seen_as([row for row in rows if row[0] in (CONTROL, "d0", "d1")])
    for seed in range(8):
        pair = random_drug.predict(few, wanted[:2], np.random.default_rng(seed)).mean
        np.testing.assert_array_equal(pair[:, 0], [1, 0])


@pytest.fixture
def world():
    return planted_fold(np.random.default_rng(8), drugs=40, held_out=8, lines=("A",), doses=(1.0,))


def arrays(fold, seen, vectors):
    """Return vectors and changes of known drugs, and vectors and the control of wanted ones."""
    known = Known.of(seen)
    wanted = fold.conditions[judged_rows(fold)].reset_index(drop=True)
    of_known = vectors.loc[known.conditions["drug"]].to_numpy(float)
    base = known.control_of(wanted["line"])[0]
    return of_known, known.change, vectors.loc[wanted["drug"]].to_numpy(float), base, wanted


def test_ridge_on_descriptors_is_scikit_learns(world):
    fold, vectors = world
    seen = seen_of(fold, {"descriptors": vectors["morgan"] * 3 + 1})
    x, change, new, base, wanted = arrays(fold, seen, vectors["morgan"])
    scale, centre = x.std(axis=0), x.mean(axis=0)
    kept = scale > 0
    x, new = ((part[:, kept] - centre[kept]) / scale[kept] for part in (x, new))
    penalty = 0.3 * (x**2).sum() / len(x)
    expected = base + Ridge(alpha=penalty).fit(x, change).predict(new)
    found = ridge_descriptors.predict(seen, wanted, RNG, penalty=0.3)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-4, atol=1e-4)


def test_ridge_on_fingerprints_is_scikit_learns(world):
    fold, vectors = world
    seen = seen_of(fold, vectors)
    x, change, new, base, wanted = arrays(fold, seen, vectors["morgan"])
    both = np.concatenate([x, new]).astype(bool)
    kernel = 1 - pairwise_distances(both, metric="jaccard")
    n = len(x)
    centring = np.eye(n) - 1 / n
    inside = centring @ kernel[:n, :n] @ centring
    across = (kernel[n:, :n] - kernel[:n, :n].mean(axis=0)) @ centring
    penalty = 0.3 * np.trace(inside) / n
    model = KernelRidge(alpha=penalty, kernel="precomputed").fit(
        inside, change - change.mean(axis=0)
    )
    expected = base + change.mean(axis=0) + model.predict(across)
    found = ridge_fingerprint.predict(seen, wanted, RNG, penalty=0.3)
    np.testing.assert_allclose(found.mean, expected, rtol=1e-4, atol=1e-4)


def test_a_large_penalty_leaves_the_line_mean(world):
    fold, vectors = world
    seen = seen_of(fold, vectors)
    wanted = fold.conditions[judged_rows(fold)]
    found = ridge_fingerprint.predict(seen, wanted, RNG, penalty=1e9)
    mean = line_mean.predict(seen, wanted, RNG)
    np.testing.assert_allclose(found.mean, mean.mean, rtol=1e-5, atol=1e-5)
    weights = ridge_weights(np.eye(6), np.ones((2, 6)), 0.3)
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def by_hand(known, kernel, rng):
    """Choose a penalty by leaving groups of drugs out, one drug at a time written out."""
    drugs = sorted(set(known.conditions["drug"]))
    rows = [tuple(kernel.loc[drug].round(9)) for drug in drugs]  # drugs alike count as one
    place = {row: number for number, row in enumerate(sorted(set(rows)))}
    order = rng.permutation(len(place))
    group = {drug: order[place[row]] % 5 for drug, row in zip(drugs, rows, strict=True)}
    errors = []
    for penalty in PENALTIES:
        error = 0.0
        for left in range(5):
            rest = [row for row, drug in enumerate(known.conditions["drug"]) if group[drug] != left]
            out = [row for row, drug in enumerate(known.conditions["drug"]) if group[drug] == left]
            names, outs = (known.conditions["drug"].iloc[rows] for rows in (rest, out))
            weights = ridge_weights(
                kernel.loc[names, names].to_numpy(), kernel.loc[outs, names].to_numpy(), penalty
            )
            error += ((weights @ known.change[rest] - known.change[out]) ** 2).sum()
        errors.append(error)
    return PENALTIES[int(np.argmin(errors))]


@pytest.mark.parametrize("noise", [0.01, 3.0])
def test_the_penalty_is_chosen_inside_the_training_drugs(noise):
    fold, vectors = planted_fold(
        np.random.default_rng(2), drugs=50, lines=("A",), doses=(1.0,), noise=noise
    )
    known = Known.of(seen_of(fold, vectors))
    kernel = tanimoto("t", vectors["morgan"])
    chosen = choose_penalty("t", known, kernel, np.random.default_rng(4))
    assert chosen == by_hand(known, kernel, np.random.default_rng(4))
    assert chosen <= 0.3 if noise < 1 else chosen >= 1


def test_twins_are_left_out_together():
    """A drug whose twin is trained on would be foretold by it, and no penalty look needed."""
    fold, vectors = planted_fold(
        np.random.default_rng(2), drugs=40, lines=("A",), doses=(1.0,), own=0.0, noise=0.5
    )
    seen = seen_of(fold, vectors)
    bits = vectors["morgan"].copy()
    names = [name for name in bits.index if name not in fold.held_out]
    bits.loc[names[1::2]] = bits.loc[names[0:-1:2]].to_numpy()
    mean = seen.mean.copy()  # twins do alike, and like no other drug
    row = {drug: number for number, drug in enumerate(seen.conditions["drug"])}
    for first, second in zip(names[0:-1:2], names[1::2], strict=False):
        mean[row[second]] = mean[row[first]]
    known = Known.of(replace(seen, mean=mean))
    assert choose_penalty("t", known, tanimoto("t", bits), np.random.default_rng(0)) >= 3
