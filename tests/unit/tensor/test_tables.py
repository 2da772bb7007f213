"""The table of filters and the grid, as people read them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lacuna.tensor.figures import coverage
from lacuna.tensor.tables import filter_table


def test_counts_before_and_after_a_step_stand_side_by_side():
    counts = {"profiles": 1234567, "drugs": 2000, "cells": 9}
    before = {f"{name}_before": 2 * count for name, count in counts.items()}
    table = filter_table(pd.DataFrame([{"step": "a step", **counts, **before}]))
    assert table.to_dict("records") == [
        {
            "step": "a step",
            **{"profiles before": "2,469,134", "profiles after": "1,234,567"},
            **{"drugs before": "4,000", "drugs after": "2,000"},
            **{"cells before": "18", "cells after": "9"},
        }
    ]


@pytest.mark.parametrize("drugs", [1, 2, 11])
def test_drugs_of_a_grid_are_counted_in_whole_numbers(drugs):
    axes = Figure().subplots()
    coverage.draw_grid(axes, np.ones((drugs, 3), bool), list("abc"))
    ticks = axes.yaxis.get_majorticklocs()
    assert len(ticks) and (ticks == np.round(ticks)).all()
