"""The judge against definitions written out, SciPy and scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import auc, roc_auc_score
from toy import GENES, clustered, grid

from lacuna.completion.interface import Completion
from lacuna.evaluation import bootstrap as resampling
from lacuna.evaluation import (
    calibration,
    compare,
    correlation,
    deg,
    density,
    held_out,
    metrics,
)
from lacuna.evaluation import specificity as kept
from lacuna.evaluation.bootstrap import adjust_holm, intervals
from lacuna.evaluation.compare import compare_methods
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import bootstrap
from lacuna.tensor import specificity

FOLDS = 3


def predictions(noise=1.0, drugs=24, seed=0) -> HeldOut:
    """Noisy copies of profiles, at another length, in folds."""
    rng = np.random.default_rng(seed)
    tensor = clustered(drugs=drugs, seed=seed)
    fold = rng.permutation(np.arange(len(tensor)) % FOLDS)
    completions = []
    for number in range(FOLDS):
        truth = tensor.profiles[fold == number]
        guess = truth + noise * rng.normal(size=truth.shape) / np.sqrt(GENES)
        length = rng.uniform(0.2, 2, (len(truth), 1))
        stderr = rng.uniform(0.5, 2, len(truth)).astype(np.float32)
        completions.append(Completion((length * guess).astype(np.float32), stderr=stderr))
    return HeldOut.gather(tensor, fold, completions)


def unit(rows):
    return np.array([row / np.linalg.norm(row) for row in rows.astype(float)])


def values(held_out):
    table = intervals(bootstrap(held_out, np.random.default_rng(0)))
    return table.set_index("metric")["value"]


def plain_auc(truth, predicted, percent):
    labels, scores = [], []
    for true, guess in zip(truth, predicted, strict=True):
        magnitude = np.abs(true)
        labels += (magnitude >= np.quantile(magnitude, 1 - percent / 100)).tolist()
        scores += rankdata(np.abs(guess)).tolist()
    return roc_auc_score(labels, scores)


def plain_signed_auc(truth, predicted, percent):
    labels, scores = [], []
    for sign in (1, -1):
        for true, guess in zip(sign * truth, sign * predicted, strict=True):
            labels += (true >= np.quantile(true, 1 - percent / 100)).tolist()
            scores += rankdata(guess).tolist()
    return roc_auc_score(labels, scores)


def plain_retrieval(held):
    shares = []
    for row, guess in enumerate(held.predicted):
        others = np.flatnonzero((held.cell == held.cell[row]) & (np.arange(len(held.cell)) != row))
        right = pearsonr(guess, held.truth[row])[0]
        if len(others):
            shares.append(np.mean([pearsonr(guess, held.truth[o])[0] < right for o in others]))
    return np.mean(shares)


def test_every_metric_equals_its_definition():
    rng = np.random.default_rng(3)
    held = predictions()
    ceiling = np.where(rng.random(len(held.truth)) < 0.8, rng.uniform(0.3, 0.9), np.nan)
    held = replace(held, ceiling=ceiling)
    known, shown = np.isfinite(ceiling), held.inputs > 0
    found, guess = values(held), unit(held.predicted)
    truth = held.truth.astype(float)
    of_fold = [held.fold == number for number in range(FOLDS)]
    expected = {
        "pct": pearsonr(truth.ravel(), guess.ravel())[0],
        "pct_raw": pearsonr(truth.ravel(), held.predicted.ravel())[0],
        "pct_fold": np.mean([pearsonr(truth[f].ravel(), guess[f].ravel())[0] for f in of_fold]),
        "pct_specific": pearsonr(
            (truth - held.cell_mean).ravel(), (guess - held.cell_mean).ravel()
        )[0],
        "pct_specific_raw": pearsonr(
            (truth - held.cell_mean).ravel(), (held.predicted - held.cell_mean).ravel()
        )[0],
        "pct_beyond_drug": pearsonr(
            (truth - held.drug_mean).ravel(), (held.predicted - held.drug_mean).ravel()
        )[0],
        "profile_pearson": np.mean([pearsonr(t, g)[0] for t, g in zip(truth, guess, strict=True)]),
        "pct_with_input": pearsonr(truth[shown].ravel(), guess[shown].ravel())[0],
        "profile_pearson_with_input": np.mean(
            [pearsonr(t, g)[0] for t, g in zip(truth[shown], guess[shown], strict=True)]
        ),
        "retrieval": plain_retrieval(held),
        "variance_ratio": ((held.predicted - held.cell_mean) ** 2).sum()
        / ((truth - held.cell_mean) ** 2).sum(),
        "pct_of_ceiling": pearsonr(truth[known].ravel(), guess[known].ravel())[0]
        / ceiling[known].mean(),
        "deg_auc_signed_1": plain_signed_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_signed_10": plain_signed_auc(held.truth, guess.astype(np.float32), 10),
        "deg_auc_1": plain_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_10": plain_auc(held.truth, guess.astype(np.float32), 10),
    }
    assert found.to_dict() == pytest.approx(expected, abs=1e-5)
    assert len({round(value, 6) for value in expected.values()}) > 8


def test_the_controls_score_as_they_must():
    held = predictions()
    truth = values(replace(held, predicted=held.truth))
    assert np.allclose(truth, 1)
    zeros = values(replace(held, predicted=np.zeros_like(held.truth)))
    assert zeros["pct"] == zeros["profile_pearson"] == zeros["pct_raw"] == 0
    assert zeros["deg_auc_1"] == zeros["deg_auc_10"] == 0.5


def test_the_bootstrap_equals_resampling_the_drugs_themselves():
    held = predictions()
    draws = bootstrap(held, np.random.default_rng(7))
    assert len(draws) == 1 + resampling.BOOTSTRAP_DRAWS
    drugs = np.unique(held.drug)
    share = np.full(len(drugs), 1 / len(drugs))
    counts = np.random.default_rng(7).multinomial(
        len(drugs), share, size=resampling.BOOTSTRAP_DRAWS
    )
    guess, specific = unit(held.predicted), held.truth - held.cell_mean
    within = np.array([pearsonr(*pair)[0] for pair in zip(held.truth, guess, strict=True)])
    for draw in range(3):
        times = dict(zip(drugs, counts[draw], strict=True))
        rows = np.concatenate([np.flatnonzero(held.drug == d).repeat(times[d]) for d in drugs])
        expected = pearsonr(held.truth[rows].ravel(), guess[rows].ravel())[0]
        assert draws["pct"][draw + 1] == pytest.approx(expected, abs=1e-5)
        expected = plain_auc(held.truth[rows], guess[rows].astype(np.float32), 10)
        assert draws["deg_auc_10"][draw + 1] == pytest.approx(expected, abs=1e-5)
        expected = pearsonr(specific[rows].ravel(), (guess - held.cell_mean)[rows].ravel())[0]
        assert draws["pct_specific"][draw + 1] == pytest.approx(expected, abs=1e-5)
        assert draws["profile_pearson"][draw + 1] == pytest.approx(within[rows].mean(), abs=1e-5)


def test_a_fold_without_a_drawn_drug_does_not_count_as_0():
    """Of 6 drugs, each alone in its fold, a draw holds 4 or so; the others have no score."""
    tensor = clustered(drugs=6, missing=0)
    held = from_pair(tensor.profiles, tensor.profiles, tensor.drug)
    held = replace(held, fold=tensor.drug)
    draws = bootstrap(held, np.random.default_rng(0))
    assert np.allclose(draws["pct_fold"], 1)


def from_pair(truth, predicted, drug):
    none = np.zeros(len(drug), dtype=int)
    truth, predicted = truth.astype(np.float32), predicted.astype(np.float32)
    mean = np.zeros_like(truth)
    return HeldOut(truth, predicted, drug, none, none, mean, mean, none + 1, none.astype(bool))


def test_intervals_are_the_middle_95_percent_of_the_draws_without_the_data():
    draws = pd.DataFrame({"a": [1e6, *range(1001)], "b": [0.0, *range(0, -1001, -1)]})
    table = intervals(draws).set_index("metric")
    assert table.loc["a"].tolist() == pytest.approx([1e6, 25, 975])
    assert table.loc["b"].tolist() == pytest.approx([0, -975, -25])


def screen(drugs, seed):
    """Three profiles of each of some drugs, some of which are predicted better than others."""
    rng = np.random.default_rng(seed)
    drug = np.arange(drugs).repeat(3)
    truth, noise = rng.normal(size=(2, len(drug), GENES))
    share = rng.uniform(size=drugs)[drug, None]
    return from_pair(unit(truth), share * truth + (1 - share) * noise, drug)


def test_intervals_cover_the_value_of_all_drugs(monkeypatch):
    monkeypatch.setattr(resampling, "BOOTSTRAP_DRAWS", 200)
    truth = values(screen(6000, seed=1000))
    covers = []
    for seed in range(100):
        table = intervals(bootstrap(screen(30, seed), np.random.default_rng(seed)))
        table = table.set_index("metric")
        covers.append(table["low"].le(truth) & truth.le(table["high"]))
    # Nominal 0.95; were profiles drawn instead of drugs, about 0.8.
    assert pd.DataFrame(covers).mean().between(0.86, 1).all()


def test_more_drugs_give_narrower_intervals():
    def width(drugs):
        draws = bootstrap(predictions(drugs=drugs), np.random.default_rng(0))
        row = intervals(draws).set_index("metric").loc["pct"]
        assert row["low"] <= row["value"] <= row["high"]
        return row["high"] - row["low"]

    assert width(400) < 0.5 * width(25)


def test_a_gene_at_the_quantile_is_differentially_expressed():
    """Of 101 genes the quantile 0.9 is a gene's own value: 11 genes reach it, 10 exceed it."""
    truth = np.random.default_rng(0).permutation(np.arange(1.0, 102))[None]
    positive, negative = deg.deg_histograms(truth, truth, 10, np.zeros(1, dtype=int), 1)
    assert (positive.sum(), negative.sum()) == (11, 90)
    assert positive[0, -1] == 1
    assert not positive[0, : 2 * 90].any()  # the scores of the other 90 ranks


def test_a_profile_that_does_not_vary_has_correlation_0():
    varied = np.random.default_rng(0).normal(size=(1, GENES)).astype(np.float32)
    constant = np.full((1, GENES), 0.1, dtype=np.float32)
    assert correlation.profile_pearson(constant, varied) == 0
    assert correlation.profile_pearson(varied, constant) == 0


def test_the_mean_of_the_cell_is_not_specific():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(1, 5, GENES)) + 0.7 * rng.normal(size=(200, 5, GENES))
    tensor = grid(dense, np.ones((200, 5), dtype=bool))
    fold = rng.permutation(np.arange(len(tensor)) % FOLDS)
    means = []
    for number in range(FOLDS):
        by_cell, _ = tensor.take(fold != number).mean_by_cell()
        means.append(Completion(by_cell[tensor.cell[fold == number]].astype(np.float32)))
    found = values(HeldOut.gather(tensor, fold, means))
    assert found["pct"] > 0.7
    assert abs(found["pct_specific"]) < 0.05


def test_the_mean_of_the_drug_is_nothing_beyond_the_drug():
    tensor = clustered()
    fold = np.random.default_rng(0).permutation(np.arange(len(tensor)) % FOLDS)
    means = []
    for number in range(FOLDS):
        by_drug, _ = tensor.take(fold != number).mean_by_drug()
        means.append(Completion(by_drug[tensor.drug[fold == number]].astype(np.float32)))
    found = values(HeldOut.gather(tensor, fold, means))
    assert found["pct"] > 0.2
    assert found["pct_beyond_drug"] == 0


def test_what_the_drug_is_elsewhere_counts_as_known_only_where_it_was_shown():
    tensor = clustered()
    fold = tensor.drug % FOLDS
    shown, means = [], []
    for number in range(FOLDS):
        of_fold = tensor.take(fold == number)
        inputs, mean = [], np.zeros_like(of_fold.profiles)
        for row, (drug, cell) in enumerate(of_fold.pairs):
            others = of_fold.profiles[(of_fold.drug == drug) & (of_fold.cell != cell)]
            inputs.append(len(others))
            if len(others):
                mean[row] = others.mean(axis=0)
        shown += inputs
        means.append(Completion(mean))
    held = HeldOut.gather(tensor, fold, means, given_elsewhere=True)
    assert held.inputs.tolist() == shown
    assert np.allclose(held.drug_mean, held.predicted, atol=1e-6)
    held = HeldOut.gather(tensor, fold, means)
    assert not held.inputs.any()
    assert not held.drug_mean.any()
    assert "pct_with_input" not in values(held)
    assert metrics.score_folds(held)["with_input"].tolist() == [0] * FOLDS


def test_chance_retrieves_half_and_the_truth_all():
    held = predictions(drugs=200)
    guess = np.random.default_rng(0).normal(size=held.truth.shape).astype(np.float32)
    assert np.nanmean(metrics.retrieval(replace(held, predicted=guess))) == pytest.approx(
        0.5, abs=0.03
    )
    assert np.nanmin(metrics.retrieval(replace(held, predicted=held.truth))) == 1
    same = np.ones_like(held.truth)  # one that predicts nothing ties with all
    assert np.nanmean(metrics.retrieval(replace(held, predicted=same))) == 0.5


def test_the_only_profile_of_a_cell_cannot_be_retrieved():
    held = predictions()
    alone = replace(held, cell=np.arange(len(held.cell)))
    assert np.isnan(metrics.retrieval(alone)).all()


@pytest.mark.parametrize("replicates", [2, 5])
def test_the_ceiling_is_what_the_planted_truth_reaches(replicates):
    """Replicates are the truth and noise; ACD is the mean of 1 - cosine between two of them."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(100, 1, 2000))
    single = truth + 1.5 * rng.normal(size=(100, replicates, 2000))
    cosines = [np.corrcoef(of_one)[np.triu_indices(replicates, 1)].mean() for of_one in single]
    reliability = pd.DataFrame({"replicates": replicates, "acd": 1 - np.array(cosines)})
    reached = [
        np.corrcoef(mean, true[0])[0, 1]
        for mean, true in zip(single.mean(axis=1), truth, strict=True)
    ]
    assert np.mean(held_out.ceilings(reliability)) == pytest.approx(np.mean(reached), abs=0.01)


def test_without_replicates_there_is_no_ceiling():
    reliability = pd.DataFrame({"replicates": [1, 2], "acd": [np.nan, 1.2]})
    assert np.isnan(held_out.ceilings(reliability)[0])
    assert held_out.ceilings(reliability)[1] == 0
    held = replace(predictions(), ceiling=np.full(len(predictions().truth), np.nan))
    assert "pct_of_ceiling" not in values(held)


def test_p_values_are_adjusted_as_holm_says():
    assert adjust_holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm(np.array([0.5, 0.6])).tolist() == pytest.approx([1, 1])


def test_differences_by_chance_are_seldom_significant_and_real_ones_are():
    rng = np.random.default_rng(0)

    def p_of(difference):
        draws = pd.concat(
            pd.DataFrame({"size": "large", "split": "profiles", "method": name, "pct": scores})
            for name, scores in (("a", difference), ("b", np.zeros(len(difference))))
        )
        return compare_methods(draws)["p_holm"].item()

    # The first value is the data, around which the draws of a bootstrap lie.
    by_chance = [p_of(np.r_[d, rng.normal(d, 1, 500)]) for d in rng.normal(size=300)]
    assert 0.02 < np.mean(np.array(by_chance) < 0.05) < 0.09
    assert p_of(np.r_[6.0, rng.normal(6, 1, 500)]) == pytest.approx(2 / 501)


def test_of_the_variance_more_is_not_better():
    draws = pd.DataFrame({"size": "large", "split": "profiles", "method": ["a", "b"] * 3})
    draws = draws.assign(pct=[0.1, 0.2] * 3, variance_ratio=[3.0, 1.0] * 3)
    assert set(compare_methods(draws)["metric"]) == {"pct"}


def test_methods_are_compared_in_pairs():
    rng = np.random.default_rng(0)
    difficulty = rng.normal(0.5, 0.1, 1001)
    draws = pd.concat(
        pd.DataFrame({"size": "large", "split": "profiles", "method": name, "pct": difficulty + by})
        for name, by in [("good", 0.02), ("bad", 0.0)]
    )
    row = compare_methods(draws).iloc[0]
    assert (row["best"], row["method"]) == ("good", "bad")
    assert row["value"] == pytest.approx(0.02)
    assert row["low"] == pytest.approx(0.02)
    assert row["high"] == pytest.approx(0.02)


def test_the_best_method_is_the_best_on_the_data_not_on_the_draws():
    draws = pd.concat(
        pd.DataFrame({"size": "large", "split": "profiles", "method": name, "pct": scores})
        for name, scores in [("a", [0.6, 0.1, 0.1]), ("b", [0.5, 0.4, 0.2])]
    )
    row = compare_methods(draws).iloc[0]
    assert (row["best"], row["method"]) == ("a", "b")
    assert row["value"] == pytest.approx(0.1)
    assert -0.3 <= row["low"] < row["high"] <= -0.1


def test_one_method_alone_has_nothing_to_be_compared_with():
    draws = pd.DataFrame({"size": "large", "split": "profiles", "method": "m", "pct": [0.1] * 9})
    compared = compare_methods(draws)
    assert compared.empty
    assert {"size", "split", "metric", "best", "method", "value"} <= set(compared)


def test_gathering_puts_predictions_where_they_belong():
    tensor = clustered()
    fold = np.arange(len(tensor)) % 4 - 1  # a quarter is never held out
    marked = [
        Completion(
            np.flatnonzero(fold == number)[:, None].astype(np.float32) * np.ones(GENES, np.float32)
        )
        for number in range(3)
    ]
    held = HeldOut.gather(tensor, fold, marked)
    assert not held.fallback.any()  # methods that never fall back do not say so
    position = held.predicted[:, 0].astype(int)
    assert sorted(position) == np.flatnonzero(fold >= 0).tolist()
    assert np.array_equal(held.truth, tensor.profiles[position])
    assert np.array_equal(held.drug, tensor.drug[position])
    for row in range(0, len(position), 7):
        train = (fold != held.fold[row]) & (tensor.cell == held.cell[row])
        assert np.allclose(held.cell_mean[row], tensor.profiles[train].mean(axis=0), atol=1e-6)


def test_fallbacks_are_gathered_and_counted():
    tensor = clustered()
    fold = np.arange(len(tensor)) % FOLDS
    fell_back = np.random.default_rng(0).random(len(tensor)) < 0.3
    completions = [
        Completion(tensor.profiles[fold == number], fell_back[fold == number])
        for number in range(FOLDS)
    ]
    held = HeldOut.gather(tensor, fold, completions)
    at = tensor.find(np.column_stack([held.drug, held.cell]))
    assert np.array_equal(held.fallback, fell_back[at])
    expected = [fell_back[fold == number].sum() for number in range(FOLDS)]
    assert metrics.score_folds(held)["fallbacks"].tolist() == expected
    assert metrics.score_profiles(held, tensor)["fallback"].tolist() == fell_back[at].tolist()


def test_roc_curves_enclose_the_area_that_is_reported():
    held = predictions()
    found = values(held)
    curves = deg.deg_roc(held.truth, metrics.unit_rows(held.predicted))
    for percent, curve in curves.groupby("percent"):
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        assert (x.iloc[0], y.iloc[0], x.iloc[-1], y.iloc[-1]) == (0, 0, 1, 1)
        assert auc(x, y) == pytest.approx(found[f"deg_auc_{percent}"])


def test_the_density_counts_every_entry():
    held = predictions()
    density = calibration.joint_density(held.truth, held.predicted)
    assert density["entries"].sum() == held.truth.size
    weighted = np.average(density["true"], weights=density["entries"])
    assert weighted == pytest.approx(held.truth.mean(), abs=2e-3)


def test_the_density_tells_truth_from_prediction_and_keeps_what_lies_beyond():
    truth = np.array([[0.6, -0.8, 0.0]])
    density = calibration.joint_density(truth, np.array([[0.0, 5.0, 0.0]]))
    found = set(density[["true", "predicted", "entries"]].itertuples(index=False, name=None))
    outermost = 0.695  # the middle of the last of 141 bins up to 0.7
    bins = {(round(a, 2), round(b, 2), n) for a, b, n in found}
    assert bins == {(0.6, 0.0, 1), (round(-outermost, 2), round(outermost, 2), 1), (0.0, 0.0, 1)}


def test_cell_specificity_is_the_mean_over_pairs():
    tensor = clustered()
    found = specificity.cell_specificity(tensor.profiles, tensor.drug).set_index("drug")
    for drug in range(len(tensor.drugs)):
        mine = tensor.profiles[tensor.drug == drug].astype(float)
        pairs = [(a, b) for a in range(len(mine)) for b in range(a)]
        assert (drug in found.index) == (len(mine) > 1)
        if pairs:
            expected = np.mean([1 - mine[a] @ mine[b] for a, b in pairs])
            assert found.loc[drug, "specificity"] == pytest.approx(expected, abs=1e-5)
            assert found.loc[drug, "cells"] == len(mine)


def test_the_best_method_of_each_profile():
    scores = pd.DataFrame(
        {
            "method": ["z", "z", "a", "a"],
            "drug": ["d", "e", "d", "e"],
            "cell": "c",
            "pearson": [0.1, 0.5, 0.2, 0.5],
        }
    )
    best = compare.best_method_per_profile(scores).set_index("drug")["best"]
    assert best.to_dict() == {"d": "a", "e": "z"}  # of equal ones the first


def test_profiles_of_zeros_are_unrelated():
    found = specificity.cell_specificity(np.zeros((3, 4)), np.array([2, 2, 2]))
    assert found.to_dict("list") == {"drug": [2], "cells": [3], "specificity": [1.0]}


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
    return compare.best_method_per_profile(pd.concat(scores))


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


def test_bins_hold_every_profile_once_and_say_what_they_hold():
    tensor, rng = uneven_grid(), np.random.default_rng(1)
    best = wide(tensor, a=rng.random(len(tensor)), b=rng.random(len(tensor)))
    where = compare.where_methods_win(best, tensor, rng)
    assert where["profiles"].sum() == len(tensor)
    assert not where.duplicated(["cells_per_drug", "drugs_per_cell"]).any()
    assert where["cells_per_drug"].nunique() == where["drugs_per_cell"].nunique() == 3
    counts = {"drug": tensor.measured.sum(axis=1), "cell": tensor.measured.sum(axis=0)}
    for row in where.itertuples():
        here = np.full(len(best), True)
        for bin, axis, names in (
            (row.cells_per_drug, "drug", tensor.drugs),
            (row.drugs_per_cell, "cell", tensor.cells),
        ):
            low, high = ends(bin)
            count = counts[axis][pd.Index(names).get_indexer(best[axis])]
            here &= (low <= count) & (count <= high)
        held = best[here]
        assert row.profiles == len(held)
        assert row.drugs == held["drug"].nunique()
        assert row.pearson_a == pytest.approx(held["a"].mean())
        assert row.won_b == pytest.approx((held["b"] > held["a"]).mean())
        assert row.won_a + row.won_b == pytest.approx(1)
        assert row.lead == pytest.approx(abs(held["a"].mean() - held["b"].mean()))
        assert row.best == ("a" if held["a"].mean() > held["b"].mean() else "b")


def test_a_method_that_wins_in_one_bin_is_found_there_and_nowhere_else():
    tensor, rng = uneven_grid(), np.random.default_rng(2)
    noise = 0.1 * rng.normal(size=(3, len(tensor)))
    equal = wide(tensor, a=noise[0], b=noise[1], c=noise[2] - 0.5)
    bins = compare.where_methods_win(equal, tensor, np.random.default_rng(0))
    assert not (bins["p_holm"] < 0.05).any()
    chosen = bins.iloc[3]
    cells, drugs = tensor.measured.sum(axis=1), tensor.measured.sum(axis=0)
    low, high = ends(chosen["cells_per_drug"])
    rare, often = ends(chosen["drugs_per_cell"])
    planted = (low <= cells[tensor.drug]) & (cells[tensor.drug] <= high)
    planted &= (rare <= drugs[tensor.cell]) & (drugs[tensor.cell] <= often)
    best = wide(tensor, a=noise[0], b=noise[1] + 0.2 * planted, c=noise[2] - 0.5)
    where = compare.where_methods_win(best, tensor, np.random.default_rng(0))
    assert where.index[where["p_holm"] < 0.05].tolist() == [3]
    found = where.iloc[3]
    assert (found["best"], found["runner_up"]) == ("b", "a")
    assert found["low"] < 0.2 < found["high"]
    assert 0 < found["low"] < found["lead"] < found["high"]


def test_the_interval_of_a_lead_equals_resampling_the_drugs_themselves():
    tensor, rng = uneven_grid(), np.random.default_rng(3)
    best = wide(tensor, a=rng.random(len(tensor)), b=rng.random(len(tensor)) - 0.05)
    where = compare.where_methods_win(best, tensor, np.random.default_rng(7)).iloc[0]
    low, high = ends(where["cells_per_drug"])
    rare, often = ends(where["drugs_per_cell"])
    cells = pd.Series(tensor.measured.sum(axis=1), tensor.drugs)
    drugs = pd.Series(tensor.measured.sum(axis=0), tensor.cells)
    here = best["drug"].map(cells).between(low, high) & best["cell"].map(drugs).between(rare, often)
    sign = 1 if where["best"] == "a" else -1
    lead = (sign * (best["a"] - best["b"]))[here]
    of_drug = {drug: lead[best["drug"] == drug].to_list() for drug in best["drug"].unique()}
    rng, leads = np.random.default_rng(8), []
    for _ in range(1000):
        drawn = rng.choice(list(of_drug), len(of_drug))
        leads.append(np.mean([each for drug in drawn for each in of_drug[drug]]))
    expected = np.quantile(leads, [0.025, 0.975])
    assert where[["low", "high"]].to_list() == pytest.approx(expected, abs=0.15 * np.ptp(expected))


def test_bins_without_several_drugs_or_methods_state_no_chance():
    tensor = uneven_grid()
    few = tensor.take(tensor.drug < 3)
    where = compare.where_methods_win(wide(few, a=0.1, b=0.2), few, np.random.default_rng(0))
    assert where["drugs"].max() < resampling.LEAST_DRUGS
    assert where[["low", "high", "p_holm"]].isna().all(axis=None)
    alone = compare.where_methods_win(wide(tensor, a=0.1), tensor, np.random.default_rng(0))
    assert alone["profiles"].sum() == len(tensor)
    assert alone[["lead", "low", "p_holm"]].isna().all(axis=None)


def test_a_grid_that_is_even_is_one_bin():
    tensor = grid(np.random.default_rng(0).normal(size=(8, 3, 5)), np.ones((8, 3), dtype=bool))
    where = compare.where_methods_win(wide(tensor, a=0.1, b=0.2), tensor, np.random.default_rng(0))
    assert where[["cells_per_drug", "drugs_per_cell"]].to_numpy().tolist() == [["3", "8"]]
    assert where[["low", "high"]].to_numpy() == pytest.approx(0.1)


def test_specificity_is_scored_over_the_held_out_cells_at_unit_length():
    held, tensor = predictions(), clustered()
    found = kept.score_specificity(held, tensor)
    for column, rows in (("measured", held.truth), ("predicted", unit(held.predicted))):
        expected = specificity.cell_specificity(rows, held.drug)
        assert found[column].to_numpy() == pytest.approx(expected["specificity"], abs=1e-6)
        assert found["drug"].tolist() == tensor.drugs[expected["drug"]].tolist()


def test_preserved_specificity_equals_its_definition():
    rng = np.random.default_rng(4)
    measured = rng.uniform(0.2, 1, 80)
    table = pd.DataFrame({"drug": [f"d{i}" for i in range(80)], "measured": measured})
    good = 0.5 * measured + 0.02 * rng.normal(size=80)
    both = [table.assign(method="truth", predicted=measured)]
    both += [table.assign(method="good", predicted=good)]
    both += [table.assign(method="alike", predicted=0.0)]
    scores = kept.specificity_kept(pd.concat(both), rng).set_index(["method", "metric"])
    value = scores["value"]
    assert value["truth"].to_list() == pytest.approx([1, 1])
    assert value["alike"].to_list() == [0, 0]
    slope = np.linalg.lstsq(measured[:, None], good, rcond=None)[0][0]
    assert value["good", "correlation"] == pytest.approx(pearsonr(measured, good)[0])
    assert value["good", "slope"] == pytest.approx(slope)
    # The textbook interval of a regression through the origin (HC0 errors).
    spread = np.sqrt(((good - slope * measured) ** 2 * measured**2).sum()) / (measured**2).sum()
    low, high = scores.loc[("good", "slope"), ["low", "high"]]
    assert [low, high] == pytest.approx([slope - 1.96 * spread, slope + 1.96 * spread], abs=0.002)
    assert (scores["drugs"] == 80).all()


def test_scores_per_fold_and_per_profile():
    held = predictions()
    tensor = clustered()
    per_fold, guess = metrics.score_folds(held), unit(held.predicted)
    assert per_fold["profiles"].sum() == len(held.truth)
    mask = held.fold == 1
    expected = pearsonr(held.truth[mask].ravel(), guess[mask].ravel())[0]
    assert per_fold.loc[per_fold["fold"] == 1, "pct"].item() == pytest.approx(expected, abs=1e-5)
    per_profile = metrics.score_profiles(held, tensor)
    expected = pearsonr(held.truth[5], held.predicted[5])[0]
    assert per_profile["pearson"][5] == pytest.approx(expected, abs=1e-5)
    assert per_profile["drug"][5] == tensor.drugs[held.drug[5]]


def test_calibration_equals_its_definition():
    held = predictions(drugs=60)
    table = calibration.calibration(held, np.random.default_rng(0))
    error, stated = np.abs(held.truth - held.predicted), held.stderr[:, None]
    coverage = table[table["view"] == "coverage"]
    assert coverage["stated"].tolist() == list(calibration.CALIBRATION_LEVELS)
    for row in coverage.itertuples():
        reach = {0.5: 0.6745, 0.9: 1.6449}.get(row.stated)
        if reach:
            assert row.observed == pytest.approx((error <= reach * stated).mean(), abs=1e-3)
        assert row.low <= row.observed <= row.high
    made = table[table["view"] == "error"]
    assert len(made) == 10
    lowest = np.argsort(held.stderr, kind="stable")[: len(held.stderr) // 10]
    assert made["stated"].iloc[0] == pytest.approx(
        np.sqrt((held.stderr[lowest] ** 2).mean()), rel=0.1
    )
    whole = np.sqrt((made["observed"] ** 2).mean())
    assert whole == pytest.approx(np.sqrt((error**2).mean()), rel=0.02)


def test_honest_errors_lie_on_the_diagonal_and_understated_ones_below():
    rng = np.random.default_rng(0)
    held = predictions(drugs=200)
    stderr = rng.uniform(0.05, 0.5, len(held.truth)).astype(np.float32)
    noise = stderr[:, None] * rng.normal(size=held.truth.shape).astype(np.float32)
    honest = replace(held, predicted=held.truth + noise, stderr=stderr)
    table = calibration.calibration(honest, rng)
    assert np.allclose(table["stated"].astype(float), table["observed"].astype(float), atol=0.02)
    coverage = calibration.calibration(replace(honest, stderr=stderr / 2), rng).query(
        "view == 'coverage'"
    )
    assert (coverage["observed"] < coverage["stated"] - 0.02).all()


def test_a_method_that_states_no_error_has_no_calibration():
    table = calibration.calibration(replace(predictions(), stderr=None), np.random.default_rng(0))
    assert table.empty
    assert list(table) == ["view", "stated", "observed", "low", "high"]


def test_pooled_pct_equals_its_definition_and_is_averaged_over_repeats():
    held = predictions()
    pct = pearsonr(held.truth.ravel(), unit(held.predicted).ravel())[0]
    assert correlation.pooled_pct(held.truth, held.predicted) == pytest.approx(pct)
    scores = pd.DataFrame({"method": ["b"] * 4 + ["a"] * 2, "percent": [10, 20] * 3})
    scores["pct"] = [0.1, 0.2, 0.3, 0.6, 0.5, 0.5]
    table = density.accuracy_by_density(scores)
    assert table[["method", "percent", "repeats"]].to_numpy().tolist() == [
        *(["b", 10, 2], ["b", 20, 2], ["a", 10, 1], ["a", 20, 1])
    ]
    assert np.allclose(table["mean"], [0.2, 0.4, 0.5, 0.5])
    assert np.allclose(table["sd"][:2], np.sqrt([0.02, 0.08]))
