"""CCA against scikit-learn's iteration, the generalised eigenproblem, and a planted truth."""

from dataclasses import replace

import numpy as np
import pytest
from matched_sides import planted_pairs, repeated
from scipy import linalg
from scipy.spatial.distance import cdist
from sklearn.cross_decomposition import CCA

from lacuna.retrieval.methods import cca, cca_published, shared


def rng():
    return np.random.default_rng(7)


def plain(training, **options):
    """Fit without choosing anything."""
    return cca.fit(training, training, rng(), **({"components": 6, "penalties": [0.0]} | options))


def standardised(pairs):
    """Return both sides, a row per well, standardised."""
    sides = pairs.profiles.astype(float), pairs.vectors[pairs.molecule].astype(float)
    return [(side - side.mean(axis=0)) / side.std(axis=0) for side in sides]


def correlations(first, second):
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(first.T, second.T, strict=True)])


def variates(ranker, pairs):
    return ranker.profile(pairs.profiles), ranker.vector(pairs.vectors)[pairs.molecule]


def test_correlations_and_spaces_are_scikit_learn_s():
    training, *_ = planted_pairs(rng(), molecules=300, features=12, bits=10, noise=2)
    ranker = plain(training)
    sides = training.profiles.astype(float), training.vectors[training.molecule].astype(float)
    theirs = CCA(6, max_iter=20_000, tol=1e-14).fit(*sides).transform(*sides)
    ours = variates(ranker, training)
    np.testing.assert_allclose(correlations(*theirs), ranker.correlations, atol=1e-4)
    np.testing.assert_allclose(correlations(*ours), ranker.correlations, atol=1e-9)
    for their, our in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(np.abs(correlations(their, our)), 1, atol=1e-4)


@pytest.mark.parametrize("penalty", [0.0, 0.3, 20.0])
def test_it_solves_the_generalised_eigenproblem(penalty):
    training, *_ = planted_pairs(rng(), molecules=200, features=9, bits=7, noise=3)
    first, second = standardised(training)
    wells = len(first)
    cross = first.T @ second / wells
    between = np.block([[np.zeros((9, 9)), cross], [cross.T, np.zeros((7, 7))]])
    within = linalg.block_diag(first.T @ first / wells, second.T @ second / wells)
    values, directions = linalg.eigh(between, within + penalty * np.eye(16))
    ranker = plain(training, penalties=[penalty])
    np.testing.assert_allclose(ranker.correlations, values[::-1][:6], atol=1e-9)
    # Both halves of an eigenvector have norm 1/2 in their covariances; signs are free.
    scale = np.sqrt(2)
    for side, rows, ours in zip(
        (first, second), (slice(9), slice(9, 16)), variates(ranker, training), strict=True
    ):
        theirs = side @ directions[rows, ::-1][:, :6] * scale
        signs = np.sign((theirs * ours).sum(axis=0))
        np.testing.assert_allclose(ours, theirs * signs, atol=1e-6)


def test_without_a_penalty_variates_have_unit_variance_and_no_correlation():
    training, *_ = planted_pairs(rng(), molecules=300, features=12, bits=10, noise=2)
    for side in variates(plain(training, components=10), training):
        np.testing.assert_allclose(side.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(side.T @ side / len(side), np.eye(10), atol=1e-8)


def test_a_molecule_of_three_wells_is_three_molecules_of_one():
    training, _, test = planted_pairs(rng())
    for penalty in (0.0, 0.5):
        found, expected = (
            plain(pairs, penalties=[penalty]).distances(test.profiles, test.vectors)
            for pairs in (training, repeated(training))
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_row_per_drug_is_a_fit_to_mean_profiles():
    training, _, test = planted_pairs(rng(), molecules=200)
    means = replace(training, profiles=training.means(), molecule=np.arange(len(training.vectors)))
    found = plain(training, rows="drug").distances(test.profiles, test.vectors)
    expected = plain(means).distances(test.profiles, test.vectors)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert not np.allclose(plain(training).distances(test.profiles, test.vectors), expected)


@pytest.mark.parametrize("compare", ["correlation", "cosine"])
def test_distances_are_those_of_variates(compare):
    training, _, test = planted_pairs(rng())
    ranker = plain(training, compare=compare)
    profiles, vectors = ranker.profile(test.profiles), ranker.vector(test.vectors)
    assert profiles.shape[1] == vectors.shape[1] == 6
    distances = ranker.distances(test.profiles, test.vectors)
    np.testing.assert_allclose(distances, cdist(profiles, vectors, compare), atol=1e-10)
    restored = cca.restore(ranker.state())
    np.testing.assert_array_equal(restored.distances(test.profiles, test.vectors), distances)


def test_signs_of_components_do_not_depend_on_how_profiles_are_written():
    training, _, test = planted_pairs(rng(), molecules=300)
    turn = linalg.qr(rng().normal(size=(24, 24)))[0] * 3

    def turned(pairs):
        return replace(pairs, profiles=pairs.profiles.astype(float) @ turn)

    for compare in ("correlation", "cosine"):
        found = plain(turned(training), compare=compare)
        np.testing.assert_allclose(
            found.distances(turned(test).profiles, test.vectors),
            plain(training, compare=compare).distances(test.profiles, test.vectors),
            atol=1e-6,
        )


def test_features_are_standardised_on_training_alone():
    training, validation, test = planted_pairs(rng())
    scale, shift = rng().uniform(0.01, 100, 24), rng().normal(size=24)

    def moved(pairs):
        return replace(pairs, profiles=pairs.profiles * scale + shift)

    options = {"penalties": [0.5], "components": 5}
    here = cca.fit(training, validation, rng(), **options)
    there = cca.fit(moved(training), moved(validation), rng(), **options)
    np.testing.assert_allclose(
        here.distances(test.profiles, test.vectors),
        there.distances(moved(test).profiles, test.vectors),
        atol=1e-6,
    )
    # Where nothing is chosen, what validation holds changes nothing.
    other = replace(
        validation, profiles=validation.profiles * 50 + 9, vectors=1 - validation.vectors
    )
    again = cca.fit(training, other, rng(), **options)
    for name, array in here.state().items():
        np.testing.assert_array_equal(array, again.state()[name])


def test_components_and_penalty_are_the_best_on_validation():
    training, validation, _ = planted_pairs(rng(), molecules=240, bits=40, features=30, noise=6)
    scores = {}
    for penalty in (0.0, 1.0, 100.0):
        for count in (5, 10, 25):
            ranker = cca.fit(training, validation, rng(), components=count, penalties=[penalty])
            distances = ranker.distances(validation.profiles, validation.vectors)
            scores[penalty, count] = shared.validation_mrr(distances, validation.molecule)
    assert len(set(scores.values())) > 6
    chosen = cca.fit(training, validation, rng(), penalties=[100.0, 0.0, 1.0])
    penalty, count = max(scores, key=scores.get)
    assert len(chosen.correlations) == count
    expected = cca.fit(training, validation, rng(), components=count, penalties=[penalty])
    np.testing.assert_array_equal(chosen.correlations, expected.correlations)
    distances = chosen.distances(validation.profiles, validation.vectors)
    found = shared.validation_mrr(distances, validation.molecule)
    assert found == pytest.approx(max(scores.values()))


def test_settings_are_judged_by_the_distances_they_give():
    training, validation, _ = planted_pairs(rng(), molecules=120)
    for centre in (True, False):
        sides = cca.Sides(training, by_well=True, centre=centre)
        tried = dict(sides.settings(validation, [10.0, 0.1], [5, 10]))
        assert list(tried) == [(10.0, 5), (10.0, 10), (0.1, 5), (0.1, 10)]  # the simplest first
        for (penalty, count), distances in tried.items():
            ranker = sides.ranker(penalty, count)
            assert len(ranker.correlations) == count
            np.testing.assert_allclose(
                ranker.distances(validation.profiles, validation.vectors), distances, atol=1e-12
            )


def test_a_feature_that_is_constant_in_training_counts_for_nothing():
    training, validation, test = planted_pairs(rng(), molecules=200)

    def widened(pairs, more):
        still = np.full((len(pairs.profiles), 2), [0.1, 1e6]) + more
        bits = np.full((len(pairs.vectors), 2), [0, 1])
        return replace(
            pairs,
            profiles=np.column_stack([pairs.profiles, still]).astype(np.float32),
            vectors=np.column_stack([pairs.vectors, bits]),
        )

    options = {"penalties": [0.0], "components": 10}
    plainly = cca.fit(training, validation, rng(), **options)
    ranker = cca.fit(widened(training, 0), widened(validation, 0), rng(), **options)
    for more in (0, 3):
        wide = widened(test, more)
        np.testing.assert_allclose(
            ranker.distances(wide.profiles, wide.vectors),
            plainly.distances(test.profiles, test.vectors),
            atol=1e-6,
        )


def test_a_ridge_is_needed_where_drugs_are_fewer_than_bits():
    training, validation, test = planted_pairs(
        rng(), molecules=150, bits=200, features=120, noise=30, kind="correlation"
    )
    scores = {}
    for penalties in ([0.0], [100.0], cca.PENALTIES):
        ranker = cca.fit(training, validation, rng(), penalties=penalties, components=25)
        distances = ranker.distances(test.profiles, test.vectors)
        scores[tuple(penalties)] = shared.validation_mrr(distances, test.molecule)
    free, held, chosen = scores.values()
    assert held > 1.25 * free
    assert chosen > 1.25 * free


def test_more_components_than_there_are_directions_are_cut_and_it_is_said(capsys):
    training, *_ = planted_pairs(rng(), molecules=90, features=24, bits=40)
    assert len(plain(training, components=50).correlations) == 24
    assert "50 components are wanted, 24 possible" in capsys.readouterr().out
    few = planted_pairs(rng(), molecules=12)[0]
    assert len(plain(few, components=50, rows="drug").correlations) == 7  # 8 drugs, less the mean
    assert "50 components are wanted, 7 possible" in capsys.readouterr().out
    assert len(plain(few, components=7, rows="drug").correlations) == 7
    assert not capsys.readouterr().out
    assert cca.possible_components(0, 24) == [5, 10]
    assert "24 components are possible; of [5, 10] validation" in capsys.readouterr().out
    assert cca.possible_components(0, 3) == [3]
    assert cca.possible_components(0, 125) == list(cca.COMPONENTS)
    assert cca.possible_components(0, 124) == [5, 10, 25, 50, 75, 100]


def test_sides_are_cut_to_their_first_principal_components(monkeypatch):
    training, *_ = planted_pairs(rng(), molecules=150, features=30, bits=20)
    monkeypatch.setattr(cca, "MOST_DIRECTIONS", 8)
    first, second = standardised(training)
    reduced = []
    for side in (first, second):
        directions = linalg.svd(side, full_matrices=False)[2][:8]
        reduced.append(side @ directions.T)
    theirs = CCA(6, max_iter=20_000, tol=1e-14, scale=False).fit_transform(*reduced)
    ranker = plain(training)
    np.testing.assert_allclose(ranker.correlations, correlations(*theirs), atol=1e-4)


def test_a_block_that_is_the_difference_of_two_others_does_no_harm():
    training, _, test = planted_pairs(rng(), molecules=300, noise=2)

    def with_difference(pairs):
        treated, control = np.hsplit(pairs.profiles, 2)
        blocks = [control, treated, treated - control]  # rounded to float32
        return replace(pairs, profiles=np.concatenate(blocks, axis=1))

    found = plain(with_difference(training), components=24)
    np.testing.assert_allclose(
        found.correlations, plain(training, components=24).correlations, atol=1e-6
    )
    np.testing.assert_allclose(
        found.distances(with_difference(test).profiles, test.vectors),
        plain(training, components=24).distances(test.profiles, test.vectors),
        atol=1e-4,
    )


def test_shuffled_training_pairs_find_nothing_and_true_ones_do():
    training, _, test = planted_pairs(rng(), molecules=420, features=60, noise=2)
    shuffled = replace(training, molecule=rng().permutation(training.molecule))
    chance = (1 / np.arange(1, len(test.vectors) + 1)).mean()
    own = plain(training, components=20).distances(training.profiles, training.vectors)
    known = (1 / np.arange(1, len(training.vectors) + 1)).mean()
    assert shared.validation_mrr(own, training.molecule) > 10 * known
    for pairs, low, high in ((training, 5, 100), (shuffled, 0.4, 2)):
        distances = plain(pairs, components=20).distances(test.profiles, test.vectors)
        found = shared.validation_mrr(distances, test.molecule)
        assert low * chance < found < high * chance


def test_as_published_it_has_50_components_and_no_ridge():
    training, validation, _ = planted_pairs(rng(), molecules=200, features=60, bits=55, noise=2)
    ranker = cca_published.fit(training, validation, rng())
    ours = variates(ranker, training)
    assert ours[0].shape[1] == 50
    sides = [linalg.orth(side) for side in standardised(training)]
    canonical = linalg.svdvals(sides[0].T @ sides[1])[:50]  # Bjoerck and Golub 1973
    np.testing.assert_allclose(correlations(*ours), canonical, atol=1e-6)
    again = cca_published.restore(ranker.state())
    assert again.name == ranker.name == "cca_published"
