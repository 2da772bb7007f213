"""Held-out profiles with predictions of a known kind, for the tests of the judge."""

import numpy as np
import pandas as pd
from toy import GENES, clustered

from lacuna.completion.interface import Completion
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws

FOLDS = 3


def noisy_predictions(noise=1.0, drugs=24, seed=0) -> HeldOut:
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


def held_out_pair(truth, predicted, drug, **known) -> HeldOut:
    """Profiles and predictions of one cell and fold, of which no mean is known."""
    truth, predicted = np.asarray(truth, np.float32), np.asarray(predicted, np.float32)
    none, mean = np.zeros(len(truth), dtype=int), np.zeros_like(truth)
    about = {"fold": none, "cell": none, "cell_mean": mean, "drug_mean": mean}
    about |= {"inputs": none + 1, "fallback": none.astype(bool)} | known
    return HeldOut(truth=truth, predicted=predicted, drug=np.asarray(drug), **about)


def unit(rows) -> np.ndarray:
    """Rows divided by their lengths, in float64."""
    return np.array([row / np.linalg.norm(row) for row in np.asarray(rows, float)])


def values(held_out, seed=0) -> pd.Series:
    """What each metric is on the data."""
    table = intervals(score_draws(held_out, np.random.default_rng(seed)))
    return table.set_index("metric")["value"]
