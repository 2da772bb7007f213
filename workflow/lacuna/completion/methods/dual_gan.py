"""Dual GAN with a correspondence loss, a rival of DeepCellState (Umarov et al. 2021).

As MAGAN (Amodio and Krishnaswamy 2018, ICML): a generator into each cell; a discriminator that
tells its profiles from measured ones; a profile taken to another cell and back should be what it
was (cycle), and what is known to correspond should meet (correspondence). Here as in the authors'
code (umarov90/DeepCellState, competitors/dual_gan.py): the generator is one small network on single
values, the same for every gene. So it cannot mix genes, nor tell one gene from another: it is the
same scalar map for all of them, which is why the published numbers are weak.

Other than there, cells may be more than two: the generator into a cell takes profiles of any other
one, which for two cells is the dual GAN. Discriminators are plain layers over all genes, not shared
by the genes one by one. A step takes a minibatch of pairs, not one drug, and is the larger for it;
an epoch takes so many steps into each cell, however many pairs there are, which bounds the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells
from lacuna.completion.shared.paired import PairedProfiles
from lacuna.networks.layers import begin_as_keras
from lacuna.networks.training import Training, descend, fingerprint, random_stream
from lacuna.runtime.device import find_device
from lacuna.tensor.profiles import ProfileSet

# The authors' numbers.
GENERATOR_WIDTH = 128
DISCRIMINATOR_WIDTHS = 256, 128
ADVERSARIAL = 0.01
PATIENCE = 5
# Theirs are 1e-5 and 100, for epochs of one step per drug.
LEARNING_RATE = 1e-3
EPOCHS = 20
STEPS_PER_CELL, BATCH = 4, 8  # of an epoch
PROFILES_AT_ONCE = 64  # where nothing is learned; each value takes GENERATOR_WIDTH numbers


class Generator(nn.Module):
    """A scalar map, the same for every gene: profiles of shape (n, genes) to such profiles."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(1, GENERATOR_WIDTH),
            nn.ReLU(),
            nn.Linear(GENERATOR_WIDTH, GENERATOR_WIDTH),
            nn.ReLU(),
            nn.Linear(GENERATOR_WIDTH, 1),
        )

    def forward(self, profiles: torch.Tensor) -> torch.Tensor:
        return self.layers(profiles[..., None])[..., 0]


class DualGan(nn.Module):
    """A generator and a discriminator into each cell."""

    def __init__(self, genes: int, cells: int) -> None:
        super().__init__()
        first, second = DISCRIMINATOR_WIDTHS
        self.generators = nn.ModuleList(Generator() for _ in range(cells))
        self.discriminators = nn.ModuleList(
            nn.Sequential(
                nn.Linear(genes, first),
                nn.ReLU(),
                nn.Linear(first, second),
                nn.ReLU(),
                nn.Linear(second, 1),
            )
            for _ in range(cells)
        )
        begin_as_keras(self)

    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Return what profiles, whatever cells they are of, would be in a cell."""
        with torch.no_grad():
            parts = [self.generators[cell](part) for part in profiles.split(PROFILES_AT_ONCE)]
        return torch.cat(parts)


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: str = "mean_2d",
    device: str = "auto",
) -> FromOtherCells:
    """Train all generators and discriminators; parameters as of `vae_anchor.fit`.

    A cell that shares no drug with another one in training has no generator and falls back.
    """
    where = find_device(device).name
    paired = PairedProfiles.prepare(observed, rng, where)
    with random_stream(rng):
        network = DualGan(paired.profiles.shape[1], paired.cells).to(where)
        start = fingerprint(*paired.arrays, method=__name__, seed=torch.initial_seed())
        training = Training(network, work, start)
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
        schedule = Schedule(network, paired)
        training.run(
            "pairs",
            lambda: schedule.learn(optimiser),
            epochs=EPOCHS,
            patience=PATIENCE,
            optimiser=optimiser,
        )
    trained = np.unique(paired.cell[paired.target[~paired.aside[paired.target]]])
    able = np.broadcast_to(np.isin(paired.numbers, trained), (len(paired.numbers),) * 2)
    return FromOtherCells(paired.translator(network.predict), able, fallback, training.losses)


@dataclass(frozen=True)
class Schedule:
    """An epoch, and what its steps descend."""

    network: DualGan
    paired: PairedProfiles

    def learn(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        """Train for an epoch; return the training and the validation loss."""
        loss = descend(self._losses(), optimiser)
        return loss, 1 - self.paired.agreement(self.network.predict)

    def _losses(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the loss of each minibatch, whose pairs are all into one cell.

        They are drawn with replacement, so that a generator with few pairs takes as many steps.
        """
        for _ in range(STEPS_PER_CELL):
            for cell in torch.randperm(self.paired.cells).tolist():
                source, target = self.paired.into(cell, aside=False)
                if len(source):
                    rows = torch.randint(len(source), (BATCH,)).numpy()
                    yield self._loss(source[rows], target[rows], cell), BATCH

    def _loss(self, source: np.ndarray, target: np.ndarray, cell: int) -> torch.Tensor:
        """Return the generator's loss plus the discriminator's, each blind to the other's weights.

        As in the authors' code, a cycle teaches the generator that it begins with.
        """
        given, truth = self.paired.profiles[source], self.paired.profiles[target]
        discriminator = self.network.discriminators[cell]
        made = self.network.generators[cell](given)
        generator_loss = (
            mse_loss(made, truth)
            + self._cycle(given, made, self.paired.cell[source])
            + ADVERSARIAL * cross_entropy(as_it_is(discriminator, made), 1)
        )
        discriminator_loss = cross_entropy(discriminator(truth), 1) + cross_entropy(
            discriminator(made.detach()), 0
        )
        return generator_loss + discriminator_loss

    def _cycle(self, given: torch.Tensor, made: torch.Tensor, cells: np.ndarray) -> torch.Tensor:
        """Return the mean squared error of profiles that were made, taken back to their cells."""
        total = 0
        for cell in np.unique(cells):
            rows = torch.as_tensor(np.flatnonzero(cells == cell), device=made.device)
            back = as_it_is(self.network.generators[cell], made[rows])
            total = total + mse_loss(back, given[rows], reduction="sum")
        return total / given.numel()


def as_it_is(network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Apply a network such that its inputs learn from it, and its weights do not."""
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    return functional_call(network, weights, inputs)


def cross_entropy(logits: torch.Tensor, expected: float) -> torch.Tensor:
    """Return the binary cross-entropy of a discriminator that expects 1 (measured) or 0."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, expected))
