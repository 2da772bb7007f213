"""One row of features per drug, from the completed profiles."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.completed import CompletedTensor

ACROSS_CELLS: dict[str, Callable[..., np.ndarray]] = {
    "mean over cells": np.nanmean,
    "maximum over cells": np.nanmax,
}


@dataclass(frozen=True)
class DrugProfiles:
    """The completed tensor in its best covered cells.

    Attributes
    ----------
    profiles : float32 array of shape (drugs, cells, genes)
        Measured where measured, else predicted.
    measured : bool array of shape (drugs, cells)
        At least one per drug: a drug that none of these cells has seen is left out.
    drugs, cells
        Names.
    """

    profiles: np.ndarray
    measured: np.ndarray
    drugs: np.ndarray
    cells: np.ndarray

    @classmethod
    def read(cls, path: str | Path, most_cells: int) -> "DrugProfiles":
        """Read a product of the completion in its best covered cells.

        Parameters
        ----------
        path
            See `lacuna.completion.completed.CompletedTensor`.
        most_cells
            How many cells, at most.
        """
        with CompletedTensor.open(path) as product:
            measured = product.measured
            drugs, cells = best_covered(measured, most_cells)
            return cls(
                product.read(list(drugs), list(cells)),
                measured.loc[drugs, cells].to_numpy(),
                drugs.to_numpy(),
                cells.to_numpy(),
            )

    def of_type(self, profile_type: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the drugs' profiles of one type.

        Parameters
        ----------
        profile_type
            The name of a cell, or one of `ACROSS_CELLS` (the maximum is of signed values).

        Returns
        -------
        completed, measured : float32 arrays of shape (drugs, genes)
            Of all places, and of measured ones alone (undefined where there is none).
        has_measured : bool array of shape (drugs,)
        """
        if profile_type in ACROSS_CELLS:
            over_cells = ACROSS_CELLS[profile_type]
            measured = np.where(self.measured[:, :, None], self.profiles, np.nan)
            return (
                over_cells(self.profiles, axis=1),
                over_cells(measured, axis=1),
                np.any(self.measured, axis=1),
            )
        cell = list(self.cells).index(profile_type)
        return self.profiles[:, cell], self.profiles[:, cell], self.measured[:, cell]


def best_covered(measured: pd.DataFrame, most_cells: int) -> tuple[pd.Index, pd.Index]:
    """Return the drugs and cells to classify by: the best covered cells, and all drugs in them.

    Parameters
    ----------
    measured
        Bool, drugs x cells: where there is a measured profile.
    most_cells
        How many cells, at most. Of cells with equally many drugs the first by name is taken.
    """
    counts = measured.sum().sort_index().sort_values(ascending=False, kind="stable")
    cells = counts.index[:most_cells]
    return measured.index[measured[cells].any(axis=1)], cells


def reduce_columns(features: np.ndarray) -> np.ndarray:
    """Turn the axes so that fewer columns hold the same distances and inner products.

    Parameters
    ----------
    features : array of shape (n, genes)
        Rows that are not finite are left out.

    Returns
    -------
    array of shape (n, at most genes)
        The features as they are, where turning saves nothing; NaN in the rows left out.
    """
    finite = np.isfinite(features).all(axis=1)
    if finite.sum() >= features.shape[1]:
        return features
    left, length, _ = np.linalg.svd(features[finite], full_matrices=False)
    turned = np.full((len(features), len(length)), np.nan)
    turned[finite] = left * length
    return turned
