"""Training sets of ever fewer profiles, and the accuracy they give."""

import numpy as np
import pandas as pd
import pytest
from toy import grid

from lacuna.evaluation.density import (
    TEST,
    UNUSED,
    accuracy_by_density,
    densities,
    is_trained_on,
    thin,
    thin_table,
)
from lacuna.runtime.seeds import generator

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


@pytest.mark.parametrize("seed", range(20))
def test_the_bounds_of_a_density_are_had_themselves(seed):
    """20 drugs in 3 of 5 cells: 10 % are the test, 50 % all the rest, 20 % one profile of each."""
    tensor = grid(np.ones((20, 5, 3)), np.arange(100).reshape(20, 5) % 5 < 3)
    table = densities(tensor, [19, 20, 50, 51]).set_index("percent")
    assert table["profiles"].tolist() == [19, 20, 50, 51]
    assert table["left_out"].eq("").tolist() == [False, True, True, False]
    lowest = thin(tensor, [20, 50], np.random.default_rng(seed))
    assert sorted(tensor.drug[is_trained_on(lowest, 20)]) == list(range(20))
    assert (lowest != UNUSED).all()


def test_a_small_grid_has_a_test_of_one_profile():
    tensor = grid(np.ones((2, 2, 3)), np.ones((2, 2), dtype=bool))
    lowest = thin(tensor, [50], np.random.default_rng(0))
    assert np.count_nonzero(lowest == TEST) == 1
    assert is_trained_on(lowest, 50).sum() == 2


def test_accuracy_is_averaged_over_repeats():
    scores = pd.DataFrame({"method": ["b"] * 4 + ["a"] * 2, "percent": [10, 20] * 3})
    scores["pct"] = [0.1, 0.2, 0.3, 0.6, 0.5, 0.5]
    table = accuracy_by_density(scores)
    assert list(table) == ["method", "percent", "repeats", "mean", "sd"]
    assert table[["method", "percent", "repeats"]].to_numpy().tolist() == [
        *(["b", 10, 2], ["b", 20, 2], ["a", 10, 1], ["a", 20, 1])
    ]
    assert np.allclose(table["mean"], [0.2, 0.4, 0.5, 0.5])
    assert np.allclose(table["sd"][:2], np.sqrt([0.02, 0.08]))
