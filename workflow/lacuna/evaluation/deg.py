"""Finding differentially expressed genes (DEG), by ROC curves pooled over profiles."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

DEG_PERCENTS = (1, 10)


def deg_histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count, per drug and score, the genes that are differentially expressed and those not.

    A gene is differentially expressed in a profile when its absolute value reaches the quantile
    1 - percent / 100 of the profile's; its score is the rank of the absolute prediction within the
    profile, ties sharing their mean rank (Hodos et al. 2018, figure 3D and authors' code,
    doi:10.1142/9789813235533_0004).

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)
    percent
        The share of genes that are differentially expressed, in percent.
    drug : int array of shape (n,)
        The drug of each profile, from 0 to `drugs` - 1.
    drugs
        Number of drugs.

    Returns
    -------
    two arrays of shape (drugs, 2 genes - 1)
        Counts of positives and negatives at the scores 1, 1.5, 2, ..., genes.
    """
    return _histograms(np.abs(truth), np.abs(predicted), percent, drug, drugs)


def signed_deg_histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count the genes that rise most, then those that fall most, as `deg_histograms` does."""
    rising, falling = (
        _histograms(sign * truth, sign * predicted, percent, drug, drugs) for sign in (1, -1)
    )
    return rising[0] + falling[0], rising[1] + falling[1]


def _histograms(
    truth: np.ndarray, predicted: np.ndarray, percent: float, drug: np.ndarray, drugs: int
) -> tuple[np.ndarray, np.ndarray]:
    positive = truth >= np.quantile(truth, 1 - percent / 100, axis=1, keepdims=True)
    score = (2 * rankdata(predicted, axis=1) - 2).astype(np.int64)  # ranks 1, 1.5, ... from 0 on
    bins = 2 * truth.shape[1] - 1
    flat = drug[:, None] * bins + score

    def histogram(mask: np.ndarray) -> np.ndarray:
        return np.bincount(flat[mask], minlength=drugs * bins).reshape(drugs, bins).astype(float)

    return histogram(positive), histogram(~positive)


def deg_roc(truth: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return the pooled ROC curves of finding differentially expressed genes.

    Parameters
    ----------
    truth, predicted : arrays of shape (n, genes)

    Returns
    -------
    DataFrame with columns percent, false_positive_rate, true_positive_rate
        For each of `DEG_PERCENTS`, from (0, 0) to (1, 1), one row per threshold.
    """
    one_drug = np.zeros(len(truth), dtype=int)
    curves = []
    for percent in DEG_PERCENTS:
        positive, negative = deg_histograms(truth, predicted, percent, one_drug, 1)
        rates = {
            "false_positive_rate": _share_at_or_above(negative[0]),
            "true_positive_rate": _share_at_or_above(positive[0]),
        }
        curves.append(pd.DataFrame({"percent": percent, **rates}))
    return pd.concat(curves, ignore_index=True)


def area_under_roc(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Return the area under ROC curves: the share of pairs in which the positive scores higher.

    Parameters
    ----------
    positive, negative : arrays of shape (curves, scores)
        Counts per score, the lowest score first; ties count half.

    Returns
    -------
    array of shape (curves,)
        NaN where there are no positives or no negatives: profiles of zeros, or of a single gene.
    """
    lower = np.cumsum(negative, axis=1) - negative
    won = (positive * (lower + negative / 2)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return won / (positive.sum(axis=1) * negative.sum(axis=1))


def _share_at_or_above(counts: np.ndarray) -> np.ndarray:
    """Return the share of the counts at or above each threshold, the highest first."""
    from_top = np.cumsum(counts[::-1])
    with np.errstate(invalid="ignore"):  # NaN of nothing
        return np.concatenate([[0.0], from_top / from_top[-1]])
