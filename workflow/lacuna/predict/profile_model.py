"""A trained network that is asked what profiles of the user's own would be in another cell."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.cell_model import FILE, CellModel
from lacuna.completion.completed import gene_names
from lacuna.completion.model import FILE as BY_STRUCTURE
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.model_file import kind_of
from lacuna.predict.given import Given, Table, read_given

MOST_CELLS = 100  # that a message names


@dataclass(frozen=True)
class ProfileModel:
    """A model file, opened for questions.

    Attributes
    ----------
    path : Path
        The file.
    kept : CellModel
        What it holds.
    """

    path: Path
    kept: CellModel

    @property
    def cells(self) -> list[str]:
        """The cells that it predicts."""
        return self.kept.reached

    @property
    def genes(self) -> pd.Index:
        """What its genes are called: symbols, or ids where a gene has no symbol of its own."""
        return pd.Index(gene_names(self.kept.trained_on.genes), name="gene")

    def predict(self, table: Table, to: str) -> pd.DataFrame:
        """Predict what a drug does in a cell from what it does in others.

        Parameters
        ----------
        table
            Profiles of one drug, genes x profiles, see `lacuna.predict.given.read_given`; those of
            several drugs are asked one by one, or with `translate`.
        to
            The cell, in upper or lower case.

        Returns
        -------
        DataFrame of shape (genes, 1)
            The column is called as the cell: the mean of what each profile is translated to; of a
            model whose `inputs` are "mean", what the mean of the profiles is translated to.

        Raises
        ------
        DamagedFile
            If a file is damaged.
        LacunaError
            If the model does not predict the cell, or the table does not fit the model.
        """
        given = read_given(table, self.kept.trained_on.genes)
        cell = self.find_cell(to)
        predicted = self.combined(given, cell)
        return pd.DataFrame({self.called(cell): predicted}, index=self.genes)

    def translate(self, table: Table, to: str) -> pd.DataFrame:
        """Predict each profile of a table in a cell, one by one; see `predict`.

        Returns
        -------
        DataFrame of shape (genes, profiles)
        """
        given = read_given(table, self.kept.trained_on.genes)
        translated = self.each(given, self.find_cell(to))
        return pd.DataFrame(translated.T, index=self.genes, columns=given.names)

    def each(self, given: Given, cell: int) -> np.ndarray:
        """Translate profiles, float32 (profiles, genes)."""
        return self.kept.translate(given.on_scale(self.kept.trained_on.scale), cell)

    def combined(self, given: Given, cell: int) -> np.ndarray:
        """Return what profiles of one drug together say of it in a cell, float32 (genes,)."""
        if self.kept.inputs == "mean":
            mean = given.on_scale(self.kept.trained_on.scale).mean(axis=0, keepdims=True)
            return self.kept.translate(mean, cell)[0]
        return self.each(given, cell).mean(axis=0)

    def find_cell(self, wanted: str) -> int:
        """Return the position of a cell that it predicts, in upper or lower case.

        Raises
        ------
        LacunaError
            If it does not, with all that it does.
        """
        for cell in self.cells:
            if cell.casefold() == str(wanted).strip().casefold():
                return [str(name) for name in self.kept.trained_on.cells].index(cell)
        raise LacunaError(
            f"{self.path}: the model does not predict the cell {str(wanted)!r}"
            f"{did_you_mean(wanted, self.cells)}; it was trained on "
            f"{listed(self.cells, MOST_CELLS)}. Expected one of these."
        )

    def called(self, cell: int) -> str:
        """Return the name of the cell at a position."""
        return str(self.kept.trained_on.cells[cell])


def read_model(path: str | Path) -> ProfileModel:
    """Open a model file of DeepCellState; its weights are read where they are used.

    Parameters
    ----------
    path
        completed/deepcellstate.model.h5 or cell_to_cell/model.h5 of a run.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, of another kind, or of another version of the format.

    Examples
    --------
    >>> model = read_model("results/mine/completed/deepcellstate.model.h5")  # doctest: +SKIP
    >>> model.predict("profile.tsv", to="MCF7")  # doctest: +SKIP
    """
    if not Path(path).is_file():
        raise LacunaError(
            f"{path}: no such file; expected the model of a run, {FILE.place}. A run that "
            "completes with deepcellstate (completion: completed) keeps it."
        )
    if kind_of(path) == BY_STRUCTURE.kind:
        raise LacunaError(
            f"{path}: is a model of {BY_STRUCTURE.called}, which predicts by structure: lacuna "
            f"predict --smiles. Expected a model of {FILE.called}, {FILE.place}."
        )
    return ProfileModel(Path(path), CellModel.load(path, lazy=True))
