"""Tiers: the words for an expected correlation."""

import numpy as np
import pytest

from lacuna.completion.tiers import TIERS, tier_of


@pytest.mark.parametrize("tier", TIERS, ids=[tier.name for tier in TIERS])
def test_a_tier_begins_at_its_limit_and_ends_below_the_next(tier):
    below = np.nextafter(tier.at_least, -2)
    assert tier_of(np.array([tier.at_least, below])).tolist()[0] == tier.name
    if tier is not TIERS[-1]:
        assert tier_of(np.array([below]))[0] == TIERS[TIERS.index(tier) + 1].name


def test_the_limits_fall_and_cover_every_correlation():
    limits = [tier.at_least for tier in TIERS]
    assert limits == sorted(limits, reverse=True)
    assert len({tier.name for tier in TIERS}) == len(TIERS) >= 6
    assert tier_of(np.array([1.0, -1.0])).tolist() == [TIERS[0].name, TIERS[-1].name]


def test_what_is_not_known_has_no_tier():
    assert tier_of(np.array([np.nan, 0.75])).tolist() == ["", "good"]
    assert tier_of(np.array([])).tolist() == []
