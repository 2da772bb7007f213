"""Whether a run's data are those of Hodos et al. 2018: by thresholds and counts, never by names.

The paper says how many signatures, drugs and cells there were at each step, and how many profiles
in each of ten cells (sections 2.2 and table 1, doi:10.1142/9789813235533_0004). A tensor that they
made has just these; signatures that they downloaded are as many before and after the threshold,
and nearly as many further on, where two faults of the authors' code are mended here
(`lacuna.tensor.build`); plates give other signatures, so that nearly as many must do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lacuna.tensor.published import STEPS

PAPER = "Hodos 2018"
THRESHOLDS = {
    "max_p_value": 0.1,
    "unreplicated": "drop",
    "min_cells_per_drug": 3,
    "min_drugs_per_cell": 3,
    "min_cc_q75": None,
    "merge": "best_id",
}
NEAR = 0.1  # how far a count may be off, as a share of the paper's
CELLS = "cells"  # profiles in each, as a step is called
# Which counts must be the same, by what a run starts from; the others must be near.
SAME = {"tensor": {"averaged", CELLS}, "level5": {"signatures", "consistent"}, "level3": set()}
# Steps that come before a ready-made tensor: a run of one says nothing of them.
BEFORE_TENSOR = STEPS.keys() - {"averaged"}


@dataclass(frozen=True)
class Origin:
    """What a run's data are.

    Attributes
    ----------
    paper : str
        The paper whose data they are; empty if they are none's.
    kind : str
        What the run starts from: tensor, level5 or level3; empty of simulated or mixed data.
    counts : DataFrame
        what, published, ours, expected (in words) and agrees, one row per count.
    thresholds : list of str
        Thresholds of the run that are not the paper's, in words.
    """

    paper: str
    kind: str
    counts: pd.DataFrame
    thresholds: list[str]


def find_origin(
    published: pd.DataFrame, ours: pd.DataFrame, kind: str, tensor: Mapping[str, Any]
) -> Origin:
    """Conclude whose data a run's are.

    Parameters
    ----------
    published
        resources/published.tsv.
    ours
        This run's numbers, see `lacuna.report.published.gather_numbers`.
    kind
        As `lacuna.acquire.inputs.Inputs.kind` says it.
    tensor
        The block `tensor` of the configuration.
    """
    rows = published[published["paper"].eq(PAPER) & published["table"].isin(["filters", CELLS])]
    step = _step(rows).where(rows["table"] == "filters", CELLS)
    asked = ~step.isin(BEFORE_TENSOR) | (kind != "tensor")
    known = comparable(ours, kind).drop_duplicates(["table", "key"])
    counts = rows[asked].merge(known[["table", "key", "ours"]], on=["table", "key"], how="left")
    same = step[asked].isin(SAME.get(kind, set())).to_numpy()
    near = np.where(same, 0, NEAR * counts["value"])
    counts = counts.rename(columns={"value": "published"}).assign(
        expected=np.where(same, "the same", f"within {NEAR:.0%}"),
        agrees=(counts["ours"].astype(float) - counts["value"]).abs() <= near,
    )
    thresholds = [] if kind == "tensor" else other_thresholds(tensor)
    theirs = bool(kind) and not thresholds and bool(counts["agrees"].all()) and len(counts) > 0
    shown = counts[["what", "published", "ours", "expected", "agrees"]]
    return Origin(PAPER if theirs else "", kind, shown, thresholds)


def comparable(ours: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Leave out counts of steps that a run of a ready-made tensor did not take."""
    before = ours["table"].eq("filters") & _step(ours).isin(BEFORE_TENSOR)
    return ours[~(before & (kind == "tensor"))]


def other_thresholds(tensor: Mapping[str, Any]) -> list[str]:
    """Say which thresholds of the configuration are not the paper's."""
    return [
        f"{name} is {tensor.get(name)}, the paper's {value}"
        for name, value in THRESHOLDS.items()
        if tensor.get(name) != value
    ]


def _step(numbers: pd.DataFrame) -> pd.Series:
    """Return what stands before the first / of each key."""
    return numbers["key"].astype(str).str.split("/").str[0]
