"""Do classifiers know more than who looks like whom? Accuracy on drugs unlike the training drugs.

Classifiers may tell a drug's class from a near copy of its structure in the training set. So test
drugs are left out whose structure is more similar to a training drug's than a threshold, as Hodos
et al. 2018 (doi:10.1142/9789813235533_0004, supplement S3) do with the accuracy of completion.
"""

import numpy as np
import pandas as pd

from lacuna.classification.areas import AREAS, ENDS

# Tanimoto similarity of Morgan fingerprints; the last keeps all drugs of known structure.
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
LEAST_OF_EACH = 3  # positives and negatives that an area is taken of
SUMMARY = [
    "method",
    "protocol",
    "kind",
    "area",
    "threshold",
    "experiments",
    "drugs",
    "auc",
    "auc_of_all",
    "difference",
    "low",
    "high",
]


def nearest_training_drug(similarity: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return how similar the most similar training drug is to each drug while it is held out.

    Parameters
    ----------
    similarity : array of shape (drugs, drugs)
        As `lacuna.structures.fingerprints.known_similarity` returns it.
    fold : int array of shape (drugs,)
        The fold that holds out each drug; -1 for those without a label.

    Returns
    -------
    array of shape (drugs,)
        NaN of drugs without a label or a structure; 0 where no training drug has a structure.
    """
    labelled = fold >= 0
    training = labelled[None, :] & (fold[:, None] != fold[None, :])
    nearest = np.where(training & np.isfinite(similarity), similarity, 0).max(axis=1, initial=0)
    return np.where(labelled & np.isfinite(similarity.diagonal()), nearest, np.nan)


def similarity_summary(
    experiments: pd.DataFrame, counts: np.ndarray, areas: np.ndarray
) -> pd.DataFrame:
    """Compare the accuracy on drugs within a threshold with that on all, over experiments.

    Parameters
    ----------
    experiments
        As `run_experiments` returns them, with the column method.
    counts : int array of shape (experiments, thresholds, areas, 2)
        Positives and negatives among the drugs tested.
    areas : array of shape (experiments, thresholds, areas, 1 + draws)
        Under the ROC curve: of the data, then of drugs drawn with replacement.

    Returns
    -------
    DataFrame with columns `SUMMARY`, one row per method, protocol, kind of task, area and threshold
        experiments: those with `LEAST_OF_EACH` positives and negatives within the threshold; drugs:
        how many it leaves to test, on average over them; auc and auc_of_all: their mean area, and
        that of the same experiments with all drugs of known structure; difference: of the two,
        with its 95 % bootstrap interval over drugs.
    """
    rows = []
    for (method, protocol), members in experiments.groupby(["method", "protocol"], sort=False):
        for kind in ["all", *members["kind"].unique()]:
            chosen = members if kind == "all" else members[members["kind"] == kind]
            for which, area in enumerate(AREAS):
                for number, threshold in enumerate(THRESHOLDS):
                    place = chosen.index.to_numpy()
                    enough = (counts[place, number, which] >= LEAST_OF_EACH).all(axis=1)
                    place = place[enough & np.isfinite(areas[place, number, which, 0])]
                    told = _compared(areas[place, number, which], areas[place, -1, which])
                    drugs = counts[place, number, which].sum(axis=1)
                    rows.append(
                        {
                            "method": method,
                            "protocol": protocol,
                            "kind": kind,
                            "area": area,
                            "threshold": threshold,
                            "experiments": len(place),
                            "drugs": drugs.mean() if len(place) else np.nan,
                            **told,
                        }
                    )
    return pd.DataFrame(rows, columns=SUMMARY)


def _compared(within: np.ndarray, of_all: np.ndarray) -> dict[str, float]:
    """Return mean areas over experiments, and their difference with its interval."""
    if not len(within):
        return dict.fromkeys(["auc", "auc_of_all", "difference", "low", "high"], np.nan)
    # A draw may hold no positive of an experiment: its area is missing there.
    missing = np.ma.masked_invalid((within - of_all).astype(float))
    difference = missing.mean(axis=0).filled(np.nan)
    low, high = np.nan, np.nan
    if np.isfinite(difference[1:]).any():
        low, high = np.nanquantile(difference[1:], ENDS)
    return {
        "auc": float(within[:, 0].mean()),
        "auc_of_all": float(of_all[:, 0].mean()),
        "difference": float(difference[0]),
        "low": float(low),
        "high": float(high),
    }
