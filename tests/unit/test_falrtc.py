"""FaLRTC against a plain port of the algorithm as the paper's authors ran it."""

import numpy as np
import pytest
from toy import clustered

from lacuna.completion import SideInformation, run_method
from lacuna.completion.falrtc import _mu_at, falrtc
from lacuna.errors import LacunaError

RAW = np.array([1.0, 0.01, 1.0])


def unfold(tensor, mode):
    return np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1)


def fold(matrix, mode, shape):
    front = [shape[mode], *[size for axis, size in enumerate(shape) if axis != mode]]
    return np.moveaxis(matrix.reshape(front), 0, mode)


def objective(tensor, alpha, mu):
    total, gradient = 0.0, np.zeros_like(tensor)
    for mode in range(3):
        left, singular, right = np.linalg.svd(unfold(tensor, mode), full_matrices=False)
        tau, weight = mu[mode] / alpha[mode], alpha[mode] ** 2 / mu[mode]
        total += weight * (np.sum(singular**2) - np.sum(np.maximum(singular - tau, 0) ** 2))
        clipped = left @ np.diag(np.minimum(singular, tau)) @ right
        gradient += weight * fold(clipped, mode, tensor.shape)
    return total, gradient


def plain_falrtc(tensor, known, raw=RAW, max_iterations=20, tolerance=0.1):
    """Facts, section 2.4: float64, full decompositions, everything evaluated as written."""
    known = np.broadcast_to(known, tensor.shape)
    alpha, final = raw / raw.sum(), 0.01 * raw / np.sqrt(tensor.shape)
    x = np.where(known, tensor, tensor[known].mean())
    y = z = x
    first = np.array(
        [0.3 * alpha[m] * np.linalg.svd(unfold(x, m), compute_uv=False)[0] for m in range(3)]
    )
    n, power = max_iterations - 15, 1.15
    slope = (first - final) / (1 - n**-power)
    offset = (final * n**power - first) / (n**power - 1)
    big_b, step, most = 0.0, 1e-5, 10 * np.sum(1 / final)
    for k in range(1, max_iterations + 1):
        mu = np.maximum(slope / k**power + offset, final)
        while True:
            b = (1 + np.sqrt(1 + 4 * step * big_b)) / (2 * step)
            x = b / (big_b + b) * z + big_b / (big_b + b) * y
            value, gradient = objective(x, alpha, mu)
            gradient[known] = 0
            new = x - gradient / step
            if (value - objective(new, alpha, mu)[0]) * step >= np.sum(gradient**2):
                break
            if step > most:
                return new
            step *= 2
        change, y = np.linalg.norm(new - y), new
        if change < tolerance:
            break
        z, big_b = z - b * gradient, big_b + b
    return y


def dense(tensor):
    values = np.zeros((len(tensor.drugs), len(tensor.genes), len(tensor.cells)), np.float32)
    values[tensor.drug, :, tensor.cell] = tensor.profiles
    return values, tensor.measured[:, None, :]


@pytest.mark.parametrize("seed", range(3))
# More drugs than genes x cells, and more genes than drugs x cells, are decomposed the other way.
@pytest.mark.parametrize("shape", [(30, 6), (60, 3), (8, 7), (130, 3), (6, 5)])
def test_it_equals_the_plain_port(shape, seed):
    values, known = dense(clustered(drugs=shape[0], cells=shape[1], missing=0.6, seed=seed))
    expected = plain_falrtc(values.astype(float), known)
    found = falrtc(values, known, RAW, 20, 0.1)
    unknown = ~np.broadcast_to(known, values.shape)
    # float32 against float64 through some 40 steps differ by about 1e-5; entries are about 0.16.
    assert np.abs(found - expected)[unknown].max() < 2e-4
    assert np.corrcoef(found[unknown], expected[unknown])[0, 1] > 0.9999
    assert np.array_equal(found[~unknown], values[~unknown])
    alpha, mu = RAW / RAW.sum(), 0.01 * RAW / np.sqrt(values.shape)
    ours, theirs = (objective(t.astype(float), alpha, mu)[0] for t in (found, expected))
    assert ours <= theirs * (1 + 1e-3)


def complete(observed, **options):
    rng = np.random.default_rng(0)
    return run_method("falrtc", observed, observed.missing_pairs, SideInformation(), rng, options)


def test_the_weights_belong_to_their_axes():
    observed = clustered()
    names = ("drug_weight", "gene_weight", "cell_weight")
    values, known = dense(observed)
    drug, cell = observed.missing_pairs.T
    predicted = []
    for raw in ([2.0, 0.1, 0.5], [0.1, 2.0, 0.5], [0.5, 0.1, 2.0]):
        expected = plain_falrtc(values.astype(float), known, np.array(raw))[drug, :, cell]
        predicted.append(complete(observed, **dict(zip(names, raw, strict=True))).profiles)
        assert np.allclose(predicted[-1], expected, atol=2e-4)
    assert np.abs(predicted[0] - predicted[1]).max() > 0.01
    assert np.abs(predicted[0] - predicted[2]).max() > 0.01


def test_without_options_it_is_run_as_in_the_paper():
    observed = clustered(drugs=60)
    values, known = dense(observed)
    drug, cell = observed.missing_pairs.T
    expected = plain_falrtc(values.astype(float), known)[drug, :, cell]
    assert np.allclose(complete(observed).profiles, expected, atol=2e-4)
    for other in ({"max_iterations": 30}, {"gene_weight": 1.0}, {"tolerance": 10.0}):
        assert np.abs(complete(observed, **other).profiles - expected).max() > 1e-3, other


def test_a_weight_of_0_leaves_the_mode_out_or_is_refused():
    observed = clustered()
    try:
        found = complete(observed, gene_weight=0.0).profiles
    except LacunaError:
        return
    nearly = complete(observed, gene_weight=1e-6).profiles
    assert np.allclose(found, nearly, atol=1e-2)


def test_low_rank_is_recovered_better_than_by_the_mean():
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(size, 2)) for size in (40, 50, 8)]
    truth = np.einsum("ir,jr,kr->ijk", *factors).astype(np.float32)
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    known = rng.random((40, 1, 8)) < 0.6
    found = falrtc(np.where(known, truth, 0), known, RAW, 20, 0.1)
    unknown = ~np.broadcast_to(known, truth.shape)
    of_drug = (truth * known).sum(axis=2, keepdims=True) / known.sum(axis=2, keepdims=True)
    mean = np.broadcast_to(np.nan_to_num(of_drug), truth.shape)

    def agreement(predicted):
        return np.corrcoef(predicted[unknown], truth[unknown])[0, 1]

    assert agreement(found) > agreement(mean) + 0.1


def test_smoothing_falls_from_first_to_final():
    first, final = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.1, 0.2])
    schedule = [_mu_at(k, first, final, 20) for k in range(1, 21)]
    assert np.allclose(schedule[0], first)
    assert np.allclose(schedule[4:], final)
    assert (np.diff(schedule[:5], axis=0) < 0).all()


def test_too_few_iterations_are_refused():
    values, known = dense(clustered())
    with pytest.raises(LacunaError, match="max_iterations is 16"):
        falrtc(values, known, RAW, 16, 0.1)
