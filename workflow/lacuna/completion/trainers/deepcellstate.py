"""The training of DeepCellState; see `lacuna.completion.methods.deepcellstate`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from lacuna.completion.shared.paired import PairedNetwork, PairedProfiles, adam
from lacuna.networks.cell_states import CellStates, Shape
from lacuna.networks.training import Training, batches, descend

# As in the authors' code. An epoch of few profiles goes through them several times, see
# `Options.epoch_steps`: so patience in epochs means as many steps of Adam whatever their number.
COMMON_PATIENCE, FINAL_PATIENCE = 10, 5
EPOCHS_PER_ROUND = 2
FINAL_SLOWER = 10


@dataclass(frozen=True)
class Options:
    """What `lacuna.completion.methods.deepcellstate.fit` takes of the network and its training.

    Attributes
    ----------
    latent_l1
        Weight of the L1 penalty: of the sum of the absolute latent values, per profile.
    epoch_steps
        An epoch goes through its profiles again until it has taken so many steps.
    """

    shape: Shape
    latent_l1: float
    learning_rate: float
    batch: int
    epochs: int
    rounds: int
    patience: int
    epoch_steps: int


class PairedCellStates(PairedNetwork):
    """The three stages of the training."""

    network: CellStates
    options: Options

    def __init__(self, paired: PairedProfiles, *, options: Options) -> None:
        """Make the network, of random weights."""
        super().__init__(CellStates(options.shape, paired.cells), paired, options)

    def train(self, training: Training) -> None:
        """Go through all stages."""
        network, options = self.network, self.options
        self.run_stage(
            training,
            "common",
            self._learn_in_common,
            parts=[network.encoder, network.common],
            rate=options.learning_rate,
            epochs=options.epochs,
            patience=COMMON_PATIENCE,
        )
        training.once("copies", network.copy_common)
        training.run("rounds", self._round, epochs=options.rounds, patience=options.patience)
        for cell, decoder in enumerate(network.decoders):
            if len(self.paired.into(cell, validation=True)[0]):
                self.run_stage(
                    training,
                    f"decoder {cell + 1}",
                    partial(self._learn_alone, cell),
                    parts=[decoder],
                    rate=options.learning_rate / FINAL_SLOWER,
                    epochs=options.epochs,
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
            optimiser = adam([self.network.encoder, decoder], self.options.learning_rate)
            losses += [
                self._epoch(decoder, source, target, optimiser) for _ in range(EPOCHS_PER_ROUND)
            ]
        return float(np.mean(losses)), 1 - self.paired.agreement(self.predict)

    def _learn_alone(self, cell: int, optimiser: torch.optim.Optimizer) -> tuple[float, float]:
        """Train a cell's decoder; the encoder stays as it is."""
        decoder = self.network.decoders[cell]
        pairs = self.paired.into(cell, validation=False)
        loss = self._epoch(decoder, *pairs, optimiser, encoder_learns=False)
        return loss, self._error(decoder, *self.paired.into(cell, validation=True))

    def _epoch(
        self,
        decoder: nn.Module,
        source: np.ndarray,
        target: np.ndarray,
        optimiser: torch.optim.Optimizer,
        encoder_learns: bool = True,
    ) -> float:
        """Train on each pair of rows, as often as `epoch_steps` asks; return the mean loss."""
        self.network.train()
        sources, targets = torch.as_tensor(source), torch.as_tensor(target)

        def losses() -> Iterator[tuple[torch.Tensor, int]]:
            for rows in self._steps(len(sources)):
                inputs = self.paired.profiles[sources[rows]]
                with torch.set_grad_enabled(encoder_learns):
                    states = self.network.encoder(inputs)
                yield self.loss(decoder, inputs, states, targets[rows]), len(rows)

        return descend(losses(), optimiser)

    def _steps(self, count: int) -> Iterator[torch.Tensor]:
        """Yield the numbers below `count`, a minibatch a time, once or several times in all."""
        of_a_pass = -(-count // self.options.batch)
        passes = -(-self.options.epoch_steps // of_a_pass) if count else 0
        for _ in range(passes):
            yield from batches(count, self.options.batch)

    def loss(
        self, decoder: nn.Module, inputs: torch.Tensor, states: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean squared error of what is decoded, plus the L1 penalty per profile."""
        errors = (decoder(states, inputs) - self.paired.profiles[targets]) ** 2
        return errors.mean() + self.options.latent_l1 * states.abs().sum() / len(inputs)

    def _error(self, decoder: nn.Module, source: np.ndarray, target: np.ndarray) -> float:
        """Return the mean squared error of what is predicted."""
        predicted = self.network.predict(self.paired.profiles[source], decoder)
        return float(((predicted - self.paired.profiles[target]) ** 2).mean())
