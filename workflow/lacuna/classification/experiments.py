"""What completed profiles are worth: therapeutic classes and targets of drugs, from expression.

After Hodos et al. 2018 (doi:10.1142/9789813235533_0004), sections 2.7 and 3.6 and figure 5, and
the authors' code: each of several profile types (the drug's profile in one cell, the mean over
cells, the signed maximum over cells) predicts each task (an ATC class, a target) by each of three
models, from measured profiles alone, and from completed ones, which have predicted profiles in the
gaps.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
import sklearn
from tqdm import tqdm

from lacuna.classification.areas import AREAS, ENDS, areas_under_roc
from lacuna.classification.classifiers import CLASSIFIERS
from lacuna.classification.imputation import in_folds
from lacuna.classification.models import (
    IMPUTED,
    Model,
    counting_unconverged,
    deal_folds,
    held_out_scores,
)
from lacuna.classification.parts import resume
from lacuna.classification.profiles import ACROSS_CELLS, DrugProfiles, reduce_columns
from lacuna.classification.similarity import THRESHOLDS, nearest_training_drug
from lacuna.evaluation.bootstrap import BOOTSTRAP_DRAWS, LEAST_DRUGS, bootstrap_weights
from lacuna.io import hdf5

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
    "unconverged",
]
PART: hdf5.Layout = {
    "experiments": hdf5.TABLE,
    "draws": (hdf5.FLOATS, 3),
    "counts": (hdf5.INDICES, 4),
    "similar": (hdf5.FLOATS, 4),
}
ARRAYS = ("draws", "counts", "similar")


class Experiments(NamedTuple):
    """What classifiers make of profiles.

    Attributes
    ----------
    table : DataFrame, one row per profile type, task and protocol (see `held_out_scores`)
        The columns `EXPERIMENT`: drugs and positives are those tested, with a measured profile and
        without; the areas are NaN where there are too few drugs, their 95 % intervals where fewer
        than `LEAST_DRUGS` are tested; unconverged counts fits that stopped before they converged.
    draws : float32 array of shape (len(table), len(AREAS), BOOTSTRAP_DRAWS)
        The areas on drugs drawn with replacement.
    counts : int array of shape (len(table), len(THRESHOLDS), len(AREAS), 2)
        Positives and negatives among the drugs whose nearest training drug is within a threshold.
    similar : float32 array of shape (len(table), len(THRESHOLDS), len(AREAS), 1 + BOOTSTRAP_DRAWS)
        The areas on these drugs: of the data, then of the draws.
    """

    table: pd.DataFrame
    draws: np.ndarray
    counts: np.ndarray
    similar: np.ndarray


def run_experiments(
    profiles: DrugProfiles,
    answers: pd.DataFrame,
    model_name: str,
    *,
    folds: int,
    trees: int,
    seed: int,
    similarity: np.ndarray,
    imputed: Callable[[str], np.ndarray] | None = None,
    jobs: int = 1,
    work: Path | None = None,
) -> Experiments:
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
    similarity : array of shape (drugs, drugs)
        Of the structures of `profiles.drugs`, see `lacuna.classification.similarity`.
    imputed
        Returns what `lacuna.classification.imputation.impute_folds` made under a name; None leaves
        the protocol `IMPUTED` out.
    jobs
        Processes, each of which takes one task after the other; they do not change the answer.
    work
        A folder where finished experiments wait, should the job be killed.
    """
    weights = bootstrap_weights(len(profiles.drugs), np.random.default_rng(seed))
    model = Model.named(model_name, trees, seed)
    tasks, own = list(answers.columns.astype(str)), os.getpid()

    def of_task(number: int, task: str) -> list[dict[str, Any]]:
        answer = answers[task].reindex(profiles.drugs).to_numpy(float)
        fold = deal_folds(answer, folds, seed)
        known = {} if imputed is None else in_folds(profiles, fold, number, imputed)
        nearest = nearest_training_drug(similarity, fold)
        parts = []
        for profile_type in [*profiles.cells, *ACROSS_CELLS]:
            if own not in (os.getpid(), os.getppid()):
                os._exit(1)  # the job was killed: none of its processes is to go on for hours
            question = _Question(profile_type, task, model_name, answer, fold, nearest)
            features = _Features(
                *profiles.of_type(profile_type),
                {held_out: one.of_type(profile_type)[0] for held_out, one in known.items()},
            )
            start = (question, features, trees, seed, sklearn.__version__, THRESHOLDS)
            compute = partial(_experiment, model, question, features, weights)
            parts.append(resume(work, start, PART, compute))
        return parts

    # BLAS has one thread in each, as everywhere. A process that waits goes when the job is killed.
    processes = {"n_jobs": jobs, "inner_max_num_threads": 1, "idle_worker_timeout": 10}
    with joblib.parallel_config("loky", **processes):
        by_task = joblib.Parallel(return_as="generator")(
            joblib.delayed(of_task)(number, task) for number, task in enumerate(tasks)
        )
        parts = list(tqdm(by_task, desc=model_name, total=len(tasks), mininterval=5))
    found = [part for of_type in zip(*parts, strict=True) for part in of_type]
    shape = (0, len(THRESHOLDS), len(AREAS))
    nothing: dict[str, Any] = {
        "experiments": pd.DataFrame(columns=EXPERIMENT),
        "draws": np.empty((0, len(AREAS), BOOTSTRAP_DRAWS), np.float32),
        "counts": np.empty((*shape, 2), np.int64),
        "similar": np.empty((*shape, 1 + BOOTSTRAP_DRAWS), np.float32),
    }
    tables = pd.concat([part["experiments"] for part in found or [nothing]], ignore_index=True)
    arrays = (np.concatenate([part[name] for part in found or [nothing]]) for name in ARRAYS)
    return Experiments(tables[EXPERIMENT], *arrays)


class _Question(NamedTuple):
    """What one model is asked of the drugs, which have an answer (or NaN), a fold and a nearest."""

    profile_type: str
    task: str
    model: str
    answer: np.ndarray
    fold: np.ndarray
    nearest: np.ndarray


class _Features(NamedTuple):
    """What it is asked by: see `DrugProfiles.of_type`; and completed profiles for each fold."""

    completed: np.ndarray
    measured: np.ndarray
    has_measured: np.ndarray
    imputed: dict[int, np.ndarray]


def _experiment(
    model: Model, question: _Question, features: _Features, weights: np.ndarray
) -> hdf5.Content:
    """Return what `PART` names, of all protocols."""
    answer, labelled = question.answer, np.isfinite(question.answer)
    seen, unseen = labelled & features.has_measured, labelled & ~features.has_measured
    reduced = CLASSIFIERS[question.model].rotation_invariant

    def ask(rows: np.ndarray, known: np.ndarray | dict[int, np.ndarray]) -> dict[str, np.ndarray]:
        def rows_of(profiles: np.ndarray) -> np.ndarray:
            return reduce_columns(profiles[rows]) if reduced else profiles[rows]

        of_rows = (
            {held_out: rows_of(one) for held_out, one in known.items()}
            if isinstance(known, dict)
            else rows_of(known)
        )
        return held_out_scores(model, of_rows, answer[rows] > 0, question.fold[rows])

    with counting_unconverged() as count:
        by_measured = ask(seen, features.measured)
        by_completed = ask(labelled, features.completed)
    scores = {protocol: (by_measured[protocol], by_completed[protocol]) for protocol in by_measured}
    unconverged = dict.fromkeys(scores, count[0])
    if features.imputed:
        with counting_unconverged() as count:
            within = ask(labelled, features.imputed)
        scores[IMPUTED] = by_measured["nested"], within["nested"]
        unconverged[IMPUTED] = count[0]
    kept = [question.nearest <= threshold for threshold in THRESHOLDS]
    rows, draws, similar = [], [], []
    for protocol, (measured, completed) in scores.items():
        areas = _three_areas(answer, measured, completed, seen, unseen, weights)
        rows.append(
            {
                "profile_type": question.profile_type,
                "task": question.task,
                "kind": question.task.split()[0],
                "model": question.model,
                "protocol": protocol,
                "drugs_measured": seen.sum(),
                "positives_measured": int(answer[seen].sum()),
                "drugs_predicted": unseen.sum(),
                "positives_predicted": int(answer[unseen].sum()),
                **_intervals(areas, seen.sum(), unseen.sum()),
                "unconverged": unconverged[protocol],
            }
        )
        draws.append(areas[:, 1:])
        similar.append(
            [
                _three_areas(answer, measured, completed, seen, unseen, weights * drugs)
                for drugs in kept
            ]
        )
    tested = {"measured": seen, "completed": seen, "predicted": unseen}
    counts = [
        [[(drugs & tested[area] & (answer == value)).sum() for value in (1, 0)] for area in AREAS]
        for drugs in kept
    ]
    return {
        "experiments": pd.DataFrame(rows, columns=EXPERIMENT),
        "draws": np.array(draws, np.float32),
        "counts": np.array([counts] * len(rows), np.int64),
        "similar": np.array(similar, np.float32),
    }


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
