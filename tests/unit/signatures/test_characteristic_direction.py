"""The Characteristic Direction against its definition, scikit-learn, and what it must not change.

The definition needs the inverse of a genes x genes matrix; the library never forms that matrix.
"""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from wells import plain_direction

from lacuna.signatures.characteristic_direction import characteristic_directions
from lacuna.vectors import unit_rows

GAMMAS = [0.01, 0.3, 0.5, 0.9, 0.999]


def a_plate(vehicles=10, genes=60, treated=3, seed=0):
    """Expression with genes of unequal spread that vary together, and treated wells with effects.

    Returns the treated and the vehicle wells.
    """
    rng = np.random.default_rng([seed, vehicles, genes])
    mix = rng.normal(size=(5, genes))
    spread = rng.uniform(0.05, 1, genes)

    def wells(count):
        return 8 + rng.normal(size=(count, 5)) @ mix + rng.normal(size=(count, genes)) * spread

    effect = rng.normal(size=(treated, genes)) * (rng.random((treated, genes)) < 0.2)
    return wells(treated) + effect, wells(vehicles)


def directions_by_definition(treated, vehicle, gamma):
    return np.array([plain_direction(well, vehicle, gamma) for well in treated])


# Against the definition


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("vehicles", [2, 3, 9, 26, 60])
@pytest.mark.parametrize("genes", [50, 200])
def test_it_is_what_the_definition_says(gamma, vehicles, genes):
    treated, vehicle = a_plate(vehicles, genes)
    found = characteristic_directions(treated, vehicle, gamma)
    expected = directions_by_definition(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_genes_that_never_vary_do_no_harm(gamma):
    treated, vehicle = a_plate()
    vehicle[:, :20] = vehicle[0, :20]
    treated[:, :10] = vehicle[0, :10]
    found = characteristic_directions(treated, vehicle, gamma)
    expected = directions_by_definition(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (abs(found[:, :10]) < 1e-6).all()
    assert (abs(found[:, 10:20]) > 1e-6).any()


def test_float32_as_read_from_a_matrix_is_exact_enough():
    treated, vehicle = (wells.astype(np.float32) for wells in a_plate(26, 200))
    found = characteristic_directions(treated, vehicle, 0.5)
    assert found.dtype == np.float32
    expected = directions_by_definition(treated, vehicle, 0.5)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("vehicles", [2, 3, 9, 26])
def test_at_gamma_1_it_is_the_limit(vehicles):
    treated, vehicle = a_plate(vehicles)
    found = characteristic_directions(treated, vehicle, 1)
    limit = directions_by_definition(treated, vehicle, 1 - 1e-9)
    np.testing.assert_allclose(found, limit, atol=1e-5)


@pytest.mark.parametrize("vehicles", [2, 9, 26])
def test_at_gamma_1_nothing_is_left_of_what_varies_between_vehicle_wells(vehicles):
    treated, vehicle = a_plate(vehicles)
    varies = np.linalg.qr((vehicle - vehicle.mean(axis=0)).T[:, :-1])[0].T
    difference = treated - vehicle.mean(axis=0)
    left = difference - difference @ varies.T @ varies
    expected = left / np.linalg.norm(left, axis=1, keepdims=True)
    np.testing.assert_allclose(characteristic_directions(treated, vehicle, 1), expected, atol=1e-5)


def test_at_gamma_1_more_vehicle_wells_than_genes_have_an_inverse():
    treated, vehicle = a_plate(60, 50)
    found = characteristic_directions(treated, vehicle, 1)
    expected = directions_by_definition(treated, vehicle, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


# Against another tool


@pytest.mark.filterwarnings("ignore:Only one sample available")
@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("vehicles", [3, 10, 30])
def test_it_is_the_direction_of_scikit_learns_discriminant_analysis(gamma, vehicles):
    treated, vehicle = a_plate(vehicles)
    # With one treated well, the within-class covariance is that of the vehicle wells.
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=1 - gamma)
    classes = [0] * vehicles + [1]
    expected = np.array(
        [analysis.fit(np.vstack([vehicle, well]), classes).coef_[0] for well in treated]
    )
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = characteristic_directions(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-5)


# Invariants


@pytest.mark.parametrize("gamma", [0.5, 1])
def test_wells_do_not_depend_on_each_other(gamma):
    treated, vehicle = a_plate()
    together = characteristic_directions(treated, vehicle, gamma)
    alone = [characteristic_directions(well[None], vehicle, gamma)[0] for well in treated]
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1])
def test_the_order_of_vehicle_wells_does_not_matter(gamma):
    treated, vehicle = a_plate()
    found = characteristic_directions(treated, vehicle[::-1], gamma)
    expected = characteristic_directions(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1])
def test_a_constant_added_to_a_gene_of_the_whole_plate_does_not_matter(gamma):
    treated, vehicle = a_plate()
    constant = np.random.default_rng(1).normal(0, 10, treated.shape[1])
    found = characteristic_directions(treated + constant, vehicle + constant, gamma)
    expected = characteristic_directions(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1])
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_expression_does_not_matter(gamma, factor):
    treated, vehicle = a_plate()
    found = characteristic_directions(treated * factor, vehicle * factor, gamma)
    expected = characteristic_directions(treated, vehicle, gamma)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1])
def test_genes_in_another_order_give_the_same_in_that_order(gamma):
    treated, vehicle = a_plate()
    order = np.random.default_rng(1).permutation(treated.shape[1])
    found = characteristic_directions(treated[:, order], vehicle[:, order], gamma)
    expected = characteristic_directions(treated, vehicle, gamma)[:, order]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 1])
def test_it_turns_with_the_space_of_genes(gamma):
    treated, vehicle = a_plate()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(60, 60)))[0]
    found = characteristic_directions(treated @ turn, vehicle @ turn, gamma)
    expected = characteristic_directions(treated, vehicle, gamma) @ turn
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.01, 0.5, 1])
@pytest.mark.parametrize("vehicles", [2, 30])
def test_rows_have_unit_length(gamma, vehicles):
    found = characteristic_directions(*a_plate(vehicles, treated=50), gamma)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


# Planted truth


def test_what_also_varies_between_vehicle_wells_is_discounted():
    rng = np.random.default_rng(0)
    nuisance, effect = np.linalg.qr(rng.normal(size=(100, 2)))[0].T

    def wells(count):
        return 8 + rng.normal(0, 1.5, (count, 1)) * nuisance + rng.normal(0, 0.02, (count, 100))

    vehicle, treated = wells(20), wells(1) + 5 * nuisance + effect
    naive = unit_rows(treated - vehicle.mean(axis=0))[0]
    assert naive @ effect < 0.5
    assert characteristic_directions(treated, vehicle, 0.5)[0] @ effect > 0.9
    assert characteristic_directions(treated, vehicle, 1)[0] @ effect > 0.8


# Degenerate plates


@pytest.mark.parametrize("gamma", [0.5, 1])
@pytest.mark.parametrize("vehicles", [2, 3, 7, 11])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identical_vehicle_wells_leave_the_plain_difference(gamma, vehicles, dtype):
    treated, vehicle = (wells.astype(dtype) for wells in a_plate(2))
    identical = np.repeat(vehicle[:1], vehicles, axis=0)
    found = characteristic_directions(treated, identical, gamma)
    np.testing.assert_allclose(found, unit_rows(treated - vehicle[0]), atol=1e-5)


def test_vehicle_wells_that_are_copies_of_two_do_no_harm():
    treated, vehicle = a_plate(2)
    copies = vehicle[[0, 1, 0, 1, 0, 1]]
    for gamma, definition in [(0.5, 0.5), (1, 1 - 1e-9)]:
        found = characteristic_directions(treated, copies, gamma)
        expected = directions_by_definition(treated, copies, definition)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_well_without_any_difference_has_no_direction():
    _, vehicle = a_plate(2)
    vehicle = np.round(vehicle * 4) / 4  # exact in binary
    found = characteristic_directions(vehicle.mean(axis=0)[None], vehicle, 0.5)
    np.testing.assert_array_equal(found, 0)


def test_no_treated_well_gives_no_direction():
    treated, vehicle = a_plate()
    assert characteristic_directions(treated[:0], vehicle, 0.5).shape == (0, 60)


def test_the_input_is_left_as_it_was():
    treated, vehicle = a_plate()
    before = treated.copy(), vehicle.copy()
    characteristic_directions(treated, vehicle, 0.5)
    np.testing.assert_array_equal(treated, before[0])
    np.testing.assert_array_equal(vehicle, before[1])
