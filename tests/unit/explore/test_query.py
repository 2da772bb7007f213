"""Queries: names of genes are found or named, sets and values become what profiles are asked."""

import numpy as np
import pandas as pd
import pytest
from indexed import planted, planted_index, write_index

from lacuna.errors import LacunaError
from lacuna.explore.index import Index
from lacuna.explore.query import query_profile, query_sets, query_values
from lacuna.explore.reference import COSINE, WEIGHTED


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    with planted_index(tmp_path_factory.mktemp("index"), drugs=12, cells=4) as found:
        yield found


def test_symbols_and_ids_are_found_in_any_case_and_others_named(index):
    query = query_sets(index, ["Symg3", "SYMG10", "nothing", " g5 "], ["G7", "symg3x"])
    assert query.up.tolist() == [3, 5, 10]
    assert query.down.tolist() == [7]
    assert query.not_found == ["nothing", "symg3x"]
    assert list(query.genes) == ["asked", "direction", "gene", "symbol"]
    assert query.genes.index.tolist() == list(range(6))
    assert query.genes["asked"].tolist() == ["Symg3", "SYMG10", "nothing", "g5", "G7", "symg3x"]
    assert query.genes["direction"].tolist() == ["up"] * 4 + ["down"] * 2
    assert query.genes["gene"].tolist() == ["g3", "g10", "", "g5", "g7", ""]
    assert query.genes["symbol"].tolist() == ["Symg3", "Symg10", "", "Symg5", "Symg7", ""]
    assert query.vector[[3, 5, 10, 7]] == pytest.approx([0.5, 0.5, 0.5, -0.5])
    assert np.count_nonzero(query.vector) == 4


def test_a_gene_named_twice_counts_once(index):
    query = query_sets(index, ["g3", "Symg3", "SYMG3"], [])
    assert query.up.tolist() == [3]
    assert query.down.tolist() == []


def test_an_id_counts_before_a_symbol_of_the_same_name(tmp_path):
    with Index.open(write_index(tmp_path, *planted(drugs=4, cells=3))) as index:
        index.genes.loc[0, "symbol"] = "g5"
        index.genes.loc[1, "symbol"] = ""
        assert query_sets(index, ["g5"]).up.tolist() == [5]
        with pytest.raises(LacunaError, match="none of the genes ''"):
            query_sets(index, [""])


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (([], []), "no genes are asked for"),
        ((["Smyg3"], []), r"none of the genes 'Smyg3' is among the 40.*did you mean 'Symg3'"),
        ((["g3", "g4"], ["Symg4"]), "genes 'Symg4' are asked to go up and to go down"),
        (([f"g{n}" for n in range(21)], []), "21 of 40 genes are asked to go up.*20 at most"),
    ],
)
def test_what_cannot_be_asked_is_refused(index, sets, said):
    with pytest.raises(LacunaError, match=said):
        query_sets(index, *sets)


def test_values_ask_for_their_extremes_and_for_all(index):
    values = pd.Series({"g1": 3.0, "g2": -1.0, "Symg4": 0.0, "lost": 5.0, "g6": 2.0})
    query = query_values(index, values)
    assert (query.up.tolist(), query.down.tolist()) == ([1, 6], [2])
    assert query.vector[[1, 2, 6]] == pytest.approx(np.array([3, -1, 2]) / np.sqrt(14))
    assert query.not_found == ["lost"]
    assert query.genes["direction"].tolist() == ["up", "down", "", "up", "up"]
    everything = np.random.default_rng(0).normal(size=40)
    query = query_values(index, dict(zip(index.genes["gene"], everything, strict=True)))
    order = np.argsort(-everything)  # a quarter of the genes at each end
    assert set(query.up) == set(order[:10])
    assert set(query.down) == set(order[-10:])


def test_values_of_one_gene_are_averaged(index):
    query = query_values(index, pd.Series([1.0, 3.0, -2.0], ["g1", "SYMG1", "g2"]))
    assert query.vector[[1, 2]] == pytest.approx([np.sqrt(0.5), -np.sqrt(0.5)])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"g1": np.nan}, "the value of 'g1' is not a finite number"),
        ({"g1": 1, "g2": np.inf}, "the value of 'g2' is not a finite number"),
        ({"g1": 0, "g2": 0}, "all values are 0"),
        ({"what": 1}, "none of the genes 'what'"),
        ({}, "no genes are asked for"),
    ],
)
def test_values_that_say_nothing_are_refused(index, values, said):
    with pytest.raises(LacunaError, match=said):
        query_values(index, values)


def test_a_profile_is_asked_as_its_values_are(index):
    profile = index.unit_profile(5)
    query = query_profile(index, 5)
    same = query_values(index, dict(zip(index.genes["gene"], profile.astype(float), strict=True)))
    assert (query.profile, same.profile) == (5, None)
    assert np.array_equal(query.up, same.up)
    assert np.array_equal(query.down, same.down)
    assert query.vector == pytest.approx(profile, abs=1e-6)
    assert list(query.genes) == list(same.genes)
    assert query.genes["symbol"].tolist() == index.genes["symbol"].tolist()
    assert query.genes["direction"].tolist() == same.genes["direction"].tolist()


def test_the_size_is_that_of_equal_sets_that_vary_as_much(index):
    names = [f"g{n}" for n in range(20)]
    assert query_sets(index, names[:10], names[10:]).kind(COSINE) == ("both", pytest.approx(10))
    form, size = query_sets(index, names[:4], names[4:16]).kind(WEIGHTED)
    assert form == "both"
    assert 1 / size == pytest.approx((1 / 4 + 1 / 12) / 2)
    assert query_sets(index, (), names[:7]).kind(WEIGHTED) == ("one", pytest.approx(7))
    whole = query_profile(index, 0)
    assert whole.kind(COSINE) == ("whole", 40)
    assert whole.kind(WEIGHTED) == ("both", pytest.approx(10))
