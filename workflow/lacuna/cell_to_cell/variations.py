"""The experiments of Umarov et al. 2021: what the prediction from cell to cell depends on.

An analysis varies one thing, and each of its settings is a training of its own, tested on whole
drugs that it has not seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING
from lacuna.completion.interface import SideInformation
from lacuna.completion.run import run_method
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.correlation import profile_pearson
from lacuna.io.annotations import split
from lacuna.tensor.profiles import ProfileSet

TRAINING_PERCENTS = (10, 25, 50, 75, 100)
LATENT_SIZES = (8, 16, 32, 64, 128)
# The options of deepcellstate that are switched off, by setting.
SWITCHED_OFF = {
    "full": [],
    "without dropout": ["dropout"],
    "without L1": ["latent_l1"],
    "without skip": ["skip"],
    "without all three": ["dropout", "latent_l1", "skip"],
}
STUDY_CELLS = "cells of the study"
REMOVED_PERCENT = 70
NOTHING_REMOVED, ALL_CELLS = "none", "all cells"
MOST_FAMILIES, LEAST_FAMILY = 10, 5
# What an analysis compares its settings with; `methods` takes the best one, `families` has none.
REFERENCES = {
    "training_drugs": "100 %",
    "latent_size": "128",
    "regularisation": "full",
    "unseen_cell": STUDY_CELLS,
    "thinned": NOTHING_REMOVED,
}
SCORES = ["setting", "drug", "cell", "inputs", "pearson", "copy"]


@dataclass(frozen=True)
class Study:
    """The profiles, and what each is for.

    Attributes
    ----------
    tensor : ProfileSet
    part : array of str of shape (n,)
        As `lacuna.cell_to_cell.study.divide` returns it.
    """

    tensor: ProfileSet
    part: np.ndarray

    def take(self, part: str) -> ProfileSet:
        """Return the profiles of one part."""
        return self.tensor.take(self.part == part)

    @property
    def inside(self) -> ProfileSet:
        """All profiles in the cells of the study."""
        return self.tensor.take(self.part != OTHER_CELL)


@dataclass(frozen=True)
class Variation:
    """One setting of an analysis.

    Attributes
    ----------
    setting : str
    method : str
    options : mapping
        The method's.
    training : ProfileSet
        What the method is trained on.
    given : ProfileSet
        Profiles of the test drugs, to predict those in other cells from.
    test : ProfileSet
        What is predicted.
    """

    setting: str
    method: str
    options: Mapping[str, object]
    training: ProfileSet
    given: ProfileSet
    test: ProfileSet


def design(
    analysis: str,
    study: Study,
    methods: Mapping[str, Mapping[str, object]],
    mechanisms: pd.Series,
    rng: np.random.Generator,
) -> list[Variation]:
    """Return the settings of an analysis, the order in which they are shown.

    Parameters
    ----------
    analysis
        Its name in the configuration.
    study
        The profiles and their division.
    methods
        Options by method: all to compare, or the one to vary.
    mechanisms
        Mechanisms of action by the drug's name, several separated by "|"; for `families`.
    rng
        Draws what is left out of training.

    Raises
    ------
    ValueError
        If there is no such analysis.
    """
    (method, options), *_ = methods.items()
    vary = partial(Variation, method=method, options=options)
    training, test = study.take(TRAINING), study.take(TEST)
    divided = {"training": training, "given": test, "test": test}
    match analysis:
        case "methods":
            return [Variation(name, name, own, **divided) for name, own in methods.items()]
        case "training_drugs":
            return [
                vary(setting, **divided | {"training": training.take(kept)})
                for setting, kept in _shares_of_drugs(training, rng).items()
            ]
        case "latent_size":
            return [
                Variation(str(size), method, {**options, "latent": size}, **divided)
                for size in LATENT_SIZES
            ]
        case "regularisation":
            full = dict.fromkeys(SWITCHED_OFF["without all three"], True)
            return [
                Variation(
                    setting, method, {**options, **full, **dict.fromkeys(off, False)}, **divided
                )
                for setting, off in SWITCHED_OFF.items()
            ]
        case "unseen_cell":
            given = _input_cells(study.take(OTHER_CELL), test)
            return [
                vary(setting, training=training, given=shown, test=_predictable(test, shown))
                for setting, shown in given.items()
            ]
        case "families":
            return [
                vary(family, training=others, given=members, test=_predictable(members, members))
                for family, (others, members) in _families(study.inside, mechanisms).items()
            ]
        case "thinned":
            return [
                vary(setting, **divided | {"training": training.take(kept)})
                for setting, kept in _thinned(training, rng).items()
            ]
    raise ValueError(f"no analysis {analysis!r}")


def _shares_of_drugs(training: ProfileSet, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return masks of the profiles of random drugs, each set within the next larger one."""
    drugs = rng.permutation(np.unique(training.drug))
    return {
        f"{percent} %": np.isin(training.drug, drugs[: max(round(len(drugs) * percent / 100), 1)])
        for percent in TRAINING_PERCENTS
    }


def _input_cells(other: ProfileSet, test: ProfileSet) -> dict[str, ProfileSet]:
    """Return what is given from the cells of the study, then from each cell outside of it."""
    of_tests = other.take(np.isin(other.drug, test.drug))
    shown = {
        other.cells[cell]: of_tests.take(of_tests.cell == cell) for cell in np.unique(of_tests.cell)
    }
    return {STUDY_CELLS: test, **shown} if shown else {}


def _predictable(test: ProfileSet, given: ProfileSet) -> ProfileSet:
    """Return the profiles whose drug has a given profile in another cell."""
    return test.take(_inputs(test, given) > 0)


def _inputs(test: ProfileSet, given: ProfileSet) -> np.ndarray:
    """Return how many profiles in other cells each profile is predicted from."""
    return given.counts.sum(axis=1)[test.drug] - given.counts[test.drug, test.cell]


def _families(
    inside: ProfileSet, mechanisms: pd.Series
) -> dict[str, tuple[ProfileSet, ProfileSet]]:
    """Return the profiles of all other drugs, and of the family's; the largest families first."""
    known = split(mechanisms.reindex(inside.drugs)).reset_index(drop=True).explode().dropna()
    is_testable = inside.measured.sum(axis=1) > 1
    counts = known[is_testable[known.index]].value_counts()
    counts = counts[counts >= LEAST_FAMILY].sort_index().sort_values(ascending=False, kind="stable")
    families = {}
    for family in counts.index[:MOST_FAMILIES]:
        is_member = np.isin(inside.drug, known.index[known == family])
        families[family] = inside.take(~is_member), inside.take(is_member)
    return families


def _thinned(training: ProfileSet, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return masks of what is left: of all, without many of one cell's, of every cell's."""
    left = {NOTHING_REMOVED: np.ones(len(training), dtype=bool)}
    every = left[NOTHING_REMOVED].copy()
    for cell in np.unique(training.cell):
        rows = rng.permutation(np.flatnonzero(training.cell == cell))
        removed = rows[: round(len(rows) * REMOVED_PERCENT / 100)]
        kept = left[NOTHING_REMOVED].copy()
        kept[removed] = every[removed] = False
        left[training.cells[cell]] = kept
    return {**left, ALL_CELLS: every}


def score(
    variations: Sequence[Variation],
    side: SideInformation,
    stream: Callable[[], np.random.Generator],
    work: Path,
) -> pd.DataFrame:
    """Train and test every setting, beside the copy: the mean of the profiles that are given.

    Parameters
    ----------
    variations
        As `design` returns them.
    side
        What methods may use besides.
    stream
        Returns the random stream of a training, the same one each time: settings should differ in
        nothing else.
    work
        A folder for checkpoints.

    Returns
    -------
    DataFrame with columns setting, drug, cell, inputs, pearson, copy
        One row per test profile: how many profiles it is predicted from, and the correlation over
        genes of the prediction, and of the copy, with it.
    """
    tables = [pd.DataFrame(columns=SCORES)]
    for number, each in enumerate(variations):
        print(
            f"{each.setting}: {each.method}, trained on {len(each.training)} profiles, "
            f"tested on {len(each.test)}"
        )
        predict = partial(
            run_method,
            observed=each.training,
            wanted=each.test.pairs,
            side=side,
            elsewhere=each.given,
        )
        predicted = predict(
            each.method, rng=stream(), options=each.options, work=work / str(number)
        ).profiles
        copied = predict("mean_1d", rng=stream(), options={}).profiles
        table = pd.DataFrame(
            {
                "setting": each.setting,
                "drug": each.test.drugs[each.test.drug],
                "cell": each.test.cells[each.test.cell],
                "inputs": _inputs(each.test, each.given),
                "pearson": profile_pearson(each.test.profiles, predicted),
                "copy": profile_pearson(each.test.profiles, copied),
            }
        )
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def summarise(analysis: str, scores: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the mean scores of each setting of an analysis, with 95 % intervals over drugs.

    Parameters
    ----------
    analysis
        Its name.
    scores
        As `score` returns them.
    rng
        Draws the drugs of the bootstrap; alike for all analyses, so that a training that they share
        has the same interval in each.

    Returns
    -------
    DataFrame, one row per setting
        analysis, setting, profiles, drugs; value, the mean correlation; copy, that of the copy;
        gain, value less copy; reference, what the setting is compared with (see `REFERENCES`), and
        reference_value, that one's mean on the setting's profiles; difference, value less
        reference_value. Of value, copy, gain and difference also low and high, the paired
        bootstrap interval, NaN where the setting has too few drugs.
    """
    if scores.empty:
        return pd.DataFrame(columns=SUMMARY)
    by_profile = scores.pivot_table(["pearson", "copy"], ["drug", "cell"], "setting")
    settings = scores["setting"].unique()
    pearson, copy = (by_profile[score][settings] for score in ("pearson", "copy"))
    best = pearson.mean().idxmax()
    reference = best if analysis == "methods" else REFERENCES.get(analysis)
    means = {
        "value": pearson,
        "copy": copy,
        "gain": pearson - copy,
        "difference": pearson.sub(pearson.get(reference, np.nan), axis=0),
    }
    drug = pearson.index.get_level_values("drug")
    table = pd.DataFrame(
        {
            "analysis": analysis,
            "setting": settings,
            "profiles": pearson.count().to_numpy(),
            "drugs": pearson.notna().groupby(drug).any().sum().to_numpy(),
            "reference": reference,
        }
    )
    # All in one draw of drugs: equal scores have equal intervals.
    together = pd.concat(means.values(), axis=1, ignore_index=True)
    found = intervals(bootstrap_means(together, drug, rng))[["value", "low", "high"]].to_numpy()
    for name, of_settings in zip(means, np.split(found, len(means)), strict=True):
        table[_with_interval(name)] = of_settings
    table["reference_value"] = table["value"] - table["difference"]
    return table[SUMMARY]


def _with_interval(name: str) -> list[str]:
    return [name, "low", "high"] if name == "value" else [name, f"{name}_low", f"{name}_high"]


SUMMARY = [
    *["analysis", "setting", "profiles", "drugs", *_with_interval("value")],
    *[*_with_interval("copy"), *_with_interval("gain"), "reference", "reference_value"],
    *_with_interval("difference"),
]
