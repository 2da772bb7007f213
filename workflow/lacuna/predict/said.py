"""What to expect of predictions by structure, in words."""

import math
from typing import Any

import pandas as pd

from lacuna.drawing.wording import with_interval

NOT_HELD_OUT = (
    "This run held out no whole drugs with this method (evaluation: splits: drugs), so nothing "
    "says how good this is for a drug that nobody measured."
)
NO_BETTER = "no better than the cell's mean on this data"


def verdict(row: Any) -> str:
    """Say in a few words whether predictions for held-out drugs beat the mean of the cell.

    Parameters
    ----------
    row
        A row of `lacuna.predict.accuracy.accuracy_by_similarity`.
    """
    if math.isnan(row.lead_low):
        return "too few drugs to say whether that is better than the cell's mean"
    if row.lead_low > 0:
        return "better than the cell's mean"
    if row.lead_high < 0:
        return "worse than the cell's mean"
    return NO_BETTER


def accuracy_sentence(row: Any, label: str) -> str:
    """Say what a method reached for drugs that were held out whole, and what the cell's mean did.

    Parameters
    ----------
    row
        A row of `lacuna.predict.accuracy.accuracy_by_similarity`.
    label
        Of the method.
    """
    if math.isnan(row.above):
        which = f"All {row.drugs:,.0f} drugs held out whole ({row.profiles:,.0f} profiles)"
    else:
        which = (
            f"Drugs as near to a training drug as this one (Tanimoto {row.above:g} to {row.to:g}; "
            f"{row.drugs:,.0f} drugs held out whole, {row.profiles:,.0f} profiles)"
        )
    reached = with_interval(row.r, row.r_low, row.r_high)
    mean = with_interval(row.cell_mean, row.cell_mean_low, row.cell_mean_high)
    lead = with_interval(row.lead, row.lead_low, row.lead_high)
    return (
        f"{which}: {label} reached r {reached}, the cell's mean {mean}: {verdict(row)} "
        f"(lead {lead})."
    )


def general_sentences(accuracy: pd.DataFrame, label: str) -> list[str]:
    """Say what all held-out drugs together showed."""
    if accuracy.empty:
        return [NOT_HELD_OUT]
    return [accuracy_sentence(next(accuracy.itertuples(index=False)), label)]


def measured_sentence(name: str, drug: str, cells: int) -> str:
    """Say that a drug is no new one."""
    return (
        f"This is {name} ({drug}), measured in {cells} cell{'' if cells == 1 else 's'}: measured "
        "profiles are shown as they are, and the others as the completed tensor has them, not by "
        "structure alone."
    )
