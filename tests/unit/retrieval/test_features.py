"""Features of wells, against their definitions, standardised on training wells alone."""

import numpy as np
import pytest

from lacuna.errors import LacunaError
from lacuna.retrieval.features import BLOCKS, Features

RNG = np.random.default_rng(0)
TREATED, CONTROL = RNG.uniform(4, 14, (30, 6)), RNG.uniform(4, 14, (30, 6))


def test_blocks_stand_side_by_side_as_defined():
    made = Features.fit(TREATED, CONTROL, BLOCKS).transform(TREATED, CONTROL)
    both = np.concatenate([TREATED, CONTROL])
    mean, spread = both.mean(axis=0), both.std(axis=0)
    difference = TREATED - CONTROL
    expected = [
        (CONTROL - mean) / spread,
        (TREATED - mean) / spread,
        (difference - difference.mean(axis=0)) / difference.std(axis=0),
        np.log2((TREATED + 1e-6) / (CONTROL + 1e-6)),
    ]
    assert np.allclose(made, np.concatenate(expected, axis=1), atol=1e-5)
    assert made.dtype == np.float32


def test_what_is_held_out_changes_nothing():
    learnt = Features.fit(TREATED[:20], CONTROL[:20], ["treated", "difference"])
    made = learnt.transform(TREATED[20:] + 100, CONTROL[20:])
    assert made[:, :6].mean() > 10  # not centred by itself
    again = Features.fit(TREATED[:20], CONTROL[:20], ["treated", "difference"])
    assert np.array_equal(again.scale, learnt.scale)


def test_a_block_is_found_among_the_columns():
    learnt = Features.fit(TREATED, CONTROL, ["control", "treated"])
    made = learnt.transform(TREATED, CONTROL)
    alone = Features.fit(TREATED, CONTROL, ["treated"]).transform(TREATED, CONTROL)
    assert np.array_equal(made[:, learnt.columns("treated")], alone)
    with pytest.raises(LacunaError, match="difference is not among control, treated"):
        learnt.columns("difference")


def test_a_gene_that_never_changes_gives_zeros():
    constant = TREATED.copy()
    constant[:, 2] = 7
    made = Features.fit(constant, None, ["treated"]).transform(constant, None)
    assert np.isfinite(made).all() and not made[:, 2].any()


def test_signatures_have_no_controls():
    with pytest.raises(LacunaError, match="control, treated need vehicle wells"):
        Features.fit(TREATED, None, ["control", "treated"])


def test_features_come_back_from_their_state():
    learnt = Features.fit(TREATED, CONTROL, ["difference", "log_ratio"])
    back = Features.restore(learnt.state())
    assert back.blocks == learnt.blocks
    assert np.array_equal(back.transform(TREATED, CONTROL), learnt.transform(TREATED, CONTROL))
