"""What predictions are judged by: own controls, own lists of genes, enough cells, the baseline."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold, signature_fold
from sklearn.metrics import r2_score

from lacuna.errors import LacunaError
from lacuna.single_cell.interface import (
    CONDITION,
    FEWEST_CELLS,
    GIVEN,
    SEEN,
    TEST,
    TRAINING,
    Predicted,
)
from lacuna.single_cell.judge import CHANCE, SCORES, Truth, chance, lists_of, scores
from lacuna.single_cell.methods import control, line_mean
from lacuna.single_cell.seen import Known, seen_of

RNG = np.random.default_rng(0)


@pytest.fixture
def world():
    fold, vectors = planted_fold(np.random.default_rng(3))
    return fold, seen_of(fold, vectors)


def judged(fold, seen, predicted, name="m", kind="cells"):
    truth = Truth.of(fold, seen, kind)
    return truth, scores(truth, truth.with_predicted(predicted, name))


def values(table, metric, genes="all"):
    rows = table[(table["metric"] == metric) & (table["genes"] == genes)]
    return rows.set_index(CONDITION)["value"]


def test_the_published_baseline_is_what_a_hand_computes(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    table = fold.conditions
    for cells in ("all", "validation"):
        predicted = control.predict(seen, truth.conditions, RNG, cells=cells)
        _, found = judged(fold, seen, predicted)
        for (drug, line, dose), value in values(found, "r2_mean").items():
            own = (table["drug"] == drug) & (table["line"] == line) & (table["dose"] == dose)
            of = table["control"] & (table["line"] == line)
            of &= table["role"].isin(["validation"] if cells == "validation" else SEEN)
            weights = table["observations"][of]
            guess = np.average(fold.mean[of.to_numpy()], axis=0, weights=weights)
            y = fold.mean[own.to_numpy()][0]
            assert value == pytest.approx(r2_score(y, guess), abs=1e-5)
            genes = fold.degs[
                (fold.degs["drug"] == drug) & (fold.degs["line"] == line) & fold.degs["dose"].isna()
            ]["gene"]
            at = fold.genes.get_indexer(pd.Index(genes))
            listed = values(found, "r2_mean", "deg_pooled")[drug, line, dose]
            assert listed == pytest.approx(r2_score(y[at], guess[at]), abs=1e-4)
    assert (values(found, "r2_mean", "deg") < 0).any()  # stored as it is


def test_measured_changes_are_from_controls_of_the_line_that_no_method_sees(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    rows = truth.conditions
    for line in ("A549", "K562"):
        table = fold.conditions
        held = (table["control"] & (table["line"] == line) & (table["role"] == TEST)).to_numpy()
        seen_of_line = Known.of(seen).control_of(np.array([line]))[0][0]
        assert not np.allclose(seen_of_line, fold.mean[held][0], rtol=1e-3)
        at = (rows["line"] == line).to_numpy()
        for found, own in (
            (truth.compared.control, fold.mean[held][0]),
            (truth.compared.seen_control, seen_of_line),
        ):
            np.testing.assert_allclose(found[at], np.tile(own, (at.sum(), 1)), rtol=1e-6)
    # who predicts the controls of all lines together does not predict that nothing happens
    pooled = control.predict(seen, rows, RNG, lines="pooled")
    _, found = judged(fold, seen, pooled)
    assert (values(found, "change_r2") < 0).any()
    _, found = judged(fold, seen, control.predict(seen, rows, RNG))
    assert (values(found, "change_r2") == 0).all()


def test_lists_are_of_the_own_drug_line_and_dose(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    for row, (drug, line, dose) in truth.conditions[CONDITION].iterrows():
        of = (fold.degs["drug"] == drug) & (fold.degs["line"] == line)
        here, pooled = fold.degs["dose"] == dose, fold.degs["dose"].isna()
        for kind, rows in (("deg", here), ("deg_pooled", pooled)):
            names = fold.degs[of & rows].sort_values("rank")["gene"].tolist()
            assert fold.genes[truth.lists[kind][row]].tolist() == names
            assert len(names) == 10
    change = truth.compared.measured - truth.compared.control
    listed = np.stack(truth.lists["deg"])
    inside = np.abs(np.take_along_axis(change, listed, axis=1)).mean(axis=1)
    assert (inside > 1.5 * np.abs(change).mean(axis=1)).all()
    shifted = [truth.lists["deg"][(row + 1) % len(listed)] for row in range(len(listed))]
    other = replace(truth, lists={"deg": shifted})
    made = truth.with_predicted(line_mean.predict(seen, truth.conditions, RNG), "m")
    own = values(scores(truth, made), "mse", "deg").to_numpy()
    assert not np.allclose(own, values(scores(other, made), "mse", "deg").to_numpy())


def test_genes_that_are_not_in_the_fold_and_short_lists(world):
    fold, seen = world
    degs = fold.degs.copy()
    first = tuple(Truth.of(fold, seen, "cells").conditions[CONDITION].iloc[0])
    own = (degs[CONDITION].apply(tuple, axis=1) == first) & (degs["rank"] > 0)
    degs.loc[own, "gene"] = "UNKNOWN"
    lists = lists_of(replace(fold, degs=degs), pd.DataFrame([first], columns=CONDITION))
    assert len(lists["deg"][0]) == 1
    truth = Truth.of(replace(fold, degs=degs), seen, "cells")
    made = truth.with_predicted(line_mean.predict(seen, truth.conditions, RNG), "m")
    found = scores(truth, made)
    assert first not in values(found, "r2_mean", "deg").index  # of one gene, no r²
    assert first in values(found, "r2_mean", "deg_pooled").index


def test_conditions_of_few_cells_are_not_judged_but_of_signatures_all_are(world):
    fold, seen = world
    table = fold.conditions.copy()
    rows = table.index[(table["role"] == TEST) & ~table["control"]]
    table.loc[rows[0], "observations"] = FEWEST_CELLS
    table.loc[rows[1], "observations"] = FEWEST_CELLS + 1
    truth = Truth.of(replace(fold, conditions=table), seen, "cells")
    assert len(truth.conditions) == len(rows) - 1
    table.loc[rows, "observations"] = 2
    with pytest.raises(LacunaError, match="drugs_0 has no test condition of more than 5"):
        Truth.of(replace(fold, conditions=table), seen, "cells")
    single, vectors = signature_fold(np.random.default_rng(0))
    seen = seen_of(single, vectors, "signatures")
    assert len(Truth.of(single, seen, "signatures").conditions) == 5 * 2


def test_of_signatures_the_line_mean_is_no_change_and_profiles_are_correlated():
    fold, vectors = signature_fold(np.random.default_rng(0))
    seen = seen_of(fold, vectors, "signatures")
    truth = Truth.of(fold, seen, "signatures")
    for method in (line_mean, control):
        _, found = judged(
            fold, seen, method.predict(seen, truth.conditions, RNG), "m", "signatures"
        )
        assert (values(found, "specific_pearson") == 0).all()
        assert (values(found, "change_r2") == 0).all()
        assert (values(found, "pearson") > 0.1).all()
    np.testing.assert_array_equal(truth.compared.control, truth.compared.seen_control)
    none = {"change_pearson", "r2_mean", "r2_variance", "coverage"}
    assert not none & set(found["metric"])
    assert (chance(truth).query("metric == 'change_r2'")["value"] == 0).all()


def test_of_a_held_out_line_some_controls_are_given_and_others_judge(world):
    fold, _ = world
    table = fold.conditions.copy()
    held = (table["line"] == "K562").to_numpy()
    given = held & (table["control"] & (table["role"] != TEST)).to_numpy()
    judging = held & (table["control"] & (table["role"] == TEST)).to_numpy()
    table.loc[held, "role"] = TEST
    table.loc[given, "role"] = GIVEN
    table.loc[~held & (table["role"] == TEST) & ~table["control"], "role"] = TRAINING
    lined = replace(fold, conditions=table, held_out=[])
    seen = seen_of(lined, {})
    truth, found = judged(
        lined, seen, control.predict(seen, Truth.of(lined, seen, "cells").conditions, RNG)
    )
    assert set(truth.conditions["line"]) == {"K562"}
    assert len(truth.conditions) == 24 * 2
    weights = table["observations"][given]
    own = np.average(fold.mean[given], axis=0, weights=weights)
    np.testing.assert_allclose(truth.compared.seen_control[0], own, rtol=1e-5)
    np.testing.assert_allclose(truth.compared.control[0], fold.mean[judging][0], rtol=1e-6)
    assert (values(found, "change_r2") == 0).all()  # its untreated cells are no change
    published = control.predict(seen, truth.conditions, RNG, cells="validation")
    np.testing.assert_allclose(published.mean[0], own, rtol=1e-5)  # those given, not other lines'
    # a line without untreated cells that are given starts from those of others
    table.loc[given, "role"] = TEST
    seen = seen_of(replace(lined, conditions=table), {})
    truth = Truth.of(replace(lined, conditions=table), seen, "cells")
    np.testing.assert_allclose(truth.compared.seen_control[0], Known.of(seen).control[0], rtol=1e-6)


def test_what_is_predicted_of_all_drugs_alike_is_their_mean_in_the_line_at_the_dose(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    rng = np.random.default_rng(0)
    made = line_mean.predict(seen, truth.conditions, RNG)
    made = replace(made, mean=made.mean + rng.normal(size=made.mean.shape).astype(np.float32))
    found = truth.with_predicted(made, "m")
    for _, rows in truth.conditions.groupby(["line", "dose"]).indices.items():
        for common, of in (
            (found.common, truth.compared.measured),
            (found.predicted_common, made.mean),
        ):
            expected = of[rows].mean(axis=0, dtype=float)
            np.testing.assert_allclose(common[rows], np.tile(expected, (len(rows), 1)))
    single = truth.take((truth.conditions["drug"] == "drug_0").to_numpy())
    compared = single.with_predicted(made, "m")
    assert np.isnan(compared.common).all()  # a drug alone tells nothing from all drugs
    assert np.isnan(compared.predicted_common).all()
    assert "specific_pearson" not in set(scores(single, compared)["metric"])


@pytest.mark.parametrize("held_out", [2, 3, 20])
def test_a_perfect_prediction_has_1_however_many_drugs_are_judged(held_out):
    fold, vectors = planted_fold(np.random.default_rng(1), drugs=30, held_out=held_out)
    truth = Truth.of(fold, seen_of(fold, vectors), "cells")
    right = Predicted(
        truth.conditions[CONDITION],
        truth.compared.measured.astype(np.float32),
        truth.compared.measured_variance.astype(np.float32),
    )
    found = scores(truth, truth.with_predicted(right, "m"))
    for genes in ("all", "deg", "deg_pooled"):
        np.testing.assert_allclose(values(found, "specific_pearson", genes), 1, atol=1e-5)


def test_predictions_must_fit(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    good = line_mean.predict(seen, truth.conditions, RNG)
    order = np.random.default_rng(1).permutation(len(truth.conditions))
    mixed = Predicted(
        good.conditions.iloc[order].reset_index(drop=True), good.mean[order], good.variance[order]
    )
    np.testing.assert_array_equal(
        truth.with_predicted(mixed, "m").predicted, truth.with_predicted(good, "m").predicted
    )
    lacking = Predicted(good.conditions[1:], good.mean[1:], good.variance[1:])
    with pytest.raises(LacunaError, match=r"m does not predict 1 of 20 .* drug_0 in A549 at 0"):
        truth.with_predicted(lacking, "m")
    twice = Predicted(*(pd.concat([good.conditions] * 2), *[np.tile(good.mean, (2, 1))] * 2))
    with pytest.raises(LacunaError, match=r"m predicts drug_0 in A549 at 0\.1 uM twice"):
        truth.with_predicted(twice, "m")
    with pytest.raises(LacunaError, match="m predicts 59 genes, the fold has 60"):
        truth.with_predicted(replace(good, mean=good.mean[:, 1:]), "m")
    mean = good.mean.copy()
    mean[3, 2] = np.nan
    with pytest.raises(LacunaError, match=r"m predicts a mean of drug_3 .* not finite"):
        truth.with_predicted(replace(good, mean=mean), "m")


def test_chance_is_of_the_same_conditions_and_below_what_is_known(world):
    fold, seen = world
    truth = Truth.of(fold, seen, "cells")
    found = chance(truth)
    assert list(found) == SCORES
    assert CHANCE == "chance"
    assert values(found, "overlap", "deg").eq(10 / 60).all()
    assert values(found, "reciprocal_rank").eq((1 / np.arange(1, 6)).sum() / 5).all()
    assert set(values(found, "change_pearson").index) == set(
        truth.conditions[CONDITION].itertuples(index=False, name=None)
    )
    _, nothing = judged(fold, seen, control.predict(seen, truth.conditions, RNG))
    for metric, genes in (("overlap", "deg"), ("reciprocal_rank", "all"), ("rank_share", "all")):
        np.testing.assert_allclose(values(found, metric, genes), values(nothing, metric, genes))


def test_halves_are_truths_of_their_own(world):
    fold, seen = world
    halves = fold.halves.copy()
    row = np.flatnonzero((fold.conditions["role"] == TEST) & ~fold.conditions["control"])[3]
    halves[:, row] = np.nan
    truth = Truth.of(replace(fold, halves=halves), seen, "cells")
    for half in (0, 1):
        part, other = truth.measured_by_half(half)
        assert len(part.conditions) == len(truth.conditions) - 1
        kept = np.flatnonzero(np.isfinite(truth.halves[0, :, 0]))
        np.testing.assert_array_equal(part.compared.measured, truth.halves[half, kept])
        np.testing.assert_array_equal(other, truth.halves[1 - half, kept])
        np.testing.assert_array_equal(part.place, truth.place[kept])
        assert [list(x) for x in part.lists["deg"]] == [list(truth.lists["deg"][i]) for i in kept]
