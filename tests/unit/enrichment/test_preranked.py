"""Enrichment finds what was planted, with scores after their definition, the same each time."""

import numpy as np
import pandas as pd
import pytest

from lacuna.enrichment.preranked import RESULT, enrich, enrich_all, usable_sets
from lacuna.errors import LacunaError

GENES = [f"G{number:03}" for number in range(300)]
SETS = {"up": GENES[:20], "down": GENES[20:45], "nothing": GENES[60:90]}


def profile(seed=0):
    values = pd.Series(np.random.default_rng(seed).normal(size=300), GENES)
    values[SETS["up"]] += 1.5
    values[SETS["down"]] -= 1.5
    return values


def running_score(values, genes):
    """The largest deviation of the running sum of hits, weighed by value, less that of misses."""
    ranked = values.sort_values(ascending=False)
    hit = ranked.index.isin(genes)
    hits = np.cumsum(np.where(hit, ranked.abs(), 0)) / ranked.abs()[hit].sum()
    running = hits - np.cumsum(~hit) / (~hit).sum()
    return running[np.abs(running).argmax()]


def test_planted_sets_are_found_and_scores_are_those_of_the_definition():
    table = enrich(profile(), SETS, 200, 1)
    assert list(table) == RESULT
    assert table["set"].tolist()[0] == "up"
    assert table["set"].tolist()[-1] == "down"
    known = table.set_index("set")
    assert known.loc["up", "fdr"] < 0.05
    assert known.loc["down", "nes"] < -1.5
    assert known.loc["nothing", "p"] > 0.05
    for name, genes in SETS.items():
        assert known.loc[name, "es"] == pytest.approx(running_score(profile(), genes), abs=1e-6)
        assert known.loc[name, "genes"] == len(genes)
        assert set(known.loc[name, "leading_genes"].split(";")) <= set(genes)


def test_the_order_of_genes_and_sets_does_not_matter_and_a_run_can_be_repeated():
    values = profile().round(1)  # with ties
    table = enrich(values, SETS, 200, 1)
    pd.testing.assert_frame_equal(enrich(values[::-1], SETS, 200, 1), table)
    pd.testing.assert_frame_equal(enrich(values, SETS, 200, 1), table)
    assert not enrich(values, SETS, 200, 2)["nes"].equals(table["nes"])


def test_sets_have_enough_genes_of_the_screen():
    usable = usable_sets({"few": GENES[:9], "some": [*GENES[:10], "ELSEWHERE"]}, GENES)
    assert usable == {"some": GENES[:10]}
    with pytest.raises(LacunaError, match=r"none of 1 sets has between 10 and 500.*few with 9"):
        usable_sets({"few": GENES[:9]}, GENES)


def test_each_profile_keeps_its_labels():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)], names=["drug", "cell"])
    profiles = pd.DataFrame([profile(0), -profile(0), profile(1)]).set_index(index)
    table = enrich_all(profiles, SETS, 100, np.random.default_rng(0))
    assert list(table) == ["drug", "cell", *RESULT]
    assert table["drug"].tolist() == ["a"] * 6 + ["b"] * 3
    assert table["set"].tolist()[:4:3] == ["up", "down"]  # the second profile is turned around
    repeated = enrich_all(profiles, SETS, 100, np.random.default_rng(0))
    pd.testing.assert_frame_equal(table, repeated)
