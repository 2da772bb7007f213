"""Paired tests of what completion adds to classifiers."""

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, ttest_1samp

from lacuna.classification.experiments import AREAS, INTERVAL, LEAST_PREDICTED

TEST = [
    *("question", "method", "protocol", "grouped_by", "group", "experiments", "dropped", "better"),
    *("difference", "low", "high", "p", "p_bh"),
]
CHANCE = 0.5
GROUPINGS = ("all", "kind", "model", "profile_type", "task")
QUESTIONS = {"gain": ("completed", "measured"), "on_predicted": ("predicted", "completed")}


def gain_by_completion(experiments: pd.DataFrame) -> pd.Series:
    """Return what training on completed profiles adds to the area on drugs with a measured one.

    NaN where an experiment is dropped: at chance or below with both, as the authors do. An area
    that could not be computed, for want of measured drugs, counts as chance in the published
    protocol, as with the authors; in the nested one such experiments are dropped, too.

    Parameters
    ----------
    experiments
        As `run_experiments` returns them.
    """
    areas = experiments[["auc_completed", "auc_measured"]]
    published = experiments["protocol"].eq("published")
    areas = areas.where(areas.notna() | ~published.to_numpy()[:, None], CHANCE)
    gain = areas["auc_completed"] - areas["auc_measured"]
    return gain.where(areas.max(axis=1) > CHANCE)


def change_on_predicted(experiments: pd.DataFrame) -> pd.Series:
    """Return by how much the area on drugs without a measured profile exceeds that on the others.

    As the authors do, experiments at chance or below on both are dropped, and those with fewer
    than three positives among either drugs: NaN.

    Parameters
    ----------
    experiments
        As `run_experiments` returns them.
    """
    completed, predicted = experiments["auc_completed"], experiments["auc_predicted"]
    positives = experiments[["positives_measured", "positives_predicted"]].min(axis=1)
    kept = (np.maximum(completed, predicted) > CHANCE) & (positives >= LEAST_PREDICTED)
    return (predicted - completed).where(kept)


def paired_tests(experiments: pd.DataFrame, draws: np.ndarray, question: str) -> pd.DataFrame:
    """Test the differences of each group of experiments against 0.

    Parameters
    ----------
    experiments
        As `run_experiments` returns them, with a column of this question.
    draws
        As `run_experiments` returns them.
    question
        "gain" (see `gain_by_completion`) or "on_predicted" (see `change_on_predicted`).

    Returns
    -------
    DataFrame, one row per completion method, protocol and group
        question, method, protocol, grouped_by, group, experiments (kept), dropped, better (share
        above 0), difference (mean), low, high (95 % bootstrap interval over drugs), p (paired
        t-test over experiments, which share drugs: it takes them for independent, as the authors
        do) and p_bh (adjusted within grouped_by, Benjamini and Hochberg 1995).
    """
    more, less = (AREAS.index(area) for area in QUESTIONS[question])
    unknown = experiments[[f"auc_{area}" for area in AREAS]].isna().to_numpy()
    draws = np.where(unknown[:, :, None], CHANCE, draws)
    table = experiments.assign(row=range(len(experiments)), all="all")
    families = []
    for grouped_by in GROUPINGS:
        for (method, protocol), members in table.groupby(["method", "protocol"], sort=False):
            family = pd.DataFrame(
                {
                    "question": question,
                    "method": method,
                    "protocol": protocol,
                    "grouped_by": grouped_by,
                    "group": group,
                    **_paired_test(
                        rows[question], draws[rows["row"], more] - draws[rows["row"], less]
                    ),
                }
                for group, rows in members.groupby(grouped_by, sort=False)
            )
            tested = family["p"].notna()
            adjusted = false_discovery_control(family.loc[tested, "p"])
            families.append(family.assign(p_bh=pd.Series(adjusted, family.index[tested])))
    return pd.concat(families, ignore_index=True) if families else pd.DataFrame(columns=TEST)


def _paired_test(difference: pd.Series, draws: np.ndarray) -> dict[str, float]:
    kept = difference.notna().to_numpy()
    low, high = (
        np.nanquantile(np.nanmean(draws[kept], axis=0), INTERVAL)
        if kept.any()
        else (np.nan, np.nan)
    )
    return {
        "experiments": int(kept.sum()),
        "dropped": int((~kept).sum()),
        "better": (difference[kept] > 0).mean(),
        "difference": difference.mean(),
        "low": low,
        "high": high,
        "p": ttest_1samp(difference[kept], 0).pvalue if kept.sum() > 1 else np.nan,
    }
