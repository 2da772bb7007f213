"""scGen's autoencoder, and its training; see `lacuna.completion.methods.scgen`."""

from collections.abc import Iterator

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

# The numbers of Umarov's code.
WIDE, NARROW, LATENT = 512, 256, 20
LEARNING_RATE = 1e-3
# Theirs are 499, without validation, and 200.
EPOCHS, PATIENCE = 100, 10
BATCH = 50
DIVERGENCE = 5e-5  # theirs is 1; this is the default of the package scgen


class Autoencoder(nn.Module):
    """Profiles in [-1, 1] to latent states, and back."""

    def __init__(self, genes: int) -> None:
        super().__init__()
        hidden = nn.Sequential(
            nn.Linear(genes, WIDE), nn.ReLU(), nn.Linear(WIDE, NARROW), nn.ReLU()
        )
        self.encoder = VariationalEncoder(hidden, NARROW, LATENT)
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, NARROW),
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
    ) -> torch.Tensor:
        """Return cross-entropy plus weighted divergence, summed over genes, mean over profiles."""
        error = binary_cross_entropy_with_logits(
            self.decoder(states), (profiles + 1) / 2, reduction="sum"
        )
        return (error + DIVERGENCE * divergence(*normal).sum()) / len(profiles)


class PairedScgen(PairedNetwork):
    """The training of the autoencoder, and the shifts between cells."""

    network: Autoencoder

    def __init__(self, paired: PairedProfiles) -> None:
        super().__init__(Autoencoder(paired.profiles.shape[1]), paired)

    def train(self, training: Training) -> None:
        """Train the autoencoder on all profiles, then compute the shifts."""
        self.run_stage(
            training,
            "profiles",
            self._learn,
            parts=[self.network],
            rate=LEARNING_RATE,
            epochs=EPOCHS,
            patience=PATIENCE,
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
        network, validation = self.network, torch.as_tensor(self.paired.validation)
        learned, unseen = self.paired.profiles[~validation], self.paired.profiles[validation]

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(learned), BATCH):
                normal = network.encoder(learned[rows])
                yield network.loss(learned[rows], normal, draw(*normal)), len(rows)

        loss = descend(losses(), optimiser)
        with torch.no_grad():
            normal = network.encoder(unseen)
            return loss, float(network.loss(unseen, normal, normal[0]))


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
