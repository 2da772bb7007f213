"""The correlation to expect of a prediction: learnt from held-out profiles, judged on other drugs.

A method's cross-validation says how well each held-out profile was predicted. What is known of a
prediction when it is made (`FEATURES`) is regressed on that correlation, and the regression's score
is brought to the scale of correlations by an isotonic curve (Barlow et al. 1972, Statistical
Inference under Order Restrictions; as probabilities are calibrated by Zadrozny and Elkan 2002,
doi:10.1145/775047.775151).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from lacuna.completion.interface import Completion
from lacuna.completion.tiers import TIERS, tier_of
from lacuna.evaluation.bootstrap import LEAST_DRUGS, bootstrap_means, intervals
from lacuna.evaluation.correlation import profile_pearson
from lacuna.evaluation.held_out import held_out_order
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors
from lacuna.tensor.profiles import ProfileSet

# What is known of a prediction when it is made: the standard error that the method states (NaN
# where it states none), the length of the prediction, in how many cells its drug and how many drugs
# its cell has a training profile, and whether a plain mean stands for want of anything nearer.
FEATURES = ["stderr", "norm", "cells", "drugs", "fallback"]
FOLDS = 5  # of drugs, when the calibration is judged
PER_KNOT, MOST_KNOTS = 40, 20  # profiles that a point of the curve is the mean of; points of it
PENALTY = 1.0  # of the regression on standardised features
TINY = 1e-6
JUDGED = ["tier", "profiles", "expected", "observed", "low", "high"]


def describe(completion: Completion, pairs: np.ndarray, training: ProfileSet) -> pd.DataFrame:
    """Return `FEATURES` of predictions.

    Parameters
    ----------
    completion
        The predictions.
    pairs : int array of shape (n, 2)
        Their drugs and cells on the grid of `training`.
    training
        What the method saw.

    Returns
    -------
    DataFrame, one row per prediction
    """
    measured = training.measured
    stderr = completion.stderr
    count = len(completion.profiles)
    none = np.zeros(count, bool)
    return pd.DataFrame(
        {
            "stderr": np.full(count, np.nan)
            if stderr is None
            else (stderr.mean(axis=1) if stderr.ndim > 1 else stderr),
            "norm": np.linalg.norm(completion.profiles, axis=1),
            "cells": measured.sum(axis=1)[pairs[:, 0]],
            "drugs": measured.sum(axis=0)[pairs[:, 1]],
            "fallback": none if completion.fallback is None else completion.fallback,
        }
    ).astype(float)


def describe_held_out(
    tensor: ProfileSet, fold: np.ndarray, completions: Sequence[Completion]
) -> pd.DataFrame:
    """Return what was known of each held-out profile's prediction, and how good it was.

    Parameters
    ----------
    tensor
        All observed profiles.
    fold : int array of shape (n,)
        The fold that holds out each of them, if any.
    completions
        As `lacuna.evaluation.held_out.HeldOut.gather` takes them.

    Returns
    -------
    DataFrame with columns drug (number), observed and `FEATURES`
        observed: the correlation over genes of measured and predicted profile.
    """
    order = held_out_order(fold)
    predicted = Completion.join(completions)
    of_fold = fold[order]
    parts = [
        describe(
            predicted.take(np.flatnonzero(of_fold == number)),
            tensor.pairs[order[of_fold == number]],
            tensor.take(fold != number),
        )
        for number in np.unique(of_fold)
    ]
    features = pd.concat(parts, ignore_index=True)
    observed = profile_pearson(tensor.profiles[order], predicted.profiles)
    return features.assign(drug=tensor.drug[order], observed=observed)


@dataclass(frozen=True)
class Curve:
    """From features to the correlation to expect, of one way to hold profiles out.

    Attributes
    ----------
    centre, scale, slope : arrays of shape (features,)
        The score of a prediction is the sum of slope (x - centre) / scale.
    score, expected : arrays of shape (knots,)
        Both rising: the score's correlation, linear between the knots and level beyond them.
    """

    centre: np.ndarray
    scale: np.ndarray
    slope: np.ndarray
    score: np.ndarray
    expected: np.ndarray

    @classmethod
    def fit(cls, profiles: pd.DataFrame) -> "Curve | None":
        """Learn from held-out profiles; nothing from those of fewer than `LEAST_DRUGS` drugs.

        Parameters
        ----------
        profiles
            As `describe_held_out` returns them.
        """
        if profiles["drug"].nunique() < LEAST_DRUGS:
            return None
        observed = profiles["observed"].to_numpy(float)
        scaler = StandardScaler()
        inputs = scaler.fit_transform(transformed(profiles))
        slope = Ridge(alpha=PENALTY).fit(inputs, observed).coef_
        score = inputs @ slope
        knots = np.clip(len(score) // PER_KNOT, 1, MOST_KNOTS)
        parts = np.array_split(np.argsort(score, kind="stable"), knots)
        at = np.array([score[part].mean() for part in parts])
        mean = [observed[part].mean() for part in parts]
        rising = IsotonicRegression().fit_transform(at, mean, sample_weight=[*map(len, parts)])
        return cls(scaler.mean_, scaler.scale_, slope, at, rising)

    def of(self, features: pd.DataFrame) -> np.ndarray:
        """Return the correlation to expect of each row of `FEATURES`."""
        inputs = (transformed(features) - self.centre) / self.scale
        return np.interp(inputs @ self.slope, self.score, self.expected)


def transformed(features: pd.DataFrame) -> np.ndarray:
    """Return features on scales on which the correlation is nearer to a straight line."""
    return np.column_stack(
        [
            np.log(features["stderr"].fillna(1.0).clip(lower=TINY)),
            features["norm"],
            np.log1p(features["cells"]),
            np.log1p(features["drugs"]),
            features["fallback"],
        ]
    ).astype(float)


@dataclass(frozen=True)
class ExpectedR:
    """What correlation to expect of a method's predictions.

    Attributes
    ----------
    curves : mapping of str to Curve
        By the split that they were learnt from; those with too few drugs are not there.
    """

    curves: Mapping[str, Curve] = field(default_factory=dict)

    @classmethod
    def fit(cls, held_out: Mapping[str, pd.DataFrame]) -> "ExpectedR":
        """Learn from each split's held-out profiles, as `describe_held_out` returns them."""
        fitted = {split: Curve.fit(profiles) for split, profiles in held_out.items()}
        return cls({split: curve for split, curve in fitted.items() if curve is not None})

    def of(self, features: pd.DataFrame, split: str = "profiles") -> np.ndarray:
        """Return the correlation to expect with a fresh measurement.

        Parameters
        ----------
        features
            `FEATURES` of each prediction, as `describe` returns them.
        split
            What the predictions are like: gaps of the grid (`profiles`), of drugs or cells without
            any profile (`drugs`, `cells`).

        Returns
        -------
        array of shape (n,)
            NaN where nothing was learnt from that split.
        """
        if split not in self.curves:
            return np.full(len(features), np.nan)
        return self.curves[split].of(features)

    def of_gaps(self, training: ProfileSet) -> Callable[[Completion, np.ndarray], np.ndarray]:
        """Return what tells the correlation to expect of predictions for gaps of a grid."""
        return lambda completion, pairs: self.of(describe(completion, pairs, training))

    def save(self, path: str | Path) -> None:
        """Write one HDF5 file of plain tables.

        Raises
        ------
        UnwritableFile
            If the disk is full, or the folder may not be written to.
        """
        weights = [
            pd.DataFrame(
                {
                    "split": split,
                    "feature": FEATURES,
                    "centre": curve.centre,
                    "scale": curve.scale,
                    "slope": curve.slope,
                }
            )
            for split, curve in self.curves.items()
        ]
        knots = [
            pd.DataFrame({"split": split, "score": curve.score, "expected": curve.expected})
            for split, curve in self.curves.items()
        ]
        hdf5.save(path, {"weights": _join(weights, _WEIGHTS), "knots": _join(knots, _KNOTS)})

    @classmethod
    def load(cls, path: str | Path) -> "ExpectedR":
        """Read a file that `save` wrote.

        Raises
        ------
        DamagedFile
            If the file is damaged, or laid out in another way.
        LacunaError
            If the file is missing.
        """
        with explain_read_errors(path):
            content = hdf5.load(path, layout={"weights": hdf5.TABLE, "knots": hdf5.TABLE})
            weights = content["weights"].groupby("split", sort=False)
            knots = dict(list(content["knots"].groupby("split", sort=False)))
            return cls({split: _curve(rows, knots[split]) for split, rows in weights})

    def __str__(self) -> str:
        if not self.curves:
            return (
                f"expected_r of predictions: not known, as fewer than {LEAST_DRUGS} drugs have a "
                "held-out profile"
            )
        return f"expected_r of predictions: learnt from held-out {', '.join(self.curves)}"


_WEIGHTS = ["split", "feature", "centre", "scale", "slope"]
_KNOTS = ["split", "score", "expected"]


def _join(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(tables) if tables else pd.DataFrame(columns=columns)


def _curve(weights: pd.DataFrame, knots: pd.DataFrame) -> Curve:
    """Return a curve from its rows of a file.

    Raises
    ------
    ValueError
        If it cannot be one.
    """
    if weights["feature"].tolist() != FEATURES:
        raise ValueError(f"its features are {weights['feature'].tolist()}")
    numbers = [weights[name].to_numpy(float) for name in _WEIGHTS[2:]]
    numbers += [knots[name].to_numpy(float) for name in _KNOTS[1:]]
    if not all(np.isfinite(values).all() for values in numbers) or not (numbers[1] > 0).all():
        raise ValueError("its numbers are not finite, or a scale is not above 0")
    return Curve(*numbers)


def judge(profiles: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Compare what was expected with what was observed, tier by tier.

    The drugs are cut into `FOLDS` parts; what to expect of the profiles of each is learnt from
    those of all others.

    Parameters
    ----------
    profiles
        Of one split, as `describe_held_out` returns them.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns `JUDGED`, one row per tier that has profiles, the best first
        expected, observed: means over the tier's profiles; low, high: the 95 % bootstrap interval
        of observed, over drugs, NaN with too few of them. No rows below `LEAST_DRUGS` drugs.
    """
    expected = expect_of_others(profiles)
    known = np.isfinite(expected)
    drug, observed = profiles["drug"].to_numpy()[known], profiles["observed"][known]
    tiers, expected = tier_of(expected[known]), expected[known]
    names = [tier.name for tier in TIERS if tier.name in set(tiers)]
    if not names:
        return pd.DataFrame(columns=JUDGED)
    by_tier = pd.DataFrame({name: observed.where(tiers == name) for name in names})
    table = intervals(bootstrap_means(by_tier, drug, rng))
    table = table.rename(columns={"metric": "tier", "value": "observed"})
    return table.assign(
        profiles=[int((tiers == name).sum()) for name in names],
        expected=[expected[tiers == name].mean() for name in names],
    )[JUDGED]


def judge_splits(
    held_out: Mapping[str, pd.DataFrame], draws_of: Callable[[str], np.random.Generator]
) -> pd.DataFrame:
    """Judge each split by itself.

    Parameters
    ----------
    held_out
        By split, as `describe_held_out` returns them.
    draws_of
        Gives a split's random stream.

    Returns
    -------
    DataFrame with columns split and `JUDGED`
        See `judge`.
    """
    rows = [
        {"split": split, **row}
        for split, profiles in held_out.items()
        for row in judge(profiles, draws_of(split)).to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["split", *JUDGED])


def expect_of_others(profiles: pd.DataFrame) -> np.ndarray:
    """Return what to expect of each held-out profile, learnt from those of other drugs.

    Returns
    -------
    array of shape (n,)
        NaN where the others are too few.
    """
    expected = np.full(len(profiles), np.nan)
    drug = profiles["drug"].to_numpy()
    folds = min(FOLDS, len(np.unique(drug)))
    if folds < 2:
        return expected
    for others, these in GroupKFold(folds).split(profiles, groups=drug):
        curve = Curve.fit(profiles.iloc[others])
        if curve is not None:
            expected[these] = curve.of(profiles.iloc[these])
    return expected
