"""Areas under ROC curves of many draws of drugs at once."""

import numpy as np

from lacuna.evaluation.bootstrap import CONFIDENCE

ENDS = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]  # of an interval, as quantiles of the draws
# Trained and tested on measured profiles; trained on completed ones and tested on the same drugs;
# tested on drugs without a measured one.
AREAS = ("measured", "completed", "predicted")


def areas_under_roc(answer: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve for many weightings of the drugs at once.

    Parameters
    ----------
    answer : bool array of shape (n,)
    scores : array of shape (n,)
        Ties count half.
    weights : array of shape (draws, n)
        How often each drug counts.

    Returns
    -------
    array of shape (draws,)
        NaN where positives or negatives are missing, or the scores are NaN.
    """
    if not len(scores) or np.isnan(scores).any():
        return np.full(len(weights), np.nan)
    positive, negative = np.flatnonzero(answer), np.flatnonzero(~answer)
    negative = negative[np.argsort(scores[negative], kind="stable")]
    below = np.zeros((len(weights), len(negative) + 1))  # how many negatives, by their scores
    np.cumsum(weights[:, negative], axis=1, out=below[:, 1:])
    lower, not_higher = (
        below[:, np.searchsorted(scores[negative], scores[positive], side)]
        for side in ("left", "right")
    )
    of_positives = weights[:, positive]
    with np.errstate(invalid="ignore"):
        won = (of_positives * (lower + not_higher)).sum(axis=1) / 2
        return won / (of_positives.sum(axis=1) * below[:, -1])
