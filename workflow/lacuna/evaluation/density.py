"""Accuracy against density: nested training sets of ever fewer profiles."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lacuna.evaluation.splits import fold_table
from lacuna.tensor.profiles import ProfileSet

TEST_PERCENT = 10
# What `thin` says of profiles that are in training at no density: below all percents, above all.
TEST, UNUSED = 0, 101


def densities(tensor: ProfileSet, percents: Iterable[int]) -> pd.DataFrame:
    """Say how many profiles the training set of each density has, and which cannot be had.

    A density is a share of all places of the grid, observed or not, and so is the size of the test
    set, TEST_PERCENT (Hodos et al. 2018, figure 3C and authors' code,
    doi:10.1142/9789813235533_0004). A training set holds a profile of each drug, and none of the
    test set.

    Parameters
    ----------
    tensor
        All observed profiles.
    percents
        The densities asked for, in percent.

    Returns
    -------
    DataFrame with columns percent, profiles, left_out
        By percent; left_out says why this tensor has no such training set, and is empty otherwise.
    """
    places, fewest = tensor.measured.size, len(np.unique(tensor.drug))
    most = len(tensor) - _test_size(tensor)
    rows = []
    for percent in sorted(percents):
        profiles, left_out = _share(places, percent), ""
        if profiles < fewest:
            left_out = f"fewer profiles than drugs ({fewest}), each of which keeps one"
        elif profiles > most:
            left_out = f"more profiles than there are beside the test set ({most})"
        rows.append({"percent": percent, "profiles": profiles, "left_out": left_out})
    return pd.DataFrame(rows, columns=["percent", "profiles", "left_out"])


def thin(tensor: ProfileSet, percents: Iterable[int], rng: np.random.Generator) -> np.ndarray:
    """Draw one test set and nested training sets of several densities.

    Profiles are removed at random, but never the last one of a drug: first the test set, then
    others until the training set has the highest density, and so on to the lowest (Hodos et al.
    2018, figure 3C and authors' code, doi:10.1142/9789813235533_0004).

    Parameters
    ----------
    tensor
        All observed profiles.
    percents
        Densities; those that cannot be had are left out, see `densities`.
    rng
        The repeat's random stream.

    Returns
    -------
    int array of shape (n,)
        The lowest density (percent) at which each profile is in training; TEST for the test set,
        UNUSED where there is none.
    """
    sizes = densities(tensor, percents).query("left_out == ''")
    order = rng.permutation(len(tensor))
    # Removing in random order is growing backwards; one profile of each drug comes first.
    _, firsts = np.unique(tensor.drug[order], return_index=True)
    grown = np.concatenate([order[firsts], np.delete(order, firsts)])
    lowest = np.full(len(tensor), UNUSED)
    for size in sizes[::-1].itertuples():
        lowest[grown[: size.profiles]] = size.percent
    lowest[grown[len(tensor) - _test_size(tensor) :]] = TEST
    return lowest


def is_trained_on(lowest: np.ndarray, percent: int) -> np.ndarray:
    """Return which profiles are in training at a density, given what `thin` returned."""
    return (lowest != TEST) & (lowest <= percent)


def thin_table(tensor: ProfileSet, repeat: int, lowest: np.ndarray) -> pd.DataFrame:
    """Return repeat, drug, cell and lowest (see `thin`) of every profile, in the tensor's order."""
    table = fold_table(tensor, lowest).rename(columns={"fold": "lowest"})
    table.insert(0, "repeat", repeat)
    return table


def accuracy_by_density(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the PCT over repeats.

    Parameters
    ----------
    scores
        method, percent, pct: one row per repeat, method and density.

    Returns
    -------
    DataFrame with columns method, percent, repeats, mean, sd
    """
    by_density = scores.groupby(["method", "percent"], sort=False)["pct"]
    return by_density.agg(repeats="size", mean="mean", sd="std").reset_index()


def _test_size(tensor: ProfileSet) -> int:
    return max(_share(tensor.measured.size, TEST_PERCENT), 1)


def _share(places: int, percent: int) -> int:
    """Return a percentage of the places, halves rounded up."""
    return (places * percent + 50) // 100
