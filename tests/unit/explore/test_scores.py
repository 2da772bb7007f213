"""Scores of connectivity, against their definitions written out plainly, and against gseapy."""

import gseapy
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lacuna.explore import scores
from lacuna.explore.build import rank_rows
from lacuna.explore.scores import connect, enrichment, normalise, signed_set, usual_levels
from lacuna.vectors import unit_rows

GENES = 60


@pytest.fixture(scope="module")
def profiles():
    rows = np.random.default_rng(0).standard_t(3, size=(50, GENES)).astype(np.float32)
    rows[3, ::2] = 0  # genes that were not tested
    return unit_rows(rows)


def by_gene(profiles):
    return np.ascontiguousarray(profiles.T), np.ascontiguousarray(rank_rows(profiles).T)


def plain_enrichment(profile, genes):
    """Walk down the profile: up by a hit's share of all weights, down by a step at a miss."""
    order = sorted(range(len(profile)), key=lambda gene: -profile[gene])
    total = sum(abs(float(profile[gene])) for gene in genes)
    if total == 0:
        return 0.0
    sofar, furthest = 0.0, 0.0
    for gene in order:
        if gene in genes:
            sofar += abs(float(profile[gene])) / total
        else:
            sofar -= 1 / (len(profile) - len(genes))
        if abs(sofar) > abs(furthest):
            furthest = sofar
    return furthest


def plain_connectivity(profile, up, down):
    rises, falls = plain_enrichment(profile, set(up)), plain_enrichment(profile, set(down))
    return 0.0 if np.sign(rises) == np.sign(falls) else (rises - falls) / 2


def draw_sets(rng):
    genes = rng.permutation(GENES)
    ups, downs = rng.integers(1, 25, size=2)
    return genes[:ups], genes[ups : ups + downs]


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_enrichment_is_the_extreme_of_a_walk_down_the_profile(profiles, monkeypatch, at_once):
    monkeypatch.setattr(scores, "AT_ONCE", at_once)
    units, ranks = by_gene(profiles)
    rng = np.random.default_rng(1)
    for _ in range(5):
        for genes in draw_sets(rng):
            expected = [plain_enrichment(profile, set(genes)) for profile in profiles]
            assert enrichment(units, ranks, genes) == pytest.approx(expected, abs=1e-5)


def test_connectivity_is_half_the_difference_where_the_signs_differ(profiles):
    units, ranks = by_gene(profiles)
    rng = np.random.default_rng(2)
    zeros = 0
    for _ in range(5):
        up, down = draw_sets(rng)
        found = connect(enrichment(units, ranks, up), enrichment(units, ranks, down))
        expected = np.array([plain_connectivity(profile, up, down) for profile in profiles])
        assert found == pytest.approx(expected, abs=1e-5)
        zeros += (expected == 0).sum()
    assert zeros > 20


def test_enrichment_is_that_of_gseapy(profiles):
    units, ranks = by_gene(profiles)
    names = [f"g{gene}" for gene in range(GENES)]
    rng = np.random.default_rng(3)
    for place in (0, 1):
        sets = {str(size): rng.permutation(GENES)[:size] for size in (5, 10, 25)}
        theirs = gseapy.prerank(
            rnk=pd.Series(profiles[place].astype(float), names).sort_values(ascending=False),
            gene_sets={size: [names[gene] for gene in genes] for size, genes in sets.items()},
            min_size=1,
            max_size=GENES,
            permutation_num=10,
            outdir=None,
            no_plot=True,
            seed=1,
        ).res2d.set_index("Term")["ES"]
        for size, genes in sets.items():
            mine = enrichment(units, ranks, genes)[place]
            assert mine == pytest.approx(float(theirs[size]), abs=1e-4)


def test_a_query_turned_round_gives_the_score_with_its_sign_turned(profiles):
    units, ranks = by_gene(profiles)
    up, down = draw_sets(np.random.default_rng(4))
    both = enrichment(units, ranks, up), enrichment(units, ranks, down)
    assert np.array_equal(connect(*both), -connect(*both[::-1]))
    assert np.array_equal(connect(both[0], None), both[0])
    assert np.array_equal(connect(None, both[0]), -both[0])
    with pytest.raises(ValueError, match="without genes"):
        connect(None, None)


def test_the_top_genes_of_a_profile_find_it_and_its_opposite(profiles):
    units, ranks = by_gene(np.vstack([profiles, -profiles[:1]]))
    order = np.argsort(-profiles[0])
    found = connect(*(enrichment(units, ranks, genes) for genes in (order[:5], order[-5:])))
    assert (found.argmax(), found.argmin()) == (0, len(profiles))
    assert found[0] == pytest.approx(1)
    assert found[-1] == pytest.approx(-1)


def test_a_set_that_is_0_everywhere_has_no_enrichment(profiles):
    units, ranks = by_gene(profiles)
    assert enrichment(units, ranks, np.arange(0, GENES, 2))[3] == 0
    assert np.isfinite(enrichment(units, ranks, np.arange(GENES))).all()  # a set of all genes


def test_a_signed_set_has_length_1_and_the_cosine_of_its_definition(profiles):
    up, down = draw_sets(np.random.default_rng(5))
    vector = signed_set(GENES, up, down)
    assert np.linalg.norm(vector) == pytest.approx(1)
    plain = profiles[:, up].sum(axis=1) - profiles[:, down].sum(axis=1)
    assert profiles @ vector == pytest.approx(plain / np.sqrt(len(up) + len(down)), abs=1e-6)


# Normalised scores


def test_the_norm_is_the_mean_of_a_sign_in_the_cell_and_source():
    rng = np.random.default_rng(6)
    values = rng.normal(size=(3, 400)).astype(np.float32)
    values[0, :5], values[1, 7] = 0, np.nan
    stratum = rng.integers(0, 4, size=400)
    found = normalise(values, stratum, np.ones((2, 4)), pull=0)
    for query, row in enumerate(values):
        for place, score in enumerate(row):
            mine = row[(stratum == stratum[place]) & (np.sign(row) == np.sign(score))]
            expected = score / abs(mine.mean()) if len(mine) and score else score
            assert found[query, place] == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_the_norm_is_drawn_towards_the_usual_level_where_few_have_the_sign():
    # One score in stratum 0, many of 2 in stratum 1, where scores are usually twice as high.
    values = np.array([[3.0, *[2.0] * 1000]])
    stratum = np.array([0, *[1] * 1000])
    found = normalise(values, stratum, np.array([[1, 2], [1, 1]]), pull=5)
    overall = (3 + 2000) / (1 + 2 * 1000)
    assert found[0, 0] == pytest.approx(3 / ((3 + 5 * overall) / 6))
    assert found[0, 1] == pytest.approx(1, rel=1e-2)


def test_planted_levels_of_strata_are_found_whoever_stands_there():
    rng = np.random.default_rng(7)
    planted = np.array([[0.5, 1, 2], [3, 1, 0.25]])
    stratum = np.repeat([0, 1, 2], [30, 300, 90])
    strength = rng.uniform(0.5, 2, size=(80, 1))
    sign = rng.choice([-1, 1], size=(80, len(stratum)))
    size = strength * np.where(sign > 0, planted[0][stratum], planted[1][stratum])
    found = usual_levels(sign * size * rng.uniform(0.9, 1.1, size=size.shape), stratum, 3)
    assert found / found[:, 1:2] == pytest.approx(planted / planted[:, 1:2], rel=0.02)


def test_a_stratum_without_scores_of_a_sign_keeps_the_level_1():
    levels = usual_levels(np.array([[1.0, 2.0]]), np.array([0, 0]), 2)
    assert levels[0, 1] == levels[1, 0] == levels[1, 1] == 1


def test_normalised_scores_of_equal_strata_keep_their_order(profiles):
    units, ranks = by_gene(profiles)
    up, down = draw_sets(np.random.default_rng(8))
    raw = connect(enrichment(units, ranks, up), enrichment(units, ranks, down))[None]
    ncs = normalise(raw, np.zeros(len(profiles), int), np.ones((2, 1)))
    positive = raw[0] > 0
    assert stats.spearmanr(raw[0][positive], ncs[0][positive]).statistic == pytest.approx(1)
