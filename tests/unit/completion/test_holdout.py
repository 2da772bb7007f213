"""What is set aside to learn from is in the situation that is asked for."""

import numpy as np
import pytest
from toy import GENES, clustered, grid

from lacuna.completion.shared.holdout import ColdStart, draw_holdouts, split_by_cold_start


@pytest.mark.parametrize("new_drug", [False, True])
@pytest.mark.parametrize("new_cell", [False, True])
def test_what_is_set_aside_is_in_the_situation_that_is_asked_for(new_drug, new_cell):
    observed = clustered(drugs=100, cells=8)
    kind = ColdStart(new_drug, new_cell)
    holdouts = list(draw_holdouts(observed, kind, np.random.default_rng(0)))
    assert 80 < sum(len(holdout.held_out) for holdout in holdouts) <= 300
    taken = [tuple(pair) for holdout in holdouts for pair in holdout.held_out.pairs]
    assert len(taken) == len(set(taken))
    for holdout in holdouts:
        targets, others = holdout.held_out, holdout.training
        assert not set(map(tuple, targets.pairs)) & set(map(tuple, others.pairs))
        if new_drug:
            assert not set(targets.drug) & set(others.drug)
        if new_cell:
            assert not set(targets.cell) & set(others.cell)
        if not new_drug and not new_cell:
            assert len(targets) + len(others) == len(observed)


def test_the_last_cell_is_not_set_aside():
    observed = clustered(drugs=20, cells=1, missing=0)
    assert not list(draw_holdouts(observed, ColdStart(False, True), np.random.default_rng(0)))


def test_each_wanted_pair_is_in_one_situation():
    measured = np.zeros((4, 3), dtype=bool)
    measured[:3, :2] = True
    observed = grid(np.random.default_rng(0).normal(size=(4, 3, GENES)), measured)
    wanted = np.array([[0, 2], [3, 0], [3, 2], [1, 1], [3, 1]])
    found = {
        (s.new_drug, s.new_cell): list(rows) for s, rows in split_by_cold_start(observed, wanted)
    }
    assert found == {
        (False, False): [3],
        (True, False): [1, 4],
        (False, True): [0],
        (True, True): [2],
    }


def test_twins_are_held_out_together_where_drugs_are():
    tensor = clustered(drugs=24, cells=5)
    group = np.arange(24)
    group[[7, 18]] = 2
    apart = 0
    for seed in range(5):
        for with_twins in (True, False):
            draws = draw_holdouts(
                tensor,
                ColdStart(new_drug=True, new_cell=False),
                np.random.default_rng(seed),
                group if with_twins else None,
            )
            for draw in draws:
                known = np.isin([2, 7, 18], draw.training.drug)
                divided = 0 < known.sum() < 3
                assert not (with_twins and divided)
                apart += divided
    assert apart
