"""The agreement of replicates against loops over pairs, and the null it is held against."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.spatial.distance import cosine
from scipy.stats import chisquare, kstest
from wells import join, noise, plate, signatures_of

from lacuna.signatures.consistency import average_cosine_distance, null_distances, p_value
from lacuna.vectors import unit_rows


def some_directions(count, genes=12, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(count, genes)))


def plain_acd(directions):
    return np.mean([cosine(a, b) for a, b in combinations(np.asarray(directions, float), 2)])


# The average cosine distance


@pytest.mark.parametrize("replicates", [2, 3, 4, 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_mean_distance_of_all_pairs(replicates, dtype):
    directions = some_directions(replicates).astype(dtype)
    found = average_cosine_distance(directions)
    assert found == pytest.approx(plain_acd(directions), abs=1e-6)


def test_its_range_is_known():
    one, other = np.eye(2)
    assert average_cosine_distance(np.array([one, one, one])) == pytest.approx(0)
    assert average_cosine_distance(np.array([one, other])) == pytest.approx(1)
    assert average_cosine_distance(np.array([one, -one])) == pytest.approx(2)


# Which sets the null is made of. Every set of wells has a distance of its own, so that a distance
# of the null tells which wells were drawn.


def null_of(directions, plates, drugs, sets, draws=3000, seed=0):
    rng = np.random.default_rng(seed)
    sets = [np.array(wells) for wells in sets]
    cosine = directions @ directions.T
    return null_distances(cosine, np.array(plates), np.array(drugs), sets, draws, rng)


def allowed_sets(plates, drugs, sets):
    """All sets of wells of different drugs on the plates of a real set, one entry per real set."""
    return [
        [
            wells
            for wells in product(
                *(np.flatnonzero(np.array(plates) == plates[well]) for well in real)
            )
            if len({drugs[well] for well in wells}) == len(wells)
        ]
        for real in sets
    ]


LAYOUTS = {
    "a well per plate": (
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
        [0, 1, 2, 3] * 3,
        [(0, 4, 8), (1, 5, 9), (2, 6, 10), (3, 7, 11)],
    ),
    "not every plate": (
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
        [0, 1, 2, 3, 0, 1, 4, 5, 2, 3, 4, 5],
        [(0, 4), (1, 5), (2, 8)],  # plates 1 and 2 never together
    ),
    "two wells on one plate": (
        [0, 0, 0, 0, 0, 1, 1, 1, 1],
        [0, 0, 1, 2, 3, 4, 4, 5, 6],
        [(0, 1), (5, 6)],  # never both plates
    ),
    "a drug at two doses": (
        [0, 0, 0, 0, 1, 1, 1, 1],
        [0, 0, 1, 2, 0, 0, 1, 2],
        [(0, 4), (1, 5), (2, 6), (3, 7)],
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_null_holds_wells_of_different_drugs_on_the_plates_of_a_real_set(layout):
    plates, drugs, sets = layout
    directions = some_directions(len(plates))
    allowed = {
        round(plain_acd(directions[list(wells)]), 9)
        for possible in allowed_sets(plates, drugs, sets)
        for wells in possible
    }
    drawn = np.unique(null_of(directions, plates, drugs, sets).round(9))
    assert set(drawn) == allowed


def test_real_sets_and_allowed_wells_are_drawn_alike():
    # Three real sets in all: twice plates 0 and 1, once plates 2 and 3.
    plates = [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    drugs = [0, 1, 2, 3] * 2 + [4, 5, 6, 7] * 2
    sets = [(0, 4), (1, 5), (8, 12)]
    directions = some_directions(len(plates))
    draws = 6000
    null = null_of(directions, plates, drugs, sets, draws).round(9)
    expected = dict.fromkeys(null, 0.0)
    for possible in allowed_sets(plates, drugs, sets):
        for wells in possible:
            share = draws / len(sets) / len(possible)
            expected[round(plain_acd(directions[list(wells)]), 9)] += share
    values, counts = np.unique(null, return_counts=True)
    assert chisquare(counts, [expected[value] for value in values]).pvalue > 0.001


@pytest.mark.parametrize(
    ("plates", "drugs", "sets"),
    [
        ([0, 1], [0, 0], [(0, 1)]),
        ([0, 0, 0], [0, 0, 0], [(0, 1, 2)]),
        ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [(0, 2, 4), (1, 3, 5)]),
        ([0, 0, 0, 1], [0, 1, 2, 3], [(0, 3, 3)]),  # plate 1 twice, but it has one drug
    ],
)
def test_too_few_drugs_give_no_null(plates, drugs, sets):
    assert null_of(some_directions(len(plates)), plates, drugs, sets, draws=50) is None


def test_just_enough_drugs_give_a_null():
    plates, drugs = [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2] * 3
    sets = [(0, 3, 6), (1, 4, 7), (2, 5, 8)]
    assert len(null_of(some_directions(9), plates, drugs, sets, draws=500)) == 500


def test_as_many_drugs_as_replicates_give_a_null():
    """Sets of different drugs are rare among all sets here, but they exist."""
    plates, drugs = [0] * 48, [0, 1, 2, 3, 4, 5] * 8
    null = null_of(some_directions(48), plates, drugs, [(0, 6, 12, 18, 24, 30)], draws=1000)
    assert null is not None


def test_the_same_stream_gives_the_same_null():
    plates, drugs, sets = LAYOUTS["not every plate"]
    directions = some_directions(len(plates))
    first, again, other = (null_of(directions, plates, drugs, sets, 50, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


# p-values


def test_a_p_value_is_a_rank():
    null = np.array([0.5, 0.2, 0.9, 0.7])
    found = p_value(np.array([0.1, 0.2, 0.6, 0.9, 2.0]), null)
    np.testing.assert_allclose(found, [1 / 5, 2 / 5, 3 / 5, 1, 1])


def test_no_p_value_is_zero():
    null = np.random.default_rng(0).normal(1, 0.1, 999)
    assert p_value(np.array([-5.0]), null) == [0.001]


def with_active(wells, expression, active):
    """Give each of these drugs an effect of its own, the same in all its wells."""
    effects = np.random.default_rng(7).normal(0, 3, size=(len(active), expression.shape[1]))
    for drug, effect in zip(active, effects, strict=True):
        expression[wells["drug"] == drug] += effect
    return expression


def screen():
    """Noise only: replicates on three plates, replicates on one plate, and both in one batch.

    With few vehicle wells the wells of a plate agree, because they share its vehicle mean.
    """
    drugs = [f"drug {number}" for number in range(120)]
    wells = join(
        *(plate(f"THREE_X{replicate}", drugs) for replicate in (1, 2, 3)),
        plate("ONE_X1", drugs * 2),
        plate("EACH_X1", drugs[:60] * 2),
        plate("EACH_X2", drugs[60:] * 2),
    )
    return drugs, wells


def test_on_noise_p_values_are_uniform(tmp_path):
    _, wells = screen()
    table = signatures_of(tmp_path, wells, noise(wells, genes=40, seed=3), null_draws=5000).table
    for batch, of_batch in table.groupby("batch"):
        assert len(of_batch) == 120
        has = of_batch["p_value"].dropna()  # a column with next to no other well gives none
        assert len(has) >= 115
        assert kstest(has, "uniform").pvalue > 0.01, batch


def test_drugs_that_do_something_have_small_p_values(tmp_path):
    drugs, wells = screen()
    active = drugs[::12]
    expression = with_active(wells, noise(wells, genes=40, seed=3), active)
    table = signatures_of(tmp_path, wells, expression, null_draws=5000).table
    for _, of_batch in table.groupby("batch"):
        is_active = of_batch["drug"].isin(active)
        assert (of_batch["p_value"][is_active] <= 0.1).mean() > 0.9
        assert (of_batch["p_value"][~is_active] > 0.1).mean() > 0.8
        assert of_batch["p_value"].min() >= 1 / 5001


def test_p_values_are_missing_where_no_null_can_be_made(tmp_path):
    wells = join(*(plate(f"FEW_X{replicate}", ["a", "b"]) for replicate in (1, 2, 3)))
    table = signatures_of(tmp_path, wells).table
    assert table["acd"].notna().all()
    assert table["p_value"].isna().all()
