"""Held-out profiles and what a method predicted for them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import as_unit_rows


@dataclass(frozen=True)
class HeldOut:
    """Measured profiles and what a method predicted for them without having seen them.

    Attributes
    ----------
    truth, predicted : float32 arrays of shape (n, genes)
    drug : int array of shape (n,)
        The drug of each profile: the unit of the bootstrap.
    fold : int array of shape (n,)
    cell : int array of shape (n,)
    cell_mean : float32 array of shape (n, genes)
        The mean of the profile's cell over the training profiles of its fold.
    drug_mean : float32 array of shape (n, genes)
        The mean of the drug's profiles that the method was shown; 0 without any.
    inputs : int array of shape (n,)
        The number of those profiles.
    ceiling : array of shape (n,), or None
        The correlation that a perfect prediction would have with each profile, see `ceilings`.
    fallback : bool array of shape (n,)
        Where the method had nothing to go by.
    stderr : float32 array of shape (n,) or (n, genes), or None
        The standard error that the method states, if it does.
    """

    truth: np.ndarray
    predicted: np.ndarray
    drug: np.ndarray
    fold: np.ndarray
    cell: np.ndarray
    cell_mean: np.ndarray
    drug_mean: np.ndarray
    inputs: np.ndarray
    fallback: np.ndarray
    stderr: np.ndarray | None = None
    ceiling: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> "HeldOut":
        """Return some of the profiles, by mask or positions."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        some = {name: None if part is None else part[rows] for name, part in every.items()}
        return HeldOut(**some)  # type: ignore[arg-type] # what may be None was

    @property
    def unit_truth(self) -> np.ndarray:
        """The measured profiles at unit length, to be held against predictions of unit length."""
        return as_unit_rows(self.truth)

    @classmethod
    def gather(
        cls,
        tensor: ProfileSet,
        fold: np.ndarray,
        completions: Sequence[Completion],
        *,
        shown_other_cells: bool = False,
    ) -> "HeldOut":
        """Put the folds' predictions together.

        Parameters
        ----------
        tensor
            All observed profiles.
        fold : int array of shape (n,)
            The fold that holds out each of them, if any.
        completions
            Predictions of the profiles that fold 0 holds out, in their order, then of those of
            fold 1, and so on; in as many parts as they come.
        shown_other_cells
            Whether the method was shown the held-out drug's profiles in other cells.
        """
        order = held_out_order(fold)
        truth, drug, cell = tensor.profiles[order], tensor.drug[order], tensor.cell[order]
        cell_mean, drug_mean = np.empty((2, *truth.shape), dtype=np.float32)
        inputs = np.empty(len(order), dtype=np.int64)
        for number in np.unique(fold[order]):
            training, rows = tensor.take(fold != number), fold[order] == number
            cell_mean[rows] = training.mean_by_cell()[0][cell[rows]]
            means, sizes = (tensor if shown_other_cells else training).mean_by_drug()
            mean, size = means[drug[rows]], sizes[drug[rows]]
            if shown_other_cells:
                inputs[rows] = size - 1
                others = size[:, None] * mean - truth[rows]
                drug_mean[rows] = others / np.maximum(size - 1, 1)[:, None]
            else:
                inputs[rows], drug_mean[rows] = size, mean
        ceiling = None if tensor.reliability is None else ceilings(tensor.reliability)
        predicted = Completion.join(completions)
        return cls(
            truth=truth,
            predicted=predicted.profiles,
            drug=drug,
            fold=fold[order],
            cell=cell,
            cell_mean=cell_mean,
            drug_mean=drug_mean,
            inputs=inputs,
            fallback=predicted.fallback,  # type: ignore[arg-type] # `join` always has one
            stderr=predicted.stderr,
            ceiling=None if ceiling is None else ceiling[order],
        )


def held_out_order(fold: np.ndarray) -> np.ndarray:
    """Return the positions of the held-out profiles in the order of their predictions.

    Those of fold 0 first, each fold's in the tensor's order; `fold` is negative where none holds
    the profile out.
    """
    return np.argsort(fold, kind="stable")[np.sum(fold < 0) :]


def ceilings(reliability: pd.DataFrame) -> np.ndarray | None:
    """Return the correlation that a perfect prediction would have with each measured profile.

    It is the square root of the share of the profile that is no noise, see
    `lacuna.tensor.agreement`.

    Parameters
    ----------
    reliability
        signal: one row per profile.

    Returns
    -------
    array of shape (n,), or None
        NaN without replicates; None where nothing is known of them.
    """
    return np.sqrt(reliability["signal"].to_numpy()) if "signal" in reliability else None
