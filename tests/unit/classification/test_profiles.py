"""The features of drugs: profile types, read from the completed tensor."""

import numpy as np
from planted import planted_drugs
from toy import axes_of, clustered, replicated

from lacuna.classification.profiles import DrugProfiles, reduce_columns
from lacuna.completion.interface import Completion
from lacuna.completion.writer import write_completed


def test_profile_types_are_the_cells_the_mean_and_the_signed_maximum():
    profiles, _ = planted_drugs()
    completed, measured, has = profiles.of_type("mean over cells")
    assert np.allclose(completed, profiles.profiles.mean(axis=1), atol=1e-6)
    for drug in range(5):
        seen = profiles.profiles[drug, profiles.measured[drug]]
        assert np.allclose(measured[drug], seen.mean(axis=0), atol=1e-6)
        assert np.allclose(profiles.of_type("maximum over cells")[1][drug], seen.max(axis=0))
    assert has.all()
    assert np.array_equal(profiles.of_type("c1")[2], profiles.measured[:, 1])


def test_the_best_covered_cells_are_the_first_of_the_tensor(tmp_path):
    tensor = clustered(drugs=30, cells=6)
    counts = tensor.measured.sum(axis=0)
    order = sorted(range(6), key=lambda cell: (-counts[cell], tensor.cells[cell]))
    missing = tensor.missing_pairs
    completion = Completion(np.zeros((len(missing), len(tensor.genes)), np.float32))
    path = tmp_path / "completed.gctx"
    write_completed(path, replicated(tensor), [completion], **axes_of(tensor))
    profiles = DrugProfiles.read(path, 4)
    assert list(profiles.cells) == [tensor.cells[cell] for cell in order[:4]]
    assert len(profiles.drugs) == tensor.measured[:, order[:4]].any(axis=1).sum()
    rows = [list(tensor.drugs).index(drug) for drug in profiles.drugs]
    assert np.array_equal(profiles.measured, tensor.measured[rows][:, order[:4]])
    first = tensor.find(np.array([[rows[0], order[0]]]))[0]
    if profiles.measured[0, 0]:
        assert np.array_equal(profiles.profiles[0, 0], tensor.profiles[first])


def test_fewer_columns_keep_distances_and_inner_products():
    features = np.random.default_rng(0).normal(size=(8, 30))
    features[2] = np.nan
    finite = np.delete(np.arange(8), 2)
    turned = reduce_columns(features)
    assert turned.shape == (8, 7)
    assert np.isnan(turned[2]).all()
    assert np.allclose(turned[finite] @ turned[finite].T, features[finite] @ features[finite].T)
    many = np.random.default_rng(0).normal(size=(40, 30))
    assert np.array_equal(reduce_columns(many), many)
