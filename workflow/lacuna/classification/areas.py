"""Areas under ROC curves of many draws of drugs at once."""

import numpy as np

from lacuna.evaluation.bootstrap import CONFIDENCE
from lacuna.evaluation.deg import area_under_roc

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
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    positive = np.add.reduceat(weights[:, order] * answer[order], starts, axis=1)
    negative = np.add.reduceat(weights[:, order] * ~answer[order], starts, axis=1)
    with np.errstate(invalid="ignore"):
        return area_under_roc(positive, negative)
