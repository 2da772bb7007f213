"""Lists of genes and the sets they stand in, beside lists of random genes."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from lacuna.enrichment.over_representation import CONTROL, RESULT, enrich_list, enrich_lists

GENES = [f"G{number:03}" for number in range(300)]
SETS = {"planted": GENES[:30], "half": GENES[20:60], "none": GENES[100:130], "far": GENES[200:290]}
LIST = [*GENES[:15], *GENES[210:220]]


def test_odds_and_p_are_those_of_the_table_of_four_and_fdr_counts_all_sets():
    table = enrich_list(LIST, SETS, GENES).set_index("set")
    for name, genes in SETS.items():
        both = len(set(genes) & set(LIST))
        only_set, only_list = len(genes) - both, len(LIST) - both
        neither = 300 - both - only_set - only_list
        row = table.loc[name]
        assert (row["common"], row["genes"], row["listed"]) == (both, len(genes), 25)
        expected = hypergeom.sf(both - 1, 300, len(genes), 25) if both else 1
        assert row["p"] == pytest.approx(expected)
        expected = (both + 0.5) * (neither + 0.5) / ((only_set + 0.5) * (only_list + 0.5))
        assert row["odds"] == pytest.approx(expected)
        assert set(filter(None, row["members"].split(";"))) == set(genes) & set(LIST)
    p = table["p"].sort_values()
    adjusted = (p * 4 / np.arange(1, 5))[::-1].cummin().clip(upper=1)
    assert np.allclose(table["fdr"], adjusted.reindex(table.index))


def test_a_list_in_no_set_has_no_enrichment():
    table = enrich_list(GENES[295:], SETS, GENES)
    assert (table["common"] == 0).all()
    assert (table["p"] == 1).all()
    assert (table["fdr"] == 1).all()


def test_a_planted_set_is_found_and_random_lists_are_as_chance_has_them():
    lists = {"planted": LIST, "random": list(np.random.default_rng(4).permutation(GENES)[:25])}
    table, control = enrich_lists(lists, SETS, GENES, np.random.default_rng(0))
    assert list(table) == RESULT
    assert list(control) == CONTROL
    best = table.groupby("list").first()
    assert best.loc["planted", "set"] == "planted"
    assert best.loc["planted", "fdr"] < 0.001
    assert best.loc["planted", "common"] > best.loc["planted", "random_high"]
    assert best.loc["random", "fdr"] > 0.05
    for row in table.itertuples():
        assert abs(row.random - row.genes * 25 / 300) <= 1
        assert row.random_high == pytest.approx(hypergeom.ppf(0.975, 300, row.genes, 25), abs=1)
    assert control["significant"].tolist() == [1, 0]
    assert (control["random"] == 0).all()
    again = enrich_lists(lists, SETS, GENES, np.random.default_rng(0))
    pd.testing.assert_frame_equal(again[0], table)


def test_genes_outside_the_background_do_not_count_and_sets_too_small_are_not_asked(capsys):
    sets = {"a": [*GENES[:20], *(f"X{number}" for number in range(400))]}
    table, _ = enrich_lists({"l": LIST}, sets, [*GENES, GENES[0]], np.random.default_rng(0))
    assert table["genes"].tolist() == [20]
    nothing = enrich_lists({"l": LIST}, {"a": GENES[:3]}, GENES, np.random.default_rng(0))
    assert [list(each) for each in nothing] == [RESULT, CONTROL]
    assert all(each.empty for each in nothing)
    assert "none of 1 sets has between 10 and 500" in capsys.readouterr().out
