"""The training of DeepCellState; see `lacuna.completion.methods.deepcellstate`."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from lacuna.completion.shared.paired import PairedNetwork, PairedProfiles, adam
from lacuna.networks.cell_states import CellStates, Shape
from lacuna.networks.training import Training, batches, descend

COMMON_EPOCHS, COMMON_PATIENCE = 100, 10
ROUNDS, ROUNDS_PATIENCE, EPOCHS_PER_ROUND = 98, 3, 2
FINAL_EPOCHS, FINAL_PATIENCE, FINAL_SLOWER = 100, 5, 10


class PairedCellStates(PairedNetwork):
    """The three stages of the training."""

    network: CellStates

    def __init__(
        self,
        paired: PairedProfiles,
        *,
        shape: Shape,
        latent_l1: float,
        learning_rate: float,
        batch: int,
    ) -> None:
        """Make the network, of random weights.

        Parameters
        ----------
        paired
            What it is to learn.
        shape
            Of the network.
        latent_l1
            Weight of the L1 penalty: of the sum of the absolute latent values, per profile.
        learning_rate, batch
            See `lacuna.completion.methods.deepcellstate.fit`.
        """
        super().__init__(CellStates(shape, paired.cells), paired)
        self._settings = {
            "shape": shape,
            "latent_l1": latent_l1,
            "rate": learning_rate,
            "batch": batch,
        }
        self.latent_l1, self.learning_rate, self.batch = latent_l1, learning_rate, batch

    @property
    def settings(self) -> Mapping[str, object]:
        return self._settings

    def train(self, training: Training) -> None:
        """Go through all stages."""
        network = self.network
        self.run_stage(
            training,
            "common",
            self._learn_in_common,
            parts=[network.encoder, network.common],
            rate=self.learning_rate,
            epochs=COMMON_EPOCHS,
            patience=COMMON_PATIENCE,
        )
        training.once("copies", network.copy_common)
        training.run("rounds", self._round, epochs=ROUNDS, patience=ROUNDS_PATIENCE)
        for cell, decoder in enumerate(network.decoders):
            if len(self.paired.into(cell, validation=True)[0]):
                self.run_stage(
                    training,
                    f"decoder {cell + 1}",
                    partial(self._learn_alone, cell),
                    parts=[decoder],
                    rate=self.learning_rate / FINAL_SLOWER,
                    epochs=FINAL_EPOCHS,
                    patience=FINAL_PATIENCE,
                    kept=decoder,
                )

    def predict(self, profiles: torch.Tensor, cells: np.ndarray, cell: int) -> torch.Tensor:
        """Decode profiles, whatever cells they are of, with a cell's decoder."""
        return self.network.predict(profiles, self.network.decoders[cell])

    def _learn_in_common(self, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        common = self.network.common
        rows = np.flatnonzero(~self.paired.validation)
        loss = self._epoch(common, rows, rows, optimiser)
        rows = np.flatnonzero(self.paired.validation)
        return loss, self._error(common, rows, rows)

    def _round(self) -> tuple[float, float]:
        """Train each cell's decoder, with the encoder; score what the averaged inputs predict."""
        losses = []
        for cell in torch.randperm(len(self.network.decoders)).tolist():
            own = np.flatnonzero((self.paired.cell == cell) & ~self.paired.validation)
            source, target = self.paired.into(cell, validation=False)
            source, target = np.concatenate([own, source]), np.concatenate([own, target])
            decoder = self.network.decoders[cell]
            # Adam begins anew each time, as in the authors' code, which compiles the model anew.
            optimiser = adam([self.network.encoder, decoder], self.learning_rate)
            losses += [
                self._epoch(decoder, source, target, optimiser) for _ in range(EPOCHS_PER_ROUND)
            ]
        return float(np.mean(losses)), 1 - self.paired.agreement(self.predict)

    def _learn_alone(self, cell: int, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        decoder = self.network.decoders[cell]
        loss = self._epoch(decoder, *self.paired.into(cell, validation=False), optimiser)
        return loss, self._error(decoder, *self.paired.into(cell, validation=True))

    def _epoch(
        self,
        decoder: nn.Module,
        source: np.ndarray,
        target: np.ndarray,
        optimiser: torch.optim.Optimizer,
    ) -> float:
        """Train on each pair of rows once; return the mean loss."""
        self.network.train()
        sources, targets = torch.as_tensor(source), torch.as_tensor(target)

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in batches(len(sources), self.batch):
                inputs = self.paired.profiles[sources[rows]]
                states = self.network.encoder(inputs)
                errors = (decoder(states, inputs) - self.paired.profiles[targets[rows]]) ** 2
                yield errors.mean() + self.latent_l1 * states.abs().sum() / len(rows), len(rows)

        return descend(losses(), optimiser)

    def _error(self, decoder: nn.Module, source: np.ndarray, target: np.ndarray) -> float:
        """Return the mean squared error of what is predicted."""
        predicted = self.network.predict(self.paired.profiles[source], decoder)
        return float(((predicted - self.paired.profiles[target]) ** 2).mean())
