"""Doses and times, however a table writes them, in micromolar and in hours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.errors import LacunaError
from lacuna.io.quantities import is_given, read_doses, read_numbers, read_times, to_micromolar

NAN = np.nan


@pytest.mark.parametrize(
    ("text", "micromolar"),
    [
        ("10 uM", 10),
        ("10 µM", 10),  # micro sign
        ("10 μM", 10),  # Greek mu
        ("10uM", 10),
        ("0.1 nM", 0.0001),
        ("1e3 nM", 1),
        (".5 mM", 500),
        ("9.99999 um", 10),
        ("0 uM", 0),
        ("-666", NAN),
        ("-666.000000", NAN),
        ("-666 uM", NAN),
        ("-1 uM", NAN),
        ("10", NAN),  # of what?
        ("10 ng/ul", NAN),
        ("10 mg", NAN),
        ("1-10 uM", NAN),
        ("10 uM 20 uM", NAN),
        ("", NAN),
        (NAN, NAN),
    ],
)
def test_a_dose_with_its_unit_is_read_in_micromolar(text, micromolar):
    found = read_doses(pd.Series([text], dtype=object))
    np.testing.assert_equal(found.to_numpy(), [micromolar])


def test_the_unit_beside_a_number_wins_over_that_of_its_column():
    texts = pd.Series(["10", "10 nM", "10 µM", "10 mg", "10"])
    units = pd.Series(["um", "um", "nm", "um", np.nan], dtype=object)
    np.testing.assert_equal(read_doses(texts, units).to_numpy(), [10, 0.01, 10, NAN, NAN])


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        *(("6 h", 6), ("24h", 24), ("24 H", 24), ("96 hours", 96), ("6", 6), ("1.5 hr", 1.5)),
        *(("-666", NAN), ("-6 h", NAN), ("2 weeks", NAN), ("six h", NAN), (NAN, NAN)),
        *(("3 d", 72), ("2 days", 48), ("30 min", 0.5), ("90 Minutes", 1.5), ("-1 d", NAN)),
    ],
)
def test_a_time_is_read_in_hours(text, hours):
    np.testing.assert_equal(read_times(pd.Series([text], dtype=object)).to_numpy(), [hours])


@given(
    st.lists(
        st.tuples(st.floats(1e-4, 1e4), st.sampled_from(["nM", "uM", "µM", "mM", "pM"])),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_one_column_or_two_are_the_same(doses, wide):
    numbers = pd.Series([f"{number!r}" for number, _ in doses])
    units = pd.Series([unit for _, unit in doses])
    together = numbers + (" " if wide else "") + units
    factor = {"nM": 1e-3, "uM": 1.0, "µM": 1.0, "mM": 1e3, "pM": 1e-6}
    expected = [float(f"{number * factor[unit]:.3g}") for number, unit in doses]
    # A factor that is no power of 2 may round the other way at the third digit.
    np.testing.assert_allclose(read_doses(together), expected, rtol=5e-3)
    pd.testing.assert_series_equal(read_doses(together), read_doses(numbers, units))
    pd.testing.assert_series_equal(read_doses(together), to_micromolar(together, None, "f"))


def test_categories_are_read_as_texts_are():
    texts = pd.Series(["10 uM", "-666", np.nan, "10 uM"], index=[5, 3, 8, 1])
    pd.testing.assert_series_equal(read_doses(texts), read_doses(texts.astype("category")))
    assert read_doses(texts).index.tolist() == [5, 3, 8, 1]


def test_what_is_given_is_told_from_what_can_be_read():
    texts = pd.Series(["10 uM", "ten", "-666", "-666.00", np.nan, ""], dtype=object)
    assert is_given(texts).tolist() == [True, True, False, False, False, True]
    np.testing.assert_equal(read_numbers(texts).to_numpy(), [10, NAN, NAN, NAN, NAN, NAN])


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("ten", "uM", "'ten' is no dose"),
        ("10", None, "'10' has no unit"),
        ("10 mg", "uM", "doses are in 'mg'"),
        ("10", "mg", "doses are in 'mg'"),
        ("-1", "uM", "is negative"),
        ("1e999", "uM", "is not finite"),
    ],
)
def test_where_each_must_be_a_dose_what_is_none_is_named(value, unit, said):
    with pytest.raises(LacunaError) as raised:
        to_micromolar(pd.Series([value, "1 uM"]), unit, "table.tsv: dose")
    assert str(raised.value).startswith("table.tsv: dose: ")
    assert said in str(raised.value)
