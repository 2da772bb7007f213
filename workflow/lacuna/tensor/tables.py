"""The table of filters, as the report shows it."""

import pandas as pd

MOST_CELLS = 100  # rows of the table of cells


def filter_table(filters: pd.DataFrame) -> pd.DataFrame:
    """Return the counts before and after each step, with what the step took, for reading."""
    shown = {"step": filters["step"]}
    for count in ("profiles", "drugs", "cells"):
        before, after = filters[f"{count}_before"], filters[count]
        shown[f"{count} before"] = before.map("{:,}".format)
        shown[f"{count} after"] = after.map("{:,}".format)
    return pd.DataFrame(shown)
