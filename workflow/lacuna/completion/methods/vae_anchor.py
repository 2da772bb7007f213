"""Variational autoencoder with an anchor loss, a rival of DeepCellState (Umarov et al. 2021).

One encoder for all cells, a decoder for each, as in DeepCellState; but latent states are drawn, and
an anchor draws those of one drug in two cells together. Losses, weights and dropout are those of
the authors' code (umarov90/DeepCellState, competitors/VAE_anchor.py). Other than there, layers are
plain ones over all genes, not shared by the genes one by one; a step takes a minibatch of pairs,
not one drug, and is the larger for it; and validation drugs choose the best weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells
from lacuna.completion.shared.paired import PairedProfiles, Predict
from lacuna.networks.layers import VariationalEncoder, begin_as_keras, divergence, draw
from lacuna.networks.training import Training, batches, descend, fingerprint, random_stream
from lacuna.runtime.device import find_device
from lacuna.tensor.profiles import ProfileSet

# The authors' numbers.
WIDE, NARROW, NARROWEST, LATENT = 256, 128, 64, 128
SLOPE = 0.2
INPUT_DROPOUT = 0.5
ANCHOR, DIVERGENCE, COMMON_DIVERGENCE = 0.05, 0.005, 2e-4
COMMON_EPOCHS, COMMON_PATIENCE = 40, 10
# Their patience is 5 epochs, of a step per drug each.
PAIRS_EPOCHS, PAIRS_PATIENCE = 100, 20
BATCH = 64
# Theirs are 1e-5 and 1e-4, for steps of one drug.
LEARNING_RATE = 2e-3
# So many minibatches into each cell make an epoch: bounds the time where there are many pairs.
STEPS_PER_CELL = 8
# Theirs is 0.8, of 128 or 256 values for each gene; of so many in all it leaves too few to learn.
DROPOUT = 0.2


class Autoencoder(nn.Module):
    """An encoder, a decoder for all cells together, and one for each cell."""

    def __init__(self, genes: int, cells: int) -> None:
        super().__init__()
        hidden = nn.Sequential(
            nn.Dropout(INPUT_DROPOUT),
            nn.Linear(genes, WIDE),
            nn.LeakyReLU(SLOPE),
            nn.Linear(WIDE, NARROW),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(DROPOUT),
            nn.Linear(NARROW, NARROWEST),
            nn.LeakyReLU(SLOPE),
        )
        self.encoder = VariationalEncoder(hidden, NARROWEST, LATENT)
        self.common, *decoders = (
            nn.Sequential(
                nn.Linear(LATENT, NARROW),
                nn.LeakyReLU(SLOPE),
                nn.Linear(NARROW, WIDE),
                nn.LeakyReLU(SLOPE),
                nn.Dropout(DROPOUT),
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


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: str = "mean_2d",
    device: str = "auto",
) -> FromOtherCells:
    """Train a common autoencoder; then encoder and each cell's decoder on pairs of profiles.

    Parameters
    ----------
    observed, side, rng, work
        See `lacuna.completion.run.run_method`.
    fallback
        The method that predicts where a drug has no profile in another cell, or the cell has none
        in training.
    device
        "cpu", "cuda", or "auto": a GPU where PyTorch finds one.
    """
    where = find_device(device).name
    paired = PairedProfiles.prepare(observed, rng, where)
    with random_stream(rng):
        network = Autoencoder(paired.profiles.shape[1], paired.cells).to(where)
        start = fingerprint(*paired.arrays, method=__name__, seed=torch.initial_seed())
        training = Training(network, work, start)
        Schedule(network, paired).train(training)
    predict = paired.translator(predictor(network))
    able = np.broadcast_to(paired.numbers >= 0, (len(paired.numbers),) * 2)
    return FromOtherCells(predict, able, fallback, training.losses)


def predictor(network: Autoencoder) -> Predict:
    """Return what predicts a cell's profiles with its decoder, from those of any cell."""
    return lambda profiles, _, cell: network.predict(profiles, network.decoders[cell])


@dataclass(frozen=True)
class Schedule:
    """The two stages."""

    network: Autoencoder
    paired: PairedProfiles

    def train(self, training: Training) -> None:
        """Go through both."""
        network = self.network
        common = [network.encoder, network.common]
        for stage, epoch, parts, epochs, patience in (
            ("common", self._learn_in_common, common, COMMON_EPOCHS, COMMON_PATIENCE),
            ("pairs", self._learn_pairs, [network], PAIRS_EPOCHS, PAIRS_PATIENCE),
        ):
            weights = [weight for part in parts for weight in part.parameters()]
            optimiser = torch.optim.Adam(weights, lr=LEARNING_RATE, fused=True)
            training.run(
                stage,
                lambda epoch=epoch, optimiser=optimiser: epoch(optimiser),
                epochs=epochs,
                patience=patience,
                optimiser=optimiser,
            )
            training.once("copies", network.copy_common)

    def _learn_in_common(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        profiles, aside = self.paired.profiles, torch.as_tensor(self.paired.aside)
        learned, unseen = profiles[~aside], profiles[aside]
        self.network.train()

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(learned), BATCH):
                normal = self.network.encoder(learned[rows])
                errors = (self.network.common(draw(*normal)) - learned[rows]) ** 2
                loss = errors.mean() + COMMON_DIVERGENCE * divergence(*normal).mean()
                yield loss, len(rows)

        loss = descend(losses(), optimiser)
        errors = (self.network.predict(unseen, self.network.common) - unseen) ** 2
        return loss, float(errors.mean())

    def _learn_pairs(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        self.network.train()
        loss = descend(self._losses_of_pairs(), optimiser)
        return loss, 1 - self.paired.agreement(predictor(self.network))

    def _losses_of_pairs(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the loss of each minibatch, whose pairs are all into one cell."""
        profiles = self.paired.profiles
        for cell in torch.randperm(self.paired.cells).tolist():
            source, target = map(torch.as_tensor, self.paired.into(cell, aside=False))
            for rows in islice(batches(len(source), BATCH), STEPS_PER_CELL):
                truth = profiles[target[rows]]
                normal = self.network.encoder(torch.cat([profiles[source[rows]], truth]))
                states = draw(*normal)
                # The cell's own profiles are decoded, too, as what they are.
                errors = (self.network.decoders[cell](states) - truth.repeat(2, 1)) ** 2
                apart = (states[: len(rows)] - states[len(rows) :]) ** 2
                penalties = ANCHOR * apart.mean() + DIVERGENCE * divergence(*normal).mean()
                yield errors.mean() + penalties, len(rows)
