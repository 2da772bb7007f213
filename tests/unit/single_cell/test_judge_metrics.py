"""Metrics of predicted conditions: definitions written out, nothing scores nothing, and chance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, pearsonr, rankdata
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from lacuna.single_cell import definitions as by
from lacuna.single_cell.definitions import Compared
from lacuna.single_cell.found import Found, overlap
from lacuna.single_cell.metrics import METRICS, metric_label

ROWS, GENES = 6, 40


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def compared(rng, rows=ROWS, genes=GENES, **parts):
    basal = 3 + rng.normal(size=(1, genes))
    control, seen_control = (basal + 0.3 * rng.normal(size=(rows, genes)) for _ in range(2))
    made = {
        "measured": control + rng.normal(size=(rows, genes)),
        "predicted": control + rng.normal(size=(rows, genes)),
        "control": control,
        "seen_control": seen_control,
        "mean": control + rng.normal(size=(1, genes)),
        "common": control + rng.normal(size=(1, genes)),
        "predicted_common": control + rng.normal(size=(1, genes)),
        "measured_variance": rng.uniform(0.5, 2, (rows, genes)),
        "predicted_variance": rng.uniform(0.5, 2, (rows, genes)),
    }
    return Compared(**(made | parts))


def value(name, rows):
    return METRICS[name].value(rows)


def test_the_definitions_written_out(rng):
    rows = compared(rng)
    for row in range(ROWS):
        y, p, m = (getattr(rows, n)[row] for n in ("measured", "predicted", "mean"))
        c = rows.seen_control[row]
        d, guess = y - rows.control[row], p - c
        s, q = rows.measured_variance[row], rows.predicted_variance[row]
        basis = (m - c)[:, None]
        own = y - rows.common[row], p - rows.predicted_common[row]
        left = [x - LinearRegression().fit(basis, x).predict(basis) for x in own]
        reach = 1.96 * np.sqrt(q)
        inside = norm(y, np.sqrt(s)).cdf(p + reach) - norm(y, np.sqrt(s)).cdf(p - reach)
        expected = {
            "r2_mean": r2_score(y, p),
            "pearson": pearsonr(y, p)[0],
            "mse": sum((a - b) ** 2 for a, b in zip(y, p, strict=True)) / GENES,
            "r2_variance": r2_score(s, q),
            "coverage": inside.mean(),
            "change_r2": 1 - sum((d - guess) ** 2) / sum(d**2),
            "change_pearson": pearsonr(d, guess)[0],
            "change_cosine": d @ guess / np.sqrt((d @ d) * (guess @ guess)),
            "change_sign": np.mean(np.sign(d) == np.sign(guess)),
            "specific_pearson": pearsonr(*left)[0],
        }
        for name, number in expected.items():
            assert value(name, rows)[row] == pytest.approx(number), name
    assert set(expected) == {name for name, metric in METRICS.items() if metric.value}


def test_r2_is_not_clipped(rng):
    rows = compared(rng)
    far = replace(rows, predicted=rows.predicted + 10)
    assert (value("r2_mean", far) < -10).all()
    assert (value("change_r2", far) < -10).all()


def test_nothing_happens_scores_what_the_cards_say(rng):
    rows = compared(rng)
    nothing = replace(rows, predicted=rows.seen_control, predicted_common=rows.seen_control)
    assert (value("change_r2", nothing) == 0).all()
    assert (value("change_pearson", nothing) == 0).all()
    assert (value("change_cosine", nothing) == 0).all()
    assert (value("change_sign", nothing) == 0.5).all()
    assert (value("specific_pearson", nothing) == 0).all()
    for name in ("r2_mean", "pearson"):
        assert METRICS[name].flatters
    rounded = rows.seen_control.astype(np.float32).astype(float)
    almost = replace(nothing, predicted=rounded)
    assert (value("specific_pearson", almost) == 0).all()
    assert (value("change_pearson", almost) == 0).all()  # rounding is no change
    found = Found.of(rows.change, nothing.predicted_change, np.zeros(ROWS, int))
    np.testing.assert_allclose(found.reciprocal_rank, (1 / np.arange(1, 7)).sum() / 6)
    np.testing.assert_allclose(found.rank_share, 3.5 / 6)
    listed = np.tile(np.arange(10), (ROWS, 1))
    np.testing.assert_allclose(overlap(nothing.predicted_change, listed), 10 / GENES)


def test_a_perfect_prediction_is_perfect(rng):
    rows = compared(rng)
    rows = replace(rows, seen_control=rows.control, predicted_common=rows.common)
    right = replace(rows, predicted=rows.measured, predicted_variance=rows.measured_variance)
    for name, perfect in (
        ("r2_mean", 1), ("pearson", 1), ("mse", 0), ("r2_variance", 1), ("change_r2", 1),
        ("change_pearson", 1), ("change_cosine", 1), ("change_sign", 1), ("specific_pearson", 1),
        ("coverage", norm.cdf(1.96) - norm.cdf(-1.96)),
    ):  # fmt: skip
        np.testing.assert_allclose(value(name, right), perfect, atol=1e-9)
    found = Found.of(rows.change, right.predicted_change, np.zeros(ROWS, int))
    assert (found.reciprocal_rank == 1).all()
    assert (found.rank_share == 1 / ROWS).all()
    listed = np.argsort(-np.abs(rows.change), axis=1)[:, :10]
    assert (overlap(right.predicted_change, listed) == 1).all()


def test_any_multiple_of_the_line_mean_is_nothing_specific(rng):
    rows = compared(rng)
    mean = rows.mean - rows.seen_control
    factors = rng.uniform(-2, 2, (ROWS, 1))
    rows = replace(rows, predicted_common=rows.seen_control)
    scaled = replace(rows, predicted=rows.seen_control + factors * mean)
    assert (value("specific_pearson", scaled) == 0).all()
    own = rng.normal(size=mean.shape)
    both = replace(rows, predicted=rows.seen_control + factors * mean + own)
    alone = replace(rows, predicted=rows.seen_control + own)
    np.testing.assert_allclose(
        value("specific_pearson", both), value("specific_pearson", alone), atol=1e-9
    )


def test_a_better_mean_of_all_drugs_is_nothing_specific():
    """Who knows exactly what drugs do on average leads a noisy line mean, but tells no drug."""
    rng = np.random.default_rng(7)
    rows, genes = 200, 300
    average = rng.normal(size=genes)
    made = compared(
        rng, rows, genes,
        measured=average + rng.normal(size=(rows, genes)),
        predicted=average + 0.1 * rng.normal(size=(rows, genes)),
        seen_control=np.zeros((rows, genes)),
        mean=average + 0.7 * rng.normal(size=genes) + np.zeros((rows, genes)),
    )  # fmt: skip
    nothing = np.zeros((rows, genes))
    kept = replace(made, common=nothing, predicted_common=nothing)
    assert value("specific_pearson", kept).mean() > 0.2  # were nothing taken off
    common, guessed = (x.mean(axis=0) + nothing for x in (made.measured, made.predicted))
    taken = replace(made, common=common, predicted_common=guessed)
    assert abs(value("specific_pearson", taken).mean()) < 0.02


def test_small_changes_have_no_direction(rng):
    rows = compared(rng)
    measured = rows.control + np.where(np.arange(GENES) < 30, 1.0, 9e-6)
    guess = np.where(np.arange(GENES) < 12, 1.0, np.where(np.arange(GENES) < 20, 9e-6, -1.0))
    predicted = rows.seen_control + guess
    found = value("change_sign", replace(rows, measured=measured, predicted=predicted))
    np.testing.assert_allclose(found, (12 + 8 / 2) / 30)


def test_what_is_not_known_has_no_value(rng):
    rows = compared(rng)
    none = np.full((ROWS, GENES), np.nan)
    unknown = replace(rows, predicted_variance=none)
    for name in ("r2_variance", "coverage"):
        assert np.isnan(value(name, unknown)).all()
    flat = replace(rows, measured=np.ones((ROWS, GENES)))
    assert np.isnan(value("r2_mean", flat)).all()
    still = replace(rows, measured=rows.control)
    for name in ("change_r2", "change_sign"):
        assert np.isnan(value(name, still)).all()
    alone = replace(rows, common=np.where(np.arange(ROWS)[:, None] < 2, np.nan, rows.common))
    assert np.isnan(value("specific_pearson", alone)).tolist() == [True] * 2 + [False] * 4
    none_measured = replace(rows, measured_variance=np.zeros((ROWS, GENES)))
    assert np.isfinite(value("coverage", none_measured)).all()


def test_overlap_with_ties_is_the_mean_over_their_orders(rng):
    changes = np.array([[3.0, -2.0, 2.0, 2.0, 0.0, 0.0]])
    listed = np.array([[0, 1, 4]])
    drawn = []
    for _ in range(4000):
        order = rng.permutation(6)
        first = order[np.argsort(-np.abs(changes[0, order]), kind="stable")][:3]
        drawn.append(len(set(first) & {0, 1, 4}) / 3)
    assert overlap(changes, listed)[0] == pytest.approx(np.mean(drawn), abs=0.02)
    assert overlap(changes, listed)[0] == pytest.approx((1 + 2 / 3) / 3)


def test_ranks_are_those_of_correlations_within_a_place(rng):
    changes, predicted = rng.normal(size=(2, 9, 30))
    place = np.array([0, 1, 0, 1, 1, 0, 0, 1, 0])
    found = Found.of(changes, predicted, place)
    for row in range(9):
        others = np.flatnonzero(place == place[row])
        near = [pearsonr(predicted[row], changes[other])[0] for other in others]
        rank = rankdata(-np.array(near))[list(others).index(row)]
        assert found.reciprocal_rank[row] == pytest.approx(1 / rank)
        assert found.rank_share[row] == pytest.approx(rank / len(others))


def test_tied_ranks_are_means_over_their_orders():
    found = Found(np.array([0, 2]), np.array([3, 2]), np.array([5, 5]))
    np.testing.assert_allclose(
        found.reciprocal_rank, [(1 + 1 / 2 + 1 / 3) / 3, (1 / 3 + 1 / 4) / 2]
    )
    np.testing.assert_allclose(found.rank_share, [2 / 5, 3.5 / 5])
    # of two test drugs that did exactly the same, neither is nearer
    changes = np.array([[1.0, 2, 4], [1, 2, 4], [3, 1, 0]])
    tied = Found.of(changes, changes, np.zeros(3, int))
    np.testing.assert_allclose(tied.reciprocal_rank, [0.75, 0.75, 1])


def test_one_prediction_for_all_drugs_is_chance():
    rng = np.random.default_rng(2)
    changes = rng.normal(size=(25, 30))
    found = Found.of(changes, np.tile(rng.normal(size=30), (25, 1)), np.zeros(25, int))
    assert found.reciprocal_rank.mean() == pytest.approx((1 / np.arange(1, 26)).sum() / 25)
    chance = found.at_random()
    assert chance.reciprocal_rank.mean() == pytest.approx(found.reciprocal_rank.mean())
    assert chance.rank_share.mean() == pytest.approx(found.rank_share.mean())


def test_knowing_untreated_cells_alone_scores_nothing():
    """Where drugs do nothing, changes from one control would correlate by its error; not here."""
    rng = np.random.default_rng(5)
    rows, genes = 200, 300
    basal = rng.normal(size=genes)
    control, seen_control = basal + 0.4 * rng.normal(size=(2, rows, genes))
    made = compared(
        rng, rows, genes,
        measured=basal + rng.normal(size=(rows, genes)),
        predicted=basal + np.zeros((rows, genes)),
        control=control,
        seen_control=seen_control,
        mean=basal + np.zeros((rows, genes)),
        predicted_common=basal + np.zeros((rows, genes)),
    )  # fmt: skip
    shared = replace(made, control=seen_control)
    for name in ("change_pearson", "change_cosine", "change_sign"):
        chance = METRICS[name].chance
        assert value(name, made).mean() == pytest.approx(chance, abs=0.02), name
        assert value(name, shared).mean() > chance + 0.1, name
    assert value("specific_pearson", made).mean() == 0  # it is the line mean
    other = replace(made, predicted=basal + 0.5 * rng.normal(size=(rows, genes)))
    assert abs(value("specific_pearson", other).mean()) < 0.02


def test_cards():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label == metric_label(name)
        assert metric.summary
        assert metric.nothing
        assert metric.source
    assert metric_label("of_another_version") == "of_another_version"
    assert {name for name, metric in METRICS.items() if metric.flatters} == {
        *("r2_mean", "r2_clipped", "r2_variance", "pearson", "mse", "coverage"),
        *("e_distance", "mmd"),
    }


def test_some_genes_of_some_rows(rng):
    rows = compared(rng)
    genes = np.array([[3, 1], [5, 39]])
    part = rows.take(np.array([4, 0]), genes)
    np.testing.assert_array_equal(part.measured[0], rows.measured[4, [3, 1]])
    np.testing.assert_array_equal(part.control[1], rows.control[0, [5, 39]])
    np.testing.assert_allclose(by.mse(part)[0], ((part.measured - part.predicted)[0] ** 2).mean())
