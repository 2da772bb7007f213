"""Scales on which measured and predicted profiles compare.

In the product, a measured profile has length 1 and a prediction is shorter, the less certain it is:
of the largest entries of a gene as estimated, few are predicted. A profile's direction u (length 1)
says where it points, its expected r how closely a fresh measurement will follow: the mean of fresh
profiles is r u, and the rest of their length is spread over the genes, by
sqrt((1 - r^2) / genes) each.
"""

import numpy as np
import pandas as pd

from lacuna.explore.words import DEFAULT_SCALE as DEFAULT

MOST = 0.5  # of the profiles
LARGEST = 0.999  # no measurement repeats another to the last digit; z stays finite


def comparable(
    values: np.ndarray, expected_r: np.ndarray, scale: str = DEFAULT, genes: int = 978
) -> np.ndarray:
    """Bring entries of profiles of length 1 onto a scale that is fair to all of them.

    Parameters
    ----------
    values : array of shape (n,)
        Entries of profiles at length 1.
    expected_r : array that broadcasts to it
        The expected r of the profile of each; NaN where it is not known.
    scale
        One of `lacuna.explore.words.SCALES`.
    genes
        How many entries a profile has; "z" depends on it.

    Returns
    -------
    array of shape (n,)
        NaN where the scale needs an expected r that is not known.
    """
    if scale == "unit":
        return values
    expected = np.maximum(expected_r, 0) * values
    return expected if scale == "expected" else expected / error_of(expected_r, genes)


def usual_scale(profiles: pd.DataFrame, default: str = DEFAULT) -> str:
    """Return the scale of an answer for which nobody asked for one.

    Parameters
    ----------
    profiles
        Of the index: source, expected_r.
    default
        The scale where expected r is known of most measured and of most predicted profiles of
        these. "unit" counts elsewhere, since a scale that needs it would leave one kind out.
    """
    known = profiles["expected_r"].notna().groupby(profiles["source"], observed=True).mean()
    return default if (known.astype(float) > MOST).all() else "unit"


def error_of(expected_r: np.ndarray, genes: int, scale: str = "unit") -> np.ndarray:
    """Return the standard deviation of a fresh measurement about what is expected of it.

    Parameters
    ----------
    expected_r : array of any shape
        NaN where it is not known.
    genes
        How many entries a profile has.
    scale
        On which it is; of "z" it is 1 wherever it is known.

    Returns
    -------
    array of the same shape
        Of one entry of a profile of length 1; NaN where it is not known.
    """
    r = np.clip(expected_r, 0, LARGEST)
    error = np.sqrt((1 - r**2) / genes)
    return np.where(np.isnan(error), np.nan, 1.0) if scale == "z" else error
