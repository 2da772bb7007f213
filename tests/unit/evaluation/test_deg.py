"""Finding differentially expressed genes, against scikit-learn and counts by hand."""

import numpy as np
import pytest
from predicted import noisy_predictions, unit, values
from scipy.stats import rankdata
from sklearn.metrics import auc, roc_auc_score

from lacuna.evaluation import deg


def test_a_gene_at_the_quantile_is_differentially_expressed():
    """Of 101 genes the quantile 0.9 is a gene's own value: 11 genes reach it, 10 exceed it."""
    truth = np.random.default_rng(0).permutation(np.arange(1.0, 102))[None]
    positive, negative = deg.deg_histograms(truth, truth, 10, np.zeros(1, dtype=int), 1)
    assert (positive.sum(), negative.sum()) == (11, 90)
    assert positive[0, -1] == 1
    assert not positive[0, : 2 * 90].any()  # the scores of the other 90 ranks


def test_scores_are_ranks_of_magnitude_counted_by_drug():
    """Two drugs; of four genes the quantile 0.5 makes two differentially expressed."""
    truth = np.array([[4.0, -3, 2, 1], [1, 2, -3, 4], [9, 0, 0.5, -8]])
    predicted = np.array([[0.1, -0.9, 0.5, 0], [7, 7, 7, 7], [-1, 2, 3, 4]])
    positive, negative = deg.deg_histograms(truth, predicted, 50, np.array([1, 0, 1]), 3)
    # Ranks 1, 1.5, 2, 2.5, 3, 3.5, 4; four ties share the rank 2.5.
    assert positive.tolist() == [[0, 0, 0, 2, 0, 0, 0], [1, 0, 1, 0, 0, 0, 2], [0] * 7]
    assert negative.tolist() == [[0, 0, 0, 2, 0, 0, 0], [1, 0, 1, 0, 2, 0, 0], [0] * 7]


def test_signed_scores_tell_rising_from_falling():
    truth = np.array([[4.0, 3, 2, -5]])
    drug = np.zeros(1, dtype=int)
    right = deg.signed_deg_histograms(truth, truth, 25, drug, 1)
    # The one that rises most ranks first of the rising, the one that falls most of the falling.
    assert [counts.tolist() for counts in right] == [
        [[0, 0, 0, 0, 0, 0, 2]],
        [[2, 0, 2, 0, 2, 0, 0]],
    ]
    assert deg.area_under_roc(*right) == 1
    assert deg.area_under_roc(*deg.signed_deg_histograms(truth, -truth, 25, drug, 1)) == 0
    # Magnitudes alone do not: the sign of a prediction makes no difference.
    assert deg.area_under_roc(*deg.deg_histograms(truth, -truth, 25, drug, 1)) == 1


def test_the_area_is_the_share_of_pairs_in_which_the_positive_scores_higher():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 4, (2, 3, 9))
    for row in range(3):
        scores = np.repeat(np.tile(np.arange(9), 2), [*positive[row], *negative[row]])
        label = np.repeat([1, 0], [positive[row].sum(), negative[row].sum()])
        expected = roc_auc_score(label, scores)
        assert deg.area_under_roc(positive, negative)[row] == pytest.approx(expected)


def test_roc_curves_enclose_the_area_that_is_reported():
    held = noisy_predictions()
    found = values(held)
    curves = deg.deg_roc(held.truth, unit(held.predicted).astype(np.float32))
    assert curves["percent"].unique().tolist() == [1, 10]
    for percent, curve in curves.groupby("percent"):
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        assert (x.iloc[0], y.iloc[0], x.iloc[-1], y.iloc[-1]) == (0, 0, 1, 1)
        assert auc(x, y) == pytest.approx(found[f"deg_auc_{percent}"])


def test_a_point_of_the_curve_is_what_a_threshold_finds():
    held = noisy_predictions()
    curve = deg.deg_roc(held.truth, held.predicted).query("percent == 10").reset_index()
    magnitude = np.abs(held.truth)
    positive = magnitude >= np.quantile(magnitude, 0.9, axis=1, keepdims=True)
    rank = rankdata(np.abs(held.predicted), axis=1)
    genes = held.truth.shape[1]
    for thresholds_from_top in (1, 9, 40):
        chosen = rank >= genes - (thresholds_from_top - 1) / 2
        row = curve.loc[thresholds_from_top]
        assert row["true_positive_rate"] == pytest.approx(chosen[positive].mean())
        assert row["false_positive_rate"] == pytest.approx(chosen[~positive].mean())
