"""What every method keeps: finite distances, equal ones for equal molecules, the same anew."""

from dataclasses import replace

import numpy as np
import pytest
from matched_sides import no_wells, planted_pairs, some_molecules

from lacuna.errors import LacunaError
from lacuna.retrieval import card
from lacuna.retrieval.interface import Pairs
from lacuna.retrieval.methods import shared

VARIANTS = {
    "double_nearest": [{}, {"nearest": "well"}],
    "cca_published": [{}],
    "cca": [{}, {"rows": "drug"}, {"components": 3, "penalties": [0.1], "compare": "cosine"}],
    "popularity": [{}, {"by": "near"}],
    "ridge_to_fingerprint": [{}, {"penalties": [1.0]}],
    "ridge_to_profile": [{}, {"penalties": [1.0]}],
    "correlation": [{}, {"measure": "euclidean"}],
    "chance": [{}],
}
BOTH = [
    (name, options, kind)
    for name, variants in VARIANTS.items()
    for options in variants
    for kind in ("jaccard", "correlation")
    if not (kind == "jaccard" and name == "correlation")
]
every = pytest.mark.parametrize(("name", "options", "kind"), BOTH)


def fitted(name, training, validation, options, seed=5):
    card.check_method_options(name, options)
    return card.method_module(name).fit(
        training, validation, np.random.default_rng(seed), **options
    )


def world(kind, **sizes):
    sizes = {"features": 30, "bits": 30, "kind": kind} | sizes
    return planted_pairs(np.random.default_rng(3), **sizes)


def checked(ranker, pairs):
    distances = ranker.distances(pairs.profiles, pairs.vectors)
    assert distances.shape == (len(pairs.profiles), len(pairs.vectors))
    assert distances.dtype == np.float64
    assert np.isfinite(distances).all()
    return distances


def test_all_methods_are_tested_here():
    assert set(VARIANTS) == set(card.available())
    for name in card.available():
        about = card.method_card(name)
        assert about.label
        assert about.summary
        assert about.control == (name in ("popularity", "chance"))
        assert about.one_space == (name == "correlation")


@every
def test_a_method_gives_the_same_again_alone_and_restored(name, options, kind):
    training, validation, test = world(kind)
    ranker = fitted(name, training, validation, options)
    distances = checked(ranker, test)
    again = fitted(name, training, validation, options)
    np.testing.assert_array_equal(checked(again, test), distances)
    restored = card.method_module(name).restore(ranker.state())
    np.testing.assert_array_equal(checked(restored, test), distances)
    alone = np.concatenate([ranker.distances(row[None], test.vectors) for row in test.profiles])
    if name != "popularity":
        np.testing.assert_allclose(alone, distances, atol=1e-10)
    wide = ranker.distances(test.profiles.astype(np.float64), test.vectors.astype(np.float64))
    np.testing.assert_allclose(wide, distances, atol=1e-10)  # float32 or float64
    for array in ranker.state().values():
        assert isinstance(array, np.ndarray)
        assert array.dtype.kind in "fiub"


@every
def test_equal_molecules_share_a_rank_wherever_they_stand(name, options, kind):
    training, validation, test = world(kind, molecules=120)
    order = np.random.default_rng(0).permutation(len(test.vectors) * 2)
    twice = np.concatenate([test.vectors, test.vectors])[order]
    ranker = fitted(name, training, validation, options)
    distances = ranker.distances(test.profiles, twice)
    back = np.empty_like(distances)
    back[:, order] = distances
    first, second = np.hsplit(back, 2)
    np.testing.assert_array_equal(first, second)  # to the last bit: no tolerance
    if options.get("by") != "near":
        # A library's order changes no distance, and nor do other molecules in it.
        np.testing.assert_allclose(first, checked(ranker, test), atol=1e-10)


@every
def test_a_library_of_one_molecule_or_none(name, options, kind):
    training, validation, test = world(kind)
    ranker = fitted(name, training, validation, options)
    one = ranker.distances(test.profiles, test.vectors[:1])
    assert one.shape == (len(test.profiles), 1)
    assert np.isfinite(one).all()
    assert ranker.distances(test.profiles, test.vectors[:0]).shape == (len(test.profiles), 0)
    assert ranker.distances(test.profiles[:0], test.vectors).shape == (0, len(test.vectors))


def spoilt(pairs):
    """Add constant and repeated columns, constant and repeated rows, and a molecule of no well."""
    profiles, vectors = pairs.profiles.copy(), pairs.vectors.copy()
    profiles[:, 0], vectors[:, 0] = 0.1, 0
    profiles[:, 1], vectors[:, 1] = 1e6, 1
    profiles[:, 2], vectors[:, 2] = profiles[:, 3], vectors[:, 3]
    profiles[0], vectors[0], vectors[1] = 0.3, 0, 1
    profiles[1], profiles[2] = 0, profiles[3]
    vectors[2] = vectors[3]
    return Pairs(profiles, np.concatenate([vectors, vectors[-1:]]), pairs.molecule, pairs.alike)


@every
def test_hostile_pairs_give_no_nan(name, options, kind):
    training, validation, test = (spoilt(part) for part in world(kind))
    ranker = fitted(name, training, validation, options)
    with np.errstate(all="raise", under="ignore"):
        checked(ranker, test)
    constant = replace(training, profiles=np.full_like(training.profiles, 2.5))
    checked(fitted(name, constant, validation, options), test)
    ones = replace(training, vectors=np.ones_like(training.vectors))
    checked(fitted(name, ones, validation, options), test)
    scaled = replace(training, profiles=training.profiles * np.float32(1e25))
    checked(fitted(name, scaled, validation, options), test)


@every
def test_little_data_are_enough(name, options, kind):
    training, validation, test = world(kind)
    for few in (some_molecules(training, 0, 1), some_molecules(training, 0, 2)):
        checked(fitted(name, few, validation, options), test)
        checked(fitted(name, few, no_wells(validation), options), test)
    one_well = Pairs(training.profiles[:1], training.vectors, np.zeros(1, int), kind)
    checked(fitted(name, one_well, validation, options), test)
    checked(fitted(name, training, some_molecules(validation, 0, 1), options), test)
    checked(fitted(name, training, no_wells(validation), options), test)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cca", {"components": 5, "penalties": [1.0]}),
        ("ridge_to_fingerprint", {"penalties": [1.0]}),
        ("ridge_to_profile", {"penalties": [1.0]}),
    ],
)
def test_what_is_held_out_to_choose_is_learnt_from_in_the_end(name, options):
    training, validation, test = world("jaccard")
    found, expected = (
        checked(fitted(name, training, judged, options), test)
        for judged in (no_wells(validation), validation)
    )
    np.testing.assert_array_equal(found, expected)


@every
def test_bad_pairs_are_refused_with_the_method_s_name(name, options, kind):
    training, validation, test = world(kind)
    faulty = training.profiles.copy()
    faulty[7, 2] = np.nan
    narrow = validation.profiles[:, :-1]
    for part, message in (
        (replace(training, profiles=faulty), "row 7 of the profiles has a value that is not"),
        (no_wells(training), "no profile to train on"),
        (replace(training, molecule=training.molecule + 40), "row of its molecule"),
        (replace(training, molecule=training.molecule[:-1]), "row of its molecule"),
    ):
        with pytest.raises(LacunaError, match=f"{name}.*{message}"):
            fitted(name, part, validation, options)
    with pytest.raises(LacunaError, match=r"validation: profiles of shape .* expected 30 columns"):
        fitted(name, training, replace(validation, profiles=narrow), options)
    ranker = fitted(name, training, validation, options)
    with pytest.raises(LacunaError, match=f"{name}: vectors of shape .* expected 30 columns"):
        ranker.distances(test.profiles, test.vectors[:, :-1])
    with pytest.raises(LacunaError, match="row 7 of the profiles has a value that is not"):
        ranker.distances(faulty, test.vectors)


@pytest.mark.parametrize("kind", ["jaccard", "correlation"])
@pytest.mark.parametrize(
    "name", ["double_nearest", "cca", "ridge_to_fingerprint", "ridge_to_profile"]
)
def test_what_is_planted_is_found_and_what_is_not_is_not(name, kind):
    sizes = {"molecules": 420, "features": 60, "bits": 40, "kind": kind, "noise": 0.3}
    rng = np.random.default_rng(8)
    found, chance = {}, 0.0
    for linked in (True, False):
        training, validation, test = planted_pairs(rng, linked=linked, **sizes)
        distances = checked(fitted(name, training, validation, {}), test)
        found[linked] = shared.validation_mrr(distances, test.molecule)
        chance = (1 / np.arange(1, len(test.vectors) + 1)).mean()
    assert found[True] > (1.5 if name == "double_nearest" else 5) * chance
    assert 0.4 * chance < found[False] < 2 * chance


def test_jaccard_is_for_fingerprints():
    training, validation, test = world("correlation")
    bits = replace(training, alike="jaccard")
    for name in ("double_nearest", "ridge_to_fingerprint", "popularity"):
        with pytest.raises(LacunaError, match=f"{name}.*other values than 0 and 1"):
            fitted(name, bits, validation, {})
        training_bits, validation_bits, _ = world("jaccard")
        ranker = fitted(name, training_bits, validation_bits, {})
        with pytest.raises(LacunaError, match=f"{name}: library.*other values than 0 and 1"):
            ranker.distances(test.profiles, test.vectors)
