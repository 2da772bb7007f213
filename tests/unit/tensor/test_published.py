"""The tensor's published numbers: counts after each filter, of the grid, specificity by name."""

import pandas as pd
import pytest
from toy import clustered

from lacuna.tensor.published import numbers_of_filters, numbers_of_grid, numbers_of_specificity


def test_steps_are_counted_after_each_filter():
    steps = ["signatures", "3 experiments without a p-value", "ACD p-value at most 0.1"]
    steps += ["one id per drug name", "at least 3 drugs per cell", "averaged over dose"]
    filters = pd.DataFrame(
        {"step": steps, "profiles": range(60, 0, -10), "drugs": range(6), "cells": 3}
    )
    numbers = numbers_of_filters(filters)
    assert (numbers["table"] == "filters").all()
    ours = numbers.set_index("key")["ours"]
    assert ours["signatures/profiles"] == 60
    assert ours["consistent/profiles"] == 40
    assert ours["covered/profiles"] == 20
    assert ours["averaged/drugs"] == 5


def test_cells_are_counted_in_the_large_tensor_alone():
    tensor = clustered()
    large, small = numbers_of_grid("large", tensor), numbers_of_grid("small", tensor)
    assert small[["table", "key"]].to_numpy().tolist() == [["observed", "small"]]
    share = len(tensor) / (len(tensor.drugs) * len(tensor.cells))
    assert small["ours"].item() == pytest.approx(share)
    cells = large[large["table"] == "cells"].set_index("key")["ours"]
    assert cells.sum() == len(tensor)
    assert cells["c1"] == (tensor.cell == 1).sum()


def test_of_drugs_with_one_name_the_first_counts():
    table = pd.DataFrame({"name": ["x", "y", "x"], "specificity": [0.2, 1.0, 0.9]})
    numbers = numbers_of_specificity(table).set_index("key")["ours"]
    assert numbers.to_dict() == {"x": 0.2, "y": 1.0}
