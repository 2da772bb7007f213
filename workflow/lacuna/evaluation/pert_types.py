"""Scores of drugs and of genes apart, where a tensor has both."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.metrics import score_draws


def score_by_type(
    held_out: HeldOut,
    pert_type: np.ndarray,
    draws: pd.DataFrame,
    rng: Callable[[str], np.random.Generator],
) -> pd.DataFrame:
    """Score what was predicted of each type of treatment by itself.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    pert_type : array of str of shape (drugs,)
        The type of each of the tensor's drugs.
    draws
        The scores of all, see `score_draws`: those of the only type, where there is one.
    rng
        Returns the random stream of a type. With streams seeded alike, the draws of two methods are
        paired.

    Returns
    -------
    DataFrame with columns pert_type, profiles, drugs, metric, value, low, high
    """
    of_profile = pert_type[held_out.drug].astype(str)
    types = np.unique(of_profile)
    tables = []
    for name in types:
        rows = np.flatnonzero(of_profile == name)
        of_type = draws if len(types) == 1 else score_draws(held_out.take(rows), rng(str(name)))
        counts = {"profiles": len(rows), "drugs": len(np.unique(held_out.drug[rows]))}
        table = intervals(of_type)
        tables.append(pd.DataFrame({"pert_type": name, **counts}, index=table.index).join(table))
    return pd.concat(tables, ignore_index=True)
