"""Walks over ranked genes, against the walk written out, GSEA's own, and planted targets."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.translation import enrichment
from lacuna.translation.enrichment import (
    LIBRARY,
    NUMBERS,
    Ranked,
    enrich_library,
    heights,
    measure_bridge,
    pool_bridges,
    universes,
    walk_numbers,
)


def signature(genes=300, targets=20, effect=1.5, seed=0):
    """Scores of both signs; the targets' are larger by `effect`."""
    rng = np.random.default_rng(seed)
    is_target = np.zeros(genes, dtype=bool)
    is_target[rng.choice(genes, targets, replace=False)] = True
    size = np.abs(rng.normal(size=genes)) + effect * is_target
    return size * rng.choice([-1, 1], genes), is_target


def walk_by_definition(score, is_target, weighted):
    """One gene after the other, from the strongest to the weakest."""
    size = np.abs(score)
    scaled = (size - size.min()) / (size.max() - size.min())
    up = scaled if weighted else np.ones_like(scaled)
    height, walk = 0.0, []
    for gene in sorted(range(len(score)), key=lambda gene: -size[gene]):
        if is_target[gene]:
            height += up[gene] / up[is_target].sum()
        else:
            height -= 1 / (~is_target).sum()
        walk.append(height)
    return np.array(walk)


@pytest.mark.parametrize("effect", [-0.5, 0, 1.5])
@pytest.mark.parametrize("walk", ["unweighted", "weighted"])
def test_peak_area_and_heights_are_those_of_the_walk(walk, effect, monkeypatch):
    monkeypatch.setattr(enrichment, "STEPS", 300)  # all of them
    score, is_target = signature(effect=effect)
    bridge = measure_bridge(score, is_target, np.random.default_rng(0), draws=20)
    expected = walk_by_definition(score, is_target, walk == "weighted")
    numbers = bridge.numbers.set_index("walk").loc[walk]
    assert numbers["peak"] == pytest.approx(max(expected.max(), 0))
    assert numbers["area"] == pytest.approx(expected.mean())
    assert (numbers["genes"], numbers["targets"]) == (300, 20)
    shown = bridge.walks.query("walk == @walk and line == 'signature'")
    np.testing.assert_allclose(shown["height"], [0, *expected], atol=1e-12)
    np.testing.assert_allclose(shown["share"], np.arange(301) / 300)


@pytest.mark.parametrize(("walk", "weight"), [("unweighted", 0.0), ("weighted", 1.0)])
def test_the_peak_is_gseas_enrichment_score(walk, weight):
    gseapy = pytest.importorskip("gseapy")
    score, is_target = signature()
    size = np.abs(score)
    names = np.array([f"G{gene}" for gene in range(len(score))])
    ranked = pd.Series((size - size.min()) / np.ptp(size), index=names)
    sets = {"targets": list(names[is_target])}
    options = {"weight": weight, "min_size": 1, "permutation_num": 10, "outdir": None, "seed": 0}
    found = gseapy.prerank(ranked.sort_values(ascending=False), sets, **options).res2d
    bridge = measure_bridge(score, is_target, np.random.default_rng(0), draws=10)
    peak = bridge.numbers.set_index("walk").loc[walk, "peak"]
    assert peak == pytest.approx(float(found["ES"].iloc[0]), abs=1e-6)


def test_planted_targets_are_found_and_others_are_not():
    score, is_target = signature(effect=3)
    # Not the seed that chose the targets: the first draw would take just these again.
    found = measure_bridge(score, is_target, np.random.default_rng(1)).numbers
    assert (found["p"] == 1 / 1001).all()
    assert (found["peak"] > found["random_high"]).all()
    # p of sets of no effect is uniform: not small by rule, not large by rule.
    p = [
        measure_bridge(
            *signature(effect=0, seed=seed), np.random.default_rng(1000 + seed), draws=99
        )
        .numbers["p"]
        .to_numpy()
        for seed in range(100)
    ]
    assert np.mean(p, axis=0) == pytest.approx([0.5, 0.5], abs=0.1)
    assert ((np.array(p) <= 0.1).mean(axis=0) < 0.2).all()


def test_genes_rank_by_size_whatever_their_sign():
    score, is_target = signature()
    bridges = [
        measure_bridge(each, is_target, np.random.default_rng(0), draws=9).numbers
        for each in (score, -score, np.abs(score))
    ]
    pd.testing.assert_frame_equal(bridges[0], bridges[1])
    pd.testing.assert_frame_equal(bridges[0], bridges[2])


def test_p_counts_random_peaks_at_least_as_high_and_the_signature_itself():
    score, is_target = signature(effect=0)
    own = np.stack([score, -score, np.where(is_target, 0.01, 1 + np.abs(score))])
    found = measure_bridge(score, is_target, Ranked.of(own))
    assert found.numbers["p"].tolist() == [3 / 4, 3 / 4]
    lines = found.walks["line"].unique().tolist()
    assert lines == ["signature", "random 1", "random 2", "random 3"]


def test_twenty_of_the_random_walks_are_given_back():
    score, is_target = signature()
    walks = measure_bridge(score, is_target, np.random.default_rng(0)).walks
    assert walks.groupby("walk")["line"].nunique().tolist() == [21, 21]
    ends = walks.groupby(["walk", "line"])["height"].agg(["first", "last"])
    np.testing.assert_allclose(ends, 0, atol=1e-9)


def test_long_walks_are_thinned_but_keep_their_peak():
    score, is_target = signature(genes=5000, targets=200)
    bridge = measure_bridge(score, is_target, np.random.default_rng(0), draws=5, drawn=0)
    for walk, rows in bridge.walks.groupby("walk"):
        assert len(rows) <= 502
        peak = bridge.numbers.set_index("walk").loc[walk, "peak"]
        assert rows["height"].max() == pytest.approx(peak)


def test_targets_at_the_top_give_a_peak_of_one_and_at_the_bottom_of_none():
    positions = np.array([[0, 1, 2], [7, 8, 9]])
    peak, area = walk_numbers(positions, np.ones((2, 3)), 10)
    np.testing.assert_allclose(peak, [1, 0], atol=1e-12)
    assert area[0] > 0 > area[1]
    assert heights(positions[0], np.ones(3), 10)["height"].max() == pytest.approx(1)


def test_the_universes_divide_the_genes_of_the_model():
    found = universes(["A", "B", "C"], ["C", "A", "ELSEWHERE"])
    assert {name: genes.tolist() for name, genes in found.items()} == {
        "common": [True, False, True],
        "model_only": [False, True, False],
        "all": [True, True, True],
    }


def test_of_a_library_the_planted_set_comes_out_and_small_ones_are_listed():
    score, is_target = signature()
    genes = np.array([f"G{gene}" for gene in range(len(score))])
    sets = {"planted": list(genes[is_target]), "few": ["G1", "G2", "NOWHERE"], "all": list(genes)}
    sets |= {f"other {start}": list(genes[start : start + 20]) for start in range(0, 200, 20)}
    found, left_out = enrich_library(score, genes, sets, np.random.default_rng(0), draws=199)
    assert list(found.columns) == LIBRARY
    assert len(found) == 22
    best = (
        found.sort_values(["p_adjusted", "peak"], ascending=[True, False]).groupby("walk").first()
    )
    assert best["set"].tolist() == ["planted", "planted"]
    # Benjamini and Hochberg: the smallest p times the number of sets, if no other is as small.
    unweighted = found[found["walk"] == "unweighted"].set_index("set")
    p = unweighted["p"].to_numpy()
    ranked = np.sort(p) * len(p) / np.arange(1, len(p) + 1)
    assert unweighted["p_adjusted"].min() == pytest.approx(ranked.min())
    assert left_out[["set", "targets"]].to_numpy().tolist() == [["few", 2], ["all", 300]]
    found, _ = enrich_library(score, genes, {"few": ["G1"]}, np.random.default_rng(0))
    assert list(found.columns) == LIBRARY
    assert found.empty


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda score, targets: (score, targets & (np.cumsum(targets) < 5)), "4 targets among 300"),
        (lambda score, targets: (score, np.ones(300, bool)), "300 targets among 300"),
        (lambda score, targets: (np.where(targets, np.nan, score), targets), "20 of 300 scores"),
        (lambda score, targets: (np.zeros(300), targets), "no target has a score above"),
    ],
)
def test_what_has_no_walk_is_named(change, named):
    with pytest.raises(LacunaError, match=named):
        measure_bridge(*change(*signature()), np.random.default_rng(0))


def test_numbers_have_their_columns():
    bridge = measure_bridge(*signature(), np.random.default_rng(0), draws=9)
    assert list(bridge.numbers.columns) == NUMBERS


def test_pooled_bridges_are_means_against_the_means_of_the_same_draws():
    score, is_target = signature(effect=0.4)
    bridges = [
        measure_bridge(each, is_target, np.random.default_rng(0), draws=99, drawn=2)
        for each in (score, signature(effect=0.4, seed=0)[0] ** 2, score[::-1].copy())
    ]
    # The square ranks genes as the score itself, and so does each of its draws.
    for draws in zip(*(bridge.random_peaks["unweighted"] for bridge in bridges[:2]), strict=True):
        assert draws[0] == pytest.approx(draws[1])
    pooled = pool_bridges(bridges)
    for row, walk in enumerate(("unweighted", "weighted")):
        peaks = [bridge.numbers.loc[row, "peak"] for bridge in bridges]
        random = np.mean([bridge.random_peaks[walk] for bridge in bridges], axis=0)
        assert pooled.numbers.loc[row, "peak"] == pytest.approx(np.mean(peaks))
        assert pooled.numbers.loc[row, "p"] == (1 + np.sum(random >= np.mean(peaks))) / 100
        assert pooled.numbers.loc[row, "random_peak"] == pytest.approx(np.median(random))
    own = [bridge.walks.query("walk == 'weighted' and line == 'random 2'") for bridge in bridges]
    shown = pooled.walks.query("walk == 'weighted' and line == 'random 2'")
    mean = np.mean([walk["height"] for walk in own], axis=0)
    np.testing.assert_allclose(shown["height"], mean)
    np.testing.assert_array_equal(shown["share"], own[0]["share"])
    alone = pool_bridges(bridges[:1])
    pd.testing.assert_frame_equal(alone.numbers, bridges[0].numbers)
    other = measure_bridge(*signature(targets=30), np.random.default_rng(0), draws=99)
    for wrong in ([], [bridges[0], other]):
        with pytest.raises(LacunaError, match="expected at least one"):
            pool_bridges(wrong)
