"""What completed profiles are worth: therapeutic classes and targets of drugs, from expression.

After Hodos et al. 2018 (doi:10.1142/9789813235533_0004), sections 2.7 and 3.6 and figure 5, and
the authors' code: each of several profile types (the drug's profile in one cell, the mean over cells, the signed
maximum over cells) predicts each task (an ATC class, a target) by each of three models, from
measured profiles alone, and from completed ones, which have predicted profiles in the gaps.
"""

import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.models import PROTOCOLS, Model, deal_folds, held_out_scores
from lacuna.classification.profiles import ACROSS_CELLS, DrugProfiles, reduce_columns
from lacuna.evaluation.bootstrap import (
    BOOTSTRAP_DRAWS,
    CONFIDENCE,
    LEAST_DRUGS,
    bootstrap_weights,
)
from lacuna.evaluation.deg import area_under_roc

ENDS = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]  # of an interval, as quantiles of the draws
AREAS = ("measured", "completed", "predicted")
EXPERIMENT = [
    "profile_type",
    "task",
    "kind",
    "model",
    "protocol",
    "drugs_measured",
    "positives_measured",
    "drugs_predicted",
    "positives_predicted",
    "auc_measured",
    "auc_measured_low",
    "auc_measured_high",
    "auc_completed",
    "auc_completed_low",
    "auc_completed_high",
    "auc_predicted",
    "auc_predicted_low",
    "auc_predicted_high",
]


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


def run_experiments(
    profiles: DrugProfiles,
    answers: pd.DataFrame,
    model_name: str,
    *,
    folds: int,
    trees: int,
    seed: int,
    jobs: int = 1,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Have one model predict every task from every profile type.

    Parameters
    ----------
    profiles
        The completed tensor.
    answers
        As `make_tasks` returns them.
    model_name
        One of `CLASSIFIERS`.
    folds, trees
        Folds of the cross-validation, trees of a forest.
    seed
        With the same seed all models and completion methods share folds and draws.
    jobs
        Threads; they do not change the answer.

    Returns
    -------
    experiments : DataFrame, one row per profile type, task and protocol (see `held_out_scores`)
        The columns `EXPERIMENT`: drugs and positives are those tested, with a measured profile and
        without; the areas are NaN where there are too few drugs, their 95 % intervals where fewer
        than `LEAST_DRUGS` are tested.
    draws : float32 array of shape (len(experiments), len(AREAS), BOOTSTRAP_DRAWS)
        The areas on drugs drawn with replacement.
    """
    weights = bootstrap_weights(len(profiles.drugs), np.random.default_rng(seed))
    model = Model.named(model_name, trees, seed, jobs)
    rows, draws = [], []
    for profile_type in tqdm([*profiles.cells, *ACROSS_CELLS], desc=model_name, mininterval=5):
        completed, measured, has_measured = profiles.of_type(profile_type)
        if CLASSIFIERS[model_name].rotation_invariant:
            completed, measured = reduce_columns(completed), reduce_columns(measured)
        for task in answers.columns.astype(str):
            answer = answers[task].reindex(profiles.drugs).to_numpy(float)
            fold, labelled = deal_folds(answer, folds, seed), np.isfinite(answer)
            seen, unseen = labelled & has_measured, labelled & ~has_measured
            by_measured = held_out_scores(model, measured[seen], answer[seen] > 0, fold[seen])
            by_completed = held_out_scores(
                model, completed[labelled], answer[labelled] > 0, fold[labelled]
            )
            for protocol in PROTOCOLS:
                areas = _three_areas(
                    answer, by_measured[protocol], by_completed[protocol], seen, unseen, weights
                )
                rows.append(
                    {
                        "profile_type": profile_type,
                        "task": task,
                        "kind": task.split()[0],
                        "model": model_name,
                        "protocol": protocol,
                        "drugs_measured": seen.sum(),
                        "positives_measured": int(answer[seen].sum()),
                        "drugs_predicted": unseen.sum(),
                        "positives_predicted": int(answer[unseen].sum()),
                        **_intervals(areas, seen.sum(), unseen.sum()),
                    }
                )
                draws.append(areas[:, 1:])
    return (
        pd.DataFrame(rows, columns=EXPERIMENT),
        np.array(draws, dtype=np.float32).reshape(len(rows), len(AREAS), BOOTSTRAP_DRAWS),
    )


def _three_areas(
    answer: np.ndarray,
    by_measured: np.ndarray,
    by_completed: np.ndarray,
    seen: np.ndarray,
    unseen: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return `AREAS` for every weighting, shape (3, draws).

    The scores are of the drugs whose label is known (`seen | unseen`): by_measured of those with a
    measured profile, by_completed of all.
    """
    labelled = seen | unseen
    return np.array(
        [
            areas_under_roc(answer[seen] > 0, by_measured, weights[:, seen]),
            areas_under_roc(answer[seen] > 0, by_completed[seen[labelled]], weights[:, seen]),
            areas_under_roc(answer[unseen] > 0, by_completed[unseen[labelled]], weights[:, unseen]),
        ]
    )


def _intervals(areas: np.ndarray, seen: int, unseen: int) -> dict[str, float]:
    """Return each area as the data give it, and the interval of its draws, if drugs are enough."""
    tested = {"measured": seen, "completed": seen, "predicted": unseen}
    table: dict[str, float] = {}
    for name, (value, *draws) in zip(AREAS, areas, strict=True):
        low, high = np.nan, np.nan
        if np.isfinite(value) and tested[name] >= LEAST_DRUGS:
            low, high = np.nanquantile(draws, ENDS)
        table |= {f"auc_{name}": value, f"auc_{name}_low": low, f"auc_{name}_high": high}
    return table
