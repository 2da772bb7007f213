"""The page of the report on drugs known by structure alone."""

import math
from typing import Any

import pandas as pd

from lacuna.drawing.wording import with_interval
from lacuna.predict.said import NO_BETTER, verdict

ALL = "all held-out drugs"


def page_table(drugs: pd.DataFrame, accuracy: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of the page, each under its heading.

    Parameters
    ----------
    drugs
        As `lacuna.predict.answer.Answer.table` returns it.
    accuracy
        As `lacuna.predict.accuracy.accuracy_by_similarity` returns it.
    """
    shown = pd.DataFrame(
        {
            "drug": drugs["name"],
            "structure": drugs["smiles"],
            "nearest measured drugs (Tanimoto)": drugs["nearest"],
            "r to expect": [_r(row) for row in drugs.itertuples()],
            "what to think of it": drugs["said"],
        }
    )
    if accuracy.empty:
        return [("The drugs", shown)]
    held_out = pd.DataFrame(
        {
            "nearest training drug (Tanimoto)": [_band(row) for row in accuracy.itertuples()],
            "drugs": [f"{count:,.0f}" for count in accuracy["drugs"]],
            "profiles": [f"{count:,.0f}" for count in accuracy["profiles"]],
            "r of predictions": [_of(row, "r") for row in accuracy.itertuples()],
            "r of the cell's mean": [_of(row, "cell_mean") for row in accuracy.itertuples()],
            "lead": [_of(row, "lead") for row in accuracy.itertuples()],
            "verdict": [verdict(row) for row in accuracy.itertuples()],
        }
    )
    return [("The drugs", shown), ("Drugs that were held out whole", held_out)]


def _band(row: Any) -> str:
    return ALL if math.isnan(row.above) else f"{row.above:g} to {row.to:g}"


def _of(row: Any, score: str) -> str:
    ends = (getattr(row, f"{score}{end}") for end in ("", "_low", "_high"))
    return with_interval(*ends)


def _r(row: Any) -> str:
    if row.measured:
        return "measured"
    if math.isnan(row.r):
        return "not known"
    return f"{_of(row, 'r')}, {NO_BETTER}" if row.lead_low <= 0 <= row.lead_high else _of(row, "r")
