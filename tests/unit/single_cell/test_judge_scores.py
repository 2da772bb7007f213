"""From scores to means with intervals, leads and the paper's tests."""

import numpy as np
import pandas as pd
import pytest
from judged_folds import planted_fold
from judged_world import TARGET, the_judged_world
from scipy.stats import ttest_rel

from lacuna.evaluation.bootstrap import BOOTSTRAP_DRAWS, bootstrap_means
from lacuna.io.tsv import write_table
from lacuna.runtime.seeds import generator
from lacuna.single_cell.averages import (
    AVERAGES,
    WORDS,
    averages,
    over_seeds,
    questions,
    read_scores,
)
from lacuna.single_cell.judge_jobs import COLUMNS
from lacuna.single_cell.leads import LEADS, comparisons, leads, t_test
from lacuna.single_cell.methods import line_mean, ridge_fingerprint
from lacuna.single_cell.metrics import METRICS
from lacuna.single_cell.score_jobs import read_blocks

DOSES, LINES, DRUGS = (0.1, 10.0), ("A", "B"), [f"d{number}" for number in range(12)]
METHODS = (("line_mean", ""), ("control", ""), ("net", "scratch"), ("net", "overlap"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return the_judged_world(tmp_path_factory)


def made_up(rng, methods=METHODS, seeds=(0,), metric="change_pearson", effect=None, drugs=DRUGS):
    """Scores of drugs that differ, of methods with an effect each, and noise."""
    effect = effect or {}
    level = {drug: rng.normal() for drug in drugs}
    rows = [
        ("t", "drugs", "drugs_0", method, start, seed, drug, line, dose, 20, "all", metric,
         level[drug] + effect.get((method, start), 0) + 0.3 * rng.normal())
        for method, start in methods
        for seed in (seeds if start else (0,))
        for drug in drugs
        for line in LINES
        for dose in DOSES
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def blocks_of(drugs=DRUGS, twins=1):
    return {"t": pd.Series([f"B{number // twins}" for number in range(len(drugs))], drugs)}


def test_seeds_are_averaged_before_anything_else():
    rng = np.random.default_rng(0)
    scores = made_up(rng, seeds=(0, 1, 2, 3))
    means = over_seeds(scores)
    assert len(means) == len(METHODS) * len(DRUGS) * 4
    one = scores[(scores["start"] == "overlap") & (scores["drug"] == "d3")]
    one = one[(one["line"] == "B") & (one["dose"] == 10)]
    own = means[(means["start"] == "overlap") & (means["drug"] == "d3")]
    own = own[(own["line"] == "B") & (own["dose"] == 10)]
    assert len(one) == 4
    assert own["value"].item() == pytest.approx(one["value"].mean())
    # seeds of one network do not make the interval narrower than drugs allow, nor t larger
    alike = pd.concat([scores[scores["seed"] == 0].assign(seed=seed) for seed in range(8)])
    single = scores[scores["seed"] == 0]
    for function in (averages, leads):
        pd.testing.assert_frame_equal(
            function(over_seeds(alike), blocks_of(), 1),
            function(over_seeds(single), blocks_of(), 1),
        )


def test_a_mean_is_over_drugs_of_the_mean_over_their_conditions():
    scores = made_up(np.random.default_rng(1))
    kept = (scores["drug"] != "d0") | (scores["line"] == "A")  # fewer conditions of one drug
    scores = scores[kept]
    table = averages(over_seeds(scores), blocks_of(), 1)
    assert list(table) == AVERAGES
    own = scores[(scores["method"] == "net") & (scores["start"] == "scratch")]
    for dose, rows in (("all", own), ("10", own[own["dose"] == 10])):
        at_dose = table[table["dose"] == dose]
        row = at_dose.query("method == 'net' and start == 'scratch'").iloc[0]
        assert row["value"] == pytest.approx(rows.groupby("drug")["value"].mean().mean())
        assert row["median"] == pytest.approx(rows["value"].median())
        assert row["drugs"] == 12
        assert row["combinations"] == len(rows)
        assert row["low"] < row["value"] < row["high"]
    assert set(table["dose"]) == {"all", "0.1", "10"}


def test_what_is_clipped_is_a_mean_over_conditions(tmp_path):
    scores = made_up(np.random.default_rng(2), metric="r2_mean")
    scores = scores[(scores["drug"] != "d0") | (scores["line"] == "A")]
    write_table(scores, tmp_path / "s.tsv")
    found = read_scores([tmp_path / "s.tsv"])
    assert (found.query("metric == 'r2_mean'")["value"] < 0).any()
    table = averages(over_seeds(found), blocks_of(), 1)
    own = scores[(scores["start"] == "overlap") & (scores["dose"] == 10)]["value"]
    row = table.query("start == 'overlap' and dose == '10' and metric == 'r2_clipped'").iloc[0]
    assert row["value"] == pytest.approx(own.clip(lower=0).mean(), abs=1e-5)
    assert row["median"] == pytest.approx(own.clip(lower=0).median(), abs=1e-5)
    plain = table.query("start == 'overlap' and dose == '10' and metric == 'r2_mean'").iloc[0]
    assert plain["value"] < row["value"]


def test_seeds_are_averaged_after_each_is_clipped(tmp_path):
    scores = made_up(np.random.default_rng(2), metric="r2_mean", seeds=(0, 1))
    write_table(scores, tmp_path / "s.tsv")
    table = averages(over_seeds(read_scores([tmp_path / "s.tsv"])), blocks_of(), 1)
    own = scores[(scores["start"] == "overlap")]["value"].clip(lower=0)
    row = table.query("start == 'overlap' and dose == 'all' and metric == 'r2_clipped'").iloc[0]
    assert row["value"] == pytest.approx(own.mean(), abs=1e-5)


def test_intervals_are_over_drugs_and_twins_are_drawn_together():
    scores = over_seeds(made_up(np.random.default_rng(3)))
    width = {}
    for twins in (1, 2):
        blocks = blocks_of(twins=twins)
        table = averages(scores, blocks, 7).query("method == 'line_mean' and dose == 'all'").iloc[0]
        values = scores[scores["method"] == "line_mean"].groupby("drug")[["value"]].mean()
        block = blocks["t"][values.index].to_numpy()
        draws = bootstrap_means(values, block, generator(7, *WORDS))["value"]
        assert table["low"] == pytest.approx(draws[1:].quantile(0.025))
        assert table["high"] == pytest.approx(draws[1:].quantile(0.975))
        width[twins] = table["high"] - table["low"]
    # were conditions independent, the interval would be far narrower
    of_conditions = scores[scores["method"] == "line_mean"]["value"]
    assert width[1] > 1.5 * 2 * 1.96 * of_conditions.std() / np.sqrt(len(of_conditions))
    assert width[2] != width[1]
    few = scores[scores["drug"].isin(DRUGS[:4])]
    table = averages(few, blocks_of(), 1)
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["value"].notna().all()


def test_chance_is_that_of_the_conditions_a_method_has():
    rng = np.random.default_rng(4)
    scores = made_up(rng, [*METHODS, ("chance", "")])
    scores = scores[(scores["start"] != "overlap") | (scores["dose"] == 10)]
    table = averages(over_seeds(scores), blocks_of(), 1).query("dose == 'all'")
    assert "chance" not in set(table["method"])
    of = scores[scores["method"] == "chance"]
    everywhere, there = of["value"].mean(), of[of["dose"] == 10]["value"].mean()
    rows = table.set_index("start")["chance"]
    assert rows["overlap"] == pytest.approx(there)
    assert rows["scratch"] == pytest.approx(everywhere)


def test_networks_are_compared_with_all_and_plain_methods_with_the_line_mean():
    names = [
        ("control", ""),
        ("line_mean", ""),
        ("kernel", ""),
        ("net", "scratch"),
        ("net", "strict"),
    ]
    pairs = comparisons(names)
    assert (("net", "strict"), ("net", "scratch")) in pairs
    assert (("net", "scratch"), ("net", "strict")) not in pairs
    assert (("kernel", ""), ("line_mean", "")) in pairs
    for network in (("net", "scratch"), ("net", "strict")):
        for other in names[:3]:
            assert (network, other) in pairs
    assert len(pairs) == 2 * 3 + 1 + 1


def test_a_lead_is_paired_by_drug_and_turned_where_lower_is_better():
    for metric, direction in (("change_pearson", 1), ("mse", -1)):
        rng = np.random.default_rng(5)
        better = {("net", "scratch"): 0.3 * direction, ("net", "overlap"): 0.35 * direction}
        scores = over_seeds(made_up(rng, metric=metric, effect=better))
        table = leads(scores, blocks_of(), 3)
        assert list(table) == LEADS
        row = table.query("start == 'scratch' and against == 'line_mean' and dose == 'all'").iloc[0]
        wide = scores.pivot_table("value", ["drug", "line", "dose"], ["method", "start"])
        gain = direction * (wide["net", "scratch"] - wide["line_mean", ""])
        of_drug = gain.groupby("drug").mean()
        assert row["value"] == pytest.approx(of_drug.mean())
        draws = bootstrap_means(
            of_drug.to_frame(), blocks_of()["t"][of_drug.index].to_numpy(), generator(3, *WORDS)
        ).iloc[1:, 0]
        assert row["low"] == pytest.approx(draws.quantile(0.025))
        assert row["low"] > 0
        # drugs differ by far more than methods do: unpaired, nothing could be told
        alone = averages(scores, blocks_of(), 3).query("dose == 'all'").set_index("start")
        spread = alone.loc["scratch", "high"] - alone.loc["scratch", "low"]
        assert row["high"] - row["low"] < 0.3 * spread


def test_the_t_test_is_the_paired_one_at_the_highest_dose():
    rng = np.random.default_rng(6)
    scores = over_seeds(made_up(rng, effect={("net", "overlap"): 0.1}))
    table = leads(scores, blocks_of(), 3)
    wide = scores[scores["dose"] == 10].pivot_table("value", ["drug", "line"], ["method", "start"])
    t, p = ttest_rel(wide["net", "overlap"], wide["net", "scratch"])
    rows = table[(table["start"] == "overlap") & (table["against_start"] == "scratch")]
    row = rows[rows["dose"] == "10"].iloc[0]
    assert (row["t"], row["t_p"]) == (pytest.approx(t), pytest.approx(p))
    assert rows[rows["dose"] == "all"]["t_p"].isna().all()
    assert set(table["dose"]) == {"all", "10"}
    at_highest = table[table["dose"] == "10"]
    order = at_highest["t_p"].sort_values()
    smallest = at_highest.loc[order.index[0]]
    assert smallest["t_p_holm"] == pytest.approx(min(1, len(at_highest) * smallest["t_p"]))
    assert np.isnan(t_test(np.array([0.2]))).all()
    assert np.isnan(t_test(np.array([0.2, 0.2]))).all()


def test_p_is_that_of_drugs_and_adjusted_for_the_number_of_comparisons():
    rng = np.random.default_rng(0)
    lone = over_seeds(made_up(rng, METHODS[:3:2], effect={METHODS[2]: 0.2}))
    row = leads(lone, blocks_of(), 0).query("dose == 'all'").iloc[0]
    wide = lone.pivot_table("value", "drug", "method")
    assert row["p_holm"] == pytest.approx(ttest_rel(wide["net"], wide["line_mean"])[1], rel=0.4)
    methods = [("line_mean", ""), *((f"net{number}", "scratch") for number in range(6))]
    found = []
    for seed in range(20):
        scores = over_seeds(made_up(np.random.default_rng(seed), methods))
        table = leads(scores, blocks_of(), seed).query("dose == 'all'")
        assert len(table) == 21
        found.append(table["p_holm"].min())
    assert np.mean(np.array(found) < 0.05) <= 0.15  # of 21 comparisons of nothing


def test_methods_without_a_difference_have_no_p_below_1():
    scores = over_seeds(made_up(np.random.default_rng(0), METHODS[:1]))
    both = pd.concat([scores, scores.assign(method="net", start="scratch")], ignore_index=True)
    table = leads(both, blocks_of(), 0)
    assert (table["value"] == 0).all()
    assert (table["p_holm"] == 1).all()


def test_conditions_that_only_one_has_are_left_out_of_a_lead():
    scores = over_seeds(made_up(np.random.default_rng(8)))
    kept = (scores["start"] != "overlap") | ~scores["drug"].isin(DRUGS[:3])
    table = leads(scores[kept], blocks_of(), 0)
    row = table.query("start == 'overlap' and against == 'control' and dose == 'all'").iloc[0]
    assert (row["drugs"], row["combinations"]) == (9, 36)
    other = table.query("start == 'scratch' and against == 'control' and dose == 'all'").iloc[0]
    assert (other["drugs"], other["combinations"]) == (12, 48)


def test_a_drug_judged_in_two_folds_counts_once():
    scores = made_up(np.random.default_rng(9))
    again = scores[scores["drug"] == "d1"].assign(fold="drugs_1", value=5.0)
    table = averages(over_seeds(pd.concat([scores, again])), blocks_of(), 0)
    row = table.query("method == 'control' and dose == 'all'").iloc[0]
    of_drug = (
        pd.concat([scores, again]).query("method == 'control'").groupby("drug")["value"].mean()
    )
    assert row["value"] == pytest.approx(of_drug.mean())
    assert row["drugs"] == 12


def test_all_metrics_of_a_run_are_in_its_tables(judged):
    metrics = judged.tables["metrics"]
    assert set(metrics["metric"]) == set(METRICS)
    assert set(metrics["gene_set"]) == {"extended"}
    networks = metrics[metrics["start"].notna()]
    assert set(networks["encoder"]) == {"descriptors"}
    assert networks["value"].notna().all()
    for name, metric in METRICS.items():
        assert set(metrics[metrics["metric"] == name]["flatters"]) == {metric.flatters}
    known = metrics[metrics["method"].eq("control") & metrics["dose"].eq("all")]
    known = known[known["genes"] == "all"].set_index("metric")
    assert known.loc["change_pearson", "value"] == 0
    assert known.loc["change_pearson", "chance"] == 0
    assert known.loc["change_sign", "value"] == 0.5
    assert known.loc["reciprocal_rank", "value"] == pytest.approx(
        known.loc["reciprocal_rank", "chance"]
    )
    differences = judged.tables["differences"]
    lead = differences[(differences["start"] == "overlap") & (differences["metric"] == "mse")]
    lead = lead[(lead["against_start"] == "scratch") & (lead["dose"] == "all")]
    assert (lead["low"] > 0).all()
    losses = judged.tables["losses"]
    assert set(losses["target"]) == {TARGET}
    assert len(losses) == 2 * 2 * 4


def test_a_drug_without_a_block_is_its_own(tmp_path):
    table = pd.DataFrame({"drug": ["a", "b", "c"], "block": ["X", "", np.nan]})
    write_table(table, tmp_path / "drugs.tsv")
    assert read_blocks(str(tmp_path / "drugs.tsv")).tolist() == ["X", "b", "c"]


def test_drugs_and_lines_that_look_like_numbers_stay_names(tmp_path):
    scores = made_up(np.random.default_rng(0), drugs=["1", "2", "007"])
    scores["line"] = scores["line"].map({"A": "293", "B": "5637"})
    write_table(scores, tmp_path / "s.tsv")
    found = read_scores([tmp_path / "s.tsv"])
    assert set(found["drug"]) == {"1", "2", "007"}
    assert set(found["line"]) == {"293", "5637"}
    assert set(found["start"]) == {"", "scratch", "overlap"}


@pytest.mark.parametrize("linked", [True, False])
def test_a_null_world_shows_no_lead_and_a_planted_one_does(linked):
    """Intervals of the lead over the line mean cover 0 where structures tell nothing."""
    from lacuna.single_cell.judge import Truth, scores
    from lacuna.single_cell.seen import seen_of

    covered = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        fold, vectors = planted_fold(rng, drugs=50, held_out=18, noise=0.3, genes=30, lines=("A",))
        bits = vectors["morgan"]
        if not linked:
            bits = bits.set_axis(rng.permutation(bits.index), axis=0)
        seen = seen_of(fold, {"morgan": bits})
        truth = Truth.of(fold, seen, "cells")
        tables = []
        for name, method in (("line_mean", line_mean), ("ridge_fingerprint", ridge_fingerprint)):
            made = method.predict(seen, truth.conditions, rng)
            table = scores(truth, truth.with_predicted(made, name))
            tables.append(table.assign(method=name, start="", seed=0, target="t", split="drugs"))
        whole = pd.concat(tables).assign(fold="drugs_0")
        whole = whole[(whole["metric"] == "specific_pearson") & (whole["genes"] == "all")]
        blocks = {"t": pd.Series(bits.index, bits.index)}
        row = leads(over_seeds(whole), blocks, seed).query("dose == 'all'").iloc[0]
        assert row["against"] == "line_mean"
        covered.append(row["low"] <= 0 <= row["high"])
    assert sum(covered) >= 10 if not linked else sum(covered) == 0


def test_questions_are_of_all_doses_and_of_each():
    scores = over_seeds(made_up(np.random.default_rng(0)))
    asked = list(questions(scores))
    assert [(one.dose, one.is_highest) for one in asked] == [
        ("all", False), ("0.1", False), ("10", True),
    ]  # fmt: skip
    assert len(asked[0].scores) == 48
    assert BOOTSTRAP_DRAWS >= 1000
