"""What makes a drug easy to find."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

from lacuna.errors import LacunaError
from lacuna.retrieval.introspect import (
    changed_genes,
    distance_to_training,
    equal_fingerprints,
    regressions,
    scores_of_drugs,
)
from lacuna.retrieval.ranks import Found, find


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_scores_of_drugs_written_out():
    rank, one = np.array([1, 4, 2, 10, 3]), np.ones(5, dtype=int)
    found = Found(np.arange(1, 6), rank - 1, one, one, one * 20, one, rank + 0.0, 6)
    drug = np.array(["left out", "b", "b", "a", "a", "a"])
    table = scores_of_drugs(found, drug).set_index("drug")
    assert table.index.tolist() == ["a", "b"]
    assert table["queries"].tolist() == [3, 2]
    assert table.loc["a", "mrr"] == pytest.approx((1 / 2 + 1 / 10 + 1 / 3) / 3)
    assert table.loc["b", "minus_log_mrr"] == pytest.approx(-np.log((1 + 1 / 4) / 2))
    assert table["median_rank"].tolist() == [3, 2.5]
    assert table["median_rank_share"].tolist() == [3 / 20, 2.5 / 20]
    first = scores_of_drugs(find(np.array([[0.0, 1]]), np.array([0])), np.array(["x"]))
    assert str(first["minus_log_mrr"][0]) == "0.0"


def test_distances_to_training_are_of_the_nearest_one(rng):
    training = rng.normal(size=(50, 6))
    rows = np.vstack([training[17] * 2 + 1, -training[3]])
    distance = distance_to_training(rows, training, "correlation")
    assert distance[0] == pytest.approx(0, abs=1e-12) and distance[1] > 0.01
    bits = np.array([[1, 1, 0, 0], [1, 0, 0, 0]])
    assert distance_to_training(bits[:1], bits[1:], "jaccard").tolist() == [0.5]  # 1 - 1/2


def test_genes_that_change_are_counted_against_vehicle_of_the_plate(rng):
    genes, plate = 200, np.repeat(["p", "q"], 3)
    vehicle_plate = np.repeat(["q", "p"], 40)
    shift = {"p": 5.0, "q": -5.0}
    spread = rng.uniform(0.5, 2, genes)
    vehicle = np.array([shift[name] for name in vehicle_plate])[:, None]
    vehicle = vehicle + rng.normal(size=(80, genes)) * spread
    treated = np.array([shift[name] for name in plate])[:, None] + np.zeros((6, genes))
    planted = [0, 3, 50, 200, 1, 0]
    for row, number in enumerate(planted):
        treated[row, :number] += 8 * spread[:number] * rng.choice([-1, 1])
    assert changed_genes(treated, plate, vehicle, vehicle_plate).tolist() == planted


def test_the_spread_is_that_within_plates_and_noise_changes_one_gene_in_twenty(rng):
    vehicle_plate, plate = np.repeat(np.arange(8), 10), np.repeat(np.arange(8), 20)
    plates = rng.normal(size=(8, 500)) * 10
    vehicle = plates[vehicle_plate] + rng.normal(size=(80, 500))
    noise = plates[plate] + rng.normal(size=(160, 500))
    share = changed_genes(noise, plate, vehicle, vehicle_plate).mean() / 500
    assert 0.04 < share < 0.08
    by_hand = vehicle - np.array([vehicle[vehicle_plate == p].mean(axis=0) for p in vehicle_plate])
    limit = 2 * np.sqrt((by_hand**2).sum(axis=0) / (80 - 8))
    own = vehicle[vehicle_plate == plate[0]].mean(axis=0)
    wanted = (np.abs(noise[0] - own) > limit).sum()
    assert changed_genes(noise[:1], plate[:1], vehicle, vehicle_plate)[0] == wanted


def test_a_gene_that_never_varies_in_vehicle_does_not_count():
    vehicle = np.array([[1.0, 2], [1, 3], [1, 4]])
    assert changed_genes(np.array([[9.0, 9]]), ["p"], vehicle, ["p"] * 3).tolist() == [1]


@pytest.mark.parametrize(
    ("plates", "vehicle", "message"),
    [
        (["p", "x", "y"], ["p", "p", "p"], "plate x has no vehicle well, as have 2 plates"),
        (["p", "q", "r"], ["p", "q", "r"], "no plate has two vehicle wells"),
    ],
)
def test_without_vehicle_wells_nothing_is_counted(plates, vehicle, message):
    with pytest.raises(LacunaError, match=message):
        changed_genes(np.ones((3, 2)), np.array(plates), np.ones((3, 2)), np.array(vehicle))


def test_values_of_wells_that_are_not_finite_are_refused():
    faulty = np.array([[1.0, np.nan]])
    with pytest.raises(LacunaError, match="not finite"):
        changed_genes(faulty, np.array(["p"]), np.ones((2, 2)), np.array(["p", "p"]))


def drugs_table(rng, drugs=80, slope=3.0):
    distance = rng.uniform(0.1, 1, drugs)
    table = pd.DataFrame({"drug": [f"d{n}" for n in range(drugs)], "distance": distance})
    table["minus_log_mrr"] = slope * distance + rng.normal(size=drugs)
    table["median_rank"] = rng.uniform(1, 100, drugs)
    table["genes"] = np.arange(drugs)
    return table


def test_regressions_are_those_of_scipy(rng):
    table = drugs_table(rng)
    made = regressions(table, ["distance", "genes"], np.random.default_rng(1), logs=["genes"])
    assert made[["outcome", "feature"]].to_numpy().tolist() == [
        [outcome, feature]
        for outcome in ("minus_log_mrr", "median_rank")
        for feature in ("distance", "genes")
    ]
    fit = linregress(table["distance"], table["minus_log_mrr"])
    columns = ["slope", "intercept", "r", "p"]
    wanted = [fit.slope, fit.intercept, fit.rvalue, fit.pvalue]
    assert np.allclose(made.loc[0, columns].astype(float), wanted)
    genes = table.query("genes > 0")
    fit = linregress(np.log(genes["genes"]), genes["median_rank"])
    assert made.loc[3, "slope"] == pytest.approx(fit.slope) and made.loc[3, "log"]
    assert made["rows"].tolist() == [80, 79, 80, 79] and made["left_out"].tolist() == [0, 1, 0, 1]
    assert made.notna().all(axis=None)


def test_intervals_hold_a_planted_slope_and_are_over_drugs(rng):
    table = drugs_table(rng)
    row = regressions(table, ["distance"], np.random.default_rng(1)).loc[0]
    assert row["low"] < 3 < row["high"] and row["low"] > 0
    assert row["r_low"] < row["r"] < row["r_high"]
    wells = pd.concat([table] * 10).sort_values("minus_log_mrr")
    many = regressions(wells, ["distance"], np.random.default_rng(1)).loc[0]
    columns = ["slope", "low", "high", "r", "r_low", "r_high"]
    assert np.allclose(many[columns].astype(float), row[columns].astype(float))
    assert many["p"] < row["p"]  # wells are not independent: that is why there are intervals


def test_what_does_not_vary_explains_nothing(rng):
    table = drugs_table(rng).assign(distance=0.3)
    row = regressions(table, ["distance"], np.random.default_rng(1)).loc[0]
    assert row[["slope", "r", "p"]].tolist() == [0, 0, 1]
    assert row.notna().all()
    none = regressions(table.assign(distance=0.0), ["distance"], rng, logs=["distance"])
    assert (none["left_out"] == 80).all() and none.notna().all(axis=None)
    two = regressions(drugs_table(rng).head(2), ["distance"], rng).loc[0]
    assert two[["slope", "r", "p"]].tolist() == [0, 0, 1]


def test_few_drugs_have_no_interval(rng):
    row = regressions(drugs_table(rng).head(4), ["distance"], rng).loc[0]
    assert row[["low", "high", "r_low", "r_high"]].isna().all()
    assert row[["slope", "intercept", "r", "p"]].notna().all()


def test_a_missing_feature_is_refused(rng):
    table = drugs_table(rng)
    table.loc[7, "distance"] = np.nan
    with pytest.raises(LacunaError, match="distance of drug d7 is nan"):
        regressions(table, ["distance"], rng)


def test_equal_fingerprints_across_the_split_are_listed(rng):
    training = (rng.random((20, 64)) < 0.3).astype(np.float32)
    test = (rng.random((6, 64)) < 0.3).astype(np.float32)
    test[1], test[4] = training[3], training[5]
    training[9] = training[3]
    training[11] = test[5] = 0
    names, others = [f"t{n}" for n in range(6)], [f"r{n}" for n in range(20)]
    pairs = equal_fingerprints(test, training, names, others)
    assert pairs.to_numpy().tolist() == [["t1", "r3"], ["t1", "r9"], ["t4", "r5"]]
    assert pairs["test"].nunique() == 2
    others[5] = "t4"  # the same molecule is no pair of different ones
    assert equal_fingerprints(test, training, names, others)["test"].unique().tolist() == ["t1"]
    assert equal_fingerprints(test[:1], training, names[:1], others).columns.tolist() == [
        "test",
        "training",
    ]
