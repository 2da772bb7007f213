"""Profiles all alike, all 0, or of one gene are scored and calibrated, or it is said why not."""

import numpy as np
import pandas as pd
import pytest
from toy import grid, replicated

from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.completion.tiers import tier_of
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.calibration import calibration, joint_density
from lacuna.evaluation.deg import deg_roc
from lacuna.evaluation.expected_r import ExpectedR, describe_held_out, judge_splits
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws
from lacuna.evaluation.profile_scores import score_folds, score_profiles
from lacuna.evaluation.specificity import score_specificity

WHOLE = np.random.default_rng(0).normal(size=(12, 4, 10))
MOST = np.random.default_rng(1).random((12, 4)) < 0.8
GRIDS = {
    "identical": np.broadcast_to(WHOLE[:1, :1], WHOLE.shape),
    "identical in each cell": np.broadcast_to(WHOLE[:1], WHOLE.shape),
    "all zero": np.zeros_like(WHOLE),
    "one gene": WHOLE[..., :1],
    "one drug": WHOLE[:1],
}


def rng(*_):
    return np.random.default_rng(0)


@pytest.mark.fault(
    "profiles all alike, all 0, of one gene or of one drug are scored, and expected_r is learnt",
    "every table is made without a warning; a ratio to nothing is not known, and never infinite",
)
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["kernel", "zeros", "random", "cell_mean"])
@pytest.mark.parametrize("case", GRIDS)
def test_what_cannot_be_told_apart_is_scored_all_the_same(case, name):
    dense = GRIDS[case]
    measured = MOST[: len(dense)] if len(dense) > 1 else np.ones((1, 4), bool)
    tensor, side = replicated(grid(dense, measured)), SideInformation()
    fold = np.arange(len(tensor)) % 3
    completions = [
        run_method(name, tensor.take(~held_out), tensor.take(held_out).pairs, side, rng(), {})
        for held_out in (fold == number for number in range(3))
    ]
    held_out = HeldOut.gather(tensor, fold, completions, shown_other_cells=False)
    draws = score_draws(held_out, rng())
    tables = [
        draws,
        intervals(draws),
        score_folds(held_out),
        score_profiles(held_out, tensor),
        score_specificity(held_out, tensor),
        deg_roc(held_out.truth, held_out.predicted),
        calibration(held_out, rng()),
        joint_density(held_out.truth, held_out.predicted),
    ]
    known = describe_held_out(tensor, fold, completions)
    learnt = ExpectedR.fit({"profiles": known})
    tables.append(judge_splits({"profiles": known}, rng))
    for table in tables:
        assert isinstance(table, pd.DataFrame)
        assert not np.isinf(table.select_dtypes("number").to_numpy(float)).any()
    wanted = tensor.missing_pairs
    completion = run_method(name, tensor, wanted, side, rng(), {})
    expected = learnt.of_gaps(tensor)(completion, wanted)
    assert ((np.abs(expected) <= 1) | np.isnan(expected)).all()
    assert len(tier_of(expected)) == len(wanted)
