"""The extrapolator, and its training; see `lacuna.translation.genome.extrapolator`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.functional import mse_loss

from lacuna.networks.training import Training, batches, descend, fingerprint, random_stream
from lacuna.runtime.device import find_device
from lacuna.translation.genome.ridge import deal_studies
from lacuna.translation.interface import GenomeTraining, State
from lacuna.translation.trainers.networks import (
    NetworkStep,
    Scale,
    linear_and,
    load_weights,
    scales_of,
)

# The authors' numbers.
BATCH = 100
WEIGHT_DECAY = 1e-4
EPOCHS_PER_HALF = 10
PATIENCE = 3
SET_ASIDE = 10  # one fold of so many, by study, tells when to stop


@dataclass(frozen=True)
class ExtrapolatorStep(NetworkStep):
    """A trained extrapolator, with the losses of each epoch."""

    losses: pd.DataFrame | None = None

    @classmethod
    def of(cls, state: State) -> "ExtrapolatorStep":
        """Make the step of its state."""
        names = [name for name in state if name.startswith("network.") and name.endswith("weight")]
        layers = [state[name] for name in sorted(names, key=lambda name: int(name.split(".")[1]))]
        network = build(layers[0].shape[1], [len(layer) for layer in layers])
        load_weights(network, state)
        return cls(network, *scales_of(state))


def build(landmarks: int, widths: list[int]) -> nn.Sequential:
    """Return the layers; the last of the widths is the number of genes."""
    layers: list[nn.Module] = []
    for before, after in zip([landmarks, *widths[:-2]], widths[:-1], strict=True):
        layers += linear_and(before, after)
    return nn.Sequential(*layers, nn.Linear(([landmarks, *widths])[-2], widths[-1]))


def train(
    training: GenomeTraining,
    rng: np.random.Generator,
    *,
    widths: list[int],
    epochs: int,
    learning_rate: float,
    device: str,
) -> ExtrapolatorStep:
    """Train until studies that were set aside are predicted no better for three epochs."""
    aside = deal_studies(training.study, SET_ASIDE, rng)[0]
    learnt = np.flatnonzero(~aside)
    genome = np.asarray(training.genome[:])
    before, after = Scale.of(training.landmarks[learnt]), Scale.of(genome[learnt])
    place = find_device(device).name
    with random_stream(rng):
        network = build(training.landmarks.shape[1], [*widths, genome.shape[1]])
        network.to(place)
        x = torch.as_tensor(before.apply(training.landmarks)).to(place)
        y = torch.as_tensor(after.apply(genome)).to(place)
        noise = torch.as_tensor((training.noise / before.deviation).astype(np.float32)).to(place)
        optimiser = torch.optim.Adam(network.parameters(), learning_rate, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, EPOCHS_PER_HALF, gamma=0.5)

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for some in batches(len(learnt), BATCH):
                rows = torch.as_tensor(learnt)[some]
                noisy = x[rows] + noise * torch.randn_like(x[rows])
                yield mse_loss(network(noisy), y[rows]), len(rows)

        def epoch() -> tuple[float, float]:
            network.train()
            loss = descend(losses(), optimiser)
            network.eval()
            rows = torch.as_tensor(np.flatnonzero(aside))
            with torch.no_grad():
                noisy = x[rows] + noise * torch.randn_like(x[rows])
                return loss, float(mse_loss(network(noisy), y[rows]))

        told = {"widths": widths, "epochs": epochs, "rate": learning_rate}
        seed = torch.initial_seed()
        start = fingerprint(training.landmarks, genome, training.noise, aside, seed=seed, **told)
        run = Training(network, training.work, start)
        run.run(
            "extrapolator",
            epoch,
            epochs=epochs,
            patience=PATIENCE,
            optimiser=optimiser,
            schedule=schedule,
        )
    return ExtrapolatorStep(network, before, after, losses=run.losses)
