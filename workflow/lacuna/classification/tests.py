"""Paired tests of what completion adds to classifiers."""

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, ttest_1samp

from lacuna.classification.areas import AREAS, ENDS
from lacuna.evaluation.bootstrap import LEAST_DRUGS

TEST = [
    "question",
    "method",
    "protocol",
    "grouped_by",
    "group",
    "experiments",
    "dropped",
    "better",
    "difference",
    "low",
    "high",
    "p",
    "p_bh",
]
CHANCE = 0.5
# Positives among drugs without a measured profile that a comparison takes (authors' code).
LEAST_PREDICTED = 3
GROUPINGS = ("all", "kind", "model", "profile_type", "task", "kind_and_profile_type")
# Each question asks for the difference of two areas.
QUESTIONS = {"gain": ("completed", "measured"), "on_predicted": ("predicted", "completed")}


def gain_by_completion(experiments: pd.DataFrame) -> pd.Series:
    """Return what training on completed profiles adds to the area on drugs with a measured one.

    An experiment at chance or below with both is dropped, as by the authors: NaN. An area that
    could not be computed, for want of measured drugs, counts as chance in the published protocol,
    as with the authors; in the nested one such experiments are dropped, too.

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

    An experiment at chance or below on both is dropped, as by the authors, and so is one with fewer
    than `LEAST_PREDICTED` positives among either drugs: NaN.

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
        The columns `TEST`: experiments, how many are kept; better, the share of them above 0;
        difference, their mean; low and high, its 95 % bootstrap interval over drugs; p of a paired
        t-test over experiments, which takes them for independent, as the authors do, though they
        share drugs; p_bh, p adjusted within grouped_by (Benjamini and Hochberg 1995,
        doi:10.1111/j.2517-6161.1995.tb02031.x). Interval and p are NaN where no experiment that is
        kept tests `LEAST_DRUGS` drugs.
    """
    minuend, subtrahend = (AREAS.index(area) for area in QUESTIONS[question])
    missing = experiments[[f"auc_{area}" for area in AREAS]].isna().to_numpy()
    draws = np.where(missing[:, :, None], CHANCE, draws)
    differences = draws[:, minuend] - draws[:, subtrahend]
    tested = experiments["drugs_measured"]
    if question == "on_predicted":
        tested = experiments[["drugs_measured", "drugs_predicted"]].min(axis=1)
    table = experiments.assign(
        row=range(len(experiments)),
        all="all",
        tested=tested,
        kind_and_profile_type=experiments["kind"] + " " + experiments["profile_type"],
    )
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
                    **_paired_test(rows[question], differences[rows["row"]], rows["tested"]),
                }
                for group, rows in members.groupby(grouped_by, sort=False)
            )
            tested = family["p"].notna()
            adjusted = false_discovery_control(family.loc[tested, "p"])
            families.append(family.assign(p_bh=pd.Series(adjusted, family.index[tested])))
    return pd.concat(families, ignore_index=True) if families else pd.DataFrame(columns=TEST)


def _paired_test(difference: pd.Series, draws: np.ndarray, tested: pd.Series) -> dict[str, float]:
    kept = difference.notna().to_numpy()
    low, high, p = np.nan, np.nan, np.nan
    enough = kept.any() and tested[kept].max() >= LEAST_DRUGS
    if enough:
        low, high = np.nanquantile(np.nanmean(draws[kept], axis=0), ENDS)
    if enough and kept.sum() > 1:
        p = float(ttest_1samp(difference[kept], 0).pvalue)
    return {
        "experiments": int(kept.sum()),
        "dropped": int((~kept).sum()),
        "better": (difference[kept] > 0).mean(),
        "difference": difference.mean(),
        "low": low,
        "high": high,
        "p": p,
    }
