"""What plain baselines reach in the world of retrieval: neither nothing nor everything."""

import by_structure
import numpy as np
import pytest

from lacuna.simulation.retrieval import simulate_retrieval

SIZE = {"seed": 1, "drugs": 300, "cells": 6}


@pytest.fixture(scope="module")
def real():
    return by_structure.Study(simulate_retrieval(**SIZE))


@pytest.fixture(scope="module")
def null():
    return by_structure.Study(simulate_retrieval(**SIZE, null=True))


def reached(study, predict, **how):
    """Return the mean reciprocal rank over that of random orders, and the standard error of it.

    The error is that over drugs, whose queries are not independent.
    """
    ranks = study.rank(predict, **how)
    expected = by_structure.chance(ranks["size"])
    of_drug = (1 / ranks["rank"]).groupby(ranks["drug"]).mean() / expected
    return of_drug.mean(), of_drug.std() / np.sqrt(len(of_drug))


def test_ridge_from_fingerprints_is_well_above_chance(real):
    ratio, error = reached(real, by_structure.by_ridge)
    assert ratio > 1.6
    assert ratio - 5 * error > 1
    ranks = real.rank(by_structure.by_ridge)
    assert ranks["rank"].median() < 0.35 * ranks["size"].mean()


@pytest.mark.parametrize(
    "predict", [by_structure.by_ridge, by_structure.by_nearest, by_structure.by_conjunction]
)
def test_nothing_that_reads_structures_beats_chance_in_the_null_world(null, predict):
    ratio, error = reached(null, predict)
    assert abs(ratio - 1) < 3 * error + 0.05


def test_a_look_up_by_scaffold_says_nothing(real):
    ratio, error = reached(real, by_structure.by_scaffold)
    assert abs(ratio - 1) < 3 * error + 0.05


def test_nearest_neighbours_are_above_chance_and_below_who_knows_the_conjunction(real):
    nearest, error = reached(real, by_structure.by_nearest)
    conjunction = reached(real, by_structure.by_conjunction)[0]
    assert nearest - 2 * error > 1
    assert conjunction > nearest + 0.8
    assert conjunction > reached(real, by_structure.by_ridge)[0] + 0.3


def test_expression_in_other_lines_is_above_all_that_read_structures_but_not_perfect(real):
    oracle, error = reached(real, by_structure.by_expression)
    for predict in (by_structure.by_ridge, by_structure.by_nearest, by_structure.by_conjunction):
        assert oracle - 2 * error > reached(real, predict)[0]
    ranks = real.rank(by_structure.by_expression)
    assert np.mean(ranks["rank"] == 1) < 0.5
    silent = ~real.world.drugs["active"].to_numpy()[ranks["drug"]]
    assert ranks["rank"][silent].median() > 5 * ranks["rank"][~silent].median()


def test_the_null_world_measures_the_same(real, null):
    assert np.array_equal(real.world.level3, null.world.level3)


def test_within_a_plate_retrieval_works_as_well(real):
    ratio, error = reached(real, by_structure.by_ridge, within_plate=True)
    assert ratio - 4 * error > 1
    assert reached(real, by_structure.by_expression, within_plate=True)[0] > ratio


def test_vehicle_wells_say_nothing_of_the_drug(real):
    ratio, error = reached(real, by_structure.by_ridge, features="control")
    assert abs(ratio - 1) < 3 * error + 0.05
