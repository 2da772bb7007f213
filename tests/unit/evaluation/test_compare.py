"""Which method is better, and where: planted differences are found, and chance is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toy import grid

from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.evaluation.compare import (
    best_method_per_profile,
    compare_methods,
    where_methods_win,
)
from lacuna.evaluation.metrics import METRICS


def draws_of(metric="pct", **of_method):
    """The draws of each method, below each other; the first value is the data."""
    names = {"size": "large", "split": "profiles"}
    return pd.concat(
        pd.DataFrame({**names, "method": method, metric: scores})
        for method, scores in of_method.items()
    )


def test_differences_by_chance_are_seldom_significant_and_real_ones_are():
    rng = np.random.default_rng(0)

    def p_of(difference):
        draws = draws_of(a=difference, b=np.zeros(len(difference)))
        return compare_methods(draws)["p_holm"].item()

    # The first value is the data, around which the draws of a bootstrap lie.
    by_chance = [p_of(np.r_[d, rng.normal(d, 1, 500)]) for d in rng.normal(size=300)]
    assert 0.02 < np.mean(np.array(by_chance) < 0.05) < 0.09
    assert p_of(np.r_[6.0, rng.normal(6, 1, 500)]) == pytest.approx(2 / 501)


def test_of_the_variance_neither_more_nor_less_is_better():
    draws = draws_of(a=[0.1] * 3, b=[0.2] * 3).assign(variance_ratio=[3.0] * 3 + [1.0] * 3)
    assert set(compare_methods(draws)["metric"]) == {"pct"}


def test_of_what_is_better_when_lower_the_lowest_is_the_best(monkeypatch):
    card = replace(METRICS["pct"], better="lower")
    monkeypatch.setitem(METRICS, "pct", card)
    draws = draws_of(high=np.linspace(0.6, 0.7, 101), low=np.linspace(0.2, 0.3, 101))
    (row,) = compare_methods(draws).to_dict("records")
    assert (row["best"], row["method"]) == ("low", "high")
    assert row["value"] == pytest.approx(0.4)


def test_a_metric_that_no_card_knows_is_not_compared():
    assert set(compare_methods(draws_of(a=[0.1] * 3, b=[0.2] * 3).assign(old=1.0))["metric"]) == {
        "pct"
    }


def test_a_metric_that_no_method_has_is_left_out():
    draws = draws_of(a=[0.1] * 3, b=[0.2] * 3).assign(retrieval=np.nan)
    assert set(compare_methods(draws)["metric"]) == {"pct"}


def test_methods_are_compared_in_pairs():
    difficulty = np.random.default_rng(0).normal(0.5, 0.1, 1001)
    row = compare_methods(draws_of(good=difficulty + 0.02, bad=difficulty)).iloc[0]
    assert (row["best"], row["method"]) == ("good", "bad")
    assert row[["value", "low", "high"]].tolist() == pytest.approx([0.02] * 3)


def test_the_best_method_is_the_best_on_the_data_not_on_the_draws():
    row = compare_methods(draws_of(a=[0.6, 0.1, 0.1], b=[0.5, 0.4, 0.2])).iloc[0]
    assert (row["best"], row["method"]) == ("a", "b")
    assert row["value"] == pytest.approx(0.1)
    assert -0.3 <= row["low"] < row["high"] <= -0.1


def test_each_size_and_split_is_compared_by_itself_the_nearest_method_first():
    large = draws_of(a=[0.9] * 9, b=[0.5] * 9, c=[0.8] * 9)
    small = draws_of(a=[0.1] * 9, b=[0.4] * 9, c=[0.3] * 9).assign(size="small")
    cells = draws_of(a=[0.2] * 9, b=[0.2] * 9).assign(split="cells", pct_raw=[0.5] * 9 + [0.6] * 9)
    table = compare_methods(pd.concat([large, small, cells]))
    assert list(table) == [
        *("size", "split", "metric", "best", "method", "value", "low", "high", "p_holm")
    ]
    assert table[["size", "split", "metric", "best", "method"]].to_numpy().tolist() == [
        ["large", "profiles", "pct", "a", "c"],
        ["large", "profiles", "pct", "a", "b"],
        ["small", "profiles", "pct", "b", "c"],
        ["small", "profiles", "pct", "b", "a"],
        ["large", "cells", "pct", "a", "b"],
        ["large", "cells", "pct_raw", "b", "a"],
    ]
    assert table["value"].tolist() == pytest.approx([0.1, 0.4, 0.1, 0.3, 0, 0.1])
    # Of 8 draws all lie above 0: p = 2 / 9 of one method, twice that of two (Holm).
    assert table["p_holm"].tolist() == pytest.approx([4 / 9] * 4 + [1, 2 / 9])


def test_without_draws_there_is_a_difference_and_no_chance():
    nothing = [np.nan] * 8
    table = compare_methods(draws_of(a=[0.5, *nothing], b=[0.2, *nothing], c=[0.3, *nothing]))
    assert table["value"].tolist() == pytest.approx([0.2, 0.3])
    assert table[["low", "high", "p_holm"]].isna().all(axis=None)


def test_one_method_alone_has_nothing_to_be_compared_with():
    compared = compare_methods(draws_of(m=[0.1] * 9))
    assert compared.empty
    assert {"size", "split", "metric", "best", "method", "value"} <= set(compared)


def test_the_best_method_of_each_profile():
    scores = pd.DataFrame(
        {
            "method": ["z", "z", "a", "a"],
            "drug": ["d", "e", "d", "e"],
            "cell": "c",
            "pearson": [0.1, 0.5, 0.2, 0.5],
        }
    )
    best = best_method_per_profile(scores)
    assert list(best) == ["drug", "cell", "best", "z", "a"]
    assert best.to_numpy().tolist() == [["d", "c", "a", 0.1, 0.2], ["e", "c", "z", 0.5, 0.5]]


def wide(tensor, **of_method):
    """What methods score on all profiles of a grid, as the best method per profile is told from."""
    scores = [
        pd.DataFrame(
            {
                "method": method,
                "drug": tensor.drugs[tensor.drug],
                "cell": tensor.cells[tensor.cell],
                "pearson": pearson,
            }
        )
        for method, pearson in of_method.items()
    ]
    return best_method_per_profile(pd.concat(scores))


def uneven_grid(seed=0):
    """Drugs in 2 to 9 of 9 cells, some cells rarely measured."""
    rng = np.random.default_rng(seed)
    chance = np.outer(rng.uniform(0.3, 1, 60), np.linspace(0.3, 1, 9))
    measured = rng.random((60, 9)) < chance
    measured[:, -1] = True
    return grid(rng.normal(size=(60, 9, 5)), measured)


def ends(name):
    """The counts that a bin called "3" or "3 to 5" reaches from and to."""
    return [int(end) for end in (name.split(" to ") * 2)[:2]]


def in_bin(tensor, best, row):
    """The profiles whose drug and cell have as many profiles as the bin says."""
    cells = pd.Series(tensor.measured.sum(axis=1), tensor.drugs)
    drugs = pd.Series(tensor.measured.sum(axis=0), tensor.cells)
    return best["drug"].map(cells).between(*ends(row["cells_per_drug"])) & best["cell"].map(
        drugs
    ).between(*ends(row["drugs_per_cell"]))


def test_bins_hold_every_profile_once_and_say_what_they_hold():
    tensor, rng = uneven_grid(), np.random.default_rng(1)
    best = wide(tensor, a=rng.random(len(tensor)), b=rng.random(len(tensor)))
    where = where_methods_win(best, tensor, rng)
    assert list(where) == [
        *("cells_per_drug", "drugs_per_cell", "profiles", "drugs", "best", "runner_up", "lead"),
        *("low", "high", "p_holm", "pearson_a", "pearson_b", "won_a", "won_b"),
    ]
    assert where["profiles"].sum() == len(tensor)
    assert not where.duplicated(["cells_per_drug", "drugs_per_cell"]).any()
    assert where["cells_per_drug"].nunique() == where["drugs_per_cell"].nunique() == 3
    for _, row in where.iterrows():
        held = best[in_bin(tensor, best, row)]
        means = held[["a", "b"]].mean()
        assert row["profiles"] == len(held)
        assert row["drugs"] == held["drug"].nunique()
        assert [row["pearson_a"], row["pearson_b"]] == pytest.approx(means.tolist())
        assert row["won_b"] == pytest.approx((held["b"] > held["a"]).mean())
        assert row["won_a"] + row["won_b"] == pytest.approx(1)
        assert row["lead"] == pytest.approx(means.max() - means.min())
        assert (row["best"], row["runner_up"]) == (means.idxmax(), means.idxmin())


def test_bins_are_cut_at_terciles_of_the_profiles():
    """Of drugs in 1, 2 and 3 cells, 6 profiles each: every number is a bin of its own."""
    measured = np.zeros((11, 3), dtype=bool)
    measured[:6, 0] = measured[6:9, :2] = measured[9:] = True
    tensor = grid(np.random.default_rng(0).normal(size=(11, 3, 5)), measured)
    best = wide(tensor, a=0.1, b=0.2)
    where = where_methods_win(best, tensor, np.random.default_rng(0))
    assert where.groupby("cells_per_drug")["profiles"].sum().to_dict() == {"1": 6, "2": 6, "3": 6}
    # 11 profiles of the first cell, 5 and 2 of the others: its number is both cuts, one bin.
    assert where.groupby("drugs_per_cell")["profiles"].sum().to_dict() == {"11": 11, "2 to 5": 7}


def test_a_method_that_wins_in_one_bin_is_found_there_and_nowhere_else():
    tensor, rng = uneven_grid(), np.random.default_rng(2)
    noise = 0.1 * rng.normal(size=(3, len(tensor)))
    equal = wide(tensor, a=noise[0], b=noise[1], c=noise[2] - 0.5)
    bins = where_methods_win(equal, tensor, np.random.default_rng(0))
    assert not (bins["p_holm"] < 0.05).any()
    planted = in_bin(tensor, equal, bins.iloc[3]).to_numpy()
    order = pd.MultiIndex.from_frame(equal[["drug", "cell"]]).get_indexer(
        list(zip(tensor.drugs[tensor.drug], tensor.cells[tensor.cell], strict=True))
    )
    best = wide(tensor, a=noise[0], b=noise[1] + 0.2 * planted[order], c=noise[2] - 0.5)
    where = where_methods_win(best, tensor, np.random.default_rng(0))
    assert where.index[where["p_holm"] < 0.05].tolist() == [3]
    found = where.iloc[3]
    assert (found["best"], found["runner_up"]) == ("b", "a")
    assert 0 < found["low"] < found["lead"] < found["high"]
    assert found["low"] < 0.2 < found["high"]


def test_the_interval_of_a_lead_equals_resampling_the_drugs_themselves():
    tensor, rng = uneven_grid(), np.random.default_rng(3)
    best = wide(tensor, a=rng.random(len(tensor)), b=rng.random(len(tensor)) - 0.05)
    where = where_methods_win(best, tensor, np.random.default_rng(7))
    row = where.iloc[0]
    sign = 1 if row["best"] == "a" else -1
    lead = (sign * (best["a"] - best["b"]))[in_bin(tensor, best, row)]
    of_drug = {drug: lead[best["drug"] == drug].to_list() for drug in best["drug"].unique()}
    rng, leads = np.random.default_rng(8), []
    for _ in range(1000):
        drawn = rng.choice(list(of_drug), len(of_drug))
        leads.append(np.mean([value for drug in drawn for value in of_drug[drug]]))
    expected = np.quantile(leads, [0.025, 0.975])
    assert row[["low", "high"]].to_list() == pytest.approx(expected, abs=0.15 * np.ptp(expected))


def test_p_values_are_adjusted_for_the_number_of_bins_that_have_one():
    tensor = uneven_grid()
    where = where_methods_win(wide(tensor, a=0.1, b=0.2), tensor, np.random.default_rng(0))
    tested = where["p_holm"].notna().sum()
    assert tested > 1
    assert where["p_holm"].dropna().to_numpy() == pytest.approx(min(tested * 2 / 1001, 1))


def test_bins_without_several_drugs_or_methods_state_no_chance():
    tensor = uneven_grid()
    few = tensor.take(tensor.drug < LEAST_DRUGS - 1)
    where = where_methods_win(wide(few, a=0.1, b=0.2), few, np.random.default_rng(0))
    assert where["lead"].to_numpy() == pytest.approx(0.1)
    assert where[["low", "high", "p_holm"]].isna().all(axis=None)
    alone = where_methods_win(wide(tensor, a=0.1), tensor, np.random.default_rng(0))
    assert alone["profiles"].sum() == len(tensor)
    assert (alone["runner_up"] == "").all()
    assert alone[["lead", "low", "p_holm"]].isna().all(axis=None)


@pytest.mark.parametrize("drugs", [4, 5])
def test_five_drugs_state_chance_and_four_do_not(drugs):
    tensor = grid(np.random.default_rng(0).normal(size=(drugs, 3, 5)), np.ones((drugs, 3), bool))
    where = where_methods_win(wide(tensor, a=0.1, b=0.2), tensor, np.random.default_rng(0))
    assert where["p_holm"].notna().tolist() == [drugs == 5]


def test_a_grid_that_is_even_is_one_bin():
    tensor = grid(np.random.default_rng(0).normal(size=(8, 3, 5)), np.ones((8, 3), dtype=bool))
    where = where_methods_win(wide(tensor, a=0.1, b=0.2), tensor, np.random.default_rng(0))
    assert where[["cells_per_drug", "drugs_per_cell"]].to_numpy().tolist() == [["3", "8"]]
    assert where[["low", "high"]].to_numpy() == pytest.approx(0.1)
