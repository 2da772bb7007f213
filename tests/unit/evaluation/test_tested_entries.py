"""Scores of tested entries alone, where genes that were not tested are written as 0."""

from dataclasses import replace

import numpy as np
import pytest
from predicted import noisy_predictions, values

from lacuna.evaluation import correlation
from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.scorer import LEAST_UNTESTED
from lacuna.vectors import unit_rows

ON_TESTED = ["pct_tested", "pct_interaction_tested"]


def with_untested(held):
    """Write a part of the measured entries as 0."""
    tested = np.random.default_rng(0).random(held.truth.shape) > 0.3
    return replace(held, truth=unit_rows(held.truth * tested), inputs=np.ones_like(held.inputs))


def test_what_is_predicted_of_untested_entries_does_not_count():
    held = with_untested(noisy_predictions())
    noise = np.random.default_rng(1).normal(size=held.truth.shape)
    other = np.where(held.truth == 0, noise, held.predicted).astype(np.float32)
    before, after = values(held), values(replace(held, predicted=other))
    assert after[ON_TESTED].tolist() == pytest.approx(before[ON_TESTED].tolist(), abs=1e-6)
    assert after["pct"] < before["pct"] - 0.1


def test_each_prediction_counts_by_its_direction_alone():
    held = with_untested(noisy_predictions())
    length = np.random.default_rng(1).uniform(0.1, 9, (len(held.truth), 1)).astype(np.float32)
    other = values(replace(held, predicted=length * held.predicted))
    assert other[ON_TESTED].tolist() == pytest.approx(values(held)[ON_TESTED].tolist(), abs=1e-6)


def test_knowing_which_genes_are_tested_is_worth_nothing_beyond_means():
    """With the means removed over all entries, it was: a mean is not 0 where a gene is untested."""
    held = with_untested(noisy_predictions())
    knows_tested = np.where(held.truth == 0, 0, held.drug_mean)
    found = values(replace(held, predicted=knows_tested))
    assert found["pct_interaction"] > 0.1
    assert found["pct_interaction_tested"] == 0


def test_the_controls_score_as_they_must():
    held = with_untested(noisy_predictions())
    assert values(replace(held, predicted=held.truth))[ON_TESTED].tolist() == pytest.approx([1, 1])
    zeros = values(replace(held, predicted=np.zeros_like(held.truth)))
    assert zeros[ON_TESTED].tolist() == [0, 0]
    of_cell = values(replace(held, predicted=held.cell_mean))
    assert of_cell["pct_tested"] > 0.2
    assert of_cell["pct_interaction_tested"] == 0


def test_a_few_zeros_are_values():
    parts = {name: part for name, part in vars(noisy_predictions()).items() if part is not None}
    held = HeldOut(**{name: part[:50] for name, part in parts.items()})
    entries = np.random.default_rng(0).permutation(held.truth.size)
    enough = round(LEAST_UNTESTED * held.truth.size)
    assert enough / held.truth.size == LEAST_UNTESTED
    for zeros, is_there in ((0, False), (enough - 1, False), (enough, True)):
        planted = held.truth.copy()
        planted.flat[entries[:zeros]] = 0
        assert (set(ON_TESTED) <= set(values(replace(held, truth=planted)).index)) == is_there


def test_without_a_drug_that_was_shown_there_is_no_mean_to_remove():
    held = with_untested(noisy_predictions())
    found = values(replace(held, inputs=np.zeros_like(held.inputs)))
    assert "pct_tested" in found and "pct_interaction_tested" not in found


def test_blocks_change_nothing(monkeypatch):
    held = with_untested(noisy_predictions())
    means = [held.cell_mean, held.drug_mean]
    whole = [correlation.tested_moments(held.truth, held.predicted, m) for m in ([], means)]
    assert len(held.truth) > 2 * LEAST_DRUGS
    monkeypatch.setattr(correlation, "BLOCK", LEAST_DRUGS)
    parts = [correlation.tested_moments(held.truth, held.predicted, m) for m in ([], means)]
    assert np.allclose(whole, parts, rtol=1e-12)
