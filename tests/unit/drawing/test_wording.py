"""Numbers as people read them."""

import numpy as np
import pandas as pd
import pytest

from lacuna.drawing.wording import short_number, with_interval, with_spaces


def test_an_interval_stands_behind_its_value_and_zero_has_no_sign():
    assert with_interval(-0.0001, -0.25, 0.12345) == "0.000 [-0.250, 0.123]"


def test_a_value_without_an_interval_says_why():
    assert with_interval(0.5, np.nan, np.nan) == "0.500, too few for an interval"
    assert with_interval(np.nan, np.nan, np.nan) == "no value"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.1235"), (99.96, "99.96"), (1234567.8, "1,234,568"), (-150.4, "-150")],
)
def test_numbers_have_four_digits_and_large_ones_are_whole(value, text):
    assert short_number(value) == text


def test_a_sign_is_shown_where_it_is_asked_for():
    assert short_number(0.5, "+") == "+0.5"


def test_names_of_columns_are_read_without_underscores():
    assert list(with_spaces(pd.DataFrame(columns=["by_name", "a"]))) == ["by name", "a"]
