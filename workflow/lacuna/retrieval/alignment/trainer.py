"""The training of the coordinated model; see `lacuna.retrieval.alignment.align`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from lacuna.errors import LacunaError
from lacuna.networks.training import Training, batches, descend, fingerprint, random_stream
from lacuna.retrieval.alignment.aligned import (
    ROWS_AT_ONCE,
    Aligned,
    Coordinated,
    Shape,
)
from lacuna.retrieval.alignment.examples import Examples
from lacuna.retrieval.alignment.losses import TRIPLET_WEIGHT, Margin, Places, cca
from lacuna.retrieval.alignment.miners import Batch, batch_margin, batch_triplet, contrastive
from lacuna.retrieval.alignment.negatives import (
    RANDOM,
    Companions,
    Negatives,
    correlation_distance,
    expression_distance,
    tanimoto_distance,
)
from lacuna.retrieval.measures import Measure, distances_between
from lacuna.retrieval.ranks import find
from lacuna.retrieval.ties import reciprocal_rank
from lacuna.runtime.device import Device, find_device

STAGE = "alignment"
IN_BATCH = ("contrastive", "batch_margin", "batch_triplet", "cca")  # draw no other compound
WITH_COMPANIONS = ("quintuplet", "triplet_profiles")


class Diverged(LacunaError):
    """A training whose loss is no longer a number."""


@dataclass(frozen=True)
class Settings:
    """The options of `lacuna.retrieval.alignment.align.fit`."""

    loss: str
    beta: float
    margin: float
    distance: str
    temperature: float
    negatives: str
    negative_distance: str
    profile_layers: tuple[int, ...]
    molecule_layers: tuple[int, ...]
    dimensions: int
    activation: str
    bias: bool
    dropout: float
    rank_transform: bool
    epochs: int
    patience: int
    early_stopping: bool
    batch: int
    batches_of: str
    learning_rate: float
    rank_distance: Measure
    device: str


def train(
    training: Examples,
    validation: Examples,
    rng: np.random.Generator,
    work: Path | None,
    settings: Settings,
) -> Aligned:
    """Train both networks; see `lacuna.retrieval.alignment.align.fit`."""
    training.check("training")
    validation.check("validation")
    if min([*settings.profile_layers, *settings.molecule_layers, 1]) < 1:
        raise LacunaError(
            f"retrieval: profile_layers is {list(settings.profile_layers)} and molecule_layers "
            f"{list(settings.molecule_layers)}, expected widths of at least 1. Leave out a layer "
            "that you do not want."
        )
    device = find_device(settings.device)
    with random_stream(rng):
        run = _Run(training, validation, settings, device)
        start = fingerprint(
            **asdict(settings),
            training=training.digest(),
            validation=validation.digest(),
            seed=torch.initial_seed(),
        )
        epochs = Training(run.network, work, start)
        run.train(epochs)
    losses = epochs.losses
    losses["validation"] = -losses["validation"] if run.validates else np.nan
    return Aligned(run.network.eval(), losses)


class _Run:
    """One training: data on their device, networks, what is drawn."""

    def __init__(
        self, training: Examples, validation: Examples, settings: Settings, device: Device
    ) -> None:
        self.settings, self.device, pairs = settings, device.name, training.pairs
        self.validation = validation
        self.validates = settings.early_stopping and len(validation.pairs.profiles) > 0
        self.molecules = training.read()
        self.molecule = np.asarray(pairs.molecule, dtype=np.int64)
        own = np.arange(len(pairs.vectors))
        group = own if training.group is None else np.unique(training.group, return_inverse=True)[1]
        self.group = torch.from_numpy(group).to(self.device)
        self.drawn = Negatives(
            _distances(training, settings), self.molecule, settings.negatives, group
        )
        self.companions = (
            Companions(self.molecule, training.line, len(own))
            if settings.loss in WITH_COMPANIONS
            else None
        )
        self.margin = Margin(settings.beta, settings.margin, settings.distance)
        shape = Shape(
            features=pairs.profiles.shape[1],
            width=self.molecules.width,
            profile_layers=tuple(settings.profile_layers),
            molecule_layers=tuple(settings.molecule_layers),
            dimensions=settings.dimensions,
            activation=settings.activation,
            bias=settings.bias,
            dropout=settings.dropout,
            blocks=training.blocks,
            ranked=settings.rank_transform,
            rank_distance=settings.rank_distance,
        )
        self.network = Coordinated(shape, self.molecules.encoder()).to(self.device)
        self.profiles = torch.from_numpy(np.ascontiguousarray(pairs.profiles, dtype=np.float32))
        if 2 * self.profiles.nbytes < device.free_bytes():  # else each batch is copied there
            self.profiles = self.profiles.to(self.device)

    def train(self, epochs: Training) -> None:
        """Run all epochs, from where the checkpoint stands."""
        optimiser = torch.optim.Adam(self.network.parameters(), self.settings.learning_rate)

        def epoch() -> tuple[float, float]:
            self.network.train()
            loss = descend(self._losses(), optimiser)
            if not np.isfinite(loss):
                raise Diverged(
                    f"retrieval: the loss of epoch {len(epochs.losses)} is {loss}, expected a "
                    "number. Lower learning_rate, or give features on one scale."
                )
            if not self.settings.early_stopping:
                return loss, -float(len(epochs.losses))  # the last epoch is the best
            # `Training` keeps the lowest.
            return loss, -self._mean_reciprocal_rank() if self.validates else np.nan

        epochs.run(
            STAGE,
            epoch,
            epochs=self.settings.epochs,
            patience=self.settings.patience if self.settings.early_stopping else np.iinfo(int).max,
            optimiser=optimiser,
        )

    def _losses(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield the loss of each batch of an epoch, and its size."""
        if self.settings.batches_of == "drugs":
            drugs = np.flatnonzero(self.drawn.size)
            for chosen in batches(len(drugs), self.settings.batch):
                yield self._loss(self.drawn.well_of(drugs[chosen.numpy()])), len(chosen)
        else:
            for chosen in batches(len(self.molecule), self.settings.batch):
                yield self._loss(chosen.numpy()), len(chosen)

    def _loss(self, wells: np.ndarray) -> torch.Tensor:
        loss, compounds = self.settings.loss, self.molecule[wells]
        if loss in IN_BATCH:
            return self._loss_in_batch(loss, wells, compounds)
        at, margin = self._places(wells, compounds), self.margin
        match loss:
            case "quadruplet_code":
                return margin.quadruplet_code(at)
            case "quadruplet_paper":
                return margin.quadruplet_paper(at)
            case "quintuplet":
                return margin.quadruplet_code(at) + margin.profiles_only(at)
            case "triplet_profile":
                return margin.triplet(at.g, at.m, at.other_m)
            case "triplet_molecule":
                return margin.triplet(at.m, at.g, at.other_g)
            case "triplet_profiles":
                return margin.profiles_only(at)
            case "triplet_cca":
                triplet = margin.triplet(at.g, at.m, at.other_m)
                return cca(at.g, at.m) + TRIPLET_WEIGHT * triplet
        raise LacunaError(f"retrieval: loss is {loss!r}, which is none.")

    def _places(self, wells: np.ndarray, compounds: np.ndarray) -> Places:
        """Embed a batch of anchors with another compound each; every molecule once."""
        others = self.drawn.draw(compounds)
        rows = [wells, self.drawn.well_of(others)]
        has_same = None
        if self.companions is not None:
            companions, is_there = self.companions.draw(wells)
            rows.append(companions)
            has_same = torch.from_numpy(is_there).to(self.device)
        g, other_g, *same_g = self._embedded(np.concatenate(rows)).split(len(wells))
        both, place = np.unique(np.concatenate([compounds, others]), return_inverse=True)
        embedded = self.network.molecules(self.molecules.batch(both, self.device))
        m, other_m = embedded[torch.from_numpy(place).to(self.device)].split(len(wells))
        return Places(g, m, other_g, other_m, same_g[0] if same_g else None, has_same)

    def _loss_in_batch(self, loss: str, wells: np.ndarray, compounds: np.ndarray) -> torch.Tensor:
        chosen, place = np.unique(compounds, return_inverse=True)
        m = self.network.molecules(self.molecules.batch(chosen, self.device))
        g, compound = self._embedded(wells), torch.from_numpy(place).to(self.device)
        if loss == "cca":
            return cca(g, m[compound])
        at = Batch(g, m, compound, self.group[torch.from_numpy(chosen).to(self.device)])
        if loss == "contrastive":
            return contrastive(at, self.settings.temperature)
        return (batch_margin if loss == "batch_margin" else batch_triplet)(at, self.margin)

    def _embedded(self, wells: np.ndarray) -> torch.Tensor:
        chosen = self.profiles[torch.from_numpy(wells).to(self.profiles.device)]
        return self.network.profiles(chosen.to(self.device))

    def _mean_reciprocal_rank(self) -> float:
        """Return that of validation profiles among validation molecules."""
        model, pairs = Aligned(self.network), self.validation.pairs
        g = model.embed_profiles(pairs.profiles)
        m = model.embed_molecules(self.validation.read())
        blocks = (
            distances_between(g[rows], m, self.settings.rank_distance) for rows in _slices(len(g))
        )
        return float(reciprocal_rank(find(blocks, pairs.molecule)).mean())


def _slices(count: int) -> Iterator[slice]:
    return (slice(first, first + ROWS_AT_ONCE) for first in range(0, count, ROWS_AT_ONCE))


def _distances(training: Examples, settings: Settings) -> np.ndarray:
    """Return the distance of each two compounds by which negatives are drawn."""
    pairs = training.pairs
    if settings.negatives == RANDOM or settings.loss in IN_BATCH:
        return np.zeros((len(pairs.vectors),) * 2, dtype=np.float32)
    if settings.negative_distance == "expression":
        return expression_distance(training.treated_block(), pairs.molecule, len(pairs.vectors))
    if pairs.alike == "jaccard":
        return tanimoto_distance(pairs.vectors)
    return correlation_distance(pairs.vectors)
