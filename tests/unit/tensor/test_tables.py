"""The table of filters, as people read it."""

import pandas as pd

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
