"""The three references against their definitions, and on plates whose vehicle mean is off."""

import numpy as np
import pytest

from lacuna.signatures.characteristic_direction import characteristic_directions
from lacuna.signatures.reference import REFERENCES, reference_profile


def plate(vehicles, error=0.0, effect=0.0, wells=200, genes=300, seed=0):
    """Noise; the vehicle wells are off by an error, the compounds share an effect."""
    rng = np.random.default_rng(seed)
    treated = 8 + effect * rng.normal(size=genes) + rng.normal(size=(wells, genes))
    vehicle = 8 + error * rng.normal(size=genes) + rng.normal(size=(vehicles, genes))
    return treated.astype(np.float32), vehicle.astype(np.float32)


def common(directions):
    cosine = directions.astype(float) @ directions.T
    return (cosine.sum() - np.trace(cosine)) / (len(cosine) * (len(cosine) - 1))


def test_vehicle_and_plate_are_mean_and_median():
    treated, vehicle = plate(9)
    for gene in range(0, 300, 37):
        everything = sorted([*treated[:, gene], *vehicle[:, gene]])
        median = (everything[104] + everything[104]) / 2  # of 209
        assert reference_profile(treated, vehicle, "plate")[gene] == pytest.approx(median)
        mean = sum(map(float, vehicle[:, gene])) / 9
        assert reference_profile(treated, vehicle, "vehicle")[gene] == pytest.approx(mean)


def test_shrunk_lies_between_by_the_error_of_the_vehicle_mean():
    treated, vehicle = plate(9, effect=0.5)
    of_vehicle, of_plate, shrunk = (
        reference_profile(treated, vehicle, name) for name in REFERENCES
    )
    error = np.mean([np.var(vehicle[:, g], ddof=1, dtype=float) for g in range(300)]) / 9
    apart = np.mean((of_vehicle - of_plate) ** 2)
    kept = (apart - error) / apart
    assert 0.3 < kept < 0.9
    assert np.allclose(shrunk, of_plate + kept * (of_vehicle - of_plate))


def test_shrunk_follows_the_vehicle_where_that_is_sure_and_the_plate_where_not():
    treated, vehicle = plate(150, effect=1.0)
    sure = reference_profile(treated, vehicle, "shrunk")
    assert np.allclose(sure, vehicle.mean(axis=0), atol=0.1)
    treated, vehicle = plate(3)
    unsure = reference_profile(treated, vehicle, "shrunk")
    of_plate = reference_profile(treated, vehicle, "plate")
    assert np.abs(unsure - of_plate).mean() < 0.2 * np.abs(vehicle.mean(axis=0) - of_plate).mean()


def test_equal_wells_have_one_reference():
    treated, vehicle = np.full((5, 4), 7.0), np.full((3, 4), 7.0)
    assert all((reference_profile(treated, vehicle, name) == 7).all() for name in REFERENCES)


def test_an_error_of_the_vehicle_mean_is_common_to_all_wells_only_under_vehicle():
    treated, vehicle = plate(4, error=1.0)
    shared = {
        name: common(characteristic_directions(treated, vehicle, 0.5, name)) for name in REFERENCES
    }
    assert shared["vehicle"] > 0.3
    assert abs(shared["plate"]) < 0.03
    assert shared["plate"] < shared["shrunk"] < shared["vehicle"]


def test_the_covariance_stays_that_of_the_vehicle_wells():
    treated, vehicle = plate(12, genes=40)
    covariance = np.cov(vehicle, rowvar=False)
    shrunk = 0.5 * covariance + 0.5 * np.diag(covariance).mean() * np.eye(40)
    centre = reference_profile(treated, vehicle, "plate")
    plain = np.linalg.solve(shrunk, (treated - centre).T).T
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    assert np.allclose(characteristic_directions(treated, vehicle, 0.5, "plate"), plain, atol=1e-5)
