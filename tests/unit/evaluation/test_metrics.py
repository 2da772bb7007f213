"""Every metric against its definition written out, SciPy and scikit-learn; and its card."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predicted import FOLDS, held_out_pair, noisy_predictions, unit, values
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import roc_auc_score
from toy import clustered, grid

from lacuna.completion.interface import Completion
from lacuna.evaluation.compare import compare_methods
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import METRICS, Metric, metric_label, score_draws
from lacuna.evaluation.tables import comparison_table, method_table


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


def definitions(held):
    """Every metric, written out."""
    guess, truth = unit(held.predicted), held.truth.astype(float)
    known, shown = np.isfinite(held.ceiling), held.inputs > 0
    of_fold = [held.fold == number for number in range(FOLDS)]
    return {
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
        / held.ceiling[known].mean(),
        "deg_auc_signed_1": plain_signed_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_signed_10": plain_signed_auc(held.truth, guess.astype(np.float32), 10),
        "deg_auc_1": plain_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_10": plain_auc(held.truth, guess.astype(np.float32), 10),
    }


def with_ceilings(held):
    rng = np.random.default_rng(3)
    known = rng.random(len(held.truth)) < 0.8
    return replace(held, ceiling=np.where(known, rng.uniform(0.3, 0.9, len(known)), np.nan))


def test_every_metric_equals_its_definition():
    held = with_ceilings(noisy_predictions())
    expected = definitions(held)
    assert values(held).to_dict() == pytest.approx(expected, abs=1e-5)
    assert set(expected) == set(METRICS)
    assert len({round(value, 6) for value in expected.values()}) > 8


def test_the_bootstrap_equals_resampling_the_drugs_themselves():
    held = with_ceilings(noisy_predictions(drugs=12))
    draws = score_draws(held, np.random.default_rng(7))
    drugs = np.unique(held.drug)
    times = np.random.default_rng(7).multinomial(12, np.full(12, 1 / 12), size=1000)
    assert len(draws) == 1001
    for draw in range(2):
        rows = np.concatenate(
            [
                np.flatnonzero(held.drug == d).repeat(n)
                for d, n in zip(drugs, times[draw], strict=True)
            ]
        )
        drawn = {name: part[rows] for name, part in vars(held).items() if part is not None}
        expected = definitions(HeldOut(**drawn))
        del expected["retrieval"]  # of which the others in the cell are not drawn
        found = draws.loc[draw + 1, list(expected)]
        assert found.to_dict() == pytest.approx(expected, abs=1e-5)


def test_the_controls_score_as_they_must():
    held = noisy_predictions()
    truth = values(replace(held, predicted=held.truth))
    assert np.allclose(truth, 1)
    zeros = values(replace(held, predicted=np.zeros_like(held.truth)))
    assert zeros["pct"] == zeros["profile_pearson"] == zeros["pct_raw"] == 0
    assert zeros["deg_auc_1"] == zeros["deg_auc_10"] == 0.5


def test_a_prediction_that_knows_nothing_scores_what_the_cards_say():
    held = with_ceilings(noisy_predictions(drugs=400))
    guess = np.random.default_rng(0).normal(size=held.truth.shape).astype(np.float32)
    found = values(replace(held, predicted=guess))
    for name, metric in METRICS.items():
        if metric.chance is not None:
            assert found[name] == pytest.approx(metric.chance, abs=0.03), name


def test_a_fold_without_a_drawn_drug_does_not_count_as_0():
    """Of 6 drugs, each alone in its fold, a draw holds 4 or so; the others have no score."""
    tensor = clustered(drugs=6, missing=0)
    held = held_out_pair(tensor.profiles, tensor.profiles, tensor.drug, fold=tensor.drug)
    draws = score_draws(held, np.random.default_rng(0))
    assert np.allclose(draws["pct_fold"], 1)


def predicted_means(tensor, fold, means_of, index):
    """Predict the training mean of each profile's cell or drug."""
    completions = []
    for number in range(FOLDS):
        means, _ = means_of(tensor.take(fold != number))
        completions.append(Completion(means[index[fold == number]].astype(np.float32)))
    return HeldOut.gather(tensor, fold, completions)


def test_the_mean_of_the_cell_is_not_specific():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(1, 5, 40)) + 0.7 * rng.normal(size=(200, 5, 40))
    tensor = grid(dense, np.ones((200, 5), dtype=bool))
    fold = rng.permutation(np.arange(len(tensor)) % FOLDS)
    held = predicted_means(tensor, fold, type(tensor).mean_by_cell, tensor.cell)
    found = values(held)
    assert found["pct"] > 0.7
    assert abs(found["pct_specific"]) < 0.05
    assert found["variance_ratio"] == pytest.approx(0, abs=1e-12)


def test_the_mean_of_the_drug_is_nothing_beyond_the_drug():
    tensor = clustered()
    fold = np.random.default_rng(0).permutation(np.arange(len(tensor)) % FOLDS)
    held = predicted_means(tensor, fold, type(tensor).mean_by_drug, tensor.drug)
    found = values(held)
    assert found["pct"] > 0.2
    assert found["pct_beyond_drug"] == 0


@pytest.mark.parametrize("inputs", [0, 2])
def test_scores_with_input_are_left_out_where_all_or_none_have_one(inputs):
    held = noisy_predictions()
    held = replace(held, inputs=np.full(len(held.truth), inputs))
    assert not {"pct_with_input", "profile_pearson_with_input"} & set(values(held).index)


def test_one_input_is_one():
    held = noisy_predictions()
    held = replace(held, inputs=np.arange(len(held.truth)) % 2)
    shown = held.inputs == 1
    expected = pearsonr(held.truth[shown].ravel(), unit(held.predicted)[shown].ravel())[0]
    assert values(held)["pct_with_input"] == pytest.approx(expected, abs=1e-6)


def test_without_ceilings_there_is_no_share_of_them():
    held = noisy_predictions()
    assert "pct_of_ceiling" not in values(held)
    held = replace(held, ceiling=np.full(len(held.truth), np.nan))
    assert "pct_of_ceiling" not in values(held)


@pytest.mark.parametrize("missing", ["name", "label", "summary"])
def test_a_metric_without_words_is_impossible(missing):
    card = {"name": "n", "label": "l", "summary": "s", "source": "", "better": "higher"}
    with pytest.raises(ValueError, match="needs a name, a label and a summary"):
        Metric(**card | {missing: ""}, chance=0, score=lambda scorer: None)


def test_labels_are_told_apart():
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)
    assert [metric_label(name) for name in METRICS] == labels
    assert metric_label("of_another_version") == "of_another_version"


def test_a_metric_is_its_card_alone(monkeypatch):
    """It is scored, compared (of it less is better), and named in the tables."""
    error = Metric(
        name="mse",
        label="Mean square error",
        summary="Mean over profiles of the squared distance from the truth",
        source="defined here",
        better="lower",
        chance=None,
        score=lambda scorer: scorer.mean(
            ((scorer.held_out.predicted - scorer.held_out.truth) ** 2).sum(axis=1)
        ),
    )
    monkeypatch.setitem(METRICS, "mse", error)
    tables = []
    for noise, method in ((0.5, "near"), (2.0, "far")):
        draws = score_draws(noisy_predictions(noise=noise), np.random.default_rng(0))
        assert draws.columns[-1] == "mse"
        tables.append(draws.assign(size="large", split="profiles", method=method))
    together = pd.concat(tables)
    compared = compare_methods(together)
    row = compared.set_index("metric").loc["mse"]
    assert (row["best"], row["method"]) == ("near", "far")
    means = together.loc[0].set_index("method")["mse"]
    assert row["value"] == pytest.approx(means["far"] - means["near"])
    assert 0 < row["low"] < row["value"] < row["high"]
    assert "Mean square error" in comparison_table(compared)["metric"].tolist()
    assert "Mean square error" in method_table(compared)
