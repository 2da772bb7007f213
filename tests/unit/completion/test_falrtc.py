"""FaLRTC against a plain port of the algorithm as the paper's authors ran it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from paper_tensor import paper_tensor
from plain_falrtc import WEIGHTS, evaluations, objective, plain_falrtc
from toy import clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.falrtc import _mu_at, falrtc, gene_basis
from lacuna.completion.run import run_method
from lacuna.completion.shared.dense import ObservedTensor
from lacuna.completion.shared.descent import LineSearch, SmoothedObjective, bytes_needed
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


def plain_steps(observed, max_iterations=20, tolerance=0.1):
    """L at each iteration of the plain port: every further try doubles it."""
    values, known = dense(observed)
    tries = evaluations(values.astype(float), known, WEIGHTS, max_iterations, tolerance)
    steps, last = [], 0
    for iteration, _ in tries:
        step = 1e-5 if not steps else steps[-1] * (1 if iteration > last else 2)
        steps = [*steps, step] if iteration > last else [*steps[:-1], step]
        last = iteration
    return steps


@pytest.mark.parametrize("options", [(20, 0.1), (20, 1.0), (25, 0.01), (17, 0.0)])
def test_every_step_is_as_long_as_that_of_the_plain_port(options):
    observed = clustered(drugs=40)
    tensor = ObservedTensor.from_profiles(observed, CPU)
    iterations = list(falrtc(tensor, WEIGHTS, *options))
    assert [i.number for i in iterations] == list(range(1, len(iterations) + 1))
    assert np.allclose([i.big_l for i in iterations], plain_steps(observed, *options), rtol=1e-9)
    changes = [i.change for i in iterations]
    assert all(change >= options[1] for change in changes[:-1])
    assert len(iterations) == options[0] or changes[-1] < options[1]


def test_a_change_is_the_frobenius_norm_of_what_an_iteration_changed():
    before = ObservedTensor.from_profiles(clustered(), CPU).fill_in()
    for iteration in falrtc(ObservedTensor.from_profiles(clustered(), CPU), WEIGHTS, 20, 0.1):
        assert iteration.change == pytest.approx(np.linalg.norm(iteration.y - before), rel=1e-4)
        before = iteration.y.copy()


def test_where_no_step_descends_it_stops_at_the_longest_l(monkeypatch):
    monkeypatch.setattr(LineSearch, "descends", lambda self, big_l: False)
    observed = clustered()
    (last,) = falrtc(ObservedTensor.from_profiles(observed, CPU), WEIGHTS, 20, 0.1)
    shape = (len(observed.drugs), len(observed.genes), len(observed.cells))
    largest = 10 * sum(np.sqrt(size) / (0.01 * w) for size, w in zip(shape, WEIGHTS, strict=True))
    assert largest < last.big_l <= 2 * largest
    assert np.log2(last.big_l / 1e-5) == pytest.approx(round(np.log2(last.big_l / 1e-5)))
    assert np.isnan(last.change)


def test_the_descent_test_is_that_of_the_algorithm():
    """Bounded or computed, it says whether f falls by |gradient|^2 / L."""
    observed = clustered(drugs=40)
    values, known = dense(observed)
    unknown = ~np.broadcast_to(known, values.shape)
    alpha = WEIGHTS / WEIGHTS.sum()
    x = np.moveaxis(ObservedTensor.from_profiles(observed, CPU).fill_in(), 1, 2).astype(float)
    answers = set()
    for mu in (np.array([1.0, 0.1, 0.5]), np.array([0.01, 0.001, 0.01])):
        search = LineSearch(ObservedTensor.from_profiles(observed, CPU))
        search.objective = SmoothedObjective(alpha, mu)
        search.move_to(0)
        value, gradient = objective(x, alpha, mu)
        gradient = np.where(unknown, gradient, 0)
        for power in np.arange(-8, 10, 0.5):
            big_l = 2.0**power
            fall = value - objective(x - gradient / big_l, alpha, mu)[0]
            margin = fall * big_l / (gradient**2).sum() - 1
            if abs(margin) > 1e-3:  # beyond rounding
                assert search.descends(big_l) == (margin > 0), big_l
                answers.add(margin > 0)
    assert answers == {True, False}


@pytest.mark.parametrize("components", [40, 41, 100])
def test_as_many_components_as_genes_are_all_genes(components):
    observed = clustered()
    everything = complete(observed).profiles
    assert np.array_equal(complete(observed, gene_components=components).profiles, everything)
    assert not np.array_equal(complete(observed, gene_components=39).profiles, everything)


def test_the_share_of_energy_kept_is_printed(capsys):
    observed = clustered()
    complete(observed, gene_components=4)
    basis = gene_basis(observed.profiles, 4)
    share = ((observed.profiles @ basis) ** 2).sum() / (observed.profiles**2).sum()
    assert f"4 gene components keep {share:.2%}" in capsys.readouterr().out


def test_the_constant_comes_first_even_where_one_direction_holds_nearly_all():
    rng = np.random.default_rng(0)
    direction = rng.normal(size=30)
    direction -= direction.mean()
    profiles = rng.normal(size=(200, 1)) * direction + 0.01 * rng.normal(size=(200, 30))
    basis = gene_basis(profiles.astype(np.float32), 2)
    assert np.allclose(np.abs(basis[:, 0]), 30**-0.5, atol=1e-3)
    assert abs(basis[:, 1] @ direction) / np.linalg.norm(direction) > 0.999


def test_memory_that_just_suffices_is_enough(monkeypatch):
    observed = clustered()
    need = bytes_needed((len(observed.drugs), len(observed.genes), len(observed.cells)), 40)
    monkeypatch.setattr(Device, "free_bytes", lambda self: need)
    assert len(complete(observed).profiles)
    monkeypatch.setattr(Device, "free_bytes", lambda self: need - 1)
    with pytest.raises(LacunaError, match=f"needs {need / 2**30:.1f} GiB"):
        complete(observed)
    monkeypatch.setattr(Device, "free_bytes", lambda self: int(0.3 * need))
    with pytest.raises(LacunaError, match=f"but {0.3 * need / 2**30:.1f} GiB are free"):
        complete(observed)
