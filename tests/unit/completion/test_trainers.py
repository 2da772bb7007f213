"""The trainings of DeepCellState and its rivals, each against one that is written out here.

The reference goes through the same stages with loops, NumPy and PyTorch's plain Adam, draws in the
same order, and must end with the same losses and weights. Networks are tiny and drop nothing, so
that what they compute is the same; what they drop is asked of their layers.
"""

import copy
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import logsigmoid, softplus
from toy import grid

from lacuna.completion.shared.paired import PairedProfiles
from lacuna.completion.trainers import deepcellstate, dual_gan, scgen, vae_anchor
from lacuna.networks.cell_states import CellStates, Shape
from lacuna.networks.training import Training

DRUGS, GENES = 30, 6
SHAPE = Shape(GENES, 3, False, 0.0, 0.0, True, wide=7, narrow=5)
STATES = deepcellstate.Options(
    shape=SHAPE, latent_l1=0.02, learning_rate=0.03, batch=8, epochs=14, rounds=6, patience=3,
    epoch_steps=9,
)  # fmt: skip
VAE = vae_anchor.Options(
    latent=3, learning_rate=0.02, batch=8, common_epochs=13, epochs=7, patience=3, steps=2,
    anchor=0.3, divergence=0.2, common_divergence=0.1, input_dropout=0.0, dropout=0.0,
)  # fmt: skip
GAN = dual_gan.Options(
    learning_rate=0.01, batch=5, epochs=8, patience=3, steps=2, adversarial=0.4
)  # fmt: skip
SCGEN = scgen.Options(
    latent=3, learning_rate=0.004, batch=8, epochs=12, patience=3, divergence=0.3
)  # fmt: skip


@pytest.fixture(autouse=True)
def in_double_precision():
    """In single precision both would soon differ by more than some faults make."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def prepared(cells=3, validation=6, seed=0):
    """Profiles of some cells, some missing; the first drugs are those of the validation."""
    rng = np.random.default_rng(seed)
    of_drug = rng.normal(size=(DRUGS, 3))
    dense = np.einsum("df,cfg->dcg", of_drug, rng.normal(size=(cells, 3, GENES)))
    dense += 0.3 * rng.normal(size=dense.shape)
    measured = rng.random((DRUGS, cells)) < 0.8
    measured[:, 0] = True
    paired = PairedProfiles.prepare(grid(dense, measured), rng, "cpu")
    return replace(paired, profiles=paired.profiles.double(), validation=paired.drug < validation)


def trained(kind, paired, options):
    """Train from the seed 0; return the network, and rows of the table of losses."""
    torch.manual_seed(0)
    network = kind(paired, options=options)
    training = Training(network.network, None, "")
    network.train(training)
    return network.network, [tuple(row) for row in training.losses.itertuples(index=False)]


class Reference:
    """What the trainings have in common, written out."""

    def __init__(self, paired, network, options):
        self.x, self.drug, self.cell = paired.profiles, paired.drug, paired.cell
        self.held = paired.validation
        self.network, self.options, self.history = network, options, []

    def rows(self, validation):
        return [row for row in range(len(self.x)) if self.held[row] == validation]

    def pairs(self, cell, validation):
        """All (source, target) of one drug whose target is in a cell, by target."""
        return [
            (source, target)
            for target in range(len(self.x))
            for source in range(len(self.x))
            if self.cell[target] == cell
            and self.held[target] == validation
            and source != target
            and self.drug[source] == self.drug[target]
        ]

    def stage(self, name, epoch, most, patience, part):
        least, misses, kept = math.inf, 0, None
        for number in range(most):
            training, validation = epoch()
            self.history.append((name, number, training, validation))
            if validation < least:
                least, misses, kept = validation, 0, copy.deepcopy(part.state_dict())
            else:
                misses += 1
            if misses == patience:
                break
        part.load_state_dict(kept)

    def descend(self, losses, optimiser):
        """Take a step for each loss; return their mean, by the rows that each is of."""
        sums = []
        for loss, rows in losses:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            sums.append((loss.item() * rows, rows))
        return sum(loss for loss, _ in sums) / sum(rows for _, rows in sums)

    def disagreement(self, predict):
        """One minus the mean correlation of what all other cells predict of validation profiles."""
        found = []
        self.network.eval()
        for target in self.rows(True):
            cell = self.cell[target]
            sources = [s for s, t in self.pairs(cell, True) if t == target]
            if sources:
                with torch.no_grad():
                    each = [predict(self.x[[s]], self.cell[s], cell)[0].numpy() for s in sources]
                found.append(np.corrcoef(np.mean(each, axis=0), self.x[target])[0, 1])
        return 1 - np.mean(found)


def adam(rate, *parts):
    return torch.optim.Adam([w for part in parts for w in part.parameters()], lr=rate)


def same(found, expected):
    """Compare networks and histories of a training and of its reference."""
    (network, losses), reference = found, expected
    assert [row[:2] for row in losses] == [row[:2] for row in reference.history]
    for row, plain in zip(losses, reference.history, strict=True):
        assert row[2:] == pytest.approx(plain[2:], abs=1e-9), row
    for (name, one), other in zip(
        network.state_dict().items(), reference.network.state_dict().values(), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-8), name


def minibatches(count, batch, least=1):
    """Go through so many in random orders, until so many steps are taken."""
    steps = 0
    while steps < least:
        for rows in torch.randperm(count).split(batch):
            yield rows
            steps += 1


def plain_deepcellstate(paired, options):
    torch.manual_seed(0)
    network = CellStates(options.shape, paired.cells)
    it = Reference(paired, network, options)
    x = it.x

    def epoch(decoder, pairs, optimiser, frozen=False):
        source, target = torch.tensor(pairs).T
        network.train()

        def losses():
            for rows in minibatches(len(pairs), options.batch, options.epoch_steps):
                given, truth = x[source[rows]], x[target[rows]]
                states = network.encoder(given)
                states = states.detach() if frozen else states
                error = ((decoder(states, given) - truth) ** 2).sum() / truth.numel()
                yield error + options.latent_l1 * states.abs().sum() / len(rows), len(rows)

        return it.descend(losses(), optimiser)

    def error(decoder, pairs):
        source, target = torch.tensor(pairs).T
        network.eval()
        with torch.no_grad():
            return float(((decoder(network.encoder(x[source]), x[source]) - x[target]) ** 2).mean())

    def own(rows):
        return [(row, row) for row in rows]

    first = adam(options.learning_rate, network.encoder, network.common)
    it.stage(
        "common",
        lambda: (
            epoch(network.common, own(it.rows(False)), first),
            error(network.common, own(it.rows(True))),
        ),
        options.epochs,
        10,
        network,
    )
    for decoder in network.decoders:
        decoder.load_state_dict(network.common.state_dict())

    def a_round():
        losses = []
        for cell in torch.randperm(paired.cells).tolist():
            of_cell = own(row for row in it.rows(False) if it.cell[row] == cell)
            optimiser = adam(options.learning_rate, network.encoder, network.decoders[cell])
            for _ in range(2):
                pairs = of_cell + it.pairs(cell, False)
                losses.append(epoch(network.decoders[cell], pairs, optimiser))
        return np.mean(losses), it.disagreement(
            lambda given, source, cell: network.decoders[cell](network.encoder(given), given)
        )

    it.stage("rounds", a_round, options.rounds, options.patience, network)
    for cell, decoder in enumerate(network.decoders):
        if it.pairs(cell, True):
            last = adam(options.learning_rate / 10, decoder)
            it.stage(
                f"decoder {cell + 1}",
                lambda cell=cell, decoder=decoder, last=last: (
                    epoch(decoder, it.pairs(cell, False), last, frozen=True),
                    error(decoder, it.pairs(cell, True)),
                ),
                options.epochs,
                5,
                decoder,
            )
    return it


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


def plain_vae(paired, options):
    torch.manual_seed(0)
    network = vae_anchor.Autoencoder(GENES, paired.cells, options)
    it = Reference(paired, network, options)
    x = it.x

    def divergence(mean, log_variance):
        return -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).mean()

    def draw(mean, log_variance):
        return mean + (log_variance / 2).exp() * torch.randn(mean.shape)

    def common(optimiser):
        rows_of, network_of = it.rows(False), network.train()

        def losses():
            for rows in minibatches(len(rows_of), options.batch):
                given = x[torch.tensor(rows_of)[rows]]
                normal = network_of.encoder(given)
                error = ((network.common(draw(*normal)) - given) ** 2).mean()
                yield error + options.common_divergence * divergence(*normal), len(rows)

        loss = it.descend(losses(), optimiser)
        network.eval()
        with torch.no_grad():
            held = x[it.rows(True)]
            return loss, float(((network.common(network.encoder(held)[0]) - held) ** 2).mean())

    def pairs(optimiser):
        network.train()

        def losses():
            for cell in torch.randperm(paired.cells).tolist():
                source, target = torch.tensor(it.pairs(cell, False)).T
                for number, rows in enumerate(torch.randperm(len(source)).split(options.batch)):
                    if number == options.steps:
                        break
                    given, truth = x[source[rows]], x[target[rows]]
                    normal = network.encoder(torch.cat([given, truth]))
                    states = draw(*normal)
                    made = network.decoders[cell](states)
                    error = ((made - torch.cat([truth, truth])) ** 2).mean()
                    anchor = ((states[: len(rows)] - states[len(rows) :]) ** 2).mean()
                    yield (
                        error + options.anchor * anchor + options.divergence * divergence(*normal),
                        len(rows),
                    )

        loss = it.descend(losses(), optimiser)
        return loss, it.disagreement(
            lambda given, source, cell: network.decoders[cell](network.encoder(given)[0])
        )

    first = adam(options.learning_rate, network.encoder, network.common)
    it.stage("common", lambda: common(first), options.common_epochs, 10, network)
    for decoder in network.decoders:
        decoder.load_state_dict(network.common.state_dict())
    second = adam(options.learning_rate, network)
    it.stage("pairs", lambda: pairs(second), options.epochs, options.patience, network)
    return it


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


def plain_gan(paired, options):
    torch.manual_seed(0)
    network = dual_gan.DualGan(GENES, paired.cells)
    it = Reference(paired, network, options)
    x = it.x

    def blind(module):
        """A copy whose weights learn nothing."""
        return copy.deepcopy(module).requires_grad_(False)

    def epoch(optimiser):
        def losses():
            for _ in range(options.steps):
                for cell in torch.randperm(paired.cells).tolist():
                    source, target = torch.tensor(it.pairs(cell, False)).T
                    rows = torch.randint(len(source), (options.batch,))
                    given, truth = x[source[rows]], x[target[rows]]
                    judge = network.discriminators[cell]
                    made = network.generators[cell](given)
                    back = torch.stack(
                        [
                            blind(network.generators[it.cell[s]])(made[[i]])[0]
                            for i, s in enumerate(source[rows])
                        ]
                    )
                    loss = ((made - truth) ** 2).mean() + ((back - given) ** 2).mean()
                    loss = loss + options.adversarial * softplus(-blind(judge)(made)).mean()
                    loss = loss + softplus(-judge(truth)).mean()
                    yield loss + softplus(judge(made.detach())).mean(), options.batch

        loss = it.descend(losses(), optimiser)
        return loss, it.disagreement(lambda given, source, cell: network.generators[cell](given))

    optimiser = adam(options.learning_rate, network)
    it.stage("pairs", lambda: epoch(optimiser), options.epochs, options.patience, network)
    return it


@pytest.mark.parametrize(("cells", "changes"), [(3, {}), (2, {"learning_rate": 0.1, "steps": 1})])
def test_the_dual_gan_is_trained_as_written_out(cells, changes):
    paired, options = prepared(cells), replace(GAN, **changes)
    same(trained(dual_gan.PairedDualGan, paired, options), plain_gan(paired, options))


def plain_scgen(paired, options):
    torch.manual_seed(0)
    network = scgen.Autoencoder(GENES, options.latent)
    it = Reference(paired, network, options)
    x = it.x

    def loss(given, normal, states):
        mean, log_variance = normal
        odds, share = network.decoder(states), (given + 1) / 2
        error = -(share * logsigmoid(odds) + (1 - share) * logsigmoid(-odds)).sum()
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        return (error + options.divergence * divergence) / len(given)

    def epoch(optimiser):
        learned = torch.tensor(it.rows(False))

        def losses():
            for rows in minibatches(len(learned), options.batch):
                given = x[learned[rows]]
                mean, log_variance = network.encoder(given)
                states = mean + (log_variance / 2).exp() * torch.randn(mean.shape)
                yield loss(given, (mean, log_variance), states), len(rows)

        of_training = it.descend(losses(), optimiser)
        with torch.no_grad():
            held = x[it.rows(True)]
            normal = network.encoder(held)
            return of_training, float(loss(held, normal, normal[0]))

    optimiser = adam(options.learning_rate, network)
    it.stage("profiles", lambda: epoch(optimiser), options.epochs, options.patience, network)
    return it


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
