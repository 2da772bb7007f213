"""How consistent experiments are, and which parts of a report they are too few for."""

import numpy as np
import pandas as pd
import pytest
from rows import signatures

from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.report.experiments import (
    MOST_EXPERIMENTS,
    count_experiments,
    count_p_values,
    missing_parts,
    most_consistent,
)
from lacuna.report.figures import p_values


def grid(drugs: int, cells: int) -> pd.DataFrame:
    return pd.DataFrame([{"drug": d, "cell": c} for d in range(drugs) for c in range(cells)])


def test_experiments_are_counted_by_series():
    p_values = [0.05, 0.050001, 0.1, 0.2, np.nan, np.nan]
    rows = [
        {"drug": f"d{n % 4}", "cell": f"c{n % 2}", "p_value": p} for n, p in enumerate(p_values)
    ]
    table = signatures(rows).table
    table["replicates"] = [2, 2, 3, 2, 2, 1]
    counts = count_experiments({"mine": table, "other": table.iloc[-1:]})
    assert counts.to_numpy().tolist() == [
        ["mine", 6, 4, 2, 5, 4, 1, 3],
        ["other", *[1] * 3, *[0] * 4],
    ]


def test_the_most_consistent_are_shown_and_those_without_a_p_value_are_not():
    rng = np.random.default_rng(0)
    rows = [{"drug": f"d{n}", "cell": "c", "p_value": p} for n, p in enumerate(rng.random(60))]
    table = signatures([*rows, {"drug": "none", "cell": "c", "p_value": np.nan}]).table
    shown = most_consistent({"mine": table})
    assert len(shown) == MOST_EXPERIMENTS
    assert shown["drug"].tolist() == table.nsmallest(MOST_EXPERIMENTS, "p_value")["drug"].tolist()
    table["p_value"] = 0.01
    table["acd"] = rng.random(len(table))
    assert most_consistent({"mine": table})["ACD"].is_monotonic_increasing


LINES = ["completed tensor", "cell specificity", "classes and targets", "whole cell lines"]


@pytest.mark.parametrize(
    ("drugs", "cells", "missing"),
    [
        (LEAST_DRUGS, 1, LINES),
        (1, 8, ["p-values", "whole drugs", "intervals"]),
        (LEAST_DRUGS - 1, 2, ["intervals"]),
        (LEAST_DRUGS, 2, []),
        (1, 1, [*LINES, "p-values", "whole drugs", "intervals"]),
    ],
)
def test_parts_that_need_more_drugs_or_lines_are_named(drugs, cells, missing):
    found = missing_parts(grid(drugs, cells))
    assert len(found) == len(missing)
    for part, begins in zip(found["part"], missing, strict=True):
        assert part.startswith(begins)
    assert (found != "").all(axis=None)


def test_two_lines_that_share_no_drug_are_as_good_as_one():
    apart = pd.DataFrame({"drug": list("abcdef"), "cell": list("112222")})
    assert missing_parts(apart)["part"].str.startswith(tuple(LINES[:3])).all()
    assert len(missing_parts(apart)) == 3


def test_p_values_are_counted_in_equal_parts():
    p_values = [1e-4, 0.05, 0.0500001, 0.1, 1.0, np.nan]
    rows = [{"drug": f"d{n}", "cell": "c", "p_value": p} for n, p in enumerate(p_values)]
    table = signatures(rows).table
    counts = count_p_values({"mine": table, "none": table.iloc[-1:]})
    mine = counts[counts["series"] == "mine"]
    assert mine["experiments"].tolist() == [2, 2, *[0] * 17, 1]
    assert mine[["low", "high"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0.05], [0.95, 1]]
    assert counts.loc[counts["series"] == "none", "experiments"].sum() == 0


def test_bars_stand_where_the_p_values_are():
    table = signatures(
        [{"drug": f"d{n}", "cell": "c", "p_value": n / 100} for n in range(40)]
    ).table
    counts = count_p_values({"mine": table, "none": table.assign(p_value=np.nan)})
    mine, none = p_values.draw(counts, "data").axes
    heights = [bar.get_height() for bar in mine.patches]
    assert heights == counts.loc[counts["series"] == "mine", "experiments"].tolist()
    assert [bar.get_x() for bar in mine.patches] == sorted(set(counts["low"]))
    assert mine.lines[0].get_ydata()[0] == 2  # 40 in 20 bars
    assert none.texts[0].get_text() == "none has one" and not none.patches
