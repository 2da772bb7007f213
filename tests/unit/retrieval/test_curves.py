"""Recall and precision of retrieval against how much of the library is returned."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.retrieval.curves import SHARES, curves
from lacuna.retrieval.metrics import metrics_table
from lacuna.retrieval.ranks import find, find_within_plates, pool

SIZE, WELLS = 50, 4


@pytest.fixture
def found():
    rng = np.random.default_rng(2)
    truth = np.repeat(np.arange(SIZE), WELLS)
    distances = rng.random((len(truth), SIZE))
    distances[np.arange(len(truth)), truth] -= 0.2
    return find(distances, truth)


DRUG = np.repeat(np.arange(SIZE), WELLS)


def curve_of(found, drug=DRUG, shares=SHARES):
    table = curves({"m": found}, drug, 1, shares)
    return (table[table["curve"] == name].set_index("share") for name in ("recall", "precision"))


def test_recall_is_the_cumulative_distribution_of_ranks(found):
    recall, _ = curve_of(found)
    for share, value in recall["value"].items():
        assert value == pytest.approx((found.rank / SIZE <= share + 1e-9).mean())
    assert recall.loc[0.0, "value"] == 0 and recall.loc[1.0, "value"] == 1
    assert (np.diff(recall["value"]) >= 0).all()


def test_recall_is_hits_at_k_with_the_same_interval(found):
    recall, _ = curve_of(found)
    hits = metrics_table({"m": found}, DRUG, 1).set_index("metric").loc["hits_10"]
    assert np.allclose(
        recall.loc[10 / SIZE, ["value", "low", "high", "chance"]].astype(float),
        hits[["value", "low", "high", "chance"]].astype(float),
    )


def test_precision_is_right_answers_over_returned_ones(found):
    recall, precision = curve_of(found)
    for share, value in precision["value"].items():
        returned = int(share * SIZE + 1e-9)
        assert value == pytest.approx((found.rank <= returned).sum() / (returned * len(DRUG)))
        assert value == pytest.approx(recall.loc[share, "value"] / returned)
    assert np.allclose(precision["chance"], 1 / SIZE)
    assert precision.index.min() >= 1 / SIZE  # before, nothing is returned
    assert precision.loc[1.0, "value"] == pytest.approx(1 / SIZE)


def test_precision_of_unlike_libraries_is_summed_before_it_is_divided():
    both = pool([find(np.eye(4)[:2] * -1, np.array([0, 1])), find(np.ones((1, 8)), np.array([3]))])
    _, precision = curve_of(both, np.arange(3), np.array([0.5]))
    assert precision.loc[0.5, "value"] == pytest.approx((1 + 1 + 4 / 8) / (2 + 2 + 4))


def test_what_is_all_tied_is_on_the_line_of_chance():
    recall, precision = curve_of(find(np.ones((len(DRUG), SIZE)), DRUG))
    assert np.allclose(recall["value"], recall["chance"])
    assert np.allclose(precision["value"], precision["chance"])
    assert np.allclose(recall["chance"], np.floor(recall.index * SIZE + 1e-9) / SIZE)


def test_bands_hold_the_curve_and_widen_with_fewer_drugs(found):
    recall, _ = curve_of(found)
    inside = recall.loc[0.02:0.7]
    assert (inside["low"] < inside["value"]).all() and (inside["value"] < inside["high"]).all()
    few, _ = curve_of(found.at(DRUG < 12))
    width = (recall["high"] - recall["low"]).mean()
    assert (few["high"] - few["low"]).mean() > 1.5 * width


def test_methods_share_a_grid_and_blocks_do_not_matter(found, monkeypatch):
    two = {"a": found, "b": find(np.ones((len(DRUG), SIZE)), DRUG)}
    table = curves(two, DRUG, 1)
    grids = [rows["share"].tolist() for _, rows in table.groupby(["curve", "method"])]
    assert grids[0] == grids[1] and grids[2] == grids[3] == SHARES.tolist()
    monkeypatch.setattr("lacuna.retrieval.curves.QUERIES", 7)
    pd.testing.assert_frame_equal(curves(two, DRUG, 1), table)


def test_small_libraries_and_few_drugs_give_no_missing_value():
    one = curves({"m": find(np.ones((6, 1)), np.zeros(6, dtype=int))}, np.arange(6), 1)
    assert one.notna().all(axis=None)
    few = curves({"m": find(np.ones((3, 4)), np.array([0, 1, 1]))}, np.array([0, 1, 1]), 1)
    assert few[["value", "chance"]].notna().all(axis=None) and few["low"].isna().all()
    nothing = find_within_plates(np.ones((3, 3)), np.arange(3), np.arange(3))
    empty = curves({"m": nothing}, np.arange(3), 1)
    assert empty.empty and list(empty) == list(one)


def test_a_drug_of_each_query_is_asked_for(found):
    with pytest.raises(LacunaError, match="199 drugs of 200 queries"):
        curves({"m": found}, DRUG[1:], 1)
