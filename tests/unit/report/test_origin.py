"""Whose data a run's are is concluded from thresholds and counts, and from nothing else."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lacuna.report.origin import PAPER, THRESHOLDS, comparable, find_origin
from lacuna.report.published import OURS, compare
from lacuna.report.theirs_and_ours import accuracy_table, conclusion, counts_table

ROOT = Path(__file__).parents[3]
PUBLISHED = pd.read_csv(ROOT / "resources/published.tsv", sep="\t")
COUNTS = PUBLISHED[PUBLISHED["paper"].eq(PAPER) & PUBLISHED["table"].isin(["filters", "cells"])]
PCT = {"mean_1d": 0.41, "mean_2d": 0.46, "dnpp": 0.53, "falrtc": 0.535}


def numbers(changes=None, factor=1.0):
    """This run's numbers: the paper's counts, but for changes, and scores of our own."""
    counts = COUNTS[["table", "key"]].assign(ours=(COUNTS["value"] * factor).round())
    for (table, key), value in (changes or {}).items():
        counts.loc[counts["table"].eq(table) & counts["key"].eq(key), "ours"] = value
    keys = [f"large/profiles/{method}/pct" for method in PCT]
    scores = pd.DataFrame({"table": "metrics", "key": keys, "ours": PCT.values()})
    scores = scores.assign(low=scores["ours"] - 0.005, high=scores["ours"] + 0.005)
    return pd.concat([counts, scores], ignore_index=True).reindex(columns=OURS)


def paper(ours, kind, **thresholds):
    return find_origin(PUBLISHED, ours, kind, THRESHOLDS | thresholds).paper


@pytest.mark.parametrize("kind", ["tensor", "level5", "level3"])
def test_the_papers_counts_and_thresholds_make_the_papers_data(kind):
    assert paper(numbers(), kind) == PAPER


@pytest.mark.parametrize("kind", ["level5", "level3"])
@pytest.mark.parametrize(
    "threshold",
    [
        {"max_p_value": 1},
        {"unreplicated": "keep"},
        {"min_cells_per_drug": 2},
        {"min_drugs_per_cell": 1},
    ],
)
def test_another_threshold_makes_other_data(kind, threshold):
    assert paper(numbers(), kind, **threshold) == ""
    (name,) = threshold
    origin = find_origin(PUBLISHED, numbers(), kind, THRESHOLDS | threshold)
    assert name in conclusion(origin)[0]


def test_a_tensor_was_filtered_before():
    assert paper(numbers(), "tensor", unreplicated="keep", max_p_value=1) == PAPER
    early = {("filters", f"signatures/{what}"): 1 for what in ("profiles", "drugs", "cells")}
    assert paper(numbers(early), "tensor") == PAPER
    assert paper(numbers(early), "level5") == paper(numbers(early), "level3") == ""


@pytest.mark.parametrize(
    ("kind", "change", "theirs"),
    [
        ("tensor", {("filters", "averaged/profiles"): 15854}, False),
        ("tensor", {("filters", "averaged/drugs"): 2131}, False),
        ("tensor", {("cells", "MCF7"): 1504}, False),
        ("tensor", {("cells", "MCF7"): np.nan}, False),  # a cell of another name
        ("level5", {("filters", "signatures/profiles"): 201483}, False),
        ("level5", {("filters", "consistent/drugs"): 6929}, False),
        ("level5", {("filters", "averaged/drugs"): 2200}, True),
        ("level5", {("filters", "averaged/drugs"): 2400}, False),
        ("level3", {("filters", "signatures/profiles"): 201484 * 1.09}, True),
        ("level3", {("filters", "signatures/profiles"): 201484 + 118050}, False),  # both phases
        ("level3", {("cells", "NPC"): 441 * 0.89}, False),
        ("", {}, False),  # simulated, or of several kinds
    ],
)
def test_one_count_that_does_not_agree_makes_other_data(kind, change, theirs):
    assert bool(paper(numbers(change), kind)) == theirs


def test_plates_may_differ_by_a_tenth_and_a_tensor_not_at_all():
    assert paper(numbers(factor=1.05), "level3") == PAPER
    assert paper(numbers(factor=1.05), "tensor") == paper(numbers(factor=1.05), "level5") == ""
    assert paper(numbers(factor=1.2), "level3") == ""


def test_a_run_without_counts_is_nobodys():
    ours = numbers().query("table == 'metrics'")
    assert paper(ours, "tensor") == paper(ours, "level3") == ""
    assert paper(pd.DataFrame(columns=OURS), "tensor") == ""
    others = PUBLISHED[PUBLISHED["paper"] != PAPER]
    assert find_origin(others, numbers(), "tensor", THRESHOLDS).paper == ""


def test_steps_that_a_tensor_did_not_take_are_not_compared():
    compared = compare(PUBLISHED, comparable(numbers(), "tensor")).set_index("what")
    assert np.isnan(compared.loc["signatures downloaded", "ours"])
    assert compared.loc["profiles of the large tensor", "ours"] == 15855
    compared = compare(PUBLISHED, comparable(numbers(), "level5")).set_index("what")
    assert compared.loc["signatures downloaded", "ours"] == 201484


def test_theirs_and_ours_stand_beside_each_other():
    origin = find_origin(PUBLISHED, numbers(), "tensor", THRESHOLDS)
    table = accuracy_table(PUBLISHED, numbers(), origin)
    assert table["method"].tolist() == ["1D-Mean", "2D-Mean", "DNPP", "FaLRTC"]
    assert table["theirs"].tolist() == ["0.4", "0.46", "0.54", "0.53"]
    assert table["ours"].tolist()[0] == "0.41 [0.405, 0.415]"
    # Outside of 0.405 to 0.415, and of 0.525 to 0.535; 0.53 is the end of ours.
    assert table["difference"].tolist() == ["+0.01 *", "+0", "-0.01 *", "+0.005"]
    assert set(counts_table(origin)["agrees"]) == {"yes"}
    assert "the authors' own" in conclusion(origin)[0]


def test_ours_stay_empty_on_other_data():
    ours = numbers({("filters", "averaged/drugs"): 40})
    origin = find_origin(PUBLISHED, ours, "tensor", THRESHOLDS)
    table = accuracy_table(PUBLISHED, ours, origin)
    assert table["theirs"].tolist() == ["0.4", "0.46", "0.54", "0.53"]
    assert set(table["ours"]) == set(table["difference"]) == {""}
    counts = counts_table(origin).query("agrees == 'no'")
    assert counts[["theirs", "ours"]].to_numpy().tolist() == [["2,130", "40"]]
    assert "1 of 13 counts do not agree" in conclusion(origin)[0]
