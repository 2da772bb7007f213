"""The neural tangent kernel against a wide network, and the regression against loops."""

import numpy as np
import pytest
from toy import at, clustered

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods import ntk
from lacuna.errors import LacunaError


def test_the_kernel_is_that_of_a_wide_network():
    """Products of the gradients of sqrt(2 / width) a . relu(W x), over random W and a."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    inner = rng.normal(size=(400_000, 3)) @ x.T
    relu, step = np.maximum(inner, 0), inner > 0
    network = 2 * (relu.T @ relu + (step.T.astype(float) @ step) * (x @ x.T)) / len(inner)
    found = ntk.tangent_kernel((x @ x.T).copy(), 0.0, x, x)
    assert np.allclose(found, network / 2, atol=0.01)


def test_a_drugs_profile_never_is_the_pairs_own():
    observed = clustered()
    reference = observed.measured.sum(axis=0).argmax()
    pairs = np.concatenate([observed.pairs, observed.missing_pairs])
    found, nothing = ntk.drug_features(observed, pairs)
    for row, (drug, cell) in enumerate(pairs):
        there = {c: at(observed, drug, c) for c in range(len(observed.cells)) if c != cell}
        there = {c: profile for c, profile in there.items() if profile is not None}
        assert nothing[row] == (not there)
        if reference in there:
            assert np.allclose(found[row], there[reference], atol=1e-6)
        elif there:
            assert np.allclose(found[row], np.mean(list(there.values()), axis=0), atol=1e-6)
        else:
            assert not found[row].any()


def test_the_regression_equals_its_definition():
    observed = clustered(drugs=10)
    wanted = observed.missing_pairs
    means, _ = observed.mean_by_cell()

    def feature(pair, number):
        drug = ntk.drug_features(observed, pair[None])[0][0]
        tag = np.zeros(len(observed) + len(wanted))
        tag[number] = 1.5
        return np.concatenate([0.75 * np.linalg.norm(drug) * means[pair[1]], drug, tag])

    pairs = np.concatenate([observed.pairs, wanted])
    features = np.array([feature(pair, number) for number, pair in enumerate(pairs)])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cosine = np.clip(features @ features.T, -1, 1)
    zeroth = 1 - np.arccos(cosine) / np.pi
    first = cosine * zeroth + np.sqrt(1 - cosine**2) / np.pi
    kernel = (first + cosine * zeroth) / 2
    n = len(observed)
    expected = kernel[n:, :n] @ np.linalg.solve(kernel[:n, :n], observed.profiles)
    found = ntk.complete(observed, wanted, SideInformation(), np.random.default_rng(0))
    assert np.allclose(found.profiles, expected, atol=1e-4)


def test_more_profiles_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr(ntk, "MOST_PROFILES", 10)
    observed = clustered()
    with pytest.raises(LacunaError, match=r"ntk: \d+ training profiles need .* up to 10"):
        ntk.complete(observed, observed.missing_pairs, SideInformation(), np.random.default_rng(0))
