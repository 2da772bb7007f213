"""Scores of single profiles and of folds."""

from dataclasses import replace

import numpy as np
import pytest
from predicted import FOLDS, held_out_pair, noisy_predictions, unit
from scipy.stats import pearsonr
from toy import clustered

from lacuna.evaluation.profile_scores import retrieval, score_folds, score_profiles


def test_chance_retrieves_half_and_the_truth_all():
    held = noisy_predictions(drugs=200)
    guess = np.random.default_rng(0).normal(size=held.truth.shape).astype(np.float32)
    assert np.nanmean(retrieval(replace(held, predicted=guess))) == pytest.approx(0.5, abs=0.03)
    assert np.nanmin(retrieval(replace(held, predicted=held.truth))) == 1
    same = np.ones_like(held.truth)  # one that predicts nothing ties with all
    assert np.nanmean(retrieval(replace(held, predicted=same))) == 0.5


def test_the_only_profile_of_a_cell_cannot_be_retrieved():
    held = noisy_predictions()
    alone = replace(held, cell=np.arange(len(held.cell)))
    assert np.isnan(retrieval(alone)).all()


def test_retrieval_is_the_share_of_the_cell_s_others_that_are_less_alike():
    """Correlation decides, not the level: 0 is the best, 1 ties with none, 2 is the worst."""
    truth = np.array([[1, 2, 3], [2, 1, 3], [3, 2, 1], [1, 2, 3]])
    held = held_out_pair(truth, truth + 5, range(4), cell=np.array([0, 0, 0, 1]))
    predicted = held.truth[[0, 0, 0, 0]] + np.float32(5)
    found = retrieval(replace(held, predicted=predicted))
    assert found[:3].tolist() == [1, 0.5, 0]
    assert np.isnan(found[3])
    together = retrieval(replace(held, predicted=predicted, cell=np.zeros(4, int)))
    assert together.tolist() == pytest.approx([2.5 / 3, 1 / 3, 0, 2.5 / 3])  # 0 and 3 tie


def test_scores_per_fold():
    held = noisy_predictions()
    rng = np.random.default_rng(0)
    held = replace(
        held,
        inputs=rng.integers(0, 3, len(held.truth)),
        fallback=rng.random(len(held.truth)) < 0.3,
    )
    table = score_folds(held).set_index("fold")
    assert list(table.index) == list(range(FOLDS))
    for fold, row in table.iterrows():
        mask = held.fold == fold
        expected = pearsonr(held.truth[mask].ravel(), unit(held.predicted)[mask].ravel())[0]
        assert row["pct"] == pytest.approx(expected, abs=1e-5)
        assert row["profiles"] == mask.sum()
        assert row["with_input"] == (mask & (held.inputs >= 1)).sum()
        assert row["fallbacks"] == (mask & held.fallback).sum()


def test_scores_per_profile():
    held, tensor = noisy_predictions(), clustered()
    held = replace(held, fallback=np.arange(len(held.truth)) % 5 == 0)
    table = score_profiles(held, tensor)
    assert table["drug"].tolist() == tensor.drugs[held.drug].tolist()
    assert table["cell"].tolist() == tensor.cells[held.cell].tolist()
    expected = [pearsonr(*pair)[0] for pair in zip(held.truth, held.predicted, strict=True)]
    assert table["pearson"].tolist() == pytest.approx(expected, abs=1e-5)
    for column in ("fold", "inputs", "fallback"):
        assert table[column].tolist() == getattr(held, column).tolist()
