"""A fold says what its conditions are like, from their own observations alone."""

import numpy as np
import pandas as pd
import pytest
from target import GENES, signatures, target

from lacuna.single_cell import moments, observations
from lacuna.single_cell.fold import make_fold
from lacuna.single_cell.interface import (
    CONTROL,
    STATISTICS,
    TEST,
    TRAINING,
    UNUSED,
    VALIDATION,
    Fold,
)
from lacuna.single_cell.moments import sum_groups
from lacuna.single_cell.observations import InMemory, open_observations
from lacuna.single_cell.split import Split, split_observations

ASKED = {
    "bulk": pd.Index(["G9", "G2", "elsewhere"]),
    "genes": {"total": 12, "of": "training"},
    "degs": {"number": 5, "of": "training"},
}


def fold_of(made, name="drugs_0", seed=0, **changes):
    split = split_observations(
        made,
        name,
        folds=3,
        lines=[],
        named=[],
        validation={"by": "drugs", "share": 0.2},
        rng=np.random.default_rng(0),
    )
    return make_fold(made, split, **ASKED | changes, rng=np.random.default_rng(seed))


def rows_of(made, fold, row):
    obs = made.obs
    here = (obs["drug"] == row.drug) & (obs["line"] == row.line) & (obs["dose"] == row.dose)
    return made.rows(np.flatnonzero(here & (fold.role == row.role)), fold.genes).astype(float)


@pytest.mark.parametrize("kind", ["cells", "bulk"])
def test_means_and_variances_are_those_of_the_observations(kind):
    made = target(kind=kind)
    fold = fold_of(made)
    assert list(fold.conditions.columns) == STATISTICS
    assert fold.conditions["observations"].sum() == len(made.obs)
    for place, row in enumerate(fold.conditions.itertuples()):
        rows = rows_of(made, fold, row)
        assert row.observations == len(rows) > 0
        np.testing.assert_allclose(fold.mean[place], rows.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(fold.variance[place], rows.var(axis=0), rtol=1e-3, atol=1e-5)
        assert row.control == (row.drug == CONTROL)


def test_halves_are_means_of_two_random_halves():
    made = target(each=13)
    fold, other = fold_of(made), fold_of(made, seed=1)
    for place, row in enumerate(fold.conditions.itertuples()):
        if row.observations < 10:
            continue
        both = fold.halves[:, place]
        sizes = np.array([(row.observations + 1) // 2, row.observations // 2])
        np.testing.assert_allclose((sizes @ both) / sizes.sum(), fold.mean[place], rtol=1e-4)
        # Random halves of n differ by 2 / sqrt(n) standard deviations.
        spread = np.sqrt(fold.variance[place]).mean() * 2 / np.sqrt(row.observations)
        assert 0.4 < (both[0] - both[1]).std() / spread < 2
    assert not np.allclose(fold.halves, other.halves, equal_nan=True)
    np.testing.assert_array_equal(fold.mean, other.mean)


def test_few_observations_have_no_halves():
    fold = fold_of(target(each=9, controls=60))
    few = (fold.conditions["observations"] < 10).to_numpy()
    assert few.any()
    assert not few.all()
    assert np.isnan(fold.halves[:, few]).all()
    assert np.isfinite(fold.halves[:, ~few]).all()


def test_a_condition_on_two_sides_has_two_rows_and_the_unused_has_none():
    made = target(2, each=12)
    role = np.full(len(made.obs), TRAINING, dtype=object)
    role[::2], role[3::12] = VALIDATION, UNUSED
    role[0] = TEST
    made_split = Split("random_0", role, [], [])
    fold = make_fold(made, made_split, **ASKED, rng=np.random.default_rng(0))
    assert fold.conditions["observations"].sum() == (role != UNUSED).sum()
    both = fold.conditions.groupby(["drug", "line", "dose"])["role"].nunique()
    assert (both >= 2).any()


def test_genes_and_lists_are_chosen_by_training_observations_alone():
    made = target()
    fold = fold_of(made)
    assert fold.genes[:2].tolist() == ["G9", "G2"]
    assert (fold.shared, len(fold.genes)) == (2, 12)
    assert set(fold.degs["gene"]) <= set(fold.genes)
    # What the others look like changes neither the genes nor the lists of training drugs.
    rows = made.rows(np.arange(len(made.obs)))
    rows[fold.role != TRAINING] = np.roll(rows[fold.role != TRAINING], 5, axis=1) * 2
    other = fold_of(InMemory("cells", made.obs, made.drugs, made.genes, rows))
    assert other.genes.equals(fold.genes)
    trained = set(made.obs["drug"][fold.role == TRAINING])
    kept = [
        part[part["drug"].isin(trained)].reset_index(drop=True) for part in (fold.degs, other.degs)
    ]
    pd.testing.assert_frame_equal(*kept)
    whole = fold_of(
        InMemory("cells", made.obs, made.drugs, made.genes, rows),
        genes={"total": 12, "of": "all"},
    )
    assert not whole.genes.equals(fold.genes)


def test_a_fold_in_a_file_is_the_fold(tmp_path):
    fold = fold_of(target())
    fold.save(tmp_path / "f.h5")
    read = Fold.load(tmp_path / "f.h5")
    assert (read.name, read.shared, read.held_out) == (fold.name, fold.shared, fold.held_out)
    assert (read.role == fold.role).all()
    assert read.genes.equals(fold.genes)
    pd.testing.assert_frame_equal(read.conditions, fold.conditions, check_dtype=False)
    pd.testing.assert_frame_equal(read.degs, fold.degs, check_dtype=False)
    for name in ("mean", "variance", "halves"):
        np.testing.assert_array_equal(getattr(read, name), getattr(fold, name))


def test_a_file_gives_the_same_fold_as_memory(tmp_path, monkeypatch):
    for module in (observations, moments):
        monkeypatch.setattr(module, "AT_ONCE", 50, raising=False)
    made = target()
    made.save(tmp_path / "o.h5ad", tmp_path / "d.tsv")
    read = open_observations(tmp_path / "o.h5ad", tmp_path / "d.tsv", in_memory=0)
    one, other = fold_of(made), fold_of(read)
    for name in ("mean", "variance", "halves"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6)
    pd.testing.assert_frame_equal(one.degs, other.degs)


def test_sums_add_up_whatever_the_order_and_however_often_one_is_asked(monkeypatch):
    made = target()
    rng = np.random.default_rng(0)
    positions = rng.integers(0, len(made.obs), 999)
    number = rng.integers(0, 7, 999)
    number[number == 3] = 4  # nobody is in group 3
    sums = sum_groups(made, positions, number, 7)
    rows = made.rows(positions).astype(float)
    for group in range(7):
        assert sums.size[group] == (number == group).sum()
        np.testing.assert_allclose(sums.total[group], rows[number == group].sum(axis=0))
    assert np.isnan(sums.mean[3]).all()
    joined = sums.joined(np.array([0, 0, 1, 1, 1, 0, 1]), 2)
    assert joined.size.tolist() == [
        np.isin(number, [0, 1, 5]).sum(),
        np.isin(number, [2, 4, 6]).sum(),
    ]
    np.testing.assert_allclose(joined.total[0], rows[np.isin(number, [0, 1, 5])].sum(axis=0))


def test_the_training_mean_of_a_line_stands_for_controls_of_signatures():
    made = signatures(15)
    fold = fold_of(made, "drugs_1", bulk=None)
    controls = fold.conditions[fold.conditions["control"]]
    assert controls["role"].tolist() == [TRAINING] * 3
    assert controls["dose"].tolist() == [0.0] * 3
    for place, row in controls.iterrows():
        here = (made.obs["line"] == row["line"]).to_numpy() & (fold.role == TRAINING)
        rows = made.rows(np.flatnonzero(here), fold.genes)
        assert row["observations"] == len(rows) == 8
        np.testing.assert_allclose(fold.mean[place], rows.mean(axis=0), rtol=1e-4, atol=1e-6)


def test_a_line_of_signatures_that_is_held_out_has_the_mean_of_the_others():
    made = signatures()
    fold = fold_of(made, "lines_1", bulk=None)
    controls = fold.conditions[fold.conditions["control"]].set_index("line")
    place = fold.conditions.index[fold.conditions["control"] & (fold.conditions["line"] == "B")][0]
    rows = made.rows(np.flatnonzero(fold.role == TRAINING), fold.genes)
    np.testing.assert_allclose(fold.mean[place], rows.mean(axis=0), rtol=1e-4, atol=1e-6)
    assert controls.loc["B", "observations"] == len(rows)
    assert len(made.genes) == GENES
