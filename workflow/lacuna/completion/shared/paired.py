"""The training that networks which predict from other cells share.

They learn from pairs of profiles of one drug in two cells, and stop by how well they predict the
pairs of validation drugs.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import nn

from lacuna.completion.shared.other_cells import (
    FromOtherCells,
    Translate,
    draw_validation_drugs,
    find_pairs,
    in_own_order,
)
from lacuna.networks.training import Training, fast_products, fingerprint, random_stream
from lacuna.runtime.device import find_device
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by

VALIDATION_SHARE = 0.05  # of the training drugs in several cells, as in DeepCellState's code
# (scaled profiles (n, genes), the number of the cell of each, the number of the cell to predict) ->
# scaled profiles (n, genes)
Predict = Callable[[torch.Tensor, np.ndarray, int], torch.Tensor]


@dataclass(frozen=True)
class PairedProfiles:
    """Training profiles, scaled and on the device, and which of them are pairs of one drug.

    Attributes
    ----------
    profiles : float32 Tensor of shape (n, genes)
        In their own order, divided by `scale`.
    drug : int array of shape (n,)
    cell : int array of shape (n,)
        Cells are numbered as they first come, so that their names and order change nothing.
    source, target : int arrays of shape (pairs,)
        Rows, as `find_pairs` returns them.
    validation : bool array of shape (n,)
        Which profiles are of validation drugs.
    numbers : int array of shape (cells,)
        The number of each cell of the grid; -1 where it has no profile.
    scale : float
        The largest absolute value of training.
    """

    profiles: torch.Tensor
    drug: np.ndarray
    cell: np.ndarray
    source: np.ndarray
    target: np.ndarray
    validation: np.ndarray
    numbers: np.ndarray
    scale: float

    @classmethod
    def prepare(
        cls, observed: ProfileSet, rng: np.random.Generator, device: str
    ) -> "PairedProfiles":
        """Scale profiles, number cells and draw validation drugs.

        Parameters
        ----------
        observed
            The training profiles.
        rng
            Draws the validation drugs.
        device
            Where the profiles go, as PyTorch calls it.
        """
        observed = in_own_order(observed)
        numbers, as_they_come = np.full(len(observed.cells), -1), list(dict.fromkeys(observed.cell))
        numbers[as_they_come] = np.arange(len(as_they_come))
        validation = draw_validation_drugs(observed, VALIDATION_SHARE, rng)
        scale = np.abs(observed.profiles).max() or np.float32(1)  # of profiles that are all 0
        scaled = torch.as_tensor(observed.profiles / scale, dtype=torch.float32, device=device)
        cell = numbers[observed.cell]
        pairs = find_pairs(observed)
        return cls(scaled, observed.drug, cell, *pairs, validation, numbers, float(scale))

    @property
    def cells(self) -> int:
        """How many cells have profiles."""
        return int(self.numbers.max()) + 1

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All that a training on these depends on."""
        return self.profiles.cpu().numpy(), self.drug, self.cell, self.validation

    def into(self, cell: int, validation: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs whose target is in a cell, of training or of validation drugs."""
        chosen = (self.cell[self.target] == cell) & (self.validation[self.target] == validation)
        return self.source[chosen], self.target[chosen]

    def agreement(self, predict: Predict) -> float:
        """Return how well the validation profiles are predicted.

        Each is predicted from all of the drug's profiles in other cells, and these are averaged.

        Returns
        -------
        float
            Mean Pearson correlation over profiles; NaN without any, which stops nothing.
        """
        correlations = []
        for cell in range(self.cells):
            source, target = self.into(cell, validation=True)
            rows, group = np.unique(target, return_inverse=True)
            if len(rows):
                predicted = predict(self.profiles[source], self.cell[source], cell).cpu().numpy()
                average = torch.as_tensor(mean_by(group, len(rows), predicted)[0])
                truth = self.profiles[rows].cpu()
                average -= average.mean(dim=1, keepdim=True)
                truth -= truth.mean(dim=1, keepdim=True)
                correlations.append(nn.functional.cosine_similarity(average, truth))
        return float(torch.cat(correlations).mean()) if correlations else math.nan

    def translator(self, predict: Predict) -> Translate:
        """Wrap `predict` to take unscaled profiles and the cells of the grid."""

        def translate(profiles: np.ndarray, cells: np.ndarray, cell: int) -> np.ndarray:
            scaled = torch.as_tensor(
                profiles / self.scale, dtype=torch.float32, device=self.profiles.device
            )
            predicted = predict(scaled, self.numbers[cells], int(self.numbers[cell]))
            return predicted.cpu().numpy() * np.float32(self.scale)

        return translate


class PairedNetwork(ABC):
    """A network that predicts a drug's profile in a cell from those in others, and its training.

    Attributes
    ----------
    network : Module
        On the device of the profiles.
    paired : PairedProfiles
    options : dataclass
        What it is trained with.
    """

    network: nn.Module

    def __init__(self, network: nn.Module, paired: PairedProfiles, options: Any) -> None:
        self.network, self.paired = network.to(paired.profiles.device), paired
        self.options = options

    @property
    def settings(self) -> dict[str, object]:
        """What its training depends on beside the profiles."""
        return {"method": type(self).__module__, **asdict(self.options)}

    @abstractmethod
    def train(self, training: Training) -> None:
        """Go through all stages of the training."""

    @abstractmethod
    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Predict scaled profiles in a cell from those in other cells; see `Predict`."""

    def can_translate(self, observed: ProfileSet) -> np.ndarray:
        """Return which cells can be predicted from which, bool (cells, cells) of the grid.

        Unless a network says otherwise: cells with training profiles, from any.
        """
        return np.broadcast_to(self.paired.numbers >= 0, (len(self.paired.numbers),) * 2)

    def run_stage(
        self,
        training: Training,
        stage: str,
        epoch: Callable[[torch.optim.Optimizer], tuple[float, float]],
        *,
        parts: list[nn.Module],
        rate: float,
        epochs: int,
        patience: int,
        kept: nn.Module | None = None,
    ) -> None:
        """Train parts of the network with one Adam through all epochs of a stage.

        Parameters
        ----------
        training, stage, epochs, patience
            See `lacuna.networks.training.Training.run`.
        epoch
            Trains for an epoch; returns the training loss and the validation loss.
        parts
            What Adam changes.
        rate
            Adam's learning rate.
        kept
            The part whose best weights are kept; None for the whole network.
        """
        optimiser = adam(parts, rate)
        training.run(
            stage,
            lambda: epoch(optimiser),
            epochs=epochs,
            patience=patience,
            part=kept,
            optimiser=optimiser,
        )


def adam(parts: list[nn.Module], rate: float) -> torch.optim.Optimizer:
    """Return an Adam for the weights of parts of a network."""
    weights = [weight for part in parts for weight in part.parameters()]
    return torch.optim.Adam(weights, lr=rate, fused=True)


Kind = TypeVar("Kind", bound=PairedNetwork)


def train_on_pairs(
    build: Callable[[PairedProfiles], Kind],
    observed: ProfileSet,
    rng: np.random.Generator,
    work: Path | None,
    device: str,
) -> tuple[Kind, pd.DataFrame]:
    """Build a network and train it.

    Parameters
    ----------
    build
        Makes the network, of random weights.
    observed, rng, work
        See `lacuna.completion.run.run_method`.
    device
        auto, cpu or cuda.

    Returns
    -------
    PairedNetwork
        Trained.
    DataFrame
        Losses, see `Training`.
    """
    paired = PairedProfiles.prepare(observed, rng, find_device(device).name)
    with random_stream(rng), fast_products():
        built = build(paired)
        start = fingerprint(*paired.arrays, **built.settings, seed=torch.initial_seed())
        training = Training(built.network, work, start)
        built.train(training)
    return built, training.losses


def fit_on_pairs(
    build: Callable[[PairedProfiles], PairedNetwork],
    observed: ProfileSet,
    rng: np.random.Generator,
    work: Path | None,
    *,
    fallback: str,
    device: str,
) -> FromOtherCells:
    """Train a network to predict from other cells; parameters as of `train_on_pairs`.

    Where it cannot predict, the method `fallback` does.
    """
    trained, losses = train_on_pairs(build, observed, rng, work, device)
    translate = trained.paired.translator(trained.predict)
    return FromOtherCells(translate, trained.can_translate(observed), fallback, losses)
