"""By what the epoch is chosen: predictions of conditions that were not trained on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from lacuna.single_cell.interface import FEWEST_CELLS
from lacuna.single_cell.model.base import controls, measured
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.model.predicting import over_cells
from lacuna.single_cell.model.trained import Trained

MOST_CONDITIONS = 500  # validated on, at random; the authors take all
DEGS = 50


@dataclass(frozen=True)
class Validation:
    """What a training is validated on.

    Attributes
    ----------
    examples : Examples
        Conditions, of the training's genes; and controls, from which predictions start. A line
        that has none here starts from the training's.
    degs : DataFrame or None
        With columns `lacuna.single_cell.interface.DEGS`, for the published score. Where a
        condition has no list, the genes of the greatest measured change stand for it.
    """

    examples: Examples
    degs: pd.DataFrame | None = None


class Scorer:
    """The score of a model, higher for a better one."""

    def __init__(
        self,
        validation: Validation,
        training: Examples,
        model: Trained,
        rng: np.random.Generator,
    ) -> None:
        """Take conditions and controls; see `lacuna.single_cell.model.train.train`."""
        settings, examples = model.settings, validation.examples
        self.measured = measured(examples, FEWEST_CELLS, MOST_CONDITIONS, rng)
        counted = settings.likelihood == "negative_binomial"
        self.base = controls([examples, training], settings.base_cells, rng, counted)
        first = self.measured.first
        self.lines = [str(examples.lines[number]) for number in examples.line[first]]
        means = {line: self.base.mean(line) for line in set(self.lines)}
        self.control = np.array([means[line] for line in self.lines])
        self._drug, self._dose, self._molecules = (
            examples.drug[first],
            examples.dose[first],
            examples.molecules,
        )
        self._degs = [self._genes(validation, number) for number in range(len(first))]

    def score(self, model: Trained) -> float:
        """Return the score; NaN where there is no condition to validate on."""
        if not len(self.lines):
            return float("nan")
        mean, variance = self.predict(model)
        if model.settings.score == "change":
            both = mean - self.control, self.measured.mean - self.control
            # All conditions at once: of most drugs, which do little, each alone tells only noise.
            said, truth = (centred(rows).reshape(1, -1) for rows in both)
            return float(correlation(said, truth)[0])
        parts = (self.measured.mean, mean), (self.measured.variance, variance)
        scores = [
            np.mean([max(r2(truth[row, genes], said[row, genes]), 0.0) for row, genes in which])
            for truth, said in parts
            for which in (enumerate([slice(None)] * len(mean)), enumerate(self._degs))
        ]
        return float(np.mean(scores))

    def predict(self, model: Trained) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of all conditions, as predicted."""
        settings = model.settings
        cells = model.basal_states(self.base)
        effects = np.zeros((len(self.lines), settings.dimensions), np.float32)
        for column in range(self._drug.shape[1]):
            there = np.flatnonzero(self._drug[:, column] >= 0)
            names = self._molecules.names[self._drug[there, column]]
            if len(there):
                drugs = self._molecules.of_names(names)
                effects[there] += model.latent(drugs, self._dose[there, column])
        offsets = {
            line: model.missed(
                self.base, cells, np.flatnonzero(self.base.line == line), model.line(line)
            )
            for line in set(self.lines)
        }
        found = []
        for line, effect in zip(self.lines, effects, strict=True):
            shift = torch.from_numpy(effect + model.line(line)).to(model.device)
            chosen = self.base.of(line, settings.base)
            mean, variance = over_cells(model.network, cells, chosen, shift, settings.variance)
            found.append((mean + offsets[line], variance))
        means, variances = (np.stack(values) for values in zip(*found, strict=True))
        return means, variances

    def _genes(self, validation: Validation, number: int) -> np.ndarray:
        """Return the genes that a condition changes most, as numbers."""
        examples, table = validation.examples, validation.degs
        if table is not None:
            drug = str(examples.molecules.names[self._drug[number, 0]])
            own = table[(table["drug"] == drug) & (table["line"] == self.lines[number])]
            same = own["dose"].isna() | np.isclose(own["dose"], self._dose[number, 0])
            genes = examples.genes.get_indexer(pd.Index(own.loc[same, "gene"].unique()))
            if (genes >= 0).sum() >= 2:
                return genes[genes >= 0][:DEGS]
        change = np.abs(self.measured.mean[number] - self.control[number])
        return np.argsort(-change, kind="stable")[:DEGS]


def r2(truth: np.ndarray, said: np.ndarray) -> float:
    """Return the coefficient of determination over genes; 0 where the truth has one value."""
    spread = np.square(truth - truth.mean()).sum()
    return float(1 - np.square(truth - said).sum() / spread) if spread > 0 else 0.0


def centred(rows: np.ndarray) -> np.ndarray:
    """Return rows less their means."""
    return rows - rows.mean(axis=1, keepdims=True)


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation of each row with its own; 0 where a row has one value."""
    one, other = centred(one), centred(other)
    size = np.sqrt(np.square(one).sum(axis=1) * np.square(other).sum(axis=1))
    return (one * other).sum(axis=1) / np.where(size > 0, size, np.inf)
