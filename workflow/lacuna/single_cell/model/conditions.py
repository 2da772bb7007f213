"""Predictions of conditions: of each, the mean over the controls that it starts from."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import (
    CONDITION,
    SEEN,
    VALIDATION,
    Fold,
    Observations,
    Predicted,
)
from lacuna.single_cell.model.base import Base
from lacuna.single_cell.model.molecules import Molecules
from lacuna.single_cell.model.predicting import drawn, over_cells

if TYPE_CHECKING:
    from torch import Tensor

    from lacuna.single_cell.model.trained import Trained

MOST_FILLED = 0.1  # share of the model's genes that new data may lack


class Conditions:
    """A model with the controls of a fold, from which it predicts.

    Parameters
    ----------
    model
        Trained on the fold.
    observations, fold
        Of which the controls are; see `base_of`.
    molecules
        All drugs that may be asked for.

    Raises
    ------
    LacunaError
        If the fold has genes that the model has not, or no controls.
    """

    def __init__(
        self, model: "Trained", observations: Observations, fold: Fold, molecules: Molecules
    ) -> None:
        self.model, self.molecules = model, molecules
        self._place = model.genes.get_indexer(fold.genes)
        if (self._place < 0).any():
            missing = fold.genes[self._place < 0]
            raise LacunaError(
                f"single_cell: the model says nothing of {len(missing)} genes of the fold "
                f"({listed(missing)}). Train it on this fold."
            )
        self.base = base_of(model, observations, fold)
        self._cells = model.basal_states(self.base)
        self._lines: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def predict(self, wanted: pd.DataFrame) -> Predicted:
        """Predict conditions; see `predict_conditions`."""
        settings = self.model.settings
        mean = np.zeros((len(wanted), len(self._place)), np.float32)
        variance = np.zeros_like(mean)
        lines = wanted["line"].astype(str).tolist()
        shifts = self._shifts(
            wanted["drug"].astype(str).tolist(), lines, wanted["dose"].to_numpy(np.float32)
        )
        for row, line in enumerate(lines):
            chosen = self.base.of(line, settings.base)
            found = over_cells(
                self.model.network, self._cells, chosen, shifts[row], settings.variance
            )
            mean[row] = (found[0] + self._line(line)[1])[self._place]
            variance[row] = found[1][self._place]
        return Predicted(wanted[CONDITION].reset_index(drop=True), mean, variance)

    def draw(
        self, drug: str, line: str, dose: float, most: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw cells of a condition, one from what is predicted for each of some controls.

        Parameters
        ----------
        drug, line, dose
            The condition.
        most
            How many controls, at random.
        rng
            Chooses and draws.

        Returns
        -------
        float32 array of shape (cells, genes of the fold)
            Expression.
        """
        chosen = self.base.of(line, self.model.settings.base)
        if len(chosen) > most:
            chosen = np.sort(rng.choice(chosen, most, replace=False))
        (shift,) = self._shifts([drug], [line], np.array([dose], np.float32))
        cells = drawn(self.model.network, self._cells.some(chosen), shift, rng)
        return (cells + self._line(line)[1].astype(np.float32))[:, self._place]

    def _shifts(self, drugs: list[str], lines: list[str], doses: np.ndarray) -> "Tensor":
        """Return z_d + z_c of conditions, a tensor of shape (conditions, dimensions)."""
        from torch import from_numpy

        own = np.stack([self._line(line)[0] for line in lines])
        effects = self.model.latent(self.molecules.of_names(drugs), doses)
        return from_numpy(own + effects).to(self.model.device)

    def _line(self, line: str) -> tuple[np.ndarray, np.ndarray]:
        """Return z_c of a line, and what is added to its means; worked out once.

        z_c of a line never trained on is as the option new_lines says.
        """
        if line not in self._lines:
            own = np.flatnonzero(self.base.line == line)
            embedded = self._embedded(line, own)
            missed = self.model.missed(self.base, self._cells, own, embedded)
            self._lines[line] = embedded, missed
        return self._lines[line]

    def _embedded(self, line: str, own: np.ndarray) -> np.ndarray:
        model, base = self.model, self.base
        # Signatures have no controls that a line could be fitted on.
        is_fitted = model.settings.new_lines == "fitted" and model.kind != "signatures"
        if line in model.lines or not is_fitted or not len(own):
            return model.line(line)
        library = None if base.library is None else base.library[own]
        return model.fit_line(Base(base.rows[own], base.line[own], library))


def predict_conditions(
    model: "Trained",
    observations: Observations,
    fold: Fold,
    wanted: pd.DataFrame,
    molecules: Molecules,
) -> Predicted:
    """Predict conditions, each from controls that are measured.

    The mean is that of predicted means over these controls, and what the option offset adds. The
    variance is that of predicted
    variances; with the option variance: total, that of predicted means over controls is added.

    Parameters
    ----------
    model, observations, fold, molecules
        See `Conditions`.
    wanted : DataFrame
        Columns drug (`CONTROL` for the vehicle), line, dose.

    Returns
    -------
    Predicted
        Of all genes of the fold, in its order.

    Raises
    ------
    LacunaError
        If a drug is unknown, or the fold has other genes than the model.
    """
    return Conditions(model, observations, fold, molecules).predict(wanted)


def base_of(model: "Trained", observations: Observations, fold: Fold) -> Base:
    """Return the controls that predictions start from.

    As published (base: pooled), those of the validation, of all lines. Else all that may be seen,
    by line; of a held-out line, those that are given. Of signatures, the fold's means of lines
    stand for them.
    """
    if observations.kind == "signatures":
        table = fold.conditions.reset_index(drop=True)
        own = table[table["control"].astype(bool)]
        rows = np.tile(model.typical, (len(own), 1))
        place = model.genes.get_indexer(fold.genes)
        rows[:, place[place >= 0]] = fold.mean[own.index][:, place >= 0]
        return Base(rows, own["line"].astype(str).to_numpy(object))
    control = observations.obs["control"].to_numpy(bool) & np.isin(fold.role, SEEN)
    validated = control & (fold.role == VALIDATION)
    if model.settings.base == "pooled" and validated.any():
        control = validated
    positions = np.flatnonzero(control)
    if not len(positions):
        raise LacunaError(
            f"single_cell: the fold {fold.name} has no controls to predict from. Say which "
            "observations are controls (columns: control)."
        )
    counted = model.settings.likelihood == "negative_binomial"
    lines = observations.obs["line"].iloc[positions].astype(str).to_numpy(object)
    return Base(
        rows_of(model, observations, positions),
        lines,
        library_of(model, observations, positions) if counted else None,
    )


def rows_of(model: "Trained", observations: Observations, positions: np.ndarray) -> np.ndarray:
    """Read the model's genes of some observations; what they lack is the mean of controls.

    Raises
    ------
    LacunaError
        If they lack more than a tenth of the genes.
    """
    place = observations.genes.get_indexer(model.genes)
    there, count = place >= 0, len(place)
    if (~there).sum() > MOST_FILLED * count:
        raise LacunaError(
            f"single_cell: the observations lack {(~there).sum()} of the model's {count} genes "
            f"({listed(model.genes[~there])}), expected at most {MOST_FILLED:.0%}. Give symbols as "
            "the model has them, or train on these genes."
        )
    if not there.all():
        print(f"{(~there).sum()} of {count} genes are missing: the mean of controls stands there.")
    rows = np.tile(model.typical, (len(positions), 1))
    rows[:, there] = observations.rows(positions, model.genes[there])
    return rows


def library_of(model: "Trained", observations: Observations, positions: np.ndarray) -> np.ndarray:
    """Return how many counts observations have in the model's genes."""
    there = model.genes[observations.genes.get_indexer(model.genes) >= 0]
    return observations.counts(positions, there).sum(axis=1)
