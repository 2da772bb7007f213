"""Metrics of retrieval: their definitions, exact chance, and intervals over drugs."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.evaluation.bootstrap import bootstrap_weights
from lacuna.retrieval.metrics import (
    METRICS,
    chance_level,
    differences,
    drug_stream,
    metric_label,
    metrics_table,
    score_draws,
)
from lacuna.retrieval.ranks import Found, find, find_within_plates, pool

DRUGS, WELLS, MOLECULES = 40, 3, 40


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def ranked(rank, library=100, hits=1):
    """Queries with ranks as given, without ties."""
    rank = np.asarray(rank)
    one = np.ones_like(rank)
    library, hits = one * library, one * hits
    return Found(np.arange(len(rank)), rank - 1, one, one, library, hits, rank + 0.0, len(rank))


def at_random(rng, wells=WELLS, molecules=MOLECULES):
    truth = np.repeat(np.arange(molecules), wells)
    return find(rng.random((len(truth), molecules)), truth), truth


def values(found, drug=None):
    drug = np.arange(found.asked) if drug is None else drug
    return metrics_table({"m": found}, drug, 1).set_index("metric")["value"]


def test_the_definitions_written_out():
    score = values(ranked([1, 2, 10, 40, 100]), np.array([0, 0, 0, 1, 1]))
    assert score["median_rank"] == 10
    assert score["median_rank_share"] == 0.1
    assert score["mean_rank_share"] == pytest.approx((0.01 + 0.02 + 0.1 + 0.4 + 1) / 5)
    assert score["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 10 + 1 / 40 + 1 / 100) / 5)
    drugs = ((1 + 1 / 2 + 1 / 10) / 3, (1 / 40 + 1 / 100) / 2)
    assert score["mrr_of_drugs"] == pytest.approx(np.mean(drugs))
    assert score["hits_1"] == pytest.approx(1 / 5)
    assert score["hits_10"] == pytest.approx(3 / 5)
    assert score["hits_100"] == 1
    assert values(ranked([1, 4, 10, 20]))["median_rank"] == 7


@pytest.mark.parametrize("size", [1, 2, 9, 437])
def test_chance_of_one_library_is_the_formula(size):
    found, drug = ranked([1, 1, 1], size), np.array([0, 0, 1])
    chance = {name: chance_level(metric, found, drug) for name, metric in METRICS.items()}
    harmonic = (1 / np.arange(1, size + 1)).sum()
    assert chance["median_rank"] == (size + 1) / 2
    assert chance["median_rank_share"] == pytest.approx((size + 1) / 2 / size)
    assert chance["mean_rank_share"] == pytest.approx((size + 1) / 2 / size)
    assert chance["mrr"] == pytest.approx(harmonic / size)
    assert chance["mrr_of_drugs"] == pytest.approx(harmonic / size)
    for places in (1, 10, 100):
        assert chance[f"hits_{places}"] == pytest.approx(min(places, size) / size)


def test_the_papers_chance_level():
    found, drug = ranked([1], 437), np.array([0])
    chance = {name: chance_level(metric, found, drug) for name, metric in METRICS.items()}
    assert [round(chance[name], 4) for name in ("mrr", "hits_10", "hits_100")] == [
        0.0152,
        0.0229,
        0.2288,
    ]
    assert chance["median_rank"] == 219


@pytest.mark.parametrize(("size", "hits"), [(7, 2), (12, 3), (12, 11), (6, 6)])
def test_chance_with_several_hits_is_that_of_all_orders(size, hits):
    first = np.array([min(places) + 1 for places in combinations(range(size), hits)])
    found, drug = ranked([1], size, hits), np.array([0])
    chance = {name: chance_level(metric, found, drug) for name, metric in METRICS.items()}
    assert chance["mrr"] == pytest.approx((1 / first).mean())
    assert chance["median_rank"] == np.median(first)
    assert chance["hits_1"] == pytest.approx((first <= 1).mean())
    assert chance["hits_10"] == pytest.approx((first <= 10).mean())


def test_chance_of_libraries_of_unlike_size_is_that_of_the_mixture():
    found = pool([ranked([1] * 3, 5), ranked([1] * 2, 8), ranked([1], 8)])
    drug = np.array([0, 0, 0, 1, 1, 2])
    chance = {name: chance_level(metric, found, drug) for name, metric in METRICS.items()}
    places = [np.tile(np.arange(1, size + 1), 40 // size) for size in (5, 5, 5, 8, 8, 8)]
    assert chance["median_rank"] == np.median(np.concatenate(places))
    shares = [np.tile(np.arange(1, size + 1) / size, 40 // size) for size in (5, 5, 5, 8, 8, 8)]
    assert chance["median_rank_share"] == np.median(np.concatenate(shares))
    five, eight = ((1 / np.arange(1, size + 1)).mean() for size in (5, 8))
    assert chance["mrr"] == pytest.approx((five + eight) / 2)
    assert chance["mrr_of_drugs"] == pytest.approx((five + 2 * eight) / 3)


@pytest.mark.parametrize("size", [1, 2, 15, 60])
def test_a_method_that_says_nothing_scores_what_chance_does(size):
    truth = np.repeat(np.arange(size), 2)
    constant = {"constant": find(np.ones((len(truth), size)), truth)}
    table = metrics_table(constant, truth, 1)
    assert np.allclose(table["value"], table["chance"])
    group = np.minimum(np.arange(size), 8) // 2
    twins = {"twins": find(np.ones((len(truth), size)), truth, group)}
    table = metrics_table(twins, truth, 1).set_index("metric")
    means = [name for name, metric in METRICS.items() if metric.average != "median"]
    assert np.allclose(table.loc[means, "value"], table.loc[means, "chance"])
    assert (table["value"] >= table["chance"] - 1e-9)[["median_rank"]].all()  # never better


def test_ties_are_judged_as_the_mean_over_their_orders():
    """Two nearer, four tied, the right one among them: places 3 to 6."""
    found = find(np.array([[0.0, 0.0, 1, 1, 1, 1, 2]]), np.array([4]))
    score = values(found)
    assert score["median_rank"] == 4.5
    assert score["mrr"] == pytest.approx((1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 4)
    found = find(np.array([[0.0] * 8 + [1.0] * 4]), np.array([9]))
    assert values(found)["hits_10"] == pytest.approx(2 / 4)
    twins = find(np.array([[0.0] * 8 + [1.0] * 4]), np.array([9]), np.array([0] * 8 + [1, 2, 2, 3]))
    assert values(twins)["hits_10"] == pytest.approx(5 / 6)  # not both behind
    assert values(twins)["mrr"] == pytest.approx((3 / 9 + 2 / 10 + 1 / 11) / 6)


def test_the_draws_are_those_of_resampled_drugs(rng):
    found, drug = at_random(rng)
    draws = score_draws(found, drug, drug_stream(1))
    weights = bootstrap_weights(DRUGS, drug_stream(1))
    for draw in (0, 1, 17, 1000):
        times = weights[draw].astype(int)[drug]
        drawn = np.repeat(found.rank, times)
        assert draws["median_rank"][draw] == np.median(drawn)
        assert draws["mrr"][draw] == pytest.approx((1 / drawn).mean())
        assert draws["hits_10"][draw] == pytest.approx((drawn <= 10).mean())


def test_intervals_are_over_drugs_and_more_wells_of_a_drug_make_none_narrower(rng):
    found, drug = at_random(rng)
    again = pool([found] * 20)
    few = metrics_table({"m": found}, drug, 1)
    many = metrics_table({"m": again}, np.tile(drug, 20), 1)
    columns = ["value", "low", "high", "chance"]
    assert np.allclose(few[columns], many[columns])


@pytest.mark.parametrize("metric", ["median_rank_share", "mrr", "hits_10", "mrr_of_drugs"])
def test_intervals_of_chance_cover_chance(metric):
    covered = []
    for seed in range(60):
        found, drug = at_random(np.random.default_rng(seed))
        row = metrics_table({"m": found}, drug, seed).set_index("metric").loc[metric]
        covered.append(row["low"] <= row["chance"] <= row["high"])
    assert np.mean(covered) > 0.85


def test_a_share_of_none_or_all_has_an_exact_interval():
    none = metrics_table({"m": ranked(np.full(20, 50))}, np.arange(20), 1).set_index("metric")
    assert none.loc["hits_10", ["value", "low"]].tolist() == [0, 0]
    assert none.loc["hits_10", "high"] == pytest.approx(1 - 0.025 ** (1 / 20))
    every = metrics_table({"m": ranked(np.full(20, 5))}, np.arange(20), 1).set_index("metric")
    assert every.loc["hits_10", ["value", "high"]].tolist() == [1, 1]
    assert every.loc["hits_10", "low"] == pytest.approx(0.025 ** (1 / 20))
    assert every.loc["hits_100", ["value", "low", "high"]].tolist() == [1, 1, 1]  # certain


def test_with_few_drugs_there_are_values_and_no_intervals():
    table = metrics_table({"m": ranked([1, 5, 7, 9, 30, 3])}, np.array([0, 1, 2, 3, 3, 3]), 1)
    assert table[["value", "chance"]].notna().all(axis=None)
    assert table[["low", "high"]].isna().all(axis=None)


def test_a_paired_difference_is_positive_where_the_reference_is_better(rng):
    truth = np.repeat(np.arange(MOLECULES), WELLS)
    distances = rng.random((len(truth), MOLECULES))
    better = distances.copy()
    better[np.arange(len(truth)), truth] -= 0.3
    methods = {name: find(rows, truth) for name, rows in {"a": distances, "b": better}.items()}
    table = differences(methods, "b", truth, 1).set_index("metric")
    assert table.index.tolist() == list(METRICS)
    assert (table["low"].drop("hits_100") > 0).all()
    assert (table["p_holm"].drop("hits_100") < 0.01).all()
    back = differences(methods, "a", truth, 1).set_index("metric")
    assert np.allclose(back["value"], -table["value"])
    a, b = (values(methods[name], truth) for name in "ab")
    assert table.loc["mrr", "value"] == pytest.approx(b["mrr"] - a["mrr"])
    assert table.loc["median_rank", "value"] == pytest.approx(a["median_rank"] - b["median_rank"])


def test_draws_of_methods_are_paired(rng):
    found, drug = at_random(rng)
    table = differences({"a": found, "b": found}, "a", drug, 1)
    assert (table[["value", "low", "high"]] == 0).all(axis=None)
    assert (table["p_holm"] == 1).all()


def test_differences_are_of_queries_that_both_ranked(rng):
    found, drug = at_random(rng)
    some = found.at(found.query % 2 == 0)
    table = differences({"a": found, "b": some}, "a", drug, 1)
    assert (table["value"] == 0).all() and (table["queries"] == len(some.query)).all()
    nothing = found.at(np.zeros(len(found.query), dtype=bool))
    assert differences({"a": found, "b": nothing}, "a", drug, 1).empty


def test_p_values_are_adjusted_for_the_number_of_methods(rng):
    methods = {name: at_random(rng)[0] for name in "abcd"}
    drug = np.repeat(np.arange(DRUGS), WELLS)
    alone = differences({name: methods[name] for name in "ab"}, "a", drug, 1)
    of_all = differences(methods, "a", drug, 1).query("method == 'b'")
    assert (of_all["p_holm"].to_numpy() >= alone["p_holm"].to_numpy()).all()
    assert of_all["p_holm"].sum() > alone["p_holm"].sum()


def test_what_was_counted_out_is_said_and_a_method_without_a_query_has_no_row():
    truth, plate = np.arange(8), np.array([0, 0, 0, 0, 0, 0, 1, 2])
    found = find_within_plates(np.ones((8, 8)), truth, plate)
    nothing = find_within_plates(np.ones((8, 8)), truth, truth)
    table = metrics_table({"plate": found, "nothing": nothing}, truth, 1)
    assert set(table["method"]) == {"plate"}
    assert (table["queries"] == 6).all() and (table["left_out"] == 2).all()
    assert metrics_table({"nothing": nothing}, truth, 1).empty
    assert list(metrics_table({}, truth, 1)) == list(table)


def test_queries_that_are_left_out_take_their_drug_along(rng):
    found, drug = at_random(rng, wells=1)
    kept = found.query >= 10
    drug = np.minimum(drug // 2, 12)  # the last drug has many queries
    some = values(found.at(kept), drug)
    reciprocals = pd.Series(1 / found.rank[kept]).groupby(drug[kept]).mean()
    assert some["mrr_of_drugs"] == pytest.approx(reciprocals.mean())
    few = metrics_table({"m": found.at(found.query < 8)}, drug, 1)  # of four drugs among many
    assert few[["value", "chance"]].notna().all(axis=None)
    assert few[["low", "high"]].isna().all(axis=None)


def test_one_molecule_gives_numbers(rng):
    found = find(rng.random((9, 1)), np.zeros(9, dtype=int))
    table = metrics_table({"m": found}, np.arange(9), 1)
    assert (table[["value", "low", "high", "chance"]] == 1).all(axis=None)


def test_the_same_seed_gives_the_same_and_methods_do_not_depend_on_each_other(rng):
    found, drug = at_random(rng)
    other, _ = at_random(rng)
    together = metrics_table({"a": other, "b": found}, drug, 5).query("method == 'b'")
    pd.testing.assert_frame_equal(
        together.reset_index(drop=True), metrics_table({"b": found}, drug, 5)
    )
    assert not metrics_table({"b": found}, drug, 6)["low"].equals(together["low"])


def test_blocks_of_draws_do_not_matter(rng, monkeypatch):
    found, drug = at_random(rng)
    whole = score_draws(found, drug, drug_stream(1))
    monkeypatch.setattr("lacuna.retrieval.metrics.ENTRIES", 1000)
    pd.testing.assert_frame_equal(score_draws(found, drug, drug_stream(1)), whole)


def test_what_does_not_fit_is_refused(rng):
    found, drug = at_random(rng)
    with pytest.raises(LacunaError, match="119 drugs of 120 queries"):
        metrics_table({"m": found}, drug[1:], 1)
    with pytest.raises(LacunaError, match="'c'; expected one of"):
        differences({"a": found, "b": found}, "c", drug, 1)


def test_every_metric_has_a_card():
    for name, metric in METRICS.items():
        assert metric.name == name and metric.label and metric.source and metric.chance
        assert metric.better in ("higher", "lower")
    assert metric_label("mrr") == "mean reciprocal rank"
    assert metric_label("of another version") == "of another version"
