"""Scores of translated profiles against definitions and planted truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, pearsonr, spearmanr

from lacuna.translation import judge


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    real = rng.normal(5, 2, (12, 30)) + rng.normal(size=30) * 3
    return real + rng.normal(size=real.shape), real


def test_scores_are_scipys(rows):
    predicted, real = rows
    table = judge.compare_rows(predicted, real)
    for number, row in table.iterrows():
        assert row["pearson"] == pytest.approx(pearsonr(predicted[number], real[number])[0])
        assert row["spearman"] == pytest.approx(spearmanr(predicted[number], real[number])[0])
        error = np.sqrt(np.mean((predicted[number] - real[number]) ** 2))
        assert row["rmse"] == pytest.approx(error)


def test_what_does_not_vary_says_nothing(rows):
    _, real = rows
    table = judge.compare_rows(np.full(real.shape, 3.0), real)
    assert (table[["pearson", "spearman"]] == 0).all(axis=None)
    assert (judge.compare_rows(real, real)["pearson"] > 0.999).all()


def test_a_random_partner_is_of_another_group():
    group = np.array(list("aaabbcc"))
    for seed in range(20):
        partners = judge.random_partners(group, np.random.default_rng(seed))
        assert (group[partners] != group).all()
    with pytest.raises(ValueError, match="one group"):
        judge.random_partners(np.zeros(3), np.random.default_rng(0))


def test_the_mean_profile_correlates_and_identifies_nothing(rows):
    predicted, real = rows
    mean = np.broadcast_to(real.mean(axis=0), real.shape)
    assert judge.compare_rows(mean, real)["pearson"].mean() > 0.7
    found = judge.identify(mean, real)
    assert (found.rank == len(real)).all()
    assert np.allclose(found.own, 0, atol=1e-6)
    ours = judge.identify(predicted, real)
    assert (ours.rank == 1).mean() > 0.8
    assert ours.own.mean() > 0.6
    assert abs(ours.others.mean()) < 0.2


def test_the_own_sample_is_the_one_of_the_same_row(rows):
    predicted, real = rows
    moved = judge.identify(np.roll(predicted, 1, axis=0), real)
    assert (moved.rank > 1).mean() > 0.9


def test_genes_better_are_counted_in_the_direction_of_the_score():
    ours = pd.DataFrame({"pearson": [0.5, 0.6], "spearman": [0.5, 0.1], "rmse": [1.0, 3.0]})
    theirs = pd.DataFrame({"pearson": [0.4, 0.5], "spearman": [0.4, 0.2], "rmse": [2.0, 4.0]})
    assert judge.share_of_genes_better(ours, theirs).to_dict() == {
        "pearson": 1.0,
        "spearman": 0.5,
        "rmse": 1.0,
    }


def test_intervals_are_over_groups_not_samples():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(8), 50)
    scores = pd.DataFrame({"pearson": rng.normal(size=8)[group]})
    table = judge.with_intervals(scores, group, np.random.default_rng(0)).iloc[0]
    assert table["value"] == pytest.approx(scores["pearson"].mean())
    expected = scores["pearson"].std() / np.sqrt(8)
    assert (table["high"] - table["low"]) / (2 * 1.96) == pytest.approx(expected, rel=0.2)
    few = judge.with_intervals(scores[:150], group[:150], np.random.default_rng(0)).iloc[0]
    assert np.isnan(few["low"])


def test_gene_scores_are_those_of_columns_and_draws_repeat_groups(rows):
    predicted, real = rows
    group = np.arange(len(real)) // 2
    kinds = {"some": np.array([3, 7, 20]), "all": np.arange(30)}
    tables = judge.gene_scores_with_intervals(
        predicted, real, group, kinds, np.random.default_rng(0)
    )
    few = judge.compare_rows(predicted.T, real.T).iloc[[3, 7, 20]].mean()
    assert tables["some"].set_index("metric").loc["pearson", "value"] == pytest.approx(
        few["pearson"]
    )
    table = tables["all"]
    expected = judge.compare_rows(predicted.T, real.T).mean()
    values = table.set_index("metric")["value"]
    assert values["pearson"] == pytest.approx(expected["pearson"])
    assert values["rmse"] == pytest.approx(expected["rmse"])
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()


def test_a_share_has_the_exact_interval_of_as_many_draws_as_there_are_donors():
    lines = np.arange(16)
    for hits in (0, 1, 11, 16):
        table = judge.share_with_interval(lines < hits, lines)
        exact = binomtest(hits, 16).proportion_ci(0.95, method="exact")
        assert table["value"].item() == hits / 16
        assert table["low"].item() == pytest.approx(exact.low, abs=1e-9)
        assert table["high"].item() == pytest.approx(exact.high, abs=1e-9)
    often = judge.share_with_interval(np.repeat(lines < 11, 5), np.repeat(lines, 5))
    once = judge.share_with_interval(lines < 11, lines)
    pd.testing.assert_frame_equal(often, once)
