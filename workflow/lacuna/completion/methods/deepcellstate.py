"""DeepCellState (Umarov et al. 2021, PLoS Comput Biol 17:e1009465).

An autoencoder whose encoder all cells share, and whose decoders are the cells' own: a drug's
profile in one cell is encoded, and decoded as what it would be in another. The schedule is that of
the authors' code (umarov90/DeepCellState), without its faults: profiles are scaled by the largest
value of training only, and validation sees training drugs only.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.registry import find_method
from lacuna.completion.shared.other_cells import INPUTS, fall_back, predict_from_others
from lacuna.completion.shared.paired import PairedProfiles, Predict
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.atomic import readable, whole
from lacuna.networks.cell_states import CellStates, Shape
from lacuna.networks.training import (
    Training,
    batches,
    descend,
    fingerprint,
    fits,
    random_stream,
    read_saved,
)
from lacuna.runtime.device import find_device
from lacuna.tensor.profiles import ProfileSet

COMMON_EPOCHS, COMMON_PATIENCE = 100, 10
ROUNDS, ROUNDS_PATIENCE, EPOCHS_PER_ROUND = 98, 3, 2
FINAL_EPOCHS, FINAL_PATIENCE, FINAL_SLOWER = 100, 5, 10


@dataclass(frozen=True)
class Regularisation:
    """What keeps the network from learning profiles by heart.

    Attributes
    ----------
    input_dropout, decoder_dropout
        See `lacuna.networks.cell_states.Shape`.
    latent_l1
        Weight of the sum of the absolute latent values, per profile.
    """

    input_dropout: float
    latent_l1: float
    decoder_dropout: float


# The presets of the authors' code, 0 to 3.
PRESETS = {
    "transfer": Regularisation(0.1, 0, 0.5),
    "many_cells": Regularisation(0.2, 1e-8, 0.8),
    "two_cells": Regularisation(0.5, 1e-7, 0.8),
    "external": Regularisation(0.5, 1e-4, 0.9),
}


def fit(
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
    work: Path | None = None,
    *,
    per_gene: bool = False,
    latent: int = 128,
    regularisation: str = "auto",
    dropout: bool = True,
    latent_l1: bool = True,
    skip: bool = True,
    learning_rate: float = 1e-4,
    batch: int = 128,
    inputs: str = "all",
    fallback: str = "mean_2d",
    device: str = "auto",
) -> "DeepCellState":
    """Train in three stages: a common autoencoder; each cell's decoder in turn; decoders alone.

    First all profiles are encoded and decoded alike. Then, in rounds over the cells in a random
    order, the encoder and a cell's decoder learn to predict the cell's profiles from themselves
    and from those of the same drugs in other cells. At last each decoder learns the latter only,
    ten times slower, while the encoder stays as it is.

    Parameters
    ----------
    observed, side, rng, work
        See `lacuna.completion.run.run_method`.
    per_gene
        Whether the network is that of the authors' code; see `lacuna.networks.cell_states`.
    latent
        Size of the latent layer.
    regularisation
        A preset, or "auto": "two_cells" for two cells, "many_cells" for more.
    dropout, latent_l1, skip
        Whether there is each of them: to show what it is worth.
    learning_rate, batch
        Of Adam, and the number of profiles of a step.
    inputs
        What a prediction is made from: "all" profiles of the drug in other cells, one by one, and
        averaged; their "mean"; or a "single" one, at random.
    fallback
        The method that predicts where there is no such profile, or the cell has none in training.
    device
        "cpu", "cuda", or "auto": a GPU where PyTorch finds one.

    Raises
    ------
    LacunaError
        If an option has a value that it cannot have.
    """
    if regularisation == "auto":
        regularisation = "two_cells" if len(np.unique(observed.cell)) == 2 else "many_cells"
    for option, value, known in (
        ("regularisation", regularisation, PRESETS),
        ("inputs", inputs, INPUTS),
    ):
        if value not in known:
            raise LacunaError(
                f"method_options: deepcellstate: {option} is {value!r}"
                f"{did_you_mean(value, known)}, expected one of {listed(known)}."
            )
    for option, number in (("latent", latent), ("batch", batch)):
        if number < 1:
            raise LacunaError(
                f"method_options: deepcellstate: {option} is {number}, expected at least 1."
            )
    if learning_rate <= 0:
        raise LacunaError(
            f"method_options: deepcellstate: learning_rate is {learning_rate}, expected more "
            "than 0."
        )
    find_method(fallback)
    preset = PRESETS[regularisation]
    shape = Shape(
        genes=len(observed.genes),
        latent=latent,
        per_gene=per_gene,
        input_dropout=preset.input_dropout if dropout else 0,
        decoder_dropout=preset.decoder_dropout if dropout else 0,
        skip=skip,
    )
    where = find_device(device).name
    paired = PairedProfiles.prepare(observed, rng, where)
    with random_stream(rng):
        network = CellStates(shape, paired.cells).to(where)
        start = fingerprint(
            *paired.arrays,
            shape=shape,
            preset=preset,
            l1=latent_l1,
            rate=learning_rate,
            batch=batch,
            seed=torch.initial_seed(),
        )
        schedule = Schedule(
            paired=paired,
            latent_l1=preset.latent_l1 if latent_l1 else 0,
            learning_rate=learning_rate,
            batch=batch,
        )
        training = Training(network, work, start)
        schedule.train(training)
    return DeepCellState(network, paired.numbers, paired.scale, inputs, fallback, training.losses)


@dataclass(frozen=True)
class Schedule:
    """The three stages.

    Attributes
    ----------
    paired : PairedProfiles
    latent_l1, learning_rate, batch
        See `fit`.
    """

    paired: PairedProfiles
    latent_l1: float
    learning_rate: float
    batch: int

    def train(self, training: Training) -> None:
        """Go through all stages."""
        network = training.network
        common = self._adam([network.encoder, network.common], self.learning_rate)
        training.run(
            "common",
            lambda: self._learn_in_common(network, common),
            epochs=COMMON_EPOCHS,
            patience=COMMON_PATIENCE,
            optimiser=common,
        )
        training.once("copies", network.copy_common)
        training.run(
            "rounds", lambda: self._round(network), epochs=ROUNDS, patience=ROUNDS_PATIENCE
        )
        for cell, decoder in enumerate(network.decoders):
            if len(self.paired.into(cell, aside=True)[0]):
                alone = self._adam([decoder], self.learning_rate / FINAL_SLOWER)
                training.run(
                    f"decoder {cell + 1}",
                    lambda cell=cell, alone=alone: self._learn_alone(network, cell, alone),
                    epochs=FINAL_EPOCHS,
                    patience=FINAL_PATIENCE,
                    part=decoder,
                    optimiser=alone,
                )

    def _learn_in_common(
        self, network: CellStates, optimiser: torch.optim.Optimizer
    ) -> tuple[float, float]:
        rows = np.flatnonzero(~self.paired.aside)
        training = self._epoch(network, network.common, rows, rows, optimiser)
        rows = np.flatnonzero(self.paired.aside)
        return training, self._error(network, network.common, rows, rows)

    def _round(self, network: CellStates) -> tuple[float, float]:
        """Train each cell's decoder, with the encoder; score what the averaged inputs predict."""
        losses = []
        for cell in torch.randperm(len(network.decoders)).tolist():
            own = np.flatnonzero((self.paired.cell == cell) & ~self.paired.aside)
            source, target = self.paired.into(cell, aside=False)
            source, target = np.concatenate([own, source]), np.concatenate([own, target])
            decoder = network.decoders[cell]
            # Adam begins anew each time, as in the authors' code, which compiles the model anew.
            optimiser = self._adam([network.encoder, decoder], self.learning_rate)
            losses += [
                self._epoch(network, decoder, source, target, optimiser)
                for _ in range(EPOCHS_PER_ROUND)
            ]
        return float(np.mean(losses)), 1 - self.paired.agreement(predictor(network))

    def _learn_alone(
        self, network: CellStates, cell: int, optimiser: torch.optim.Optimizer
    ) -> tuple[float, float]:
        decoder = network.decoders[cell]
        training = self._epoch(network, decoder, *self.paired.into(cell, aside=False), optimiser)
        return training, self._error(network, decoder, *self.paired.into(cell, aside=True))

    def _adam(self, parts: list[nn.Module], rate: float) -> torch.optim.Optimizer:
        weights = [weight for part in parts for weight in part.parameters()]
        return torch.optim.Adam(weights, lr=rate, fused=True)

    def _epoch(
        self,
        network: CellStates,
        decoder: nn.Module,
        source: np.ndarray,
        target: np.ndarray,
        optimiser: torch.optim.Optimizer,
    ) -> float:
        network.train()
        source, target = torch.as_tensor(source), torch.as_tensor(target)

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(source), self.batch):
                inputs = self.paired.profiles[source[rows]]
                states = network.encoder(inputs)
                errors = (decoder(states, inputs) - self.paired.profiles[target[rows]]) ** 2
                yield errors.mean() + self.latent_l1 * states.abs().sum() / len(rows), len(rows)

        return descend(losses(), optimiser)

    def _error(
        self,
        network: CellStates,
        decoder: nn.Module,
        source: np.ndarray,
        target: np.ndarray,
    ) -> float:
        predicted = network.predict(self.paired.profiles[source], decoder)
        return float(((predicted - self.paired.profiles[target]) ** 2).mean())


@dataclass(frozen=True)
class DeepCellState:
    """A trained network that predicts a drug's profile in a cell from those in others.

    Attributes
    ----------
    network : CellStates
    cells : int array of shape (cells,)
        The number of each cell's decoder; -1 where it had no profile in training.
    scale : float
        What profiles are divided by: the largest absolute value of training.
    inputs, fallback
        See `fit`.
    losses : DataFrame
        How the training went.
    """

    network: CellStates
    cells: np.ndarray
    scale: float
    inputs: str
    fallback: str
    losses: pd.DataFrame | None

    def predict(
        self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator
    ) -> Completion:
        """Predict wanted (drug, cell) pairs; drugs without another cell's profile fall back."""
        able = np.broadcast_to(self.cells >= 0, (len(self.cells),) * 2)
        found = predict_from_others(known, wanted, self.translate, able, rng, self.inputs)
        return fall_back(self.fallback, known, wanted, *found, rng)

    def save(self, path: str | Path) -> None:
        """Write what `load` needs to one file, which appears whole or not at all."""
        content = {
            "shape": asdict(self.network.shape),
            "weights": self.network.state_dict(),
            "cells": self.cells.tolist(),
            **{name: getattr(self, name) for name in ("scale", "inputs", "fallback")},
        }
        with whole(path) as unfinished:
            torch.save(content, unfinished)

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> "DeepCellState":
        """Read a file that `save` wrote; nothing in it is executed.

        Raises
        ------
        DamagedFile
            If the file is damaged.
        LacunaError
            If the file is missing, or its fallback is no method.
        """
        content = read_saved(path)
        with readable(path):
            shape, weights = Shape(**content.pop("shape")), content.pop("weights")
            cells = content.pop("cells")
            if type(cells) is not list or {*map(type, cells)} != {int}:
                raise TypeError("cells is no list of whole numbers")
            cells = np.array(cells)
            decoders = {name.split(".")[1] for name in weights if name.startswith("decoders.")}
            if cells.min() < -1 or cells.max() + 1 != len(decoders):
                raise ValueError(f"cells have other decoders than the {len(decoders)} it holds")
            with torch.device("meta"):  # no memory for sizes that the weights do not have
                network = CellStates(shape, len(decoders))
            if not fits(weights, network):
                raise ValueError("weights are not those of its network")
            network.load_state_dict(weights, assign=True)
            trained = cls(network, cells, losses=None, **content)
            if not (trained.inputs in INPUTS and 0 < trained.scale < np.inf):
                raise ValueError(f"inputs {trained.inputs!r}, scale {trained.scale!r}")
        find_method(trained.fallback)
        network.to(find_device(device).name)
        return trained

    def translate(self, profiles: np.ndarray, cells: np.ndarray, cell: int) -> np.ndarray:
        """Return what profiles, whatever cells they are of, would be in a cell.

        Parameters
        ----------
        profiles : array of shape (n, genes)
        cells : int array of shape (n,)
            Not used: the encoder is the same for all cells.
        cell
            One with a decoder.

        Returns
        -------
        float32 array of shape (n, genes)
        """
        predicted = self.network.predict(self.scaled(profiles), self.decoder(cell))
        return predicted.cpu().numpy() * np.float32(self.scale)

    def encode(self, profiles: np.ndarray) -> np.ndarray:
        """Return the latent states of profiles, float32 (n, latent)."""
        return self.network.encode(self.scaled(profiles)).cpu().numpy()

    def decoder(self, cell: int) -> nn.Module:
        """Return the decoder of a cell that has one."""
        return self.network.decoders[self.cells[cell]]

    def scaled(self, profiles: np.ndarray) -> torch.Tensor:
        """Return profiles as the network takes them, on its device."""
        device = next(self.network.parameters()).device
        return torch.as_tensor(profiles / self.scale, dtype=torch.float32, device=device)


def predictor(network: CellStates) -> Predict:
    """Return what predicts a cell's profiles with its decoder, from those of any cell."""
    return lambda profiles, _, cell: network.predict(profiles, network.decoders[cell])
