"""The trainings of DeepCellState and its rivals, each against one that is written out here.

The reference goes through the same stages with loops, NumPy and PyTorch's plain Adam, draws in the
same order, and must end with the same losses and weights. Networks are tiny and drop nothing, so
that what they compute is the same; what they drop is asked of their layers.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from plain_trainings import (
    GAN,
    GENES,
    SCGEN,
    SHAPE,
    STATES,
    VAE,
    plain_deepcellstate,
    plain_gan,
    plain_scgen,
    plain_vae,
    prepared,
    same,
    trained,
)
from torch import nn
from toy import grid

from lacuna.completion.shared.paired import PairedProfiles
from lacuna.completion.trainers import deepcellstate, dual_gan, scgen, vae_anchor
from lacuna.networks.training import Training


@pytest.fixture(autouse=True)
def in_double_precision():
    """In single precision both would soon differ by more than some faults make."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("cells", "changes"),
    [
        (3, {}),
        (2, {"latent_l1": 0.0, "epoch_steps": 1, "learning_rate": 0.005}),
        (2, {"learning_rate": 0.06, "patience": 2, "batch": 5}),
        (2, {"shape": replace(SHAPE, skip=False, per_gene=True)}),
    ],
)
def test_deepcellstate_is_trained_as_written_out(cells, changes):
    paired, options = prepared(cells), replace(STATES, **changes)
    found = trained(deepcellstate.PairedCellStates, paired, options)
    expected = plain_deepcellstate(paired, options)
    assert {row[0] for row in expected.history} >= {"common", "rounds", "decoder 1", "decoder 2"}
    same(found, expected)


@pytest.mark.parametrize(
    ("cells", "changes"), [(3, {}), (2, {"learning_rate": 0.003, "steps": 9, "patience": 1})]
)
def test_the_vae_with_an_anchor_is_trained_as_written_out(cells, changes):
    paired, options = prepared(cells), replace(VAE, **changes)
    same(trained(vae_anchor.PairedVae, paired, options), plain_vae(paired, options))


def test_the_vae_drops_as_its_options_say():
    options = replace(VAE, input_dropout=0.5, dropout=0.2)
    network = vae_anchor.Autoencoder(GENES, 2, options)
    assert isinstance(network.encoder.hidden[0], nn.Dropout)  # of the input
    dropped = [layer.p for layer in network.modules() if isinstance(layer, nn.Dropout)]
    assert dropped == [0.5, 0.2, *3 * [0.2]]  # encoder; the common decoder and two of cells
    assert network.encoder.mean.out_features == network.encoder.log_variance.out_features == 3
    sizes = [layer.out_features for layer in network.common if isinstance(layer, nn.Linear)]
    assert sizes == [128, 256, GENES]
    slopes = {
        layer.negative_slope for layer in network.modules() if isinstance(layer, nn.LeakyReLU)
    }
    assert slopes == {0.2}


@pytest.mark.parametrize(("cells", "changes"), [(3, {}), (2, {"learning_rate": 0.1, "steps": 1})])
def test_the_dual_gan_is_trained_as_written_out(cells, changes):
    paired, options = prepared(cells), replace(GAN, **changes)
    same(trained(dual_gan.PairedDualGan, paired, options), plain_gan(paired, options))


@pytest.mark.parametrize("changes", [{}, {"learning_rate": 0.01, "patience": 1}])
def test_scgen_is_trained_as_written_out(changes):
    paired, options = prepared(), replace(SCGEN, **changes)
    same(trained(scgen.PairedScgen, paired, options), plain_scgen(paired, options))


def test_scgen_predicts_from_states_moved_by_the_shift_of_the_two_cells():
    paired = prepared()
    torch.manual_seed(0)
    network = scgen.PairedScgen(paired, options=SCGEN)
    network.train(Training(network.network, None, ""))
    states = network.network.encoder(paired.profiles)[0].detach()
    both = [
        (one, other)
        for one in range(len(states))
        for other in range(len(states))
        if paired.drug[one] == paired.drug[other]
        and (paired.cell[one], paired.cell[other]) == (0, 2)
    ]
    shift = torch.stack([states[other] - states[one] for one, other in both]).mean(dim=0)
    rows = np.flatnonzero(paired.cell == 0)[:4]
    expected = 2 * torch.sigmoid(network.network.decoder(states[rows] + shift)) - 1
    found = network.predict(paired.profiles[rows], paired.cell[rows], 2)
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (deepcellstate.PairedCellStates, STATES),
        (deepcellstate.PairedCellStates, replace(STATES, shape=replace(SHAPE, per_gene=True))),
        (vae_anchor.PairedVae, VAE),
        (dual_gan.PairedDualGan, GAN),
        (scgen.PairedScgen, SCGEN),
    ],
)
@pytest.mark.filterwarnings("error")
def test_without_validation_drugs_the_training_loss_decides(kind, options):
    """It goes on as long as that falls, and keeps the weights of its least."""
    _, losses = trained(kind, prepared(validation=0), options)
    for stage in {row[0] for row in losses}:
        of_stage = [row for row in losses if row[0] == stage]
        assert all(row[2] == row[3] for row in of_stage), "another validation loss"
    more = [row for row in losses if row[0] in ("rounds", "pairs", "profiles")]
    assert len({row[3] for row in more}) > 1
    assert not any(row[0].startswith("decoder") for row in losses)


def stages(losses):
    return Counter(row[0] for row in losses)


def test_each_stage_of_deepcellstate_is_as_patient_as_in_the_authors_code(monkeypatch):
    """Where nothing ever gets better: an epoch that is the best, and so many misses."""
    kind = deepcellstate.PairedCellStates
    monkeypatch.setattr(kind, "_epoch", lambda *_, **__: 0.5)
    monkeypatch.setattr(kind, "_error", lambda *_: 1.0)
    monkeypatch.setattr(PairedProfiles, "agreement", lambda *_: 0.3)
    _, losses = trained(kind, prepared(2), replace(STATES, epochs=100, rounds=98))
    assert stages(losses) == {"common": 11, "rounds": 4, "decoder 1": 6, "decoder 2": 6}
    assert {row[2:] for row in losses if row[0] == "rounds"} == {(0.5, 1 - 0.3)}
    _, losses = trained(kind, prepared(2), replace(STATES, epochs=3, rounds=2))
    assert stages(losses) == {"common": 3, "rounds": 2, "decoder 1": 3, "decoder 2": 3}


def test_the_stages_of_the_vae_are_patient(monkeypatch):
    for stage in ("_learn_in_common", "_learn_pairs"):
        monkeypatch.setattr(vae_anchor.PairedVae, stage, lambda *_: (0.5, 1.0))
    options = replace(VAE, common_epochs=40, epochs=100, patience=20)
    _, losses = trained(vae_anchor.PairedVae, prepared(2), options)
    assert stages(losses) == {"common": 11, "pairs": 21}


def test_profiles_are_scaled_and_cells_numbered_as_they_first_come():
    rng = np.random.default_rng(0)
    measured = np.ones((8, 4), bool)
    measured[:, 1] = False
    observed = grid(rng.normal(size=(8, 4, GENES)), measured)
    paired = PairedProfiles.prepare(observed, rng, "cpu")
    largest = np.abs(observed.profiles).max()
    assert paired.scale == pytest.approx(largest)
    assert float(paired.profiles.abs().max()) == pytest.approx(1)
    assert paired.numbers[1] == -1 and sorted(paired.numbers) == [-1, 0, 1, 2]
    assert paired.cells == 3
    first = [*dict.fromkeys(paired.cell.tolist())]
    assert first == [0, 1, 2]
    of_grid = {tuple(row): cell for row, cell in zip(observed.profiles, observed.cell, strict=True)}
    for row, number in zip(paired.profiles.numpy() * np.float32(largest), paired.cell, strict=True):
        near = min(of_grid, key=lambda other: np.abs(np.subtract(other, row)).max())
        assert paired.numbers[of_grid[near]] == number


def test_a_translation_scales_goes_and_scales_back():
    paired = replace(
        prepared(2), scale=4.0, numbers=np.array([1, -1, 0]), profiles=torch.zeros(1, GENES)
    )
    asked = []

    def predict(profiles, cells, cell):
        asked.append((profiles.numpy().copy(), cells.tolist(), cell))
        return profiles + 1

    profiles = np.arange(2.0 * GENES).reshape(2, GENES)
    found = paired.translator(predict)(profiles, np.array([0, 2]), 2)
    assert np.allclose(found, profiles + 4) and found.dtype == np.float32
    ((scaled, cells, cell),) = asked
    assert np.allclose(scaled, profiles / 4) and (cells, cell) == ([1, 0], 0)


def test_profiles_that_are_all_0_are_scaled_by_1():
    observed = grid(np.ones((6, 2, GENES)), np.ones((6, 2), bool))
    observed.profiles[:] = 0
    assert PairedProfiles.prepare(observed, np.random.default_rng(0), "cpu").scale == 1
