"""The grid: what is measured, parts of it, means, and its file."""

import numpy as np
import pandas as pd
import pytest
from wells import ODD_NAMES

from lacuna.tensor.profiles import NO_PROFILE, ProfileSet
from lacuna.vectors import unit_rows

AXES = ["profiles", "drug", "cell", "drugs", "cells", "genes"]


@pytest.fixture
def grid():
    """Four profiles on three drugs and two cells, in no order."""
    profiles = unit_rows(np.random.default_rng(0).normal(size=(4, 5))).astype(np.float32)
    known = pd.DataFrame(
        {"signatures": [1, 2, 3, 4], "replicates": [5, 6, 7, 8], "acd": [0.1, np.nan, 0.3, 0.4]}
    )
    drugs, cells, genes = (np.array(list(names), object) for names in ("abc", "12", "vwxyz"))
    return ProfileSet(
        profiles, np.array([2, 0, 0, 1]), np.array([1, 1, 0, 0]), drugs, cells, genes, known
    )


def test_the_grid_knows_what_is_measured(grid):
    assert len(grid) == 4
    assert grid.counts.tolist() == [[1, 1], [1, 0], [0, 1]]
    assert grid.measured.tolist() == [[True, True], [True, False], [False, True]]
    assert grid.pairs.tolist() == [[2, 1], [0, 1], [0, 0], [1, 0]]
    assert grid.missing_pairs.tolist() == [[1, 1], [2, 0]]


def test_a_place_is_found(grid):
    pairs = np.array([[0, 0], [2, 0], [2, 1], [1, 0], [1, 1]])
    assert grid.find(pairs).tolist() == [2, NO_PROFILE, 0, 3, NO_PROFILE]
    assert grid.find(grid.pairs).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (np.array([True, False, False, True]), [0, 3]),
        (np.array([3, 1]), [3, 1]),
        (np.array([], dtype=int), []),
        (np.zeros(4, dtype=bool), []),
    ],
)
def test_some_profiles_stay_on_the_same_grid(grid, which, expected):
    some = grid.take(which)
    np.testing.assert_array_equal(some.profiles, grid.profiles[expected])
    assert some.pairs.tolist() == grid.pairs[expected].tolist()
    assert some.measured.shape == grid.measured.shape
    assert some.reliability["signatures"].tolist() == [row + 1 for row in expected]
    for axis in ("drugs", "cells", "genes"):
        assert getattr(some, axis) is getattr(grid, axis)


def test_means_are_of_what_is_measured(grid):
    means, size = grid.mean_by_drug()
    assert size.tolist() == [2, 1, 1]
    expected = [grid.profiles[[1, 2]].mean(axis=0), grid.profiles[3], grid.profiles[0]]
    np.testing.assert_allclose(means, expected, atol=1e-6)
    means, size = grid.take(np.array([0, 1])).mean_by_cell()
    assert size.tolist() == [0, 2]
    np.testing.assert_allclose(means, [grid.profiles[:2].mean(axis=0)] * 2, atol=1e-6)


@pytest.mark.parametrize("with_reliability", [True, False])
def test_a_grid_comes_back_from_a_file(grid, tmp_path, with_reliability):
    if not with_reliability:
        grid = ProfileSet(*(getattr(grid, name) for name in AXES))
    grid.save(tmp_path / "new" / "tensor.h5")
    again = ProfileSet.load(tmp_path / "new" / "tensor.h5")
    for name in AXES:
        np.testing.assert_array_equal(getattr(again, name), getattr(grid, name))
        assert getattr(again, name).dtype == getattr(grid, name).dtype
    if with_reliability:
        pd.testing.assert_frame_equal(again.reliability, grid.reliability)
    else:
        assert again.reliability is None


def test_part_of_a_grid_comes_back_with_what_is_known_of_it(grid, tmp_path):
    grid.take(np.array([3, 0])).save(tmp_path / "tensor.h5")
    again = ProfileSet.load(tmp_path / "tensor.h5")
    assert again.reliability["signatures"].tolist() == [4, 1]
    assert again.pairs.tolist() == [[1, 0], [2, 1]]


def test_odd_names_come_back_from_a_file(tmp_path):
    names = np.array(ODD_NAMES, dtype=object)
    place = np.arange(len(names))
    ProfileSet(np.eye(len(names)), place, place, names, names, names).save(tmp_path / "tensor.h5")
    again = ProfileSet.load(tmp_path / "tensor.h5")
    assert list(again.drugs) == list(again.cells) == list(again.genes) == ODD_NAMES


@pytest.mark.parametrize(
    "wrong",
    [
        {"profiles": np.ones((4, 4))},
        {"profiles": np.ones((3, 5))},
        {"profiles": np.ones(4)},
        {"genes": np.array(["v"])},
        {"drug": np.array([2, 0, 0])},
        {"cell": np.array([1, 1, 0])},
        {"drug": np.array([2, 0, 0, 0])},  # a place taken twice
        {"cell": np.array([1, 0, 0, 0])},  # a place taken twice
        {"drug": np.array([3, 0, 0, 1])},
        {"cell": np.array([2, 1, 0, 0])},
        {"drug": np.array([-1, 0, 0, 1])},
        {"reliability": pd.DataFrame({"signatures": [1, 2, 3]})},
    ],
    ids=lambda wrong: " ".join(f"{name} {np.shape(value)}" for name, value in wrong.items()),
)
def test_a_grid_that_cannot_be_is_refused(grid, wrong):
    right = {name: getattr(grid, name) for name in [*AXES, "reliability"]}
    with pytest.raises((ValueError, IndexError)):
        ProfileSet(**right | wrong)
