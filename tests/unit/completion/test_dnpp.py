"""DNPP where its definition leaves little room: ties, flat profiles, too few neighbours."""

import numpy as np
import pytest
from toy import GENES, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.dnpp import prepare
from lacuna.completion.shared.neighbours import drug_similarity
from lacuna.tensor.profiles import ProfileSet

NOTHING = SideInformation()


def predict(observed, wanted, **options):
    pairs = np.array(wanted)
    return prepare(observed, pairs, NOTHING, np.random.default_rng(0), **options)(pairs)


def test_by_default_ten_drugs_are_averaged():
    observed = clustered(drugs=80, missing=0.2, noise=1.5)
    wanted = observed.missing_pairs
    found = predict(observed, wanted).profiles
    assert np.array_equal(found, predict(observed, wanted, neighbours=10).profiles)
    for other in (9, 11):
        assert not np.allclose(found, predict(observed, wanted, neighbours=other).profiles)


def test_of_equally_similar_drugs_the_first_are_taken():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(5, 2, GENES))
    dense[1:, 0] = dense[0, 0]  # all are alike in cell 0, and differ in cell 1
    measured = np.ones((5, 2), bool)
    measured[0, 1] = False
    observed = grid(dense, measured)
    in_cell = observed.profiles[observed.cell == 1]
    for count in (1, 2, 3):
        found = predict(observed, [[0, 1]], neighbours=count).profiles
        assert np.allclose(found[0], in_cell[:count].mean(axis=0), atol=1e-6)


def test_a_flat_profile_correlates_with_none():
    observed = clustered(drugs=6, cells=2, missing=0)
    profiles = observed.profiles.copy()
    profiles[observed.drug == 2] = GENES**-0.5
    names = (observed.drugs, observed.cells, observed.genes)
    similarity = drug_similarity(ProfileSet(profiles, observed.drug, observed.cell, *names))
    assert not similarity[2].any()
    assert not similarity[:, 2].any()
    assert np.isfinite(similarity).all()


def test_similarity_is_a_mean_over_shared_cells_and_knows_no_length():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 3, GENES))
    other[0] = one[0]
    measured = np.array([[True, True, True], [True, True, False]])
    observed = grid(np.stack([one, other]), measured)
    expected = (1 + np.corrcoef(one[1], other[1])[0, 1]) / 2
    assert drug_similarity(observed)[0, 1] == pytest.approx(expected, abs=1e-5)
    shifted = ProfileSet(
        3 * observed.profiles + 0.5, observed.drug, observed.cell, *names_of(observed)
    )
    assert np.allclose(drug_similarity(shifted), drug_similarity(observed), atol=1e-5)


def names_of(observed):
    return observed.drugs, observed.cells, observed.genes


def test_where_no_drug_of_the_cell_is_similar_the_cells_mean_stands():
    rng = np.random.default_rng(2)
    dense = rng.normal(size=(4, 2, GENES))
    dense[1:, 0] = -dense[0, 0]  # drug 0 is unlike all others
    measured = np.ones((4, 2), bool)
    measured[0, 1] = False
    observed = grid(dense, measured)
    found = predict(observed, [[0, 1]])
    assert found.fallback.tolist() == [True]
    assert np.allclose(found.profiles[0], observed.profiles[observed.cell == 1].mean(axis=0))
