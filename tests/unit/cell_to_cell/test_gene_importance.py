"""The genes from which decoders predict best."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from networks import untrained
from toy import axes_of, clustered, grid

from lacuna.cell_to_cell import gene_importance
from lacuna.cell_to_cell.gene_importance import (
    choose_top,
    count_genes,
    importance_table,
    measure_stability,
    rank_genes,
    top_lists,
)

PLANTED = [3, 7, 20, 21, 38]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(gene_importance, "GENES_PER_SUBSET", 10)
    monkeypatch.setattr(gene_importance, "TOP", 5)


@pytest.fixture
def training():
    """Drugs that act alike in both cells."""
    profiles = np.random.default_rng(0).normal(size=(60, 1, 40)).repeat(2, axis=1)
    return grid(profiles, np.ones((60, 2), bool))


def of_planted_genes():
    """A linear decoder that passes the planted genes on, and noise from the others."""
    noise = 0.1 * np.random.default_rng(1).normal(size=(40, 40))
    noise[PLANTED] = 0
    passed_on = np.diag(np.isin(np.arange(40), PLANTED).astype(float))
    return SimpleNamespace(
        cells=np.array([0, -1]), translate=lambda given, cells, cell: given @ (passed_on + noise)
    )


def test_the_planted_genes_are_found_and_again_in_each_half(training):
    ranks, stability = rank_genes(
        of_planted_genes(), training, axes_of(training)["genes"], np.random.default_rng(0)
    )
    assert set(ranks["cell"]) == {"c0"}
    assert sorted(ranks.loc[ranks["rank"] <= 5, "gene"]) == sorted(f"g{gene}" for gene in PLANTED)
    assert ranks["scaled"].agg(["min", "max"]).tolist() == [0, 1]
    found = stability.iloc[0]
    assert (found["pairs"], found["drugs"]) == (60, 60)
    assert found["overlap"] > 4 > found["chance_high"]
    assert found["chance"] == 25 / 40


def test_counts_are_of_the_best_subsets(training):
    model, asked = untrained(cells=2), []

    def translate(given, cells, cell):
        asked.append(given)
        return model.translate(given, cells, cell)

    spy = SimpleNamespace(cells=model.cells, translate=translate)
    counts, source = count_genes(spy, training, 1, np.random.default_rng(0))
    assert len(counts) == len(asked) == 60
    assert (training.cell[source] == 0).all()
    for given, row, count in zip(asked, source, counts, strict=True):
        subsets = given != 0
        assert (subsets.sum(axis=1) == 10).all()
        assert np.array_equal(given, np.where(subsets, training.profiles[row], 0))
        truth = training.profiles[(training.drug == training.drug[row]) & (training.cell == 1)][0]
        r = [np.corrcoef(truth, each)[0, 1] for each in model.translate(given, None, 1)]
        assert np.array_equal(count, subsets[np.argsort(r)[-10:]].sum(axis=0))


def test_no_more_pairs_are_taken_and_no_more_genes_than_there_are(training, monkeypatch):
    monkeypatch.setattr(gene_importance, "MOST_PAIRS", 7)
    monkeypatch.setattr(gene_importance, "GENES_PER_SUBSET", 100)
    counts, _ = count_genes(untrained(cells=2), training, 0, np.random.default_rng(0))
    assert (counts == gene_importance.KEPT).all()
    assert counts.shape == (7, 40)


def test_a_cell_that_no_profile_leads_to_is_left_out():
    dense = np.random.default_rng(0).normal(size=(9, 3, 40))
    measured = np.tile([True, True, False], (9, 1))
    measured[0] = [False, False, True]
    training = grid(dense, measured)
    ranks, stability = rank_genes(
        untrained(decoders=3, cells=3),
        training,
        axes_of(training)["genes"],
        np.random.default_rng(0),
    )
    assert set(ranks["cell"]) == set(stability["cell"]) == {"c0", "c1"}


def test_ranks_follow_counts_and_equal_ones_the_order_of_genes():
    genes = pd.DataFrame({"gene": list("abcd"), "symbol": list("ABCD")})
    table = importance_table(np.array([[1, 3, 0, 1], [1, 1, 1, 1]]), genes)
    assert table["count"].tolist() == [2, 4, 1, 2]
    assert table["rank"].tolist() == [2, 1, 4, 3]
    assert np.allclose(table["scaled"], [1 / 3, 1, 0, 1 / 3])
    assert (importance_table(np.ones((2, 4), int), genes)["scaled"] == 0).all()


def test_random_counts_overlap_as_chance_says():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 10, (60, 400))
    found = measure_stability(counts, np.arange(60), rng.random(400), rng)
    assert found["overlap"] < 0.5
    assert found["chance"] == 25 / 400
    single = measure_stability(counts[:1], np.zeros(1, int), rng.random(400), rng)
    assert np.isnan(single["overlap"])


def test_genes_are_drawn_shared_ones_first_then_each_decoders_own():
    tensor = clustered(cells=2)
    genes = axes_of(tensor)["genes"]
    first = importance_table(-np.arange(40)[None], genes)  # g0 to g4
    second = importance_table(-np.abs(np.arange(40) - 4)[None], genes)  # g2 to g6
    ranks = pd.concat([first.assign(cell="b"), second.assign(cell="a")], ignore_index=True)
    shown = choose_top(ranks)
    assert shown["cell"].tolist() == ["b"] * 7 + ["a"] * 7
    for _, rows in shown.groupby("cell"):
        assert set(rows["gene"][:3]) == {"g2", "g3", "g4"}
        assert rows["gene"].tolist()[3:] == ["g0", "g1", "g5", "g6"]


def test_lists_are_the_top_of_each_decoder_of_one_alone_and_of_all(monkeypatch):
    monkeypatch.setattr(gene_importance, "TOP", 3)
    genes = pd.DataFrame({"gene": list("1234"), "symbol": ["A", "B", "C", None]})
    ranks = pd.concat(
        [genes.assign(cell="c0", rank=[1, 2, 3, 4]), genes.assign(cell="c1", rank=[4, 3, 2, 1])]
    )
    assert top_lists(ranks) == {
        "c0": ["A", "B", "C"],
        "c1": ["B", "C"],  # the third has no symbol
        "c0 only": ["A"],
        gene_importance.COMMON: ["B", "C"],
    }
    assert top_lists(ranks[ranks["cell"] == "c0"]) == {"c0": ["A", "B", "C"]}
