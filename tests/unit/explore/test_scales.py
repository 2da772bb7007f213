"""Scales against what fresh measurements of planted profiles show."""

import numpy as np
import pytest
from asked import small_index

from lacuna.explore.scales import comparable, error_of, usual_scale
from lacuna.explore.words import DEFAULT_SCALE, SCALES

GENES, DRAWS = 400, 4000


def fresh(unit, r, rng):
    """Profiles of length 1 that correlate with a profile by r, and are random beside."""
    noise = rng.normal(size=(DRAWS, len(unit)))
    noise -= (noise @ unit)[:, None] * unit
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return r * unit + np.sqrt(1 - r**2) * noise


@pytest.mark.parametrize("r", [0.2, 0.6, 0.95])
def test_expected_is_the_mean_of_fresh_measurements_and_the_error_their_spread(r):
    rng = np.random.default_rng(0)
    unit = rng.normal(size=GENES)
    unit /= np.linalg.norm(unit)
    drawn = fresh(unit, r, rng)
    expected = comparable(unit, r, "expected", GENES)
    assert np.abs(drawn.mean(axis=0) - expected).max() < 5 * error_of(r, GENES) / np.sqrt(DRAWS)
    assert drawn.std(axis=0).mean() == pytest.approx(error_of(r, GENES), rel=0.02)
    standardised = (drawn - expected) / error_of(r, GENES) + comparable(unit, r, "z", GENES)
    assert standardised.mean() == pytest.approx(comparable(unit, r, "z", GENES).mean(), abs=0.01)


def test_unit_changes_nothing_and_unknown_r_is_unknown():
    values, r = np.array([0.5, -0.5, 0.25]), np.array([0.8, np.nan, -0.2])
    assert comparable(values, r, "unit") is values
    for scale in ("expected", "z"):
        found = comparable(values, r, scale)
        assert np.isnan(found).tolist() == [False, True, False]
        assert found[2] == 0  # worse than nothing foretells nothing
    assert comparable(values, r, "expected")[0] == pytest.approx(0.4)
    assert error_of(r, 978, "z")[0] == 1 and np.isnan(error_of(r, 978, "z")[1])
    assert np.isfinite(comparable(values, np.ones(3), "z")).all()
    assert DEFAULT_SCALE in SCALES


def test_a_scale_that_would_leave_one_kind_out_is_not_the_usual_one():
    profiles = small_index().profiles
    assert usual_scale(profiles) == DEFAULT_SCALE
    assert usual_scale(profiles, "expected") == "expected"
    measured = profiles["source"].eq("measured")
    few = profiles.assign(expected_r=profiles["expected_r"].mask(profiles.index == 0))
    assert usual_scale(few, "expected") == "expected"
    for kind in (measured, ~measured):
        unknown = profiles.assign(expected_r=profiles["expected_r"].mask(kind))
        assert usual_scale(unknown, "expected") == "unit"
    assert usual_scale(profiles[measured], "z") == "z"  # a grid without gaps
