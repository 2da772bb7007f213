"""What plain methods may look at, and how they look at it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import CONDITION, SEEN, TEST, Fold, Kind, Seen
from lacuna.vectors import mean_by


def seen_of(fold: Fold, vectors: Mapping[str, pd.DataFrame], kind: Kind = "cells") -> Seen:
    """Return the training and validation conditions of a fold, and controls that are given.

    Parameters
    ----------
    fold
        Of it, test conditions, halves and lists of genes are left out.
    vectors
        By encoder, a row per drug, also of the test.
    kind
        Of the observations. Where these are signatures, the mean of all that is returned of a line
        stands for its control: a method that predicts this mean predicts no change.

    Raises
    ------
    LacunaError
        If a drug of the test is among training or validation conditions.
    """
    kept = fold.conditions["role"].isin(SEEN).to_numpy()
    conditions = fold.conditions[kept].reset_index(drop=True)
    if leaked := sorted(set(fold.held_out) & set(conditions["drug"])):
        raise LacunaError(
            f"single_cell: fold {fold.name}: {listed(leaked)} should be held out, but are in "
            "training or validation. Delete the fold and run again."
        )
    seen = Seen(conditions, fold.mean[kept], fold.variance[kept], vectors)
    return _with_means_as_controls(seen) if kind == "signatures" else seen


def _with_means_as_controls(seen: Seen) -> Seen:
    """Replace controls by the means of drugs, each drug counted once."""
    table, is_control = seen.conditions, seen.conditions["control"].to_numpy(bool)
    mean = seen.mean.copy()
    for line in table["line"].unique():
        of_line = (table["line"] == line).to_numpy()
        if (of_line & is_control).any() and (of_line & ~is_control).any():
            mean[of_line & is_control] = seen.mean[of_line & ~is_control].mean(axis=0, dtype=float)
    return replace(seen, mean=mean)


@dataclass(frozen=True)
class Known:
    """Seen conditions of drugs, each once, and the controls of lines.

    Plain methods choose nothing on validation conditions, so that both roles train them: they have
    a little more to learn from than a network that stops by validation.

    Attributes
    ----------
    conditions : DataFrame with columns drug, line, dose, observations
    mean, variance : float64 arrays of shape (conditions, genes)
        Of all observations of training and validation.
    lines : Index of str
        Lines with a control.
    untreated : int array of shape (lines,)
        How many observations the control of each is the mean of.
    control, control_variance : float64 arrays of shape (lines, genes)
    """

    conditions: pd.DataFrame
    mean: np.ndarray
    variance: np.ndarray
    lines: pd.Index
    untreated: np.ndarray
    control: np.ndarray
    control_variance: np.ndarray

    @classmethod
    def of(cls, seen: Seen) -> "Known":
        """Put what was seen in order.

        Raises
        ------
        LacunaError
            If there is no control, or no condition of a drug.
        """
        is_control = seen.conditions["control"].to_numpy(bool)
        if is_control.all() or not is_control.any():
            what = "control" if not is_control.any() else "drug"
            raise LacunaError(
                f"single_cell: no {what} among {len(is_control)} training conditions; plain "
                "methods need both. Hold out fewer drugs or lines."
            )
        conditions, mean, variance = _pooled(seen, ~is_control, CONDITION)
        lines, *of_control = _pooled(seen, is_control, ["line"])
        names, size = pd.Index(lines["line"]), lines["observations"].to_numpy()
        return cls(conditions, mean, variance, names, size, *of_control)

    def control_of(self, lines: "pd.Series[str] | np.ndarray") -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of lines' controls, float64 of shape (n, genes) each.

        A line without any has the mean of the others.
        """
        at = self.lines.get_indexer(pd.Index(lines, dtype=object))
        known = (at >= 0)[:, None]
        return (
            np.where(known, self.control[at], self.control.mean(axis=0)),
            np.where(known, self.control_variance[at], self.control_variance.mean(axis=0)),
        )

    def control_of_all(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of the untreated observations of all lines together."""
        together = np.zeros(len(self.lines), dtype=int)
        mean, variance = pooled_moments(
            together, 1, self.untreated, self.control, self.control_variance
        )
        return mean[0], variance[0]

    @property
    def change(self) -> np.ndarray:
        """How conditions differ from the control of their line, shape (conditions, genes)."""
        return self.mean - self.control_of(self.conditions["line"])[0]


def pooled_moments(
    group: np.ndarray, groups: int, size: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the observations of several rows together.

    Parameters
    ----------
    group : int array of shape (n,)
    groups
        Their number.
    size : array of shape (n,)
        Observations behind each row.
    mean, variance : arrays of shape (n, genes)

    Returns
    -------
    mean, variance : float64 arrays of shape (groups, genes)
    """
    weight = np.asarray(size, float)
    weight = weight / np.bincount(group, weight, groups)[group] * np.bincount(group)[group]
    means, _ = mean_by(group, groups, np.asarray(mean, float) * weight[:, None])
    around = np.asarray(variance, float) + (mean - means[group]) ** 2
    return means, mean_by(group, groups, around * weight[:, None])[0]


def _pooled(
    seen: Seen, rows: np.ndarray, by: list[str]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table = seen.conditions[rows]
    groups = table.groupby(by, sort=True)
    number = groups.ngroup().to_numpy()
    sizes = groups["observations"].sum().reset_index()
    size = table["observations"].to_numpy(float)
    moments = pooled_moments(number, len(sizes), size, seen.mean[rows], seen.variance[rows])
    return sizes, *moments


def judged_rows(fold: Fold) -> np.ndarray:
    """Return which conditions of a fold are judged: of drugs, in the test; bool."""
    table = fold.conditions
    return ((table["role"] == TEST) & ~table["control"].astype(bool)).to_numpy()
