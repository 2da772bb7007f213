"""The trainings of DeepCellState and its rivals written out: loops, NumPy, PyTorch's plain Adam."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
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
