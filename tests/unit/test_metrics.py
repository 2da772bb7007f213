"""The judge against definitions written out, SciPy and scikit-learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import auc, roc_auc_score
from toy import GENES, clustered

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
    guess = unit(held.predicted)
    for draw in range(3):
        times = dict(zip(drugs, counts[draw], strict=True))
        rows = np.concatenate([np.flatnonzero(held.drug == d).repeat(times[d]) for d in drugs])
        expected = pearsonr(held.truth[rows].ravel(), guess[rows].ravel())[0]
        assert draws["pct"][draw + 1] == pytest.approx(expected, abs=1e-5)
        expected = plain_auc(held.truth[rows], guess[rows].astype(np.float32), 10)
        assert draws["deg_auc_10"][draw + 1] == pytest.approx(expected, abs=1e-5)


def test_more_drugs_give_narrower_intervals():
    def width(drugs):
        draws = bootstrap(predictions(drugs=drugs), np.random.default_rng(0))
        row = intervals(draws).set_index("metric").loc["pct"]
        assert row["low"] <= row["value"] <= row["high"]
        return row["high"] - row["low"]

    assert width(400) < 0.5 * width(25)


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
    position = held.predicted[:, 0].astype(int)
    assert sorted(position) == np.flatnonzero(fold >= 0).tolist()
    assert np.array_equal(held.truth, tensor.profiles[position])
    assert np.array_equal(held.drug, tensor.drug[position])
    for row in range(0, len(position), 7):
        train = (fold != held.fold[row]) & (tensor.cell == held.cell[row])
        assert np.allclose(held.cell_mean[row], tensor.profiles[train].mean(axis=0), atol=1e-6)


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
