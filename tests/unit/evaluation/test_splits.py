"""Folds hold every profile out once and leave each drug something to learn from."""

import numpy as np
import pandas as pd
import pytest
from toy import clustered, grid

from lacuna.errors import LacunaError
from lacuna.evaluation.density import TEST, UNUSED, densities, is_trained_on, thin, thin_table
from lacuna.evaluation.splits import (
    NEVER_HELD_OUT,
    count_folds,
    fold_table,
    folds_by_profile,
    make_folds,
)
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet


def many_drugs_of_two_cells(drugs=300):
    measured = np.zeros((drugs, 6), dtype=bool)
    for drug in range(drugs):
        measured[drug, [drug % 6, (drug + 1 + drug % 4) % 6]] = True
    return grid(np.random.default_rng(0).normal(size=(drugs, 6, 3)), measured)


def with_single_profiles():
    measured = np.ones((20, 4), dtype=bool)
    measured[12:, 1:] = False
    return grid(np.random.default_rng(0).normal(size=(20, 4, 3)), measured)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("folds", [2, 3, 10])
@pytest.mark.parametrize("make", [many_drugs_of_two_cells, with_single_profiles, clustered])
def test_every_profile_once_and_each_drug_always_in_training(make, folds, seed):
    tensor = make()
    fold = folds_by_profile(tensor, folds, np.random.default_rng(seed))
    several = np.bincount(tensor.drug)[tensor.drug] > 1
    assert (fold[several] >= 0).all()
    assert (fold[~several] == NEVER_HELD_OUT).all()
    sizes = np.bincount(fold[several], minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    for number in range(folds):
        assert set(tensor.drug[fold != number]) == set(tensor.drug)


def test_the_seed_decides():
    tensor = clustered()
    first, again, other = (
        folds_by_profile(tensor, 4, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_seed_decides_where_nothing_has_to_be_swapped():
    tensor = grid(np.zeros((20, 6, 3)) + 1, np.ones((20, 6), dtype=bool))
    first, again, other = (folds_by_profile(tensor, 10, generator(s, "folds")) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_streams_differ_by_seed_and_by_every_name():
    names = [(1,), (2,), (1, "a"), (1, "b"), (1, "a", "b"), (1, "b", "a"), (1, "ab"), (2, "a")]
    first = {name: tuple(generator(*name).integers(2**60, size=2)) for name in names}
    assert len(set(first.values())) == len(names)
    assert all(tuple(generator(*name).integers(2**60, size=2)) == first[name] for name in names)


def test_two_folds_of_many_drugs_of_two_cells_exist_and_are_found():
    """One profile of each drug in each fold: easily written down, found by few random swaps."""
    tensor = many_drugs_of_two_cells(4000)
    fold = folds_by_profile(tensor, 2, np.random.default_rng(0))
    assert (np.bincount(tensor.drug, fold) == 1).all()


def test_a_drug_that_has_no_training_profile_is_named_plainly():
    with pytest.raises(LacunaError, match=r"leave drug 'd\d+' a training profile"):
        folds_by_profile(clustered(), 1, np.random.default_rng(0))


def test_folds_are_random_not_by_place():
    tensor = clustered(drugs=200)
    fold = folds_by_profile(tensor, 5, np.random.default_rng(0))
    together = [
        (fold[tensor.drug == drug][:, None] == fold[tensor.drug == drug]).sum()
        - (tensor.drug == drug).sum()
        for drug in range(200)
    ]
    assert np.sum(together) > 0  # profiles of a drug do share folds at times


def test_too_few_profiles_are_refused():
    with pytest.raises(LacunaError, match="too few for 10 folds"):
        folds_by_profile(clustered(drugs=3, cells=2), 10, np.random.default_rng(0))


def test_the_table_counts_what_is_never_held_out():
    tensor = with_single_profiles()
    fold = folds_by_profile(tensor, 3, np.random.default_rng(0))
    table = fold_table(tensor, fold)
    assert table["drug"].tolist() == tensor.drugs[tensor.drug].tolist()
    counted = count_folds(table).set_index("use")
    assert counted.loc["held out once", "profiles"] == 48
    assert counted.loc["never held out: the drug's only profile", "drugs"] == 8


def with_plates(plates):
    tensor = clustered(drugs=30, cells=6)
    names = ("profiles", "drug", "cell", "drugs", "cells", "genes")
    reliability = pd.DataFrame({"plates": plates(tensor)})
    return ProfileSet(*(getattr(tensor, name) for name in names), reliability)


@pytest.mark.parametrize("split", ["drugs", "cells", "plates"])
def test_what_belongs_together_is_held_out_together(split):
    tensor = with_plates(lambda t: t.cell * 10 + t.drug % 2)
    fold = make_folds(tensor, split, 4, np.random.default_rng(0))
    group = {"drugs": tensor.drug, "cells": tensor.cell}.get(split, tensor.reliability["plates"])
    assert set(fold) == {0, 1, 2, 3}
    assert (
        pd.DataFrame({"group": group, "fold": fold}).groupby("group")["fold"].nunique().max() == 1
    )
    sizes, largest = np.bincount(fold), np.unique(group, return_counts=True)[1].max()
    assert sizes.max() - sizes.min() <= largest
    again = make_folds(tensor, split, 4, np.random.default_rng(0))
    assert np.array_equal(fold, again)
    others = [make_folds(tensor, split, 4, np.random.default_rng(seed)) for seed in range(1, 6)]
    assert not all(np.array_equal(fold, other) for other in others)


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(LacunaError, match="splits: cells: 10 folds, but only 6 groups"):
        make_folds(clustered(cells=6), "cells", 10, np.random.default_rng(0))


def test_plates_that_are_not_known_cannot_be_held_out():
    for tensor in (clustered(), with_plates(lambda t: np.where(t.drug == 3, -1, t.cell))):
        with pytest.raises(LacunaError, match="nothing is known of the plates"):
            make_folds(tensor, "plates", 3, np.random.default_rng(0))


def test_single_profiles_are_the_paper_s_folds():
    tensor = clustered()
    expected = folds_by_profile(tensor, 3, np.random.default_rng(0))
    assert np.array_equal(make_folds(tensor, "profiles", 3, np.random.default_rng(0)), expected)


PERCENTS = [60, 50, 40, 30, 20, 10]


def paper_like():
    """30 drugs x 15 cells, 71 % of the places taken; two drugs have one profile."""
    rng = np.random.default_rng(5)
    measured = rng.random((30, 15)) < 0.75
    measured[:2] = False
    measured[[0, 1], [3, 7]] = True
    return grid(rng.normal(size=(30, 15, 3)), measured)


@pytest.mark.parametrize("seed", range(5))
def test_training_sets_of_lower_density_lie_within_those_of_higher_and_beside_the_test(seed):
    tensor = paper_like()
    lowest = thin(tensor, PERCENTS, np.random.default_rng(seed))
    test = lowest == TEST
    assert test.sum() == 45
    larger = np.ones(len(tensor), dtype=bool)
    for percent in PERCENTS:
        trained_on = is_trained_on(lowest, percent)
        assert trained_on.sum() == 450 * percent // 100
        assert set(tensor.drug[trained_on]) == set(range(30))
        assert not (trained_on & test).any()
        assert not (trained_on & ~larger).any()
        larger = trained_on
    assert (lowest == UNUSED).sum() == len(tensor) - 45 - 270


def test_sizes_are_rounded_to_the_nearest():
    tensor = grid(np.ones((9, 5, 3)), np.ones((9, 5), dtype=bool))
    lowest = thin(tensor, [30, 50], np.random.default_rng(0))
    sizes = [is_trained_on(lowest, percent).sum() for percent in (30, 50)]
    assert ((lowest == TEST).sum(), *sizes) == (5, 14, 23)  # of 4.5, 13.5 and 22.5


def test_every_profile_but_a_drug_s_only_one_comes_into_the_test():
    tensor = paper_like()
    lowest = [thin(tensor, PERCENTS, np.random.default_rng(seed)) for seed in range(200)]
    share = (np.array(lowest) == TEST).mean(axis=0)
    single = tensor.drug < 2
    assert (share[single] == 0).all()
    assert abs(share[~single].mean() - 45 / (~single).sum()) < 1e-9
    assert share[~single].min() > 0.04


def test_the_seed_decides_the_subsets():
    tensor = paper_like()
    first, again, other = (thin(tensor, PERCENTS, generator(s, "thin", 0)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    table = thin_table(tensor, 3, first)
    assert list(table.columns) == ["repeat", "drug", "cell", "lowest"]
    assert (table["repeat"] == 3).all()


def test_densities_that_cannot_be_had_are_left_out_and_said():
    tensor = grid(np.ones((20, 5, 3)), np.arange(100).reshape(20, 5) % 5 < 3)
    table = densities(tensor, [60, 10, 50, 20]).set_index("percent")
    assert list(table.index) == [10, 20, 50, 60]
    assert "fewer profiles than drugs (20)" in table.loc[10, "left_out"]
    assert (table.loc[[20, 50], "left_out"] == "").all()
    assert "beside the test set (50)" in table.loc[60, "left_out"]
    lowest = thin(tensor, [60, 10, 50, 20], np.random.default_rng(0))
    assert set(lowest) == {TEST, 20, 50}


def test_a_tensor_of_which_no_density_can_be_had_has_a_test_set_alone():
    tensor = grid(np.ones((20, 5, 3)), np.arange(100).reshape(20, 5) % 5 < 3)
    assert densities(tensor, [10, 60])["left_out"].ne("").all()
    assert set(thin(tensor, [10, 60], np.random.default_rng(0))) == {TEST, UNUSED}
