"""Low-rank completions against their definitions written out, and what all of them keep."""

import numpy as np
import plain_low_rank as plain
import pytest
import torch
from toy import awkward, clustered, grid

from lacuna.completion.interface import SideInformation
from lacuna.completion.methods.halrtc import halrtc
from lacuna.completion.methods.silrtc import silrtc
from lacuna.completion.methods.soft_impute import soft_impute
from lacuna.completion.methods.tmac import tmac
from lacuna.completion.run import run_method
from lacuna.completion.shared import dense
from lacuna.completion.shared.dense import ObservedTensor, last_of
from lacuna.errors import LacunaError
from lacuna.runtime.device import Device
from lacuna.vectors import unit_rows

CPU, TORCH = Device("cpu", np), Device("cpu", torch)
LOW_RANK = ["halrtc", "silrtc", "as_matrix", "constrained", "mixture"]
LOW_RANK += ["soft_impute", "tmac", "cp", "tucker"]
WEIGHTS = np.array([2.0, 0.1, 0.5])
RANKS = (3, 4, 1), (8, 9, 2)


def complete(observed, method, side=None, **options):
    rng = np.random.default_rng(0)
    wanted = observed.missing_pairs
    return run_method(method, observed, wanted, side or SideInformation(), rng, options)


def at_missing(tensor, observed):
    drug, cell = observed.missing_pairs.T
    return tensor[drug, :, cell]


def planted(drugs=40, cells=8, genes=50, rank=2, seed=0):
    """A tensor of low rank, three fifths of it known."""
    rng = np.random.default_rng(seed)
    truth = unit_rows(
        np.einsum("ir,jr,kr->ijk", *(rng.normal(size=(n, rank)) for n in (drugs, cells, genes)))
    )
    known = rng.random((drugs, cells)) < 0.6
    known[np.arange(drugs), np.arange(drugs) % cells] = True
    return truth, grid(truth, known)


@pytest.mark.parametrize("device", [CPU, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("shape", [(30, 6), (60, 3), (130, 3), (6, 5)])
def test_the_two_of_liu_equal_the_plain_ports(shape, device):
    observed = clustered(drugs=shape[0], cells=shape[1], missing=0.6)
    for ours, theirs, penalty in ((halrtc, plain.halrtc, 0.5), (silrtc, plain.silrtc, 0.2)):
        tensor = ObservedTensor.from_profiles(observed, device)
        expected, changes = theirs(observed, WEIGHTS, penalty, 12)
        steps = [
            (np.array(device.get(x)), change)
            for x, change in ours(tensor, WEIGHTS, penalty, 12, 0.0)
        ]
        assert np.abs(np.moveaxis(steps[-1][0], 1, 2) - expected).max() < 1e-6
        assert np.allclose([change for _, change in steps], changes, rtol=1e-3, atol=1e-4)
        assert np.abs(expected - plain.mean_filled(observed)[0]).max() > 0.03


def test_a_basis_of_few_profiles_gives_the_same_answer():
    observed = clustered(drugs=8, cells=3, missing=0.5)
    few = ObservedTensor.in_span(observed, CPU)
    every = ObservedTensor.from_profiles(observed, CPU)
    assert few.profiles.shape == (len(observed), len(observed) + 1)
    wanted = observed.missing_pairs
    for method in (halrtc, silrtc):
        found, expected = (
            tensor.predictions(last_of(method(tensor, WEIGHTS, 0.3, 9, 0.0))[0], observed, wanted)
            for tensor in (few, every)
        )
        assert np.allclose(found.profiles, expected.profiles, atol=1e-6)
    many = clustered()
    assert ObservedTensor.in_span(many, CPU).basis is None


@pytest.mark.parametrize(
    ("method", "port", "defaults"),
    [("halrtc", plain.halrtc, (1.0, 500, 0.05)), ("silrtc", plain.silrtc, (32.0, 500, 1e-10))],
)
def test_without_options_they_are_run_as_in_the_paper(method, port, defaults):
    observed = clustered(drugs=12, cells=4)
    expected, changes = port(observed, [1, 1e-3, 1], *defaults)
    found = complete(observed, method).profiles
    assert np.abs(found - at_missing(expected, observed)).max() < 1e-4
    assert (len(changes) < 500) == (method == "halrtc")
    different = [{"max_iterations": 5}, {"penalty": 3.0}, {"gene_weight": 1.0}, {"tolerance": 3.0}]
    for other in different:
        assert np.abs(complete(observed, method, **other).profiles - found).max() > 1e-4, other


@pytest.mark.parametrize("method", ["halrtc", "silrtc"])
def test_the_weights_belong_to_their_axes(method):
    observed, port = clustered(), {"halrtc": plain.halrtc, "silrtc": plain.silrtc}[method]
    names = ("drug_weight", "gene_weight", "cell_weight")
    for raw in ([2.0, 0.1, 0.5], [0.1, 2.0, 0.5], [0.5, 0.1, 2.0]):
        expected = at_missing(port(observed, raw, 0.3, 9)[0], observed)
        options = dict(zip(names, raw, strict=True), penalty=0.3, max_iterations=9, tolerance=0.0)
        assert np.abs(complete(observed, method, **options).profiles - expected).max() < 1e-6


@pytest.mark.parametrize("device", [CPU, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("penalty", [0.5, 0.15])
def test_soft_impute_finds_the_minimum_from_anywhere(penalty, device):
    observed = clustered(drugs=30, cells=6, missing=0.5)
    tensor = ObservedTensor.from_zeros(observed, device)
    found = np.moveaxis(device.get(soft_impute(tensor, penalty, tolerance=1e-7)), 1, 2)
    expected = plain.soft_impute(observed, penalty, 1000)
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(expected).max() > 0.05
    asked = complete(observed, "soft_impute", penalty=penalty).profiles
    assert np.abs(asked - at_missing(expected, observed)).max() < 0.01


def test_soft_impute_without_options_keeps_a_tenth_of_the_largest_value_away():
    observed = clustered(drugs=30, cells=6, missing=0.5)
    found = complete(observed, "soft_impute").profiles
    assert np.array_equal(found, complete(observed, "soft_impute", penalty=0.1).profiles)
    assert not complete(observed, "soft_impute", penalty=1.0).profiles.any()


@pytest.mark.parametrize("device", [CPU, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("iterations", [1, 2, 12])
def test_tmac_equals_the_plain_port(iterations, device):
    observed = clustered(drugs=30, cells=6, missing=0.5)
    tensor = ObservedTensor.from_zeros(observed, device)
    filled, ranks = last_of(tmac(tensor, *RANKS, iterations, 0.0))
    expected, expected_ranks = plain.tmac(observed, *RANKS, iterations)
    assert np.abs(np.moveaxis(device.get(filled), 1, 2) - expected).max() < 1e-4
    assert ranks == expected_ranks
    assert iterations < 12 or ranks != RANKS[0]  # they have grown


def test_tmac_without_options_is_run_as_in_the_paper():
    observed = clustered(drugs=44, cells=9, missing=0.5)
    found = complete(observed, "tmac").profiles
    expected, _ = plain.tmac(observed, (10, 10, 3), (50, 30, 6), 100, 1e-4)
    assert np.corrcoef(found.ravel(), at_missing(expected, observed).ravel())[0, 1] > 0.999
    for other in ({"drug_rank": 4}, {"largest_gene_rank": 11}, {"cell_rank": 1}):
        assert np.abs(complete(observed, "tmac", **other).profiles - found).max() > 1e-3, other


def test_tmac_stops_where_nothing_changes_any_more(capsys):
    _, observed = planted()
    complete(observed, "tmac", max_iterations=500)
    assert "tmac: 500" not in capsys.readouterr().out
    complete(observed, "tmac", tolerance=0.0, max_iterations=7)
    assert "tmac: 7 of at most 7 iterations, ranks (" in capsys.readouterr().out


@pytest.mark.parametrize("method", LOW_RANK)
def test_low_rank_is_recovered_better_than_by_the_mean(method):
    truth, observed = planted()
    unknown = tuple(observed.missing_pairs.T)

    def agreement(name, **options):
        predicted = complete(observed, name, **options).profiles
        return np.corrcoef(predicted.ravel(), truth[unknown].ravel())[0, 1]

    right_rank = {
        "cp": {"rank": 2},
        "tucker": {"drug_rank": 2, "gene_rank": 2, "cell_rank": 2},
        "tmac": {"largest_drug_rank": 2, "largest_gene_rank": 2, "largest_cell_rank": 2},
    }
    found = agreement(method, **right_rank.get(method, {}))
    assert found > agreement("mean_1d") + 0.1
    if method in right_rank:
        assert found > 0.9


@pytest.mark.parametrize("method", LOW_RANK)
def test_a_cold_start_gets_the_mean_that_is_left_and_says_so(method):
    observed = awkward()  # drugs and a cell have no profile
    drugs, cells = set(observed.drug), set(observed.cell)
    found = complete(observed, method)
    assert {0}.isdisjoint(drugs)
    assert {4}.isdisjoint(cells)
    for row, (drug, cell) in enumerate(observed.missing_pairs):
        assert found.fallback[row] == (drug not in drugs or cell not in cells)
        if found.fallback[row]:
            in_cell, of_drug = observed.cell == cell, observed.drug == drug
            those = in_cell if in_cell.any() else of_drug if of_drug.any() else slice(None)
            mean = observed.profiles[those].mean(axis=0)
            assert np.allclose(found.profiles[row], mean, atol=1e-6)


@pytest.mark.parametrize("method", LOW_RANK)
def test_answers_and_chance_change_nothing(method):
    observed = clustered()
    hidden = np.random.default_rng(1).random(len(observed)) < 0.2
    training, answers = observed.take(~hidden), observed.take(hidden)
    with_answers = complete(training, method, SideInformation(answers=answers))
    assert np.array_equal(with_answers.profiles, complete(training, method).profiles)
    other = np.random.default_rng(99)
    again = run_method(method, training, training.missing_pairs, SideInformation(), other, {})
    assert np.array_equal(again.profiles, with_answers.profiles)


@pytest.mark.parametrize("method", LOW_RANK[:6])
def test_blocks_change_nothing(method, monkeypatch):
    observed = clustered()
    whole = complete(observed, method).profiles
    monkeypatch.setattr(dense, "BLOCK_BYTES", 4 * 5 * 40 * 7)  # 7 drugs at once
    assert np.allclose(complete(observed, method).profiles, whole, atol=1e-5)


@pytest.mark.parametrize("method", LOW_RANK)
def test_what_memory_cannot_hold_is_refused_before_it_is_tried(method, monkeypatch):
    monkeypatch.setattr(Device, "free_bytes", lambda self: 10 * 2**20)
    with pytest.raises(
        LacunaError, match=rf"{method}: a tensor of 24 drugs x 40 genes x 5 cells needs 0\.\d GiB"
    ):
        complete(clustered(), method)
