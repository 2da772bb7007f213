"""Accuracy on random subsets of the drugs: do the results hang on which and how many they are?"""

import numpy as np
import pandas as pd

from lacuna.tensor.build import subgrid
from lacuna.tensor.profiles import ProfileSet

TEST_PERCENT = 10  # of the profiles


def draw_drugs(tensor: ProfileSet, drugs: int, rng: np.random.Generator) -> ProfileSet:
    """Return the profiles of randomly drawn drugs, on a grid of these and of the cells they have.

    Hodos et al. 2018 (doi:10.1142/9789813235533_0004) report that results are consistent on random
    subsets of drugs, without showing it.

    Parameters
    ----------
    tensor
        All observed profiles.
    drugs
        How many, at most all.
    rng
        The repeat's random stream.
    """
    chosen = np.sort(rng.choice(len(tensor.drugs), drugs, replace=False))
    cells = np.flatnonzero(tensor.measured[chosen].any(axis=0))
    return subgrid(tensor, chosen, cells)


def hold_out(tensor: ProfileSet, rng: np.random.Generator) -> np.ndarray:
    """Draw a test set of a tenth of the profiles that leaves each drug one.

    Returns
    -------
    bool array of shape (n,)
        At most as many as leave every drug a profile.
    """
    order = rng.permutation(len(tensor))
    _, firsts = np.unique(tensor.drug[order], return_index=True)
    others = np.delete(order, firsts)
    is_test = np.zeros(len(tensor), dtype=bool)
    is_test[others[: max(1, round(len(tensor) * TEST_PERCENT / 100))]] = True
    return is_test


def accuracy_by_drugs(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the PCT over repeats.

    Parameters
    ----------
    scores
        method, drugs, pct: one row per repeat, method and number of drugs.

    Returns
    -------
    DataFrame with columns method, drugs, repeats, mean, sd
    """
    by_drugs = scores.groupby(["method", "drugs"], sort=False)["pct"]
    return by_drugs.agg(repeats="size", mean="mean", sd="std").reset_index()
