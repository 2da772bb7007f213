"""scGen's autoencoder, and its training; see `lacuna.completion.methods.scgen`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from lacuna.completion.shared.other_cells import share_enough_drugs
from lacuna.completion.shared.paired import PairedNetwork, PairedProfiles
from lacuna.networks.layers import VariationalEncoder, divergence, draw
from lacuna.networks.training import Training, batches, descend
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by

WIDE, NARROW = 512, 256  # the numbers of Umarov's code


@dataclass(frozen=True)
class Options:
    """What `lacuna.completion.methods.scgen.fit` takes of the network and its training."""

    latent: int
    learning_rate: float
    batch: int
    epochs: int
    patience: int
    divergence: float


class Autoencoder(nn.Module):
    """Profiles in [-1, 1] to latent states, and back."""

    def __init__(self, genes: int, latent: int) -> None:
        super().__init__()
        hidden = nn.Sequential(
            nn.Linear(genes, WIDE), nn.ReLU(), nn.Linear(WIDE, NARROW), nn.ReLU()
        )
        self.encoder = VariationalEncoder(hidden, NARROW, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, NARROW),
            nn.ReLU(),
            nn.Linear(NARROW, WIDE),
            nn.ReLU(),
            nn.Linear(WIDE, genes),
        )

    def decode(self, states: torch.Tensor) -> torch.Tensor:
        """Return profiles, from latent states."""
        return 2 * torch.sigmoid(self.decoder(states)) - 1

    def loss(
        self,
        profiles: torch.Tensor,
        normal: tuple[torch.Tensor, torch.Tensor],
        states: torch.Tensor,
        weight: float,
    ) -> torch.Tensor:
        """Return cross-entropy plus weighted divergence, both summed, mean over profiles."""
        error = binary_cross_entropy_with_logits(
            self.decoder(states), (profiles + 1) / 2, reduction="sum"
        )
        return (error + weight * divergence(*normal).sum()) / len(profiles)


class PairedScgen(PairedNetwork):
    """The training of the autoencoder, and the shifts between cells."""

    network: Autoencoder
    options: Options

    def __init__(self, paired: PairedProfiles, *, options: Options) -> None:
        network = Autoencoder(paired.profiles.shape[1], options.latent)
        super().__init__(network, paired, options)

    def train(self, training: Training) -> None:
        """Train the autoencoder on all profiles, then compute the shifts."""
        self.run_stage(
            training,
            "profiles",
            self._learn,
            parts=[self.network],
            rate=self.options.learning_rate,
            epochs=self.options.epochs,
            patience=self.options.patience,
        )
        self._shifts = find_shifts(self.network, self.paired)

    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Decode the states of profiles, shifted from their cells to another."""
        with torch.no_grad():
            states, _ = self.network.encoder(profiles)
            return self.network.decode(states + self._shifts[cells, cell])

    def can_translate(self, observed: ProfileSet) -> np.ndarray:
        """Return which cells share enough drugs for a shift."""
        return share_enough_drugs(observed)

    def _learn(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        network, options = self.network, self.options
        validation = torch.as_tensor(self.paired.validation)
        learned, unseen = self.paired.profiles[~validation], self.paired.profiles[validation]

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(learned), options.batch):
                normal = network.encoder(learned[rows])
                loss = network.loss(learned[rows], normal, draw(*normal), options.divergence)
                yield loss, len(rows)

        loss = descend(losses(), optimiser)
        with torch.no_grad():
            normal = network.encoder(unseen)
            return loss, float(network.loss(unseen, normal, normal[0], options.divergence))


def find_shifts(network: Autoencoder, paired: PairedProfiles) -> torch.Tensor:
    """Return the difference of the latent states of two cells, averaged over drugs in both.

    Returns
    -------
    float32 Tensor of shape (cells, cells, latent)
        From the first cell to the second; 0 where they share no drug.
    """
    with torch.no_grad():
        states = network.encoder(paired.profiles)[0].cpu().numpy()
    source, target, cells = paired.source, paired.target, paired.cells
    pair = paired.cell[source] * cells + paired.cell[target]
    shifts, _ = mean_by(pair, cells**2, states[target] - states[source])
    shifts = shifts.reshape(cells, cells, -1)
    return torch.as_tensor(shifts, dtype=torch.float32, device=paired.profiles.device)
