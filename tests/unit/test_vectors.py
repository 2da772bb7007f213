"""Unit rows and means by group against their definitions."""

import numpy as np
import pytest

from lacuna.vectors import mean_by, unit_rows


def test_unit_rows_scale_every_row_but_those_of_zeros():
    found = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0], [-2e-30, 0.0]]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [-1, 0]])


def test_unit_rows_keep_their_direction():
    rows = np.random.default_rng(0).normal(size=(20, 7))
    scaled = unit_rows(rows)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1)
    np.testing.assert_allclose(scaled * np.linalg.norm(rows, axis=1, keepdims=True), rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_of_a_group_is_that_of_its_rows(dtype):
    rng = np.random.default_rng(0)
    group, rows = rng.integers(4, size=50), rng.normal(size=(50, 3)).astype(dtype)
    means, size = mean_by(group, 4, rows)
    for number in range(4):
        members = rows[group == number]
        assert size[number] == len(members) > 0
        np.testing.assert_allclose(means[number], members.mean(axis=0, dtype=float), atol=1e-12)
    assert means.dtype == np.float64


def test_a_group_without_rows_has_zeros():
    means, size = mean_by(np.array([2, 0, 2]), 4, np.array([[1.0], [2.0], [3.0]]))
    assert means.tolist() == [[2], [0], [2], [0]]
    assert size.tolist() == [1, 0, 2, 0]
