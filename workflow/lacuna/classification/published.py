"""This run's tests of classifiers that papers print too."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.io.tsv import read_table

PUBLISHED_METHOD = "dnpp"  # whose completed profiles Hodos et al. 2018 classify


def compared_method(completed: Sequence[str]) -> str:
    """Return the completion method whose classifiers stand beside the paper's; empty if none."""
    return PUBLISHED_METHOD if PUBLISHED_METHOD in completed else "".join(completed[:1])


def numbers(files: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return the tests of classifiers.

    Parameters
    ----------
    files
        By name, may be missing: "classes", the tests of all questions.

    Returns
    -------
    DataFrame with columns table, key, ours, low, high, interval
    """
    tables = [numbers_of_tests(read_table(path)) for path in files.get("classes", ())]
    return pd.concat(tables) if tables else pd.DataFrame()


def numbers_of_tests(tests: pd.DataFrame) -> pd.DataFrame:
    """Return the tests of one completion method, by question/protocol/grouped_by/group/number.

    Parameters
    ----------
    tests
        As `lacuna.classification.tests.paired_tests` returns them, of all questions.
    """
    rows = tests[tests["method"].eq(compared_method(list(tests["method"].unique())))]
    test = (
        rows["question"] + "/" + rows["protocol"] + "/" + rows["grouped_by"] + "/" + rows["group"]
    )
    parts = []
    rows = rows.assign(tried=rows["experiments"] + rows["dropped"])
    for number in ("tried", "experiments", "dropped", "better", "difference"):
        part = pd.DataFrame({"table": "classes", "key": test + f"/{number}", "ours": rows[number]})
        if number == "difference":
            part = part.assign(low=rows["low"], high=rows["high"], interval="95 %, over drugs")
        parts.append(part)
    return pd.concat(parts)
