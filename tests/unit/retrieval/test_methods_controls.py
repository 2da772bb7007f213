"""Controls look at no query; held-out drugs are held out with all their wells."""

from dataclasses import replace

import numpy as np
import pytest
from matched_sides import no_wells, planted_pairs
from scipy.spatial.distance import cdist
from scipy.stats import kstest, rankdata

from lacuna.errors import LacunaError
from lacuna.retrieval import linear
from lacuna.retrieval.methods import chance, popularity, shared
from lacuna.retrieval.ranks import ranks


def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize("by", ["mean", "near"])
@pytest.mark.parametrize("kind", ["jaccard", "correlation"])
def test_popularity_is_the_same_for_every_query(by, kind):
    training, validation, test = planted_pairs(rng(), kind=kind)
    ranker = popularity.fit(training, validation, rng(), by=by)
    distances = ranker.distances(test.profiles, test.vectors)
    assert (distances == distances[0]).all()
    assert len(np.unique(distances[0])) > 1  # an order at all
    np.testing.assert_array_equal(ranker.distances(-test.profiles, test.vectors), distances)


def test_popularity_by_mean_and_by_nearness_are_their_definitions(monkeypatch):
    training, validation, test = planted_pairs(rng(), kind="correlation")
    wells = training.vectors[training.molecule].astype(float)  # a drug of more wells weighs more
    found = popularity.fit(training, validation, rng()).distances(test.profiles, test.vectors)[0]
    expected = cdist(wells.mean(axis=0)[None], test.vectors, "correlation")[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    monkeypatch.setattr(linear.blocks, "__defaults__", (7,))
    near = popularity.fit(training, validation, rng(), by="near")
    found = near.distances(test.profiles, test.vectors)[0]
    ranked = rankdata(cdist(wells, test.vectors, "correlation"), axis=1)
    np.testing.assert_allclose(found, 1 - (1 / ranked).mean(axis=0), atol=1e-6)


def test_chance_is_uniform_and_drawn_anew_for_every_query_and_seed():
    training, validation, test = planted_pairs(rng(), molecules=600, bits=60)
    ranker = chance.fit(training, validation, np.random.default_rng(1))
    distances = ranker.distances(test.profiles, test.vectors)
    assert kstest(distances.ravel(), "uniform").pvalue > 0.001
    between = np.corrcoef(distances[:50])[np.triu_indices(50, 1)]
    assert abs(between.mean()) < 0.02
    assert np.abs(between).max() < 0.6  # no two queries share an order, or have it turned about
    other = chance.fit(training, validation, np.random.default_rng(2))
    again = other.distances(test.profiles, test.vectors)
    assert abs(np.corrcoef(distances.ravel(), again.ravel())[0, 1]) < 0.02
    found = ranks(distances, test.molecule)
    middle, error = (len(test.vectors) + 1) / 2, len(test.vectors) / np.sqrt(12 * len(found))
    assert abs(found.mean() - middle) < 4 * error


def test_without_validation_a_fifth_of_the_drugs_is_held_out_with_all_their_wells():
    training, validation, _ = planted_pairs(rng(), molecules=90)
    tried, judged = shared.settings_judged_on(training, validation, rng())
    assert tried is training
    assert judged is validation
    tried, judged = shared.settings_judged_on(training, no_wells(validation), rng())
    assert len(judged.vectors) == 12
    assert len(tried.vectors) == 48
    assert len(tried.profiles) + len(judged.profiles) == len(training.profiles)
    seen = {row.tobytes() for row in training.profiles}
    for part in (tried, judged):
        assert {row.tobytes() for row in part.profiles} <= seen
        for row, molecule in zip(part.profiles, part.molecule, strict=True):
            where = (training.profiles == row).all(axis=1).argmax()
            expected = training.vectors[training.molecule[where]]
            np.testing.assert_array_equal(part.vectors[molecule], expected)
    assert not set(map(bytes, tried.profiles)) & set(map(bytes, judged.profiles))


def test_penalties_are_sorted_and_none_is_negative():
    assert shared.check_penalties("x", [1, 10, 0.0, 1]) == [10, 1, 0]
    for wrong in ([], [-1.0], [np.nan], [np.inf]):
        with pytest.raises(LacunaError, match=r"options: x: penalties is .* none below 0"):
            shared.check_penalties("x", wrong)


def test_means_of_moments_are_over_wells_or_over_drugs():
    training, *_ = planted_pairs(rng())
    # A molecule that has no well counts for nothing.
    training = replace(training, vectors=np.concatenate([training.vectors, training.vectors[:1]]))
    wells = linear.Moments(training)
    np.testing.assert_allclose(wells.profile_mean, training.profiles.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(
        wells.vector_mean, training.vectors[training.molecule].mean(axis=0), atol=1e-6
    )
    drugs = linear.Moments(training, by_well=False)
    np.testing.assert_allclose(drugs.profile_mean, training.means()[:-1].mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(drugs.vector_mean, training.vectors[:-1].mean(axis=0), atol=1e-6)
