"""What completed profiles are worth: therapeutic classes and targets of drugs, from expression.

After Hodos et al. 2018, section 2.5 and figure 5, and the authors' code: each of several profile
types (the drug's profile in one cell, the mean over cells, the signed maximum over cells) predicts
each task (an ATC class, a target) by each of three models, from measured profiles alone, and from
completed ones, which have predicted profiles in the gaps.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, ttest_1samp
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from lacuna.annotations import split
from lacuna.gctx import Gctx

ACROSS_CELLS = {"mean over cells": np.nanmean, "maximum over cells": np.nanmax}
LEAST_PER_CLASS = 5  # positives, and negatives, below which a task is skipped
LEAST_PREDICTED = 3  # positives among drugs without a measured profile, to compare with the others
INNER_FOLDS = 3
DRAWS = 500
INTERVAL = [0.025, 0.975]  # quantiles of the draws: 95 %
CHANCE = 0.5
PROTOCOLS = ("published", "nested")
AREAS = ("measured", "completed", "predicted")
EXPERIMENT = [
    *("profile_type", "task", "kind", "model", "protocol"),
    *(f"{what}_{of}" for of in ("measured", "predicted") for what in ("drugs", "positives")),
    *(f"auc_{area}{side}" for area in AREAS for side in ("", "_low", "_high")),
]
GROUPINGS = ("all", "kind", "model", "profile_type", "task")
QUESTIONS = {"gain": ("completed", "measured"), "on_predicted": ("predicted", "completed")}
TEST = [
    *("question", "method", "protocol", "grouped_by", "group", "experiments", "dropped", "better"),
    *("difference", "low", "high", "p", "p_bh"),
]


@dataclass(frozen=True)
class DrugProfiles:
    """The completed tensor in its best covered cells.

    Attributes
    ----------
    profiles : float32 array of shape (drugs, cells, genes)
        Measured where measured, else predicted.
    measured : bool array of shape (drugs, cells)
        At least one per drug: a drug that none of these cells has seen is left out.
    drugs, cells
        Names.
    """

    profiles: np.ndarray
    measured: np.ndarray
    drugs: np.ndarray
    cells: np.ndarray

    @classmethod
    def read(cls, path: str | Path, most_cells: int) -> "DrugProfiles":
        """Read a completed GCTX, as `lacuna.product` writes it."""
        with Gctx(path) as product:
            columns = product.metadata("columns").reset_index()
            measured = columns["source"].eq("measured").groupby(columns["cell_id"]).sum()
            cells = measured.sort_values(ascending=False, kind="stable").index[:most_cells]
            columns = columns[columns["cell_id"].isin(cells)]
            seen = columns["source"].eq("measured").groupby(columns["pert_id"]).transform("any")
            columns = columns[seen]
            drugs = columns["pert_id"].unique()
            ids = columns.set_index(["pert_id", "cell_id"]).loc[
                pd.MultiIndex.from_product([drugs, cells])
            ]
            shape = (len(drugs), len(cells))
            profiles = product.read(product.rows, ids["id"]).reshape(*shape, -1)
            is_measured = ids["source"].eq("measured").to_numpy().reshape(shape)
        return cls(profiles, is_measured, drugs, cells.to_numpy())

    def of_type(self, profile_type: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the drugs' profiles of one type.

        Parameters
        ----------
        profile_type
            The name of a cell, or one of `ACROSS_CELLS` (the maximum is of signed values).

        Returns
        -------
        completed, measured : float32 arrays of shape (drugs, genes)
            Of all places, and of measured ones alone (undefined where there is none).
        has_measured : bool array of shape (drugs,)
        """
        if profile_type in ACROSS_CELLS:
            over_cells = ACROSS_CELLS[profile_type]
            measured = np.where(self.measured[:, :, None], self.profiles, np.nan)
            return (
                over_cells(self.profiles, axis=1),
                over_cells(measured, axis=1),
                self.measured.any(axis=1),
            )
        cell = list(self.cells).index(profile_type)
        return self.profiles[:, cell], self.profiles[:, cell], self.measured[:, cell]


def make_tasks(
    labels: pd.DataFrame,
    *,
    atc_classes: int | list[str],
    targets: int,
    min_drugs_per_target: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the most frequent first letters of ATC codes, and the most frequent targets.

    Parameters
    ----------
    labels
        drug, atc_codes, targets, see `lacuna.annotations.annotate`.
    atc_classes
        How many to take, at most, or which: their letters.
    targets
        How many to take, at most.
    min_drugs_per_target
        Targets of fewer drugs are skipped.

    Returns
    -------
    tasks : DataFrame, one row per task, taken or skipped
        task, kind ("ATC" or "target"), positives, negatives, skipped (why, or empty).
    answers : DataFrame of 1, 0 and NaN, drugs in rows, the tasks taken in columns
        NaN where nothing is known of the drug: it is not a negative.
    """
    letters = split(labels["atc_codes"]).map(_first_letters, "ignore")
    kinds = {
        "ATC": (letters, atc_classes, LEAST_PER_CLASS),
        "target": (split(labels["targets"]), targets, min_drugs_per_target),
    }
    rows, answers = [], {}
    for kind, (sets, asked, least) in kinds.items():
        known = sets.dropna()
        counts = (
            known.explode().value_counts().sort_index().sort_values(ascending=False, kind="stable")
        )
        taken = 0
        for name, positives in counts.items():
            negatives = len(known) - positives
            skipped = ""
            if isinstance(asked, list) and name not in asked:
                skipped = "not asked for"
            elif positives < least:
                skipped = f"fewer than {least} drugs"
            elif negatives < LEAST_PER_CLASS:
                skipped = f"fewer than {LEAST_PER_CLASS} drugs without it"
            elif not isinstance(asked, list) and taken == asked:
                skipped = f"beyond the {asked} most frequent"
            task = f"{kind} {name}"
            rows.append((task, kind, positives, negatives, skipped))
            if not skipped:
                taken += 1
                answers[task] = sets.map(lambda found, name=name: float(name in found), "ignore")
    columns = ["task", "kind", "positives", "negatives", "skipped"]
    table = pd.DataFrame(answers, index=labels.index, dtype=float).set_axis(labels["drug"])
    return pd.DataFrame(rows, columns=columns), table


@dataclass(frozen=True)
class Model:
    """A classifier with the settings it is to choose from.

    Attributes
    ----------
    estimator : scikit-learn classifier
        Its features are centred, not scaled.
    setting : str
        The parameter to choose.
    choices : tuple
    """

    estimator: BaseEstimator
    setting: str
    choices: tuple

    @classmethod
    def named(cls, name: str, trees: int, seed: int, jobs: int = 1) -> "Model":
        """Return one of `lacuna.names.CLASSIFIER_NAMES`.

        Parameters
        ----------
        name
            Which.
        trees
            Of a forest.
        seed
            Of what is random in the model.
        jobs
            Threads of a forest; they do not change its answer.
        """
        return {
            "logistic_regression": cls(
                LogisticRegression(solver="liblinear", dual=True, tol=0.1, random_state=seed),
                "C",
                tuple(2.0**power for power in range(-10, 21, 5)),
            ),
            "random_forest": cls(
                RandomForestClassifier(trees, oob_score=True, random_state=seed, n_jobs=jobs),
                "max_features",
                (10, 20, 30, 40),
            ),
            "nearest_neighbours": cls(KNeighborsClassifier(), "n_neighbors", tuple(range(1, 11))),
        }[name]

    def score(
        self, features: np.ndarray, answer: np.ndarray, asked: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train with every choice; return scores of drugs that are asked for, and how good it is.

        Returns
        -------
        scores : array of shape (choices, asked)
        inner : array of shape (choices,)
            Area under the ROC curve within the training drugs: of out-of-bag scores, or in an inner
            cross-validation.
        """
        if hasattr(self.estimator, "oob_score"):
            fitted = [self._fit(choice, features, answer) for choice in self.choices]
            scores = [each.predict_proba(asked)[:, 1] for each in fitted]
            within = [np.nan_to_num(each[-1].oob_decision_function_[:, 1]) for each in fitted]
        else:
            scores = self._scores(features, answer, asked)
            within = self._inner_scores(features, answer)
        return np.array(scores), np.array([roc_auc_score(answer, each) for each in within])

    def _fit(self, choice: object, features: np.ndarray, answer: np.ndarray) -> Pipeline:
        estimator = clone(self.estimator).set_params(**{self.setting: choice})
        return make_pipeline(StandardScaler(with_std=False), estimator).fit(features, answer)

    def _scores(self, features: np.ndarray, answer: np.ndarray, asked: np.ndarray) -> np.ndarray:
        if isinstance(self.estimator, KNeighborsClassifier):
            # One search serves all choices: the share of positives among the nearest 1, 2, ...
            most = self._fit(min(max(self.choices), len(answer)), features, answer)
            _, nearest = most[-1].kneighbors(most[:-1].transform(asked))
            numbers = np.minimum(self.choices, len(answer))
            return (np.cumsum(answer[nearest], axis=1)[:, numbers - 1] / numbers).T
        fitted = (self._fit(choice, features, answer) for choice in self.choices)
        return np.array([each.predict_proba(asked)[:, 1] for each in fitted])

    def _inner_scores(self, features: np.ndarray, answer: np.ndarray) -> np.ndarray:
        scores = np.full((len(self.choices), len(answer)), answer.mean())
        folds = min(INNER_FOLDS, answer.sum(), (~answer).sum())
        splits = StratifiedKFold(folds).split(features, answer) if folds > 1 else ()
        for train, test in splits:
            scores[:, test] = self._scores(features[train], answer[train], features[test])
        return scores


def held_out_scores(
    model: Model, features: np.ndarray, answer: np.ndarray, fold: np.ndarray
) -> dict[str, np.ndarray]:
    """Score every drug by models that have not seen it.

    Parameters
    ----------
    model
        One of `lacuna.names.CLASSIFIER_NAMES`.
    features : array of shape (n, genes)
    answer : bool array of shape (n,)
    fold : int array of shape (n,)
        The fold that holds out each drug.

    Returns
    -------
    dict of arrays of shape (n,), NaN if fewer than `LEAST_PER_CLASS` are positive, or negative
        "published": the setting with the best area under the ROC curve on the folds that are then
        reported, which is mildly optimistic (authors' code). "nested": in each fold the setting
        that is best within its training drugs.
    """
    if min(answer.sum(), (~answer).sum()) < LEAST_PER_CLASS:
        return {protocol: np.full(len(answer), np.nan) for protocol in PROTOCOLS}
    scores = np.full((len(model.choices), len(answer)), answer.mean())
    nested = scores[0].copy()
    for each in np.unique(fold):
        train, test = fold != each, fold == each
        if len(np.unique(answer[train])) == 2:
            scores[:, test], inner = model.score(features[train], answer[train], features[test])
            nested[test] = scores[inner.argmax(), test]
    best = np.argmax([roc_auc_score(answer, score) for score in scores])
    return {"published": scores[best], "nested": nested}


def _first_letters(codes: set[str]) -> set[str]:
    return {code[0].upper() for code in codes}


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
    below = np.cumsum(negative, axis=1) - negative / 2
    with np.errstate(invalid="ignore"):
        return (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


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
        One of `lacuna.names.CLASSIFIER_NAMES`.
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
        without; the areas have 95 % intervals, and are NaN where there are too few drugs.
    draws : float32 array of shape (len(experiments), len(AREAS), DRAWS)
        The areas on drugs drawn with replacement.
    """
    size = len(profiles.drugs)
    rng = np.random.default_rng(seed)
    weights = np.vstack([np.ones(size), rng.multinomial(size, np.full(size, 1 / size), DRAWS)])
    model = Model.named(model_name, trees, seed, jobs)
    rows, draws = [], []
    for profile_type in tqdm([*profiles.cells, *ACROSS_CELLS], desc=model_name, mininterval=5):
        completed, measured, has_measured = profiles.of_type(profile_type)
        if model_name != "random_forest":
            completed, measured = _fewer_columns(completed), _fewer_columns(measured)
        for task in answers:
            answer = answers[task].reindex(profiles.drugs).to_numpy()
            fold, known = _folds(answer, folds, seed), np.isfinite(answer)
            seen, unseen = known & has_measured, known & ~has_measured
            counts = {
                "drugs_measured": seen.sum(),
                "positives_measured": int(answer[seen].sum()),
                "drugs_predicted": unseen.sum(),
                "positives_predicted": int(answer[unseen].sum()),
            }
            by_measured, by_completed = (
                held_out_scores(model, of[who], answer[who] > 0, fold[who])
                for of, who in ((measured, seen), (completed, known))
            )
            for protocol in PROTOCOLS:
                areas = _three_areas(
                    answer, by_measured[protocol], by_completed[protocol], seen, unseen, weights
                )
                what = {
                    "profile_type": profile_type,
                    "task": task,
                    "kind": task.split()[0],
                    "model": model_name,
                }
                rows.append({**what, "protocol": protocol, **counts, **_intervals(areas)})
                draws.append(areas[:, 1:])
    return (
        pd.DataFrame(rows, columns=EXPERIMENT),
        np.array(draws, dtype=np.float32).reshape(len(rows), len(AREAS), DRAWS),
    )


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


def _three_areas(
    answer: np.ndarray,
    by_measured: np.ndarray,
    by_completed: np.ndarray,
    seen: np.ndarray,
    unseen: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return `AREAS` for every weighting, shape (3, draws)."""
    known = seen | unseen
    return np.array(
        [
            areas_under_roc(answer[seen] > 0, by_measured, weights[:, seen]),
            areas_under_roc(answer[seen] > 0, by_completed[seen[known]], weights[:, seen]),
            areas_under_roc(answer[unseen] > 0, by_completed[unseen[known]], weights[:, unseen]),
        ]
    )


def _fewer_columns(features: np.ndarray) -> np.ndarray:
    """Turn the axes so that fewer columns hold the same distances and inner products."""
    known = np.isfinite(features).all(axis=1)
    if known.sum() >= features.shape[1]:
        return features
    left, length, _ = np.linalg.svd(features[known], full_matrices=False)
    turned = np.full((len(features), len(length)), np.nan)
    turned[known] = left * length
    return turned


def _folds(answer: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Give each labelled drug a fold, positives spread evenly; -1 for drugs without a label."""
    fold, known = np.full(len(answer), -1), np.flatnonzero(np.isfinite(answer))
    most = int(np.bincount(answer[known].astype(int)).max())  # a class fills no more folds
    splitter = StratifiedKFold(min(folds, most), shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(known[:, None], answer[known])):
        fold[known[test]] = number
    return fold


def _intervals(areas: np.ndarray) -> dict[str, float]:
    table = {}
    for name, (value, *draws) in zip(AREAS, areas, strict=True):
        low, high = np.nanquantile(draws, INTERVAL) if np.isfinite(value) else [np.nan] * 2
        table |= {f"auc_{name}": value, f"auc_{name}_low": low, f"auc_{name}_high": high}
    return table
