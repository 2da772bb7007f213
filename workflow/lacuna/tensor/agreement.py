"""How much of a measured profile is no noise, from how well replicates agree."""

import numpy as np
import pandas as pd
from scipy.stats import linregress, norm

CENTRE = (0.1, 0.9)  # p-values between which the null is read: its tails are not normal
FEWEST = 10  # experiments of so many replicates; of fewer, chance is not told from differences


def expected_agreement(experiments: pd.DataFrame) -> pd.Series:
    """Return the correlation of two replicates that each experiment has, chance taken off.

    The agreement r = 1 - ACD that an experiment shows is partly luck, and experiments selected for
    it are the lucky ones. So each is shrunk towards the mean m of all experiments of as many
    replicates, to m + b (r - m), where b = 1 - s^2 / var(r) and s is the standard deviation of r
    between replicates of distinct drugs: the slope of r over the normal quantile of its p-value.
    Where agreement is spread normally, selection leaves no bias in what is shrunk so (Efron 2011,
    doi:10.1198/jasa.2011.tm11181); it is skewed, so that some is left.

    Parameters
    ----------
    experiments
        replicates, acd, p_value: all of a screen, before any is dropped for its p-value.

    Returns
    -------
    Series with the index of `experiments`
        NaN without replicates. Where the p-values of fewer than `FEWEST` experiments say what
        chance does, r as it is.
    """
    shown = 1 - experiments["acd"]
    expected = shown.copy()
    for _, rows in shown.groupby(experiments["replicates"]):
        p_value = experiments.loc[rows.index, "p_value"]
        central = p_value.between(*CENTRE) & rows.notna()
        if central.sum() < FEWEST or not (rows.std() > 0 and p_value[central].std() > 0):
            continue
        chance = linregress(norm.isf(p_value[central]), rows[central]).slope
        share = np.clip(1 - chance**2 / rows.var(), 0, 1)
        expected[rows.index] = rows.mean() + share * (rows - rows.mean())
    return expected


def averaged_noise(experiments: pd.DataFrame) -> pd.Series:
    """Return the share of noise in the average of each experiment's replicates.

    With a correlation r between two of them, the average of k has the reliability
    k r / (1 + (k - 1) r), and the rest is noise (Spearman 1910,
    doi:10.1111/j.2044-8295.1910.tb00206.x; Brown 1910,
    doi:10.1111/j.2044-8295.1910.tb00207.x).

    Parameters
    ----------
    experiments
        As `expected_agreement` takes them.
    """
    agreement = expected_agreement(experiments).clip(lower=0)
    count = experiments["replicates"]
    return 1 - count * agreement / (1 + (count - 1) * agreement)


def signal_share(noise: np.ndarray, squared_length: np.ndarray) -> np.ndarray:
    """Return the share of signal in sums of signatures of several doses and times.

    The noise of independent experiments adds up, 1 - share = sum of their noise / squared length of
    the sum; no two of them are taken for replicates of each other.

    Parameters
    ----------
    noise : array of shape (n,)
        Sum of the signatures' noise: shares of the squared length of each, which is 1 by default.
    squared_length : array of shape (n,)
        Of the sum of the signatures.

    Returns
    -------
    array of shape (n,)
        From 0 to 1, NaN where `noise` is.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # signatures may cancel out
        return np.clip(1 - noise / squared_length, 0, 1)
