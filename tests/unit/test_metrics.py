"""The judge against definitions written out, SciPy and scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import auc, roc_auc_score
from toy import GENES, clustered, grid

from lacuna import metrics
from lacuna.completion import Completion
from lacuna.metrics import HeldOut, bootstrap, compare_methods, intervals

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
        completions.append(Completion((length * guess).astype(np.float32)))
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


def test_every_metric_equals_its_definition():
    held = predictions()
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
        "profile_pearson": np.mean([pearsonr(t, g)[0] for t, g in zip(truth, guess, strict=True)]),
        "deg_auc_1": plain_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_10": plain_auc(held.truth, guess.astype(np.float32), 10),
    }
    assert found.to_dict() == pytest.approx(expected, abs=1e-5)
    assert len({round(value, 6) for value in expected.values()}) > 4


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
    assert len(draws) == 1 + metrics.BOOTSTRAP_DRAWS
    drugs = np.unique(held.drug)
    share = np.full(len(drugs), 1 / len(drugs))
    counts = np.random.default_rng(7).multinomial(len(drugs), share, size=metrics.BOOTSTRAP_DRAWS)
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
    return HeldOut(truth, predicted, drug, none, none, np.zeros_like(truth), none.astype(bool))


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
    monkeypatch.setattr(metrics, "BOOTSTRAP_DRAWS", 200)
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
    positive, negative = metrics.deg_histograms(truth, truth, 10, np.zeros(1, dtype=int), 1)
    assert (positive.sum(), negative.sum()) == (11, 90)
    assert positive[0, -1] == 1
    assert not positive[0, : 2 * 90].any()  # the scores of the other 90 ranks


def test_a_profile_that_does_not_vary_has_correlation_0():
    varied = np.random.default_rng(0).normal(size=(1, GENES)).astype(np.float32)
    constant = np.full((1, GENES), 0.1, dtype=np.float32)
    assert metrics.profile_pearson(constant, varied) == 0
    assert metrics.profile_pearson(varied, constant) == 0


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
    curves = metrics.deg_roc(held.truth, metrics.unit_rows(held.predicted))
    for percent, curve in curves.groupby("percent"):
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        assert (x.iloc[0], y.iloc[0], x.iloc[-1], y.iloc[-1]) == (0, 0, 1, 1)
        assert auc(x, y) == pytest.approx(found[f"deg_auc_{percent}"])


def test_the_density_counts_every_entry():
    held = predictions()
    density = metrics.joint_density(held.truth, held.predicted)
    assert density["entries"].sum() == held.truth.size
    weighted = np.average(density["true"], weights=density["entries"])
    assert weighted == pytest.approx(held.truth.mean(), abs=2e-3)


def test_the_density_tells_truth_from_prediction_and_keeps_what_lies_beyond():
    truth = np.array([[0.6, -0.8, 0.0]])
    density = metrics.joint_density(truth, np.array([[0.0, 5.0, 0.0]]))
    found = set(density[["true", "predicted", "entries"]].itertuples(index=False, name=None))
    outermost = 0.695  # the middle of the last of 141 bins up to 0.7
    bins = {(round(a, 2), round(b, 2), n) for a, b, n in found}
    assert bins == {(0.6, 0.0, 1), (round(-outermost, 2), round(outermost, 2), 1), (0.0, 0.0, 1)}


def test_cell_specificity_is_the_mean_over_pairs():
    tensor = clustered()
    found = metrics.cell_specificity(tensor.profiles, tensor.drug).set_index("drug")
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
    best = metrics.best_method_per_profile(scores).set_index("drug")["best"]
    assert best.to_dict() == {"d": "a", "e": "z"}  # of equal ones the first


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
