"""AsMatrix, Constrained and Mixture against their equations and minima written out."""

import re

import numpy as np
import plain_tomioka as plain
import pytest
import torch
from plain_low_rank import dense
from toy import clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.as_matrix import complete_matrix
from lacuna.completion.methods.constrained import constrained
from lacuna.completion.methods.mixture import mixture
from lacuna.completion.run import run_method
from lacuna.completion.shared.dense import CELL, DRUG, GENE, ObservedTensor, last_of
from lacuna.runtime.device import Device

CPU, TORCH = Device("cpu", np), Device("cpu", torch)
METHODS = ["as_matrix", "constrained", "mixture"]
SOLVERS = {
    "drugs": (complete_matrix, (DRUG,)),
    "genes": (complete_matrix, (GENE,)),
    "cells": (complete_matrix, (CELL,)),
    "constrained": (constrained, ()),
    "mixture": (mixture, ()),
}
PORTS = {complete_matrix: plain.matrix, constrained: plain.constrained, mixture: plain.mixture}


def complete(observed, method, **options):
    rng = np.random.default_rng(0)
    wanted = observed.missing_pairs
    return run_method(method, observed, wanted, SideInformation(), rng, options).profiles


def at_missing(tensor, observed):
    drug, cell = observed.missing_pairs.T
    return tensor[drug, :, cell]


def solve(solver, observed, *how, device=CPU):
    """The last step of a solver, as (drugs, genes, cells), and all residuals."""
    iterate, mode = SOLVERS[solver]
    tensor = ObservedTensor.from_profiles(observed, device)
    steps = [(np.array(device.get(x)), left) for x, left in iterate(tensor, *mode, *how)]
    return np.moveaxis(steps[-1][0], 1, 2), [left for _, left in steps]


def tiny():
    """A grid so small that any convex solver finds the minimum."""
    rng = np.random.default_rng(4)
    dense = rng.normal(size=(5, 1, 4)) + rng.normal(size=(1, 3, 4))
    known = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 1, 0]], bool)
    return grid(dense, known)


@pytest.mark.parametrize("device", [CPU, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("shape", [(30, 6), (130, 3), (6, 5)])
@pytest.mark.parametrize("solver", SOLVERS)
def test_iterations_equal_the_plain_ports(solver, shape, device):
    observed = clustered(drugs=shape[0], cells=shape[1], missing=0.6)
    iterate, mode = SOLVERS[solver]
    for penalty, iterations in ((0.5, 1), (0.5, 2), (0.5, 12), (3.0, 12)):
        found, left = solve(solver, observed, penalty, iterations, 0.0, device=device)
        expected, residuals = PORTS[iterate](observed, *mode, penalty, iterations)
        assert np.abs(found - expected).max() < 1e-5
        assert np.allclose(left, residuals, rtol=1e-3, atol=1e-4)
    assert np.abs(expected).max() > 0.03


@pytest.mark.parametrize("method", METHODS)
def test_without_options_they_are_run_as_in_the_paper(method, capsys):
    observed = clustered(drugs=12, cells=4)
    if method == "as_matrix":
        expected = plain.as_matrix(observed, 32.0, 2000, 0.05)
    else:
        port, how = getattr(plain, method), {"constrained": (32.0, 1000, 0.05)}
        expected, residuals = port(observed, *how.get(method, (0.1, 1000, 1e-5)))
    found = complete(observed, method)
    said = capsys.readouterr().out
    assert np.abs(found - at_missing(expected, observed)).max() < 1e-4
    if method == "as_matrix":
        counts = [len(plain.matrix(observed, mode, 32.0, 2000, 0.05)[1]) for mode in (DRUG, CELL)]
        assert [int(n) for n in re.findall(r"(\d+) of at most 2000", said)] == counts
    else:
        [count] = re.findall(rf"{method}: (\d+) of at most 1000 iterations, residual", said)
        # Rounding, which is that of the processor, may make it one more or less.
        assert abs(int(count) - len(residuals)) <= 1
    for other in ({"max_iterations": 3}, {"penalty": 3.0, "max_iterations": 5}, {"tolerance": 9.0}):
        assert np.abs(complete(observed, method, **other) - found).max() > 1e-4, other


@pytest.mark.parametrize("mode", [DRUG, CELL], ids=["drugs", "cells"])
def test_a_matrix_of_the_lowest_trace_norm_is_found(mode):
    observed = tiny()
    found, left = solve("drugs" if mode == DRUG else "cells", observed, 3.0, 5000, 1e-5)
    assert left[-1] < 1e-4
    expected = plain.least_overlapped(observed, [mode])
    assert plain.trace_norm(found, mode) == pytest.approx(
        plain.trace_norm(expected, mode), rel=1e-3
    )
    values, known = dense(observed)
    assert np.allclose(found[known], values[known], atol=1e-4)
    assert np.abs(found - expected).max() < 0.02


def test_the_lowest_sum_of_trace_norms_is_found():
    observed = tiny()
    found, _ = solve("constrained", observed, 3.0, 5000, 1e-5)
    expected = plain.least_overlapped(observed, plain.MODES)
    lowest = sum(plain.trace_norm(expected, mode) for mode in plain.MODES)
    assert sum(plain.trace_norm(found, mode) for mode in plain.MODES) == pytest.approx(
        lowest, rel=1e-3
    )
    assert np.abs(found - expected).max() < 0.02
    _, known = dense(observed)
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = found + 0.1 * rng.normal(size=found.shape) * ~known
        assert sum(plain.trace_norm(other, mode) for mode in plain.MODES) > lowest


def test_the_mixture_of_the_lowest_trace_norms_is_found():
    observed = tiny()
    values, known = dense(observed)
    parts, _ = plain.mixture_parts(observed, 0.3, 5000, 1e-9)
    assert np.allclose(sum(parts)[known], values[known], atol=1e-6)
    expected = plain.least_mixture(observed)
    norms = [sum(map(plain.trace_norm, each, plain.MODES)) for each in (parts, expected)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)
    found, left = solve("mixture", observed, 0.3, 5000, 1e-5)
    assert left[-1] < 1e-4
    assert np.allclose(found[known], values[known], atol=1e-4)
    assert np.abs(found - sum(parts)).max() < 1e-3


def test_constrained_keeps_what_was_observed():
    observed = clustered()
    values, known = dense(observed)
    for iterations in (1, 7):
        found, _ = solve("constrained", observed, 32.0, iterations, 0.0)
        assert np.array_equal(found[known], values[known].astype(np.float32))


def test_the_unfolding_of_the_genes_alone_says_nothing_of_what_is_missing():
    observed = clustered()
    found, _ = solve("genes", observed, 32.0, 50, 0.0)
    assert not at_missing(found, observed).any()
    assert np.abs(found).max() > 0.03


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_basis_of_few_profiles_gives_the_same_answer(solver):
    observed = clustered(drugs=8, cells=3, missing=0.5)
    few = ObservedTensor.in_span(observed, CPU)
    every = ObservedTensor.from_profiles(observed, CPU)
    assert few.basis is not None
    wanted = observed.missing_pairs
    iterate, mode = SOLVERS[solver]
    found, expected = (
        tensor.predictions(last_of(iterate(tensor, *mode, 0.7, 9, 0.0))[0], observed, wanted)
        for tensor in (few, every)
    )
    assert np.allclose(found.profiles, expected.profiles, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_stops_at_the_tolerance_and_not_before(solver):
    observed = clustered()
    _, left = solve(solver, observed, 3.0, 60, 0.0)
    tolerance = left[20]
    first = next(number for number, each in enumerate(left, 1) if each < tolerance)
    _, stopped = solve(solver, observed, 3.0, 60, tolerance)
    assert len(stopped) == first
    assert stopped == left[:first]


def test_what_is_low_rank_in_one_mode_alone_is_for_the_mixture():
    # Profiles of three drug patterns, of any rank over cells and genes.
    rng = np.random.default_rng(0)
    truth = np.einsum("dr,rcg->dcg", rng.normal(size=(60, 3)), rng.normal(size=(3, 12, 30)))
    observed = grid(truth, rng.random((60, 12)) < 0.6)
    drug, cell = observed.missing_pairs.T

    def agreement(method):
        predicted = complete(observed, method)
        return np.corrcoef(predicted.ravel(), truth[drug, cell].ravel())[0, 1]

    assert agreement("mixture") > 0.9
    assert agreement("mixture") > agreement("mean_1d") + 0.3
