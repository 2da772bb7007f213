"""The variational autoencoder with an anchor loss, and its training.

See `lacuna.completion.methods.vae_anchor`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import nn

from lacuna.completion.shared.paired import PairedNetwork, PairedProfiles
from lacuna.networks.layers import VariationalEncoder, begin_as_keras, divergence, draw
from lacuna.networks.training import Training, batches, descend

# The authors' numbers.
WIDE, NARROW, NARROWEST = 256, 128, 64
SLOPE = 0.2
COMMON_PATIENCE = 10


@dataclass(frozen=True)
class Options:
    """What `lacuna.completion.methods.vae_anchor.fit` takes of the network and its training."""

    latent: int
    learning_rate: float
    batch: int
    common_epochs: int
    epochs: int
    patience: int
    steps: int
    anchor: float
    divergence: float
    common_divergence: float
    input_dropout: float
    dropout: float


class Autoencoder(nn.Module):
    """An encoder, a decoder for all cells together, and one for each cell."""

    def __init__(self, genes: int, cells: int, options: Options) -> None:
        super().__init__()
        hidden = nn.Sequential(
            nn.Dropout(options.input_dropout),
            nn.Linear(genes, WIDE),
            nn.LeakyReLU(SLOPE),
            nn.Linear(WIDE, NARROW),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(options.dropout),
            nn.Linear(NARROW, NARROWEST),
            nn.LeakyReLU(SLOPE),
        )
        self.encoder = VariationalEncoder(hidden, NARROWEST, options.latent)
        self.common, *decoders = (
            nn.Sequential(
                nn.Linear(options.latent, NARROW),
                nn.LeakyReLU(SLOPE),
                nn.Linear(NARROW, WIDE),
                nn.LeakyReLU(SLOPE),
                nn.Dropout(options.dropout),
                nn.Linear(WIDE, genes),
            )
            for _ in range(1 + cells)
        )
        self.decoders = nn.ModuleList(decoders)
        begin_as_keras(self)

    def copy_common(self) -> None:
        """Make each cell's decoder a copy of the common one."""
        for decoder in self.decoders:
            decoder.load_state_dict(self.common.state_dict())

    def predict(self, profiles: torch.Tensor, decoder: nn.Module) -> torch.Tensor:
        """Decode the mean states of profiles; nothing is dropped, drawn or learned."""
        self.eval()
        with torch.no_grad():
            return decoder(self.encoder(profiles)[0])


class PairedVae(PairedNetwork):
    """The two stages of the training."""

    network: Autoencoder
    options: Options

    def __init__(self, paired: PairedProfiles, *, options: Options) -> None:
        network = Autoencoder(paired.profiles.shape[1], paired.cells, options)
        super().__init__(network, paired, options)

    def train(self, training: Training) -> None:
        """Train a common autoencoder; then encoder and each cell's decoder on pairs."""
        network, options = self.network, self.options
        self.run_stage(
            training,
            "common",
            self._learn_in_common,
            parts=[network.encoder, network.common],
            rate=options.learning_rate,
            epochs=options.common_epochs,
            patience=COMMON_PATIENCE,
        )
        training.once("copies", network.copy_common)
        self.run_stage(
            training,
            "pairs",
            self._learn_pairs,
            parts=[network],
            rate=options.learning_rate,
            epochs=options.epochs,
            patience=options.patience,
        )

    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Decode profiles, whatever cells they are of, with a cell's decoder."""
        return self.network.predict(profiles, self.network.decoders[cell])

    def _learn_in_common(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        profiles, validation = self.paired.profiles, torch.as_tensor(self.paired.validation)
        learned, unseen = profiles[~validation], profiles[validation]
        self.network.train()

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(learned), self.options.batch):
                normal = self.network.encoder(learned[rows])
                errors = (self.network.common(draw(*normal)) - learned[rows]) ** 2
                penalty = self.options.common_divergence * divergence(*normal).mean()
                yield errors.mean() + penalty, len(rows)

        loss = descend(losses(), optimiser)
        errors = (self.network.predict(unseen, self.network.common) - unseen) ** 2
        return loss, float(errors.mean())

    def _learn_pairs(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        self.network.train()
        loss = descend(self._losses_of_pairs(), optimiser)
        return loss, 1 - self.paired.agreement(self.predict)

    def _losses_of_pairs(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the loss of each minibatch, whose pairs are all into one cell."""
        profiles, options = self.paired.profiles, self.options
        for cell in torch.randperm(self.paired.cells).tolist():
            source, target = map(torch.as_tensor, self.paired.into(cell, validation=False))
            for rows in islice(batches(len(source), options.batch), options.steps):
                truth = profiles[target[rows]]
                normal = self.network.encoder(torch.cat([profiles[source[rows]], truth]))
                states = draw(*normal)
                # The cell's own profiles are decoded, too, as what they are.
                errors = (self.network.decoders[cell](states) - truth.repeat(2, 1)) ** 2
                apart = (states[: len(rows)] - states[len(rows) :]) ** 2
                penalty = options.divergence * divergence(*normal).mean()
                yield errors.mean() + options.anchor * apart.mean() + penalty, len(rows)
