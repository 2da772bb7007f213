"""Counts become comparable profiles; what is held out never touches the reference."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.translation.normalise import Reference, log_cpm


def names(count):
    return pd.Index([f"s{number}" for number in range(count)])


def test_counts_are_per_million_of_the_genes_given_then_logged():
    counts = np.array([[1.0, 0, 3], [0, 250_000, 750_000]])
    expected = np.log2([[250_001, 1, 750_001], [1, 250_001, 750_001]])
    np.testing.assert_allclose(log_cpm(counts, names(2)), expected, rtol=1e-6)
    tens = log_cpm(counts, names(2), "log10")
    np.testing.assert_allclose(tens, expected * np.log10(2), rtol=1e-5)


def test_a_deeper_library_of_the_same_sample_is_the_same_profile():
    counts = np.random.default_rng(0).poisson(50, (3, 40)).astype(float)
    np.testing.assert_allclose(log_cpm(counts, names(3)), log_cpm(7 * counts, names(3)), rtol=1e-6)


def test_a_sample_without_reads_is_named():
    with pytest.raises(LacunaError, match=r"s1.*no reads"):
        log_cpm(np.array([[1.0, 2], [0, 0]]), names(2))


def test_the_reference_is_the_mean_of_sorted_values_whatever_the_blocks():
    rows = np.random.default_rng(1).normal(size=(9, 20))
    expected = np.mean([sorted(row) for row in rows], axis=0)
    np.testing.assert_allclose(Reference.of([rows]).sorted_values, expected)
    np.testing.assert_allclose(Reference.of([rows[:2], rows[2:]]).sorted_values, expected)


def test_profiles_take_the_reference_s_values_in_their_own_order():
    rng = np.random.default_rng(2)
    reference = Reference.of([rng.normal(size=(5, 30))])
    rows = rng.gamma(2, size=(4, 30))
    made = reference.apply(rows)
    for row, given in zip(made, rows, strict=True):
        np.testing.assert_allclose(np.sort(row), reference.sorted_values, rtol=1e-5)
        assert (np.argsort(row) == np.argsort(given)).all()


def test_ties_stay_ties_and_scale_does_not_matter():
    reference = Reference(np.arange(6.0))
    made = reference.apply(np.array([[0, 0, 0, 5, 7, 9.0]]))
    np.testing.assert_allclose(made, [[1, 1, 1, 3, 4, 5]])
    np.testing.assert_allclose(made, reference.apply(np.array([[2, 2, 2, 50, 70, 90.0]])))


def test_a_sample_is_normalised_alike_alone_and_among_others():
    rng = np.random.default_rng(3)
    reference = Reference.of([rng.normal(size=(5, 30))])
    rows = rng.normal(size=(6, 30))
    alone = np.concatenate([reference.apply(row[None]) for row in rows])
    np.testing.assert_array_equal(alone, reference.apply(rows))


def test_fewer_genes_than_the_reference_s_span_its_range():
    reference = Reference(np.linspace(0, 10, 1001))
    made = reference.apply(np.random.default_rng(4).normal(size=(1, 101)))
    assert made.min() < 0.1
    assert made.max() > 9.9
    assert np.median(made) == pytest.approx(5, abs=0.01)
