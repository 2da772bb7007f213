"""Every metric against its definition written out, SciPy and scikit-learn; and its card."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predicted import FOLDS, held_out_pair, noisy_predictions, unit, values
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import roc_auc_score
from toy import clustered, grid

from lacuna.completion.controls import cell_mean, zeros
from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods import mean_1d
from lacuna.completion.run import run_method
from lacuna.evaluation.held_out import HeldOut, ceilings
from lacuna.evaluation.metrics import METRICS, score_draws
from lacuna.evaluation.splits import make_folds
from lacuna.vectors import unit_rows


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


def plain_partial(truth, predicted, *means):
    """Correlate what regressions of each profile on its means leave of both."""
    left = []
    for rows in (truth, predicted):
        for row, *of_row in zip(rows, *means, strict=True):
            design = np.column_stack([np.ones(len(row)), *of_row])
            left.append(row - design @ np.linalg.lstsq(design, row, rcond=None)[0])
    of_truth, of_guess = np.concatenate(left[: len(truth)]), np.concatenate(left[len(truth) :])
    return pearsonr(of_truth, of_guess)[0]


def definitions(held):
    """Every metric, written out."""
    measured = held.truth.astype(float)
    guess, truth = unit(held.predicted), unit(measured)
    known, shown, tested = np.isfinite(held.ceiling), held.inputs > 0, truth != 0
    on_tested = unit(guess * tested)
    of_shown = [
        [row[where] for row, where in zip(rows[shown], tested[shown], strict=True)]
        for rows in (truth, on_tested, held.cell_mean, held.drug_mean)
    ]
    of_fold = [held.fold == number for number in range(FOLDS)]
    return {
        "pct": pearsonr(truth.ravel(), guess.ravel())[0],
        "pct_raw": pearsonr(measured.ravel(), held.predicted.ravel())[0],
        "pct_fold": np.mean([pearsonr(truth[f].ravel(), guess[f].ravel())[0] for f in of_fold]),
        "pct_specific": plain_partial(truth, guess, held.cell_mean),
        "pct_beyond_drug": plain_partial(truth[shown], guess[shown], held.drug_mean[shown]),
        "pct_interaction": plain_partial(
            truth[shown], guess[shown], held.cell_mean[shown], held.drug_mean[shown]
        ),
        "pct_tested": pearsonr(truth[tested], on_tested[tested])[0],
        "pct_interaction_tested": plain_partial(*of_shown),
        "profile_pearson": np.mean([pearsonr(t, g)[0] for t, g in zip(truth, guess, strict=True)]),
        "pct_with_input": pearsonr(truth[shown].ravel(), guess[shown].ravel())[0],
        "profile_pearson_with_input": np.mean(
            [pearsonr(t, g)[0] for t, g in zip(truth[shown], guess[shown], strict=True)]
        ),
        "retrieval": plain_retrieval(held),
        "variance_ratio": ((held.predicted - held.cell_mean) ** 2).sum()
        / ((measured - held.cell_mean) ** 2).sum(),
        "pct_of_ceiling": pearsonr(truth[known].ravel(), guess[known].ravel())[0]
        / held.ceiling[known].mean(),
        "deg_auc_signed_1": plain_signed_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_signed_10": plain_signed_auc(held.truth, guess.astype(np.float32), 10),
        "deg_auc_1": plain_auc(held.truth, guess.astype(np.float32), 1),
        "deg_auc_10": plain_auc(held.truth, guess.astype(np.float32), 10),
    }


def for_every_metric(held):
    """Give most profiles a ceiling, and leave a fifth of the entries untested."""
    rng = np.random.default_rng(3)
    known = rng.random(len(held.truth)) < 0.8
    truth = np.where(rng.random(held.truth.shape) < 0.2, 0, held.truth)
    ceiling = np.where(known, rng.uniform(0.3, 0.9, len(known)), np.nan)
    return replace(held, truth=truth, ceiling=ceiling)


def test_every_metric_equals_its_definition():
    held = for_every_metric(noisy_predictions())
    expected = definitions(held)
    assert values(held).to_dict() == pytest.approx(expected, abs=1e-5)
    assert set(expected) == set(METRICS)
    assert len({round(value, 6) for value in expected.values()}) > 8


def test_the_bootstrap_equals_resampling_the_drugs_themselves():
    held = for_every_metric(noisy_predictions(drugs=12))
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
    assert truth.to_numpy() == pytest.approx(1)
    zeros = values(replace(held, predicted=np.zeros_like(held.truth)))
    assert zeros["pct"] == zeros["profile_pearson"] == zeros["pct_raw"] == 0
    assert zeros["deg_auc_1"] == zeros["deg_auc_10"] == 0.5


def test_a_prediction_that_knows_nothing_scores_what_the_cards_say():
    held = for_every_metric(noisy_predictions(drugs=400))
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


def sparse_screen(seed=0):
    """Drugs in 1 to 4 of 30 cells, so that cells have 0 to 2 training profiles or so.

    Profiles are what all drugs share, a part of the cell, one of the drug, one of both, and noise.
    """
    rng = np.random.default_rng(seed)
    common, by_cell, by_drug = (
        rng.normal(size=shape) for shape in ((1, 200), (30, 200), (24, 200))
    )
    both, noise = rng.normal(size=(2, 24, 30, 200))
    effects = {"cell": by_cell[None] + common, "drug": by_drug[:, None], "both": both}
    measured = rng.random((24, 30)) < 0.06
    measured[np.arange(24), rng.integers(30, size=24)] = True
    return grid(sum(effects.values()) + noise, measured), effects


SPLITS = ["profiles", "drugs", "cell_transfer", "cells"]


def scores_of(tensor, split, predict, unit_length):
    """Score predict(training profiles, drugs, cells), as it is or scaled to unit length."""
    fold = make_folds(tensor, split, 3, np.random.default_rng(0))
    transfer = split == "cell_transfer"
    completions = []
    for number in range(3):
        training, held = tensor.take(fold != number), tensor.take(fold == number)
        profiles = np.zeros_like(held.profiles)
        for row, (drug, cell) in enumerate(held.pairs):
            others = held.take((held.drug == drug) & (held.cell != cell))
            shown = training.join(others) if transfer else training
            profiles[row] = predict(training, shown, drug, cell)
        completions.append(Completion(unit_rows(profiles) if unit_length else profiles))
    return values(HeldOut.gather(tensor, fold, completions, shown_other_cells=transfer))


def control(module):
    """Predict as a control or method of the workflow does."""

    def predict(training, shown, drug, cell):
        given = training if module is cell_mean else shown
        wanted = np.array([[drug, cell]])
        found = run_method(
            module.__name__.rpartition(".")[2],
            *(given, wanted, SideInformation(), np.random.default_rng(0), {}),
        )
        return found.profiles

    return predict


def mixture(training, shown, drug, cell):
    by_cell, by_drug = training.mean_by_cell()[0][cell], shown.mean_by_drug()[0][drug]
    return 0.5 * by_cell - 3 * by_drug


@pytest.mark.parametrize("unit_length", [False, True])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    ("metric", "predict"),
    [
        ("pct_specific", control(zeros)),
        ("pct_specific", control(cell_mean)),
        ("pct_beyond_drug", control(zeros)),
        ("pct_beyond_drug", control(mean_1d)),
        ("pct_interaction", control(zeros)),
        ("pct_interaction", control(cell_mean)),
        ("pct_interaction", control(mean_1d)),
        ("pct_interaction", mixture),
    ],
)
def test_what_is_removed_scores_0_at_any_length(metric, predict, split, unit_length):
    tensor, _ = sparse_screen()
    found = scores_of(tensor, split, predict, unit_length)
    if metric != "pct_specific" and split == "drugs":
        assert metric not in found  # no drug was shown: it has no mean to remove
    else:
        assert found[metric] == 0


def test_multiples_that_differ_between_profiles_score_0():
    held = noisy_predictions()
    factors = np.random.default_rng(0).normal(size=(len(held.truth), 1)).astype(np.float32)
    for metric, mean in (("pct_specific", held.cell_mean), ("pct_beyond_drug", held.drug_mean)):
        found = values(replace(held, predicted=factors * mean))
        assert found[metric] == found["pct_interaction"] == 0


@pytest.mark.parametrize("split", SPLITS)
def test_the_truth_scores_1_and_a_planted_effect_above_0(split):
    tensor, effects = sparse_screen()
    removed = {"pct_specific": ("drug", "both"), "pct_beyond_drug": ("cell", "both")}
    removed["pct_interaction"] = ("both",)
    for metric, left in removed.items():
        if split == "drugs" and metric != "pct_specific":
            continue

        def truth(training, shown, drug, cell):
            return tensor.profiles[tensor.find(np.array([[drug, cell]]))[0]]

        def planted(training, shown, drug, cell, left=left):
            return sum(np.broadcast_to(effects[name], (24, 30, 200))[drug, cell] for name in left)

        assert scores_of(tensor, split, truth, False)[metric] == pytest.approx(1)
        assert scores_of(tensor, split, planted, True)[metric] > 0.4


def test_a_random_prediction_has_nothing_beyond_means_of_few_profiles():
    """Taking the noisy mean from both sides gave it the score of what that noise has in common."""
    tensor, _ = sparse_screen()
    rng = np.random.default_rng(0)
    found = scores_of(tensor, "profiles", lambda *_: rng.normal(size=200), unit_length=True)
    for metric in ("pct_specific", "pct_beyond_drug", "pct_interaction"):
        assert abs(found[metric]) < 0.04


def test_predictions_at_the_cell_s_mean_have_no_variance_around_it():
    held = noisy_predictions()
    found = values(replace(held, predicted=held.cell_mean))
    assert found["pct"] > 0.2
    assert found["variance_ratio"] == 0


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


def test_the_truth_lies_above_the_ceiling_and_what_replicates_share_reaches_it():
    """Two replicates each: the same profile and other noise; their mean is what is held out."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(60, 2000))
    single = shared[:, None] + rng.normal(size=(60, 2, 2000))
    agreement = [pearsonr(*pair)[0] for pair in single]
    signal = 2 * np.array(agreement) / (1 + np.array(agreement))
    ceiling = ceilings(pd.DataFrame({"signal": signal}))
    held = held_out_pair(unit(single.mean(axis=1)), shared, np.arange(60), ceiling=ceiling)
    assert values(held)["pct_of_ceiling"] == pytest.approx(1, abs=0.01)
    truth = values(replace(held, predicted=held.truth))
    assert truth["pct_of_ceiling"] == pytest.approx(1 / ceiling.mean())
    assert truth["pct_of_ceiling"] > 1.1


FEW = [4, 5]


@pytest.mark.parametrize("drugs", FEW)
def test_fewer_than_five_drugs_have_scores_without_intervals(drugs):
    held = for_every_metric(noisy_predictions(drugs=drugs))
    held = replace(held, inputs=np.ones(len(held.truth), int))
    draws = score_draws(held, np.random.default_rng(0))
    assert draws.iloc[0].notna().all()
    assert draws.iloc[1:].isna().all().eq(drugs == 4).all()
    assert (draws.iloc[1:].notna().mean() > 0.99).eq(drugs == 5).all()


@pytest.mark.parametrize("drugs", FEW)
def test_so_do_scores_on_the_profiles_of_fewer_than_five_drugs(drugs):
    held = for_every_metric(noisy_predictions())
    few = np.isin(held.drug, np.unique(held.drug)[:drugs])
    held = replace(held, inputs=few.astype(int), ceiling=np.where(few, 0.5, np.nan))
    draws = score_draws(held, np.random.default_rng(0))
    on_few = ["pct_beyond_drug", "pct_interaction", "pct_with_input", "pct_of_ceiling"]
    on_few += ["profile_pearson_with_input", "pct_interaction_tested"]
    assert draws.loc[0].notna().all()
    assert draws.loc[1:, on_few].isna().all().eq(drugs == 4).all()
    # A draw of 24 drugs that holds none of the five has no score; it is not 0.
    assert draws.loc[1:, on_few].ne(0).all(axis=None)
    assert draws.drop(columns=on_few).notna().all(axis=None)


def test_draws_of_a_fold_of_one_drug_still_count():
    """Ten drugs, each alone in its fold: the mean over folds is of ten drugs, not of one."""
    held = noisy_predictions(drugs=10)
    draws = score_draws(replace(held, fold=held.drug), np.random.default_rng(0))
    assert draws["pct_fold"].notna().all()
