"""What random and real queries give, and the p-values and tau that are read from it."""

import numpy as np
import pytest
from scipy import stats

from lacuna.explore import reference
from lacuna.explore.build import rank_rows
from lacuna.explore.reference import (
    BOTH,
    COSINE,
    ONE,
    WEIGHTED,
    WHOLE,
    draw_reference,
    draw_sample,
    reference_of,
    sizes_of,
)
from lacuna.explore.scores import connect, enrichment, normalise
from lacuna.vectors import slices, unit_rows

CELLS, DRUGS, GENES = 3, 40, 80
CLASSES = 4


@pytest.fixture(scope="module")
def profiles():
    """Drugs of a class are alike; the last cell responds as no other does."""
    rng = np.random.default_rng(0)
    of_class = rng.normal(size=(CLASSES, 1, GENES)).repeat(CELLS, axis=1)
    of_class[:, -1] = 0.3 * of_class[:, -1] + 2 * rng.normal(size=GENES)
    rows = of_class[np.arange(DRUGS) % CLASSES] + rng.normal(size=(DRUGS, CELLS, GENES))
    return unit_rows(rows.reshape(-1, GENES)).astype(np.float32)


@pytest.fixture(scope="module")
def predicted():
    return np.random.default_rng(1).random(DRUGS * CELLS) < 0.4


def filled(profiles, predicted, seed=2, at_once=17):
    sample = draw_sample(predicted, CELLS, np.random.default_rng(seed))
    for rows in slices(len(profiles), at_once):
        sample.take(rows, profiles[rows], rank_rows(profiles[rows]))
    return sample


@pytest.fixture(scope="module")
def null(profiles, predicted):
    return draw_reference(filled(profiles, predicted), np.random.default_rng(3))


def test_a_sample_has_the_profiles_in_its_order_whatever_the_blocks(profiles, predicted):
    for at_once in (1, 17, 1000):
        sample = filled(profiles, predicted, at_once=at_once)
        units, ranks, asked = sample.arrays()
        assert np.array_equal(units, profiles[sample.judged].T)
        assert np.array_equal(ranks, rank_rows(profiles[sample.judged]).T)
        assert np.array_equal(asked, profiles[sample.queries])
        assert sample.stratum.tolist() == [
            2 * (place % CELLS) + predicted[place] for place in sample.judged
        ]
        assert not predicted[sample.queries].any()


def test_every_cell_and_source_has_as_many_profiles_as_any(monkeypatch):
    predicted = np.arange(600) % 10 < 8
    predicted[::CELLS] = np.arange(200) > 2  # three measured in the first cell
    for judged in (60, 200):
        monkeypatch.setattr(reference, "JUDGED", judged)
        sample = draw_sample(predicted, CELLS, np.random.default_rng(0))
        assert len(sample.judged) == len(set(sample.judged)) == judged
        counts = np.bincount(sample.stratum, minlength=6)
        assert counts[0] == 3
        assert counts[1:].max() - counts[1:].min() <= 1
        first = np.bincount(sample.stratum[:30], minlength=6)
        assert first.max() - first[1:].min() <= 1  # those that random queries are asked of


def test_few_genes_are_asked_in_smaller_sets():
    assert sizes_of(10_000) == sizes_of(978) == [1, 2, 4, 10, 40, 150]
    assert sizes_of(240) == [1, 2, 4, 10, 40, 60]
    assert sizes_of(39) == [1, 2, 4, 9]
    assert sizes_of(3) == [1]


def queries(profiles, size, places):
    for place in places:
        order = np.argsort(-profiles[place], kind="stable")
        yield order[:size], order[::-1][:size]


def test_tau_is_the_share_of_real_queries_with_a_lower_ncs(profiles, predicted, null):
    size = 10
    units, ranks = profiles.T.copy(), rank_rows(profiles).T.copy()
    stratum = 2 * (np.arange(len(profiles)) % CELLS) + predicted
    measured = np.flatnonzero(~predicted)
    real = np.array(
        [
            connect(enrichment(units, ranks, up), enrichment(units, ranks, down))
            for up, down in queries(profiles, size, measured)
        ]
    )
    real[np.arange(len(measured)), measured] = np.nan
    found = reference_of(null, WEIGHTED, BOTH, size)
    ncs = normalise(real, stratum, found.levels)
    tau = found.tau(ncs[5].copy(), stratum)
    for place in np.flatnonzero(~np.isnan(ncs[5])):
        pool = ncs[:, stratum == stratum[place]]
        known = np.abs(pool[~np.isnan(pool)])
        lower = (known < abs(ncs[5, place])).mean()
        expected = 100 * lower * np.sign(ncs[5, place])
        assert tau[place] == pytest.approx(expected, abs=1.5)
    assert np.abs(tau[~np.isnan(ncs[5])]).max() > 90


@pytest.mark.parametrize(("score", "form"), [(WEIGHTED, BOTH), (WEIGHTED, ONE), (COSINE, BOTH)])
@pytest.mark.parametrize("size", [2, 3, 6, 10, 14])
def test_p_values_of_random_queries_are_uniform(profiles, predicted, null, score, form, size):
    units, ranks = profiles.T.copy(), rank_rows(profiles).T.copy()
    found = reference_of(null, score, form, size)
    rng = np.random.default_rng(9)
    p_values = []
    for _ in range(60):
        order = rng.permutation(GENES)
        up, down = order[:size], order[size : 2 * size]
        if score == COSINE:
            scores = (units[up].sum(axis=0) - units[down].sum(axis=0)) / np.sqrt(2 * size)
        else:
            rises = enrichment(units, ranks, up)
            scores = rises if form == ONE else connect(rises, enrichment(units, ranks, down))
        p_values.append(found.p_values(scores, predicted))
    p_values = np.concatenate(p_values)
    for level in (0.01, 0.05, 0.2):
        assert (p_values <= level).mean() == pytest.approx(level, rel=0.5)
    assert 0 < p_values.min() < 0.005


@pytest.mark.parametrize("sizes", [(1, 3), (1, 12), (3, 20), (15, 6)])
def test_p_values_of_unequal_sets_are_rather_too_large(profiles, predicted, null, sizes):
    units, ranks = profiles.T.copy(), rank_rows(profiles).T.copy()
    found = reference_of(null, WEIGHTED, BOTH, 2 / (1 / sizes[0] + 1 / sizes[1]))
    rng = np.random.default_rng(9)
    p_values = []
    for _ in range(60):
        up, down, _ = np.split(rng.permutation(GENES), np.cumsum(sizes))
        scores = connect(enrichment(units, ranks, up), enrichment(units, ranks, down))
        p_values.append(found.p_values(scores, predicted))
    for level in (0.01, 0.05, 0.2):
        assert (np.concatenate(p_values) <= level).mean() < 1.3 * level
    assert (np.concatenate(p_values) <= 0.2).mean() > 0.02


def test_a_score_of_0_says_nothing_and_a_higher_one_has_a_lower_p(null):
    found = reference_of(null, WEIGHTED, BOTH, 10)
    scores = np.linspace(0, 1, 50)
    for source in (False, True):
        p_values = found.p_values(scores, np.full(50, source))
        assert p_values[0] == 1
        assert (np.diff(p_values) <= 0).all()
        assert p_values[-1] == pytest.approx(1 / (found.counts[int(source)] + 1))
        assert np.array_equal(found.p_values(-scores, np.full(50, source)), p_values)
    tau = found.tau(np.array([0, 0.5, -0.5, 1000, -1000]), np.zeros(5, int))
    assert tau[0] == 0
    assert tau[1] == -tau[2] > 0
    assert (tau[3], tau[4]) == (100, -100)


def test_a_score_that_many_queries_reach_is_reached_by_all_of_them(null):
    found = reference_of(null, WEIGHTED, ONE, 1)
    # A set of one gene scores 1 where the gene stands first, and -1 where it stands last.
    p_values = found.p_values(np.array([1.0, -1.0]), np.array([False, False]))
    assert p_values == pytest.approx([2 / GENES] * 2, abs=0.006)


def test_between_two_sizes_all_is_interpolated_by_the_logarithm(null):
    table = null["null"]
    rows = np.flatnonzero(table["score"].eq(WEIGHTED) & table["form"].eq(BOTH))
    assert table["size"].to_numpy()[rows].tolist() == [1, 2, 4, 10, 20]
    between = reference_of(null, WEIGHTED, BOTH, np.sqrt(4 * 10))
    for name, found in (("null_random", between.random), ("null_levels", between.levels)):
        expected = (null[name][rows[2]] + null[name][rows[3]]) / 2
        assert found == pytest.approx(expected, rel=1e-5)
    for size, row in ((0.5, 0), (1, 0), (10, 3), (20, 4), (39, 4)):
        found = reference_of(null, WEIGHTED, BOTH, size)
        assert np.allclose(found.random, null["null_random"][rows[row]])
        assert np.allclose(found.levels, null["null_levels"][rows[row]])


def test_all_kinds_of_queries_were_asked(null, predicted):
    table = null["null"]
    kinds = set(zip(table["score"], table["form"], strict=True))
    assert kinds == {*((s, f) for s in (WEIGHTED, COSINE) for f in (BOTH, ONE)), (COSINE, WHOLE)}
    assert (table["real"] == (~predicted).sum()).all()
    asked = table["random_measured"] + table["random_predicted"]
    assert (asked == reference.QUERIES * len(predicted)).all()
    assert table["size"].tolist() == [*np.repeat([1, 2, 4, 10, 20], 4), GENES]
    for name in ("null_random", "null_real"):
        assert (np.diff(null[name], axis=2) >= 0).all()


def test_random_queries_are_asked_of_the_first_few_alone(profiles, predicted, monkeypatch):
    monkeypatch.setattr(reference, "FEW", 30)
    monkeypatch.setattr(reference, "QUERIES", 20)
    sample = filled(profiles, predicted)
    table = draw_reference(sample, np.random.default_rng(3))["null"]
    of_predicted = (sample.stratum[:30] % 2).sum()
    assert (table["random_predicted"] == 20 * of_predicted).all()
    assert (table["random_measured"] == 20 * (30 - of_predicted)).all()
    assert (table["real"] == 20).all()


def test_a_cell_that_answers_every_query_has_a_higher_level(null):
    # All drugs do the same in the last cell, so that real queries from there score high there.
    levels = reference_of(null, COSINE, WHOLE, GENES).levels
    assert levels[0, [4, 5]].min() > levels[0, :4].max()


def test_a_draw_depends_on_its_seed_alone(profiles, predicted, null):
    again = draw_reference(filled(profiles, predicted, at_once=5), np.random.default_rng(3))
    other = draw_reference(filled(profiles, predicted), np.random.default_rng(4))
    for name in ("null_random", "null_real", "null_levels"):
        assert np.array_equal(again[name], null[name])
    assert not np.array_equal(other["null_random"], null["null_random"])
    assert stats.pearsonr(other["null_random"].ravel(), null["null_random"].ravel()).statistic > 0.9
