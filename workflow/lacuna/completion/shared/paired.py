"""What networks that translate between cells learn from, and how they are watched."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lacuna.completion.shared.other_cells import (
    Translate,
    find_pairs,
    in_own_order,
    set_drugs_aside,
)
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by

VALIDATION_SHARE = 0.05  # of the training drugs, as in the code of DeepCellState
# (scaled profiles of shape (n, genes), the number of each one's cell, the number of the cell to
# predict) -> scaled profiles
Predict = Callable[[torch.Tensor, np.ndarray, int], torch.Tensor]


@dataclass(frozen=True)
class PairedProfiles:
    """Training profiles, scaled and on the device, and the pairs that are of one drug.

    Attributes
    ----------
    profiles : float32 Tensor of shape (n, genes)
        In their own order, divided by `scale`.
    drug : int array of shape (n,)
    cell : int array of shape (n,)
        Cells are numbered as they first come, so that their names and order change nothing.
    source, target : int arrays of shape (pairs,)
        Rows, as `find_pairs` returns them.
    aside : bool array of shape (n,)
        The profiles of the validation drugs.
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
    aside: np.ndarray
    numbers: np.ndarray
    scale: float

    @classmethod
    def prepare(
        cls, observed: ProfileSet, rng: np.random.Generator, device: str
    ) -> "PairedProfiles":
        """Scale profiles, number cells, set validation drugs aside.

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
        numbers, place = np.full(len(observed.cells), -1), list(dict.fromkeys(observed.cell))
        numbers[place] = np.arange(len(place))
        aside = set_drugs_aside(observed, VALIDATION_SHARE, rng)
        scale = np.abs(observed.profiles).max()
        scaled = torch.as_tensor(observed.profiles / scale, device=device)
        cell = numbers[observed.cell]
        pairs = find_pairs(observed)
        return cls(scaled, observed.drug, cell, *pairs, aside, numbers, float(scale))

    @property
    def cells(self) -> int:
        """How many cells have profiles."""
        return int(self.numbers.max()) + 1

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All that a training on these depends on."""
        return self.profiles.cpu().numpy(), self.drug, self.cell, self.aside

    def into(self, cell: int, aside: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs whose target is in a cell, of training or of validation drugs."""
        chosen = (self.cell[self.target] == cell) & (self.aside[self.target] == aside)
        return self.source[chosen], self.target[chosen]

    def agreement(self, predict: Predict) -> float:
        """Return how well validation profiles are predicted from the drug's other ones, averaged.

        Returns
        -------
        float
            Mean correlation over profiles; 0 without any.
        """
        correlations = []
        for cell in range(self.cells):
            source, target = self.into(cell, aside=True)
            rows, group = np.unique(target, return_inverse=True)
            if len(rows):
                predicted = predict(self.profiles[source], self.cell[source], cell).cpu().numpy()
                average = torch.as_tensor(mean_by(group, len(rows), predicted)[0])
                truth = self.profiles[rows].cpu()
                centred = (each - each.mean(dim=1, keepdim=True) for each in (average, truth))
                correlations.append(nn.functional.cosine_similarity(*centred))
        return float(torch.cat(correlations).mean()) if correlations else 0.0

    def translator(self, predict: Predict) -> Translate:
        """Return what predicts profiles that are not scaled, of cells of the grid."""

        def translate(profiles: np.ndarray, cells: np.ndarray, cell: int) -> np.ndarray:
            scaled = torch.as_tensor(
                profiles / self.scale, dtype=torch.float32, device=self.profiles.device
            )
            predicted = predict(scaled, self.numbers[cells], int(self.numbers[cell]))
            return predicted.cpu().numpy() * np.float32(self.scale)

        return translate
