"""Published numbers beside this run's, as the report shows them."""

from collections.abc import Sequence

import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.drawing.wording import short_number
from lacuna.report.origin import Origin

# What a run of a paper's data starts from, and what is to be expected of it.
HOW = {
    "tensor": "the tensor is the authors' own, and nothing is made anew.",
    "level5": (
        "the signatures are those that the authors downloaded; two faults of their filters are "
        "mended here, so small differences are to be expected."
    ),
    "level3": (
        "the authors downloaded signatures ready-made; here they are made anew from the Level 3 "
        "plates, so small differences are to be expected."
    ),
}
# On what data the numbers of a paper are.
ON = {
    "Hodos 2018": " on a tensor of 2,130 drugs and 71 cells",
    "Umarov 2021": (
        ", where nothing else is said, on ready-made signatures of about 1,750 drugs in MCF-7 and "
        "PC-3, and as correlations per profile"
    ),
    "Hetzel 2022": " on L1000 wells and on sci-Plex3's cells, r² clipped at 0",
}


def published_note(data: str, origin: Origin, completed: str, papers: Sequence[str]) -> str:
    """Say how far published numbers and this run's can be compared.

    Parameters
    ----------
    data
        What data this is.
    origin
        Whose data they are.
    completed
        The method whose completed profiles are classified here; the paper has DNPP. May be empty.
        See `lacuna.classification.published.compared_method`.
    papers
        Those of which this run has numbers.
    """
    classified = ""
    if completed:
        classified = (
            f" Classifiers here learn from profiles completed by {method_label(completed)}."
        )
    if origin.paper:
        return (
            f"These are the data of {origin.paper}, by thresholds and counts, and of no other "
            f"paper: {HOW[origin.kind]} Differences are shown for it alone. A published number "
            "outside our interval is marked." + classified
        )
    if not papers:
        return "This run has no number that a paper prints."
    told = "; ".join(f"those of {paper}{ON[paper]}" for paper in papers if paper in ON)
    theirs = f": {told}" if told else ""
    return (
        f"The published numbers are on the papers' own data{theirs}. This run "
        f"is on other data, {data}: it is no comparison, no agreement is to be expected, and no "
        "difference is shown. The numbers stand here to show what this run measures in their place."
        + classified
    )


def published_table(compared: pd.DataFrame, is_papers_data: bool) -> pd.DataFrame:
    """Return published numbers beside ours, and their difference where the data are the paper's.

    Parameters
    ----------
    compared
        As `lacuna.report.published.compare` returns it. Where a paper says its finding in words,
        `what` holds them, and there is no number.
    is_papers_data
        Whether this run is on the paper's data; else published numbers stand only beside ours.
    """
    if not is_papers_data:
        compared = compared[compared["ours"].notna()]
    table = compared[["place", "what"]].assign(
        published=compared["published"].map(short_number, "ignore").fillna(""),
        ours=[with_range(*row) for row in compared[["ours", "low", "high"]].to_numpy(float)],
        interval=compared["interval"].fillna(""),
    )
    if is_papers_data:
        published, low, high = compared["published"], compared["low"], compared["high"]
        outside = (published < low) | (published > high)
        table["difference"] = [
            "" if pd.isna(value) else short_number(value, "+") + (" *" if marked else "")
            for value, marked in zip(compared["difference"], outside, strict=True)
        ]
    return table


def with_range(value: float, low: float, high: float) -> str:
    """Write a number with its interval, if it has one; say where there is no number."""
    if pd.isna(value):
        return "not in this run"
    return short_number(value) + ("" if pd.isna(low) else f" [{low:.3f}, {high:.3f}]")
