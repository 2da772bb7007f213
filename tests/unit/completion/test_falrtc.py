"""FaLRTC against a plain port of the algorithm as the paper's authors ran it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from paper_tensor import paper_tensor
from plain_falrtc import WEIGHTS, objective, plain_falrtc
from toy import clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.falrtc import _mu_at, falrtc, gene_basis
from lacuna.completion.run import run_method
from lacuna.completion.shared.descent import ObservedTensor
from lacuna.errors import LacunaError
from lacuna.runtime.device import Device
from lacuna.vectors import unit_rows


def dense(tensor):
    values = np.zeros((len(tensor.drugs), len(tensor.genes), len(tensor.cells)), np.float32)
    values[tensor.drug, :, tensor.cell] = tensor.profiles
    return values, tensor.measured[:, None, :]


CPU = Device("cpu", np)
TORCH = Device("cpu", torch)


def filled(observed, device=CPU, weights=WEIGHTS, basis=None):
    """Return the tensor (drugs, genes, cells)."""
    *_, last = falrtc(ObservedTensor.from_profiles(observed, device, basis), weights, 20, 0.1)
    return np.moveaxis(device.get(last.y), 1, 2)


@pytest.mark.parametrize("device", [CPU, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("seed", range(3))
# More drugs than genes x cells, and more genes than drugs x cells, are decomposed the other way.
@pytest.mark.parametrize("shape", [(30, 6), (60, 3), (8, 7), (130, 3), (6, 5)])
def test_it_equals_the_plain_port(shape, seed, device):
    observed = clustered(drugs=shape[0], cells=shape[1], missing=0.6, seed=seed)
    values, known = dense(observed)
    expected = plain_falrtc(values.astype(float), known)
    found = filled(observed, device)
    unknown = ~np.broadcast_to(known, values.shape)
    # float32 against float64 through some 40 steps differ by about 1e-5; entries are about 0.16.
    assert np.abs(found - expected)[unknown].max() < 2e-4
    assert np.corrcoef(found[unknown], expected[unknown])[0, 1] > 0.9999
    assert np.array_equal(found[~unknown], values[~unknown])
    alpha, mu = WEIGHTS / WEIGHTS.sum(), 0.01 * WEIGHTS / np.sqrt(values.shape)
    ours, theirs = (objective(t.astype(float), alpha, mu)[0] for t in (found, expected))
    assert ours <= theirs * (1 + 1e-3)


def test_it_equals_the_plain_port_where_steps_are_tried_several_times():
    observed = paper_tensor(drugs=200, genes=30, cells=71)
    values, known = dense(observed)
    expected = plain_falrtc(values.astype(float), known)
    steps = np.array(
        [
            step.big_l
            for step in falrtc(ObservedTensor.from_profiles(observed, CPU), WEIGHTS, 20, 0.1)
        ]
    )
    assert (steps[2:] / steps[1:-1]).max() >= 4  # with momentum: three tries or more
    assert np.abs(filled(observed) - expected).max() < 2e-4


def test_rotated_genes_give_the_same_answer():
    observed = clustered(drugs=40)
    genes = len(observed.genes)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(genes, genes)))[0]
    rotated = filled(observed, basis=rotation.astype(np.float32))
    back = np.einsum("dkc,gk->dgc", rotated, rotation)
    assert np.allclose(back, filled(observed), atol=1e-5)


def test_a_basis_holds_the_constant_and_the_directions_of_most_energy():
    profiles = clustered(drugs=60).profiles
    basis = gene_basis(profiles, 5)
    assert np.allclose(basis.T @ basis, np.eye(5), atol=1e-5)
    assert np.allclose(np.abs(basis[:, 0]), len(basis) ** -0.5, atol=1e-5)
    varying = profiles - profiles.mean(axis=1, keepdims=True)
    expected = np.linalg.svd(varying, full_matrices=False)[2][:4]
    assert np.allclose(np.abs(np.diag(expected @ basis[:, 1:])), 1, atol=1e-3)


def test_components_that_hold_everything_change_nothing():
    # Profiles of 6 directions of 40 genes, and the constant.
    rng = np.random.default_rng(0)
    dense = np.einsum("dck,kg->dcg", rng.normal(size=(30, 5, 6)), rng.normal(size=(6, 40)))
    observed = grid(dense, rng.random((30, 5)) < 0.7)
    everything = complete(observed).profiles
    assert np.allclose(complete(observed, gene_components=7).profiles, everything, atol=1e-4)
    assert np.abs(complete(observed, gene_components=3).profiles - everything).max() > 0.01


def test_the_log_says_what_components_leave_out(capsys):
    complete(clustered(), gene_components=4)
    said = capsys.readouterr().out
    assert re.search(r"4 gene components keep \d\d\.\d\d% of the energy", said)
    assert "iteration 1 of at most 20: change" in said


def test_what_memory_cannot_hold_is_refused_before_it_is_tried(monkeypatch):
    monkeypatch.setattr(Device, "free_bytes", lambda self: 10 * 2**20)
    with pytest.raises(
        LacunaError, match=r"24 drugs x 40 gene components x 5 cells needs 0\.\d GiB"
    ):
        complete(clustered())


def test_the_estimate_covers_what_is_used():
    # Measured in a process of its own, as memory that was freed stays with the process.
    code = """
import sys
import numpy as np
from completion import peak_bytes
from paper_tensor import paper_tensor
from plain_falrtc import WEIGHTS
from lacuna.runtime.device import Device
from lacuna.completion.shared.descent import ObservedTensor, bytes_needed
from lacuna.completion.methods.falrtc import falrtc
grid = ObservedTensor.from_profiles(paper_tensor(drugs=400, genes=300, cells=60), Device("cpu", np))
before = peak_bytes()
for _ in falrtc(grid, WEIGHTS, 20, 0.1):
    pass
print((peak_bytes() - before) / bytes_needed(grid.shape, 300))
"""
    bench = Path(__file__).parents[3] / "bench"
    share = subprocess.run([sys.executable, "-c", code], cwd=bench, capture_output=True, text=True)
    assert 0.3 < float(share.stdout) <= 1, share


@pytest.mark.parametrize("components", [-1, 1])
def test_components_that_make_no_sense_are_refused(components):
    with pytest.raises(LacunaError, match=f"falrtc: gene_components is {components}, expected"):
        complete(clustered(), gene_components=components)


def test_an_unknown_device_is_refused():
    with pytest.raises(
        LacunaError,
        match=r"device is 'gpu' .did you mean 'cpu'.., expected one of 'auto', 'cpu', 'cuda'",
    ):
        complete(clustered(), device="gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused():
    with pytest.raises(LacunaError, match="PyTorch finds no GPU here"):
        complete(clustered(), device="cuda")


def complete(observed, method="falrtc", **options):
    rng = np.random.default_rng(0)
    return run_method(method, observed, observed.missing_pairs, SideInformation(), rng, options)


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


def test_low_rank_is_recovered_better_than_by_the_mean():
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(size, 2)) for size in (40, 8, 50)]
    truth = unit_rows(np.einsum("ir,jr,kr->ijk", *factors))
    known = rng.random((40, 8)) < 0.6
    known[np.arange(40), np.arange(40) % 8] = True
    observed = grid(truth, known)
    unknown = tuple(observed.missing_pairs.T)

    def agreement(method):
        predicted = complete(observed, method=method).profiles
        return np.corrcoef(predicted.ravel(), truth[unknown].ravel())[0, 1]

    assert agreement("falrtc") > agreement("mean_1d") + 0.1


def test_smoothing_falls_from_first_to_final():
    first, final = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.1, 0.2])
    schedule = [_mu_at(k, first, final, 20) for k in range(1, 21)]
    assert np.allclose(schedule[0], first)
    assert np.allclose(schedule[4:], final)
    assert (np.diff(schedule[:5], axis=0) < 0).all()
