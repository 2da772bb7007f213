"""Latent arithmetic as in scGen (Lotfollahi et al. 2019), a rival that Umarov et al. 2021 ran.

A variational autoencoder learns all profiles of all cells. A drug's profile in one cell is encoded,
moved by the mean latent difference of the two cells, over the training drugs measured in both, and
decoded. So all drugs are moved alike. Layers and losses are those of Umarov's code
(umarov90/DeepCellState, competitors/pytorch_VAE_arithmetic.py), with two repairs. Its sigmoid and
binary cross-entropy are for values from 0 to 1, but were given values from -1 to 1: here the loss
maps profiles to [0, 1] first. There most values lie close to 1/2, where cross-entropies hardly
differ, and a Kullback-Leibler divergence of full weight would leave the latent states nothing to
say: its weight is the one that scGen's own package gives it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from lacuna.completion.interface import SideInformation
from lacuna.completion.shared.other_cells import FromOtherCells, share_enough_drugs
from lacuna.completion.shared.paired import PairedProfiles
from lacuna.networks.layers import VariationalEncoder, divergence, draw
from lacuna.networks.training import Training, batches, descend, fingerprint, random_stream
from lacuna.runtime.device import find_device
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


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    fallback: str = "mean_2d",
    device: str = "auto",
) -> FromOtherCells:
    """Train the autoencoder and learn the shifts.

    Parameters
    ----------
    observed, side, rng, work
        See `lacuna.completion.run.run_method`.
    fallback
        The method that predicts where a drug has no profile in a cell that shares enough drugs.
    device
        "cpu", "cuda", or "auto": a GPU where PyTorch finds one.
    """
    where = find_device(device).name
    paired = PairedProfiles.prepare(observed, rng, where)
    with random_stream(rng):
        network = Autoencoder(paired.profiles.shape[1]).to(where)
        start = fingerprint(*paired.arrays, method=__name__, seed=torch.initial_seed())
        training = Training(network, work, start)
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
        training.run(
            "profiles",
            lambda: learn(network, paired, optimiser),
            epochs=EPOCHS,
            patience=PATIENCE,
            optimiser=optimiser,
        )
    shifts = find_shifts(network, paired)

    def predict(profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        with torch.no_grad():
            return network.decode(network.encoder(profiles)[0] + shifts[cells, cell])

    able = share_enough_drugs(observed)
    return FromOtherCells(paired.translator(predict), able, fallback, training.losses)


def learn(
    network: Autoencoder, paired: PairedProfiles, optimiser: torch.optim.Optimizer
) -> tuple[float, float]:
    """Train for an epoch; return the training and the validation loss."""
    aside = torch.as_tensor(paired.aside)
    learned, unseen = paired.profiles[~aside], paired.profiles[aside]

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        for rows in batches(len(learned), BATCH):
            normal = network.encoder(learned[rows])
            yield network.loss(learned[rows], normal, draw(*normal)), len(rows)

    loss = descend(losses(), optimiser)
    with torch.no_grad():
        normal = network.encoder(unseen)
        return loss, float(network.loss(unseen, normal, normal[0]))


def find_shifts(network: Autoencoder, paired: PairedProfiles) -> torch.Tensor:
    """Return how far the latent states of two cells lie apart, on average over drugs in both.

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
