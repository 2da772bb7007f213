"""Words for how far a profile can be trusted, by the correlation to expect of it.

The limits are fixed: a word means the same of a measured and of a predicted profile, of every
method and in every data set.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tier:
    """A word, and what it promises.

    Attributes
    ----------
    name
        The word.
    at_least
        The smallest expected correlation of its profiles.
    """

    name: str
    at_least: float


# The best first. Squared, the limits are 0.81, 0.64, 0.49, 0.25 and 0.09: the share of a fresh
# measurement that the profile explains.
TIERS = (
    Tier("excellent", 0.9),
    Tier("very good", 0.8),
    Tier("good", 0.7),
    Tier("fair", 0.5),
    Tier("weak", 0.3),
    Tier("poor", -1.0),
)
UNKNOWN = ""  # stands where no correlation is known


def tier_of(expected_r: np.ndarray) -> np.ndarray:
    """Return the tier of each profile.

    Parameters
    ----------
    expected_r : array of shape (n,)
        The correlation to expect between the profile and a fresh measurement; NaN where not known.

    Returns
    -------
    object array of str of shape (n,)
        Names of `TIERS`, and `UNKNOWN` for NaN.
    """
    expected_r = np.asarray(expected_r, dtype=float)
    limits = [tier.at_least for tier in TIERS[-2::-1]]  # rising, without the lowest
    names = np.array([tier.name for tier in TIERS[::-1]], dtype=object)
    tiers = names[np.searchsorted(limits, expected_r, side="right")]
    return np.where(np.isnan(expected_r), UNKNOWN, tiers)
