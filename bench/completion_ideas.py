"""Ideas to make Kernel better, each a process in place of the library's.

`bench/completion_constants.py` judges them beside other constants. They gained nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np

from lacuna.completion.shared.covariance import GaussianProcess, SideSimilarities, replicate_noise
from lacuna.completion.shared.shrinkage import best_predictors
from lacuna.completion.shared.similarity import response_similarity
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows


@contextmanager
def lengths_kept() -> Iterator[None]:
    """Let `response_similarity` weigh profiles by the lengths that they come with."""
    with patch("lacuna.completion.shared.similarity.unit_rows", lambda rows: rows):
        yield


class PreciseProcess(GaussianProcess):
    """Means of cells and similarities count profiles by the number of their replicates."""

    def __init__(self, observed: ProfileSet, side: SideSimilarities, neighbours: int):
        super().__init__(observed, side, neighbours)
        precision = replicate_noise(observed).astype(float) ** -1.0
        drug, cell = observed.drug, observed.cell
        of_cell = np.bincount(cell, precision) / np.maximum(np.bincount(cell), 1)
        precision /= of_cell[cell]
        overall = np.average(observed.profiles, axis=0, weights=precision)
        centred = (observed.profiles - overall) * precision[:, None]
        effect = best_predictors(centred, cell, len(observed.cells))
        self.mean = (overall + effect).astype(np.float32)
        profiles = (unit_rows(self.residual()) * precision[:, None]).astype(np.float32)
        weights = np.zeros(observed.measured.shape)
        weights[drug, cell] = precision
        with lengths_kept():
            self._drugs = response_similarity(profiles.__getitem__, drug, cell, weights)
            self._cells = response_similarity(profiles.__getitem__, cell, drug, weights.T)


class SecondPassProcess(GaussianProcess):
    """Similarities are computed anew from the whole grid, predicted profiles among them."""

    share = 0.5  # of a predicted profile, beside a measured one

    def __init__(self, observed: ProfileSet, side: SideSimilarities, neighbours: int):
        super().__init__(observed, side, neighbours)
        gaps = observed.missing_pairs
        change, _ = self.predict(gaps, [self.untuned()])
        profiles = np.concatenate([unit_rows(self.residual()), self.share * unit_rows(change)])
        drug, cell = np.concatenate([observed.pairs, gaps]).T
        weights = np.where(observed.measured, 1, self.share)
        with lengths_kept():
            self._drugs = response_similarity(profiles.__getitem__, drug, cell, weights)
            self._cells = response_similarity(profiles.__getitem__, cell, drug, weights.T)
