"""The paper's accuracy of its four methods beside ours, and whether the data are the paper's."""

import numpy as np
import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.drawing.wording import short_number
from lacuna.report.origin import PAPER, Origin
from lacuna.report.published import compare
from lacuna.report.published_table import HOW, with_range

METHODS = ["mean_1d", "mean_2d", "dnpp", "falrtc"]  # the paper's
KEY = "large/profiles/{}/pct"


def accuracy_table(published: pd.DataFrame, ours: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Return the accuracy (PCT) of the four methods, theirs and ours.

    Parameters
    ----------
    published, ours
        As for `lacuna.report.published.compare`.
    origin
        Whose data these are; ours stay empty where they are not the paper's.

    Returns
    -------
    DataFrame with columns method, theirs, ours, difference
        As texts; a star marks a published number outside our interval.
    """
    keys = [KEY.format(method) for method in METHODS]
    rows = published[published["paper"].eq(PAPER) & published["key"].isin(keys)]
    rows = rows.set_index("key").loc[keys].reset_index()
    both = compare(rows, ours)
    if not origin.paper:
        both[["ours", "low", "high", "difference"]] = np.nan
    outside = (both["published"] < both["low"]) | (both["published"] > both["high"])
    known = both["ours"].notna()
    return pd.DataFrame(
        {
            "method": [method_label(method) for method in METHODS],
            "theirs": both["published"].map(short_number),
            "ours": [
                with_range(*row) if found else ""
                for found, row in zip(
                    known, both[["ours", "low", "high"]].to_numpy(float), strict=True
                )
            ],
            "difference": [
                short_number(value, "+") + (" *" if marked else "") if found else ""
                for found, value, marked in zip(known, both["difference"], outside, strict=True)
            ],
        }
    )


def counts_table(origin: Origin) -> pd.DataFrame:
    """Return the counts that decide whose data these are, for reading."""
    counts = origin.counts
    return pd.DataFrame(
        {
            "count": counts["what"],
            "theirs": counts["published"].map("{:,.0f}".format),
            "ours": counts["ours"].map(lambda n: "none" if pd.isna(n) else f"{n:,.0f}"),
            "expected": counts["expected"],
            "agrees": counts["agrees"].map({True: "yes", False: "no"}),
        }
    )


def conclusion(origin: Origin) -> list[str]:
    """Say whose data these are and why, in paragraphs."""
    if origin.paper:
        return [
            f"These are the data of {origin.paper}, by the thresholds and all counts below: "
            f"{HOW[origin.kind]}",
            "Both are the correlation of all held-out values with their predictions (PCT), "
            "predictions scaled to unit length, over ten folds of profiles; the interval is over "
            "drugs. The paper's folds are not known, and leave five profiles out; here each is "
            "predicted once. A star marks a published number outside our interval.",
        ]
    wrong = int((~origin.counts["agrees"]).sum())
    said = [f"{wrong} of {len(origin.counts)} counts do not agree"] if wrong else []
    return [
        f"These are not the data of {PAPER}: {'; '.join([*origin.thresholds, *said])}. Ours stay "
        "empty: a number on other data is no comparison."
    ]
