"""The neural tangent kernel against a wide network, and the regression against loops."""

import numpy as np
import pytest
from toy import at, clustered

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods import ntk


def predict(observed, wanted):
    prepared = ntk.prepare(observed, wanted, SideInformation(), np.random.default_rng(0))
    return prepared(wanted)


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
    found, nothing = ntk.Features(observed).of_drugs(pairs)
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
    known = ntk.Features(observed)

    def feature(pair, number):
        drug = known.of_drugs(pair[None])[0][0]
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
    found = predict(observed, wanted)
    assert np.allclose(found.profiles, expected, atol=1e-4)


@pytest.mark.parametrize("landmarks", [1000, 60])
def test_more_profiles_than_memory_holds_are_approximated_by_landmarks(monkeypatch, landmarks):
    observed = clustered(drugs=60, cells=6)
    wanted = observed.missing_pairs
    exact = predict(observed, wanted).profiles
    monkeypatch.setattr(ntk, "MOST_PROFILES", 10)
    monkeypatch.setattr(ntk, "LANDMARKS", landmarks)
    monkeypatch.setattr(ntk, "PAIRS_AT_ONCE", 50)
    found = predict(observed, wanted).profiles
    if landmarks > len(observed):
        assert np.allclose(found, exact, atol=1e-4)  # nothing is left to approximate
    else:
        # Far nearer than what the landmarks' profiles alone would say.
        error = np.abs(found - exact).mean()
        order = np.random.default_rng(0).permutation(np.lexsort(observed.profiles[:, :2].T))
        monkeypatch.undo()
        alone = predict(observed.take(np.sort(order[:landmarks])), wanted).profiles
        assert error < 0.6 * np.abs(alone - exact).mean()


def test_landmarks_do_not_depend_on_the_order_of_drugs(monkeypatch):
    monkeypatch.setattr(ntk, "MOST_PROFILES", 10)
    monkeypatch.setattr(ntk, "LANDMARKS", 40)
    observed = clustered(drugs=30)
    wanted = observed.missing_pairs
    turned = observed.take(np.arange(len(observed))[::-1])
    found = predict(turned, wanted).profiles
    assert np.allclose(found, predict(observed, wanted).profiles, atol=1e-4)
