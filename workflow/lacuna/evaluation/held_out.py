"""Held-out profiles and what a method predicted for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion
from lacuna.tensor.profiles import ProfileSet


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

    @classmethod
    def gather(
        cls,
        tensor: ProfileSet,
        fold: np.ndarray,
        completions: Sequence[Completion],
        *,
        given_elsewhere: bool = False,
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
        given_elsewhere
            Whether the method was shown the held-out drug's profiles in other cells.
        """
        at = held_out_order(fold)
        cell_mean, drug_mean = np.empty((2, len(at), len(tensor.genes)), dtype=np.float32)
        inputs = np.empty(len(at), dtype=np.int64)
        for number in np.unique(fold[at]):
            training, rows = tensor.take(fold != number), fold[at] == number
            drug = tensor.drug[at][rows]
            cell_mean[rows] = training.mean_by_cell()[0][tensor.cell[at][rows]]
            means, sizes = (tensor if given_elsewhere else training).mean_by_drug()
            if given_elsewhere:
                inputs[rows] = sizes[drug] - 1
                others = sizes[drug][:, None] * means[drug] - tensor.profiles[at][rows]
                drug_mean[rows] = others / np.maximum(inputs[rows], 1)[:, None]
            else:
                inputs[rows], drug_mean[rows] = sizes[drug], means[drug]
        ceiling = None if tensor.reliability is None else ceilings(tensor.reliability)
        predicted = Completion.join(completions)
        return cls(
            truth=tensor.profiles[at],
            predicted=predicted.profiles,
            drug=tensor.drug[at],
            fold=fold[at],
            cell=tensor.cell[at],
            cell_mean=cell_mean,
            drug_mean=drug_mean,
            inputs=inputs,
            fallback=predicted.fallback,
            stderr=predicted.stderr,
            ceiling=None if ceiling is None else ceiling[at],
        )


def held_out_order(fold: np.ndarray) -> np.ndarray:
    """Return the positions of the held-out profiles in the order of their predictions.

    Those of fold 0 first, each fold's in the tensor's order; `fold` is negative where none holds
    the profile out.
    """
    return np.argsort(fold, kind="stable")[np.sum(fold < 0) :]


def ceilings(reliability: pd.DataFrame) -> np.ndarray:
    """Return the correlation that a perfect prediction would have with each measured profile.

    With a mean correlation r = 1 - ACD between single replicates, the average of k of them has
    reliability k r / (1 + (k - 1) r) (Spearman 1910, Brown 1910), and correlates with what it
    measures at the square root of that. NaN without replicates.
    """
    count, agreement = reliability["replicates"], (1 - reliability["acd"]).clip(lower=0)
    return np.sqrt(count * agreement / (1 + (count - 1) * agreement)).to_numpy()
