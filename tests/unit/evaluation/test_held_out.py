"""Predictions stand beside the profiles that they are of, with what was known of each."""

import numpy as np
import pandas as pd
from predicted import FOLDS
from toy import GENES, clustered, replicated

from lacuna.completion.interface import Completion
from lacuna.evaluation.held_out import HeldOut, ceilings, held_out_order


def marked(tensor, fold, **given):
    """Predict the position of each profile."""
    return [
        Completion(np.flatnonzero(fold == number)[:, None] * np.ones(GENES, np.float32), **given)
        for number in range(fold.max() + 1)
    ]


def test_predictions_come_fold_by_fold_in_the_tensor_s_order():
    assert held_out_order(np.array([1, -1, 0, 2, 0, -1, 1])).tolist() == [2, 4, 0, 6, 3]


def test_gathering_puts_predictions_where_they_belong():
    tensor = clustered()
    fold = np.arange(len(tensor)) % 4 - 1  # a quarter is never held out
    held = HeldOut.gather(tensor, fold, marked(tensor, fold))
    assert not held.fallback.any()  # methods that never fall back do not say so
    assert held.stderr is None
    assert held.ceiling is None
    position = held.predicted[:, 0].astype(int)
    assert sorted(position) == np.flatnonzero(fold >= 0).tolist()
    assert np.array_equal(held.truth, tensor.profiles[position])
    for name, of_all in (("drug", tensor.drug), ("cell", tensor.cell), ("fold", fold)):
        assert np.array_equal(getattr(held, name), of_all[position])


def test_means_are_of_the_training_profiles_of_the_fold():
    tensor = clustered()
    fold = np.arange(len(tensor)) % 4 - 1
    held = HeldOut.gather(tensor, fold, marked(tensor, fold))
    for row in range(len(held.truth)):
        training = fold != held.fold[row]
        of_cell = tensor.profiles[training & (tensor.cell == held.cell[row])]
        of_drug = tensor.profiles[training & (tensor.drug == held.drug[row])]
        assert np.allclose(held.cell_mean[row], of_cell.mean(axis=0), atol=1e-6)
        assert held.inputs[row] == len(of_drug)
        expected = of_drug.mean(axis=0) if len(of_drug) else 0
        assert np.allclose(held.drug_mean[row], expected, atol=1e-6)
    assert set(held.inputs) >= {0, 1, 2}


def test_the_drug_s_other_cells_count_as_known_only_where_they_were_shown():
    tensor = clustered()
    fold = tensor.drug % FOLDS
    predicted = marked(tensor, fold)
    held = HeldOut.gather(tensor, fold, predicted, shown_other_cells=True)
    for row in range(len(held.truth)):
        others = tensor.profiles[(tensor.drug == held.drug[row]) & (tensor.cell != held.cell[row])]
        assert held.inputs[row] == len(others)
        expected = others.mean(axis=0) if len(others) else 0
        assert np.allclose(held.drug_mean[row], expected, atol=1e-6)
    assert set(held.inputs) >= {0, 1, 2}
    held = HeldOut.gather(tensor, fold, predicted)
    assert not held.inputs.any()
    assert not held.drug_mean.any()


def test_fallbacks_errors_and_ceilings_are_gathered_in_the_same_order():
    tensor = replicated(clustered())
    fold = np.arange(len(tensor)) % FOLDS
    rng = np.random.default_rng(0)
    fell_back = rng.random(len(tensor)) < 0.3
    stderr = rng.random(len(tensor)).astype(np.float32)
    completions = [
        Completion(tensor.profiles[rows], fell_back[rows], stderr[rows])
        for rows in (fold == number for number in range(FOLDS))
    ]
    held = HeldOut.gather(tensor, fold, completions)
    position = tensor.find(np.column_stack([held.drug, held.cell]))
    assert np.array_equal(held.predicted, held.truth)
    assert np.array_equal(held.fallback, fell_back[position])
    assert np.array_equal(held.stderr, stderr[position])
    assert np.array_equal(held.ceiling, ceilings(tensor.reliability)[position])


def test_the_ceiling_is_the_root_of_the_share_that_is_no_noise():
    found = ceilings(pd.DataFrame({"signal": [0.25, 1, 0, np.nan]}))
    assert found[:3].tolist() == [0.5, 1, 0]
    assert np.isnan(found[3])
    assert ceilings(pd.DataFrame({"replicates": [3]})) is None
