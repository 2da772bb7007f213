"""Scores of drugs and of genes stand apart."""

import numpy as np
import pytest
from toy import clustered

from lacuna.completion.interface import Completion
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.pert_types import score_by_type
from lacuna.evaluation.splits import make_folds

GENES = np.arange(24) % 3 == 0


def held_out():
    """Genes are predicted as they are, drugs by noise."""
    tensor = clustered(seed=4)
    fold = make_folds(tensor, "profiles", 3, np.random.default_rng(0))
    order = np.argsort(fold, kind="stable")[(fold < 0).sum() :]
    noise = np.random.default_rng(1).normal(size=(len(order), len(tensor.genes)))
    right = GENES[tensor.drug[order]]
    predicted = np.where(right[:, None], tensor.profiles[order], noise).astype(np.float32)
    return HeldOut.gather(tensor, fold, [Completion(predicted, np.zeros(len(order), bool))])


def scored(held, types):
    draws = score_draws(held, np.random.default_rng(2))
    return draws, score_by_type(held, types, draws, lambda kind: np.random.default_rng(len(kind)))


def test_each_type_is_scored_on_its_own_profiles():
    held = held_out()
    draws, table = scored(held, np.where(GENES, "trt_sh", "trt_cp"))
    r = table[table["metric"] == "profile_pearson"].set_index("pert_type")
    assert r.loc["trt_sh", "value"] == pytest.approx(1)
    assert abs(r.loc["trt_cp", "value"]) < 0.2
    assert r["profiles"].sum() == len(held.truth)
    of_genes = GENES[held.drug]
    assert r.loc["trt_sh", "profiles"] == of_genes.sum()
    assert r.loc["trt_cp", "drugs"] == len(np.unique(held.drug[~of_genes]))
    both = r["value"] @ r["profiles"] / r["profiles"].sum()
    assert draws["profile_pearson"].iloc[0] == pytest.approx(both)


def test_one_type_has_the_scores_of_all():
    draws, table = scored(held_out(), np.repeat("trt_cp", 24))
    assert table["pert_type"].eq("trt_cp").all()
    expected = intervals(draws)
    assert table[list(expected)].equals(expected)
