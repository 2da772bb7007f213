"""The CycleGAN, and its training; see `lacuna.translation.landmarks.cyclegan`."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.functional import mse_loss, smooth_l1_loss
from tqdm import tqdm

from lacuna.errors import LacunaError
from lacuna.networks.random_states import go_on_drawing
from lacuna.networks.training import Checkpoint, fingerprint, fits, random_stream
from lacuna.runtime.device import find_device
from lacuna.translation.interface import LandmarkTraining, State
from lacuna.translation.trainers.networks import (
    NetworkStep,
    Scale,
    linear_and,
    load_weights,
    scales_of,
)

# The authors' numbers.
NARROW = 128
BATCH = 100
WEIGHT_DECAY = 1e-5
EPOCHS_PER_TENTH = 50  # after so many the learning rate is a tenth
SWAPPED = 0.5  # share of a batch that the buffer replaces by earlier samples
BATCHES_IN_BUFFER = 10
LOSSES = ("gan", "cycle", "identity", "generators", "discriminators")


@dataclass(frozen=True)
class CycleLosses:
    """Weights of the losses beside the GAN's, which has 1."""

    cycle: float
    identity: float

    def total(self, losses: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return what the generators descend."""
        return losses["gan"] + self.cycle * losses["cycle"] + self.identity * losses["identity"]


class Generator(nn.Module):
    """Standardised profiles of shape (n, genes) to such profiles."""

    def __init__(self, genes: int, width: int, skip: bool) -> None:
        super().__init__()
        self.genes, self.width, self.skip = genes, width, skip
        self.down = nn.Sequential(
            *linear_and(genes, width, norm=True),
            *linear_and(width, width, norm=True),
            nn.Linear(width, NARROW),
        )
        self.residual = nn.Sequential(
            nn.Linear(NARROW, NARROW), nn.ReLU(), nn.Linear(NARROW, NARROW), nn.ReLU()
        )
        self.up = nn.Sequential(
            *linear_and(NARROW, width, norm=True),
            *linear_and(width, width, norm=True),
            nn.Linear(width, genes),
        )
        if skip:  # begins as the map of each gene's mean and spread
            for weight in self.up[-1].parameters():
                nn.init.zeros_(weight)

    def forward(self, profiles: torch.Tensor) -> torch.Tensor:
        states = self.down(profiles)
        made = self.up(states + self.residual(states))
        return profiles + made if self.skip else made


class Discriminator(nn.Module):
    """Standardised profiles to one value each: 1 for measured ones, 0 for made ones.

    With noise, of so many standard deviations, it cannot know few samples by heart (instance noise,
    Sønderby et al. 2017, https://doi.org/10.48550/arXiv.1610.04490).
    """

    def __init__(self, genes: int, width: int, noise: float = 0.0) -> None:
        super().__init__()
        self.noise = noise
        self.layers = nn.Sequential(
            *linear_and(genes, width),
            *linear_and(width, width),
            *linear_and(width, NARROW),
            nn.Linear(NARROW, 1),
        )

    def forward(self, profiles: torch.Tensor) -> torch.Tensor:
        if self.noise:
            profiles = profiles + self.noise * torch.randn_like(profiles)
        return self.layers(profiles)


class Buffer:
    """Made profiles of earlier batches, so that a discriminator does not forget (Shrivastava 2017).

    Half of the rows given are kept and replaced by earlier ones, once the buffer is full.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows: torch.Tensor | None = None

    def swap(self, made: torch.Tensor) -> torch.Tensor:
        """Return as many rows as given, some of them of earlier calls."""
        if self.rows is None or len(self.rows) < self.capacity:
            self.rows = made.clone() if self.rows is None else torch.cat([self.rows, made])
            return made
        swapped = torch.rand(len(made)) < SWAPPED
        where = torch.randperm(len(self.rows))[: int(swapped.sum())]
        returned = made.clone()
        returned[swapped] = self.rows[where]
        self.rows[where] = made[swapped]
        return returned


class CycleGan(nn.Module):
    """Both generators and both discriminators; a is L1000, b is RNA-seq."""

    def __init__(self, genes: int, width: int, skip: bool, noise: float = 0.0) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = (Generator(genes, width, skip) for _ in range(2))
        self.judge_a, self.judge_b = (Discriminator(genes, width, noise) for _ in range(2))

    def generator_losses(self, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses of the generators, each the mean of both ways, and what they made."""
        to_b, to_a = self.a_to_b(a), self.b_to_a(b)
        return {
            "gan": (against(self.judge_b(to_b), 1) + against(self.judge_a(to_a), 1)) / 2,
            "cycle": (smooth_l1_loss(self.b_to_a(to_b), a) + smooth_l1_loss(self.a_to_b(to_a), b))
            / 2,
            "identity": (mse_loss(self.b_to_a(a), a) + mse_loss(self.a_to_b(b), b)) / 2,
            "to_a": to_a.detach(),
            "to_b": to_b.detach(),
        }

    def discriminator_loss(self, real: torch.Tensor, made: torch.Tensor, side: str) -> torch.Tensor:
        """Return the loss of the discriminator of a side, "a" or "b"."""
        judge = self.judge_a if side == "a" else self.judge_b
        return (against(judge(real), 1) + against(judge(made), 0)) / 2


def against(judged: torch.Tensor, expected: float) -> torch.Tensor:
    """Return the least-squares loss of a discriminator's values."""
    return mse_loss(judged, torch.full_like(judged, expected))


@dataclass(frozen=True)
class GeneratorStep(NetworkStep):
    """A trained generator, with the one of the way back and the losses of each epoch."""

    back: nn.Module | None = None
    losses: pd.DataFrame | None = None

    @property
    def reverse(self) -> "GeneratorStep | None":
        """The way back, from RNA-seq to L1000."""
        return None if self.back is None else GeneratorStep(self.back, self.after, self.before)

    @classmethod
    def of(cls, state: State) -> "GeneratorStep":
        """Make the step of its state; the way back is no part of it."""
        width, genes = state["network.down.0.weight"].shape
        network = Generator(genes, width, bool(state["skip"][0]))
        load_weights(network, state)
        return cls(network, *scales_of(state))

    def state(self) -> State:
        """Return weights, scales, and whether the generator adds to its input."""
        return super().state() | {"skip": np.array([self.network.skip])}


def train(
    training: LandmarkTraining,
    rng: np.random.Generator,
    *,
    losses: CycleLosses,
    epochs: int,
    width: int,
    learning_rate: float,
    batch: int,
    noise: float,
    skip: bool,
    device: str,
) -> GeneratorStep:
    """Train both generators on unpaired profiles.

    Returns
    -------
    GeneratorStep
        From L1000 to RNA-seq. Its `losses` has a row per epoch: epoch, and the mean of each of
        `LOSSES` over its steps.
    """
    scales = Scale.of(training.l1000), Scale.of(training.rnaseq)
    place = find_device(device).name
    with random_stream(rng):
        gan = CycleGan(training.l1000.shape[1], width, skip, noise).to(place)
        sides = [
            torch.as_tensor(scale.apply(rows)).to(place)
            for scale, rows in zip(scales, (training.l1000, training.rnaseq), strict=True)
        ]
        start = fingerprint(
            training.l1000,
            training.rnaseq,
            weights=losses,
            epochs=epochs,
            width=width,
            skip=skip,
            rate=learning_rate,
            batch=batch,
            noise=noise,
            seed=torch.initial_seed(),
        )
        checkpoint = Checkpoint(training.work, start)
        run = CycleTraining(gan, losses, learning_rate, checkpoint, batch)
        run.run(sides, epochs)
    table = pd.DataFrame(run.losses, columns=["epoch", *LOSSES])
    return GeneratorStep(gan.a_to_b, *scales, back=gan.b_to_a, losses=table)


class CycleTraining:
    """The training of all four networks; killed, it goes on from its checkpoint."""

    def __init__(
        self,
        gan: CycleGan,
        weights: CycleLosses,
        learning_rate: float,
        checkpoint: Checkpoint,
        batch: int = BATCH,
    ) -> None:
        self.gan, self.weights, self._file, self.batch = gan, weights, checkpoint, batch
        generators = [*gan.a_to_b.parameters(), *gan.b_to_a.parameters()]
        discriminators = [*gan.judge_a.parameters(), *gan.judge_b.parameters()]
        self.optimisers = [
            torch.optim.Adam(part, learning_rate, weight_decay=WEIGHT_DECAY)
            for part in (generators, discriminators)
        ]
        self.schedules = [
            torch.optim.lr_scheduler.StepLR(optimiser, EPOCHS_PER_TENTH)
            for optimiser in self.optimisers
        ]
        self.buffers = {side: Buffer(BATCHES_IN_BUFFER * batch) for side in "ab"}
        self.losses: list[list[float]] = []  # a row per epoch: its number, and `LOSSES`
        if (saved := self._file.read()) and fits(saved.get("network"), gan):
            self._go_on(saved)

    def run(self, sides: list[torch.Tensor], epochs: int) -> None:
        """Train until so many epochs are done."""
        done = len(self.losses)
        self.gan.train()
        for epoch in tqdm(
            range(done, epochs), "CycleGAN", initial=done, total=epochs, mininterval=5
        ):
            steps = [self._learn(a, b) for a, b in _batches(*sides, batch=self.batch)]
            for schedule in self.schedules:
                schedule.step()
            self.losses.append([epoch, *np.mean(steps, axis=0).tolist()])
            if self._file.is_due:
                self._file.save(self._state())

    def _learn(self, a: torch.Tensor, b: torch.Tensor) -> list[float]:
        """Learn from a batch; return its losses, in the order of `LOSSES`."""
        made = self.gan.generator_losses(a, b)
        total = self.weights.total(made)
        _step(self.optimisers[0], total)
        of_a, of_b = (
            self.gan.discriminator_loss(real, self.buffers[side].swap(made[f"to_{side}"]), side)
            for side, real in (("a", a), ("b", b))
        )
        judged = of_a + of_b
        _step(self.optimisers[1], judged)
        values = {name: made[name] for name in LOSSES[:3]}
        values |= {"generators": total, "discriminators": judged}
        return [float(values[name].detach()) for name in LOSSES]

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.gan.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "schedules": [schedule.state_dict() for schedule in self.schedules],
            "buffers": {side: buffer.rows for side, buffer in self.buffers.items()},
            "losses": self.losses,
        }

    def _go_on(self, saved: dict[str, Any]) -> None:
        """Restore everything from a checkpoint.

        Raises
        ------
        LacunaError
            If parts of it are missing, or are those of another training.
        """
        place = next(self.gan.parameters()).device
        try:
            self.gan.load_state_dict(saved["network"])
            for kind in ("optimisers", "schedules"):
                for part, state in zip(getattr(self, kind), saved[kind], strict=True):
                    part.load_state_dict(state)
            for side, buffer in self.buffers.items():
                rows = saved["buffers"][side]
                buffer.rows = None if rows is None else rows.to(place)
            self.losses = [[int(epoch), *map(float, row)] for epoch, *row in saved["losses"]]
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise LacunaError(
                f"{self._file.path}: does not fit this training of the CycleGAN. "
                "Delete it and run again; the training starts anew."
            ) from error
        go_on_drawing(saved)


def _step(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def _batches(
    a: torch.Tensor, b: torch.Tensor, *, batch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches of both sides, each in a random order; the smaller side begins again."""
    steps = max(len(a), len(b)) // batch or 1
    shuffled = (_endless(side, batch) for side in (a, b))
    yield from itertools.islice(zip(*shuffled, strict=True), steps)


def _endless(rows: torch.Tensor, batch: int) -> Iterator[torch.Tensor]:
    size = min(batch, len(rows))
    while True:
        order = torch.randperm(len(rows))
        for first in range(0, len(rows) - size + 1, size):
            yield rows[order[first : first + size]]
