"""The dual GAN, and its training; see `lacuna.completion.methods.dual_gan`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from lacuna.completion.shared.paired import PairedNetwork, PairedProfiles
from lacuna.networks.layers import begin_as_keras
from lacuna.networks.training import Training, descend
from lacuna.tensor.profiles import ProfileSet

# The authors' numbers.
GENERATOR_WIDTH = 128
DISCRIMINATOR_WIDTHS = 256, 128
PROFILES_AT_ONCE = 64  # where nothing is learned; each value takes GENERATOR_WIDTH numbers


@dataclass(frozen=True)
class Options:
    """What `lacuna.completion.methods.dual_gan.fit` takes of the training."""

    learning_rate: float
    batch: int
    epochs: int
    patience: int
    steps: int
    adversarial: float


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


class PairedDualGan(PairedNetwork):
    """The training of a dual GAN, and what its steps descend."""

    network: DualGan
    options: Options

    def __init__(self, paired: PairedProfiles, *, options: Options) -> None:
        super().__init__(DualGan(paired.profiles.shape[1], paired.cells), paired, options)

    def train(self, training: Training) -> None:
        """Train all generators and discriminators together."""
        self.run_stage(
            training,
            "pairs",
            self._learn,
            parts=[self.network],
            rate=self.options.learning_rate,
            epochs=self.options.epochs,
            patience=self.options.patience,
        )

    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Return what profiles, whatever cells they are of, would be in a cell."""
        generator = self.network.generators[cell]
        with torch.no_grad():
            parts = [generator(part) for part in profiles.split(PROFILES_AT_ONCE)]
        return torch.cat(parts)

    def can_translate(self, observed: ProfileSet) -> np.ndarray:
        """Return which cells have a generator: those that share a training drug with another."""
        target, numbers = self.paired.target, self.paired.numbers
        trained = np.unique(self.paired.cell[target[~self.paired.validation[target]]])
        return np.broadcast_to(np.isin(numbers, trained), (len(numbers),) * 2)

    def _learn(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        loss = descend(self._losses(), optimiser)
        return loss, 1 - self.paired.agreement(self.predict)

    def _losses(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the loss of each minibatch, whose pairs are all into one cell.

        They are drawn with replacement, so that a generator with few pairs takes as many steps.
        """
        for _ in range(self.options.steps):
            for cell in torch.randperm(self.paired.cells).tolist():
                source, target = self.paired.into(cell, validation=False)
                if len(source):
                    rows = torch.randint(len(source), (self.options.batch,)).numpy()
                    yield self.loss(source[rows], target[rows], cell), len(rows)

    def loss(self, source: np.ndarray, target: np.ndarray, cell: int) -> torch.Tensor:
        """Return the generator's loss plus the discriminator's, each blind to the other's weights.

        As in the authors' code, a cycle teaches the generator that it begins with.
        """
        given, truth = self.paired.profiles[source], self.paired.profiles[target]
        discriminator = self.network.discriminators[cell]
        made = self.network.generators[cell](given)
        generator_loss = (
            mse_loss(made, truth)
            + self._cycle(given, made, self.paired.cell[source])
            + self.options.adversarial * cross_entropy(apply_frozen(discriminator, made), 1)
        )
        discriminator_loss = cross_entropy(discriminator(truth), 1) + cross_entropy(
            discriminator(made.detach()), 0
        )
        return generator_loss + discriminator_loss

    def _cycle(self, given: torch.Tensor, made: torch.Tensor, cells: np.ndarray) -> torch.Tensor:
        """Return the mean squared error of profiles that were made, taken back to their cells."""
        total = torch.zeros((), device=made.device)
        for cell in np.unique(cells):
            rows = torch.as_tensor(np.flatnonzero(cells == cell), device=made.device)
            returned = apply_frozen(self.network.generators[cell], made[rows])
            total = total + mse_loss(returned, given[rows], reduction="sum")
        return total / given.numel()


def apply_frozen(network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Apply a network with frozen weights: gradients reach its inputs alone."""
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    return functional_call(network, weights, inputs)


def cross_entropy(logits: torch.Tensor, expected: float) -> torch.Tensor:
    """Return the binary cross-entropy of a discriminator that expects 1 (measured) or 0."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, expected))
