"""Trainings of the study, described before any data are read, and the profiles that each has.

What several analyses train alike is one training: it is known by its method, its options and its
profiles, whoever asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.study import (
    OTHER_CELL,
    OTHER_TEST,
    OTHER_TRAINING,
    TEST,
    TRAINING,
    Study,
    choose_added,
    deal_folds,
    inputs_of,
    is_studied,
)
from lacuna.completion.registry import options_of
from lacuna.io.annotations import split
from lacuna.io.tsv import read_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet

FULL = "full"  # the name of the training that varies nothing
# Which profiles a training has; the number beside it says which share, cell, family or fold.
ALL, SHARE, THINNED, FAMILY, FOLD = "all", "share", "thinned", "family", "fold"
MORE_CELLS, OTHERS, TOGETHER = "more_cells", "others", "together"
EVERY_CELL = 0  # number of the thinned training that loses profiles in every cell
REMOVED_PERCENT = 70
MOST_FAMILIES, LEAST_FAMILY = 10, 5  # families held out, at most; drugs in each, at least

# What draws, by the words that tell this chance from others.
Chance = Callable[..., np.random.Generator]


@dataclass(frozen=True)
class Training:
    """A training, as far as the configuration says it.

    Attributes
    ----------
    name : str
        In paths.
    method : str
    options : mapping
        The method's.
    profiles : str
        Which it is trained on: `ALL` of the training drugs in the cells of the study, or others.
    number : int
        Of the share, cell, family, fold, or how many cells are added.
    """

    name: str
    method: str
    options: Mapping[str, object] = field(default_factory=dict)
    profiles: str = ALL
    number: int = 0

    @property
    def content(self) -> tuple[object, ...]:
        """All that a training depends on; equal for trainings that are one and the same."""
        options = {**_defaults(self.method), **self.options}
        return self.method, repr(sorted(options.items())), self.profiles, self.number

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Training":
        """Make one of a mapping that has its attributes, and perhaps more."""
        return cls(*(said[attribute.name] for attribute in fields(cls)))


def training_label(name: str) -> str:
    """Return the name of a training in words."""
    return name.replace("_", " ")


def chances(seed: int, repeat: int) -> Chance:
    """Return the random streams of a repeat, counted from 1, by the words that name each.

    Parameters
    ----------
    seed
        Of the run.
    repeat
        Alike for all trainings: repeats of one number are paired.
    """
    further = () if repeat == 1 else (f"repeat {repeat}",)
    return lambda *words: generator(seed, "vary_training", *words, *further)


@cache
def _defaults(method: str) -> dict[str, object]:
    return {name: option.default for name, option in options_of(method).items()}


@dataclass(frozen=True)
class Chosen:
    """The profiles of a training.

    Attributes
    ----------
    training : ProfileSet
        What the method is trained on; empty where the data allow no such training.
    given : ProfileSet
        Profiles of drugs that it is not trained on, to predict those in other cells from.
    test : ProfileSet
        What is predicted.
    label : str
        Which cell or family it is; empty where the configuration says all.
    is_short : bool
        Whether the tensor has fewer cells to add than was asked for.
    """

    training: ProfileSet
    given: ProfileSet
    test: ProfileSet
    label: str = ""
    is_short: bool = False


def read_mechanisms(labels: Sequence[str]) -> pd.Series:
    """Return mechanisms of action by the drug's name, several separated by "|".

    Parameters
    ----------
    labels
        The table of labels of drugs; without any, none are known.
    """
    tables = [read_table(path).set_index("drug") for path in labels]
    known = [table["mechanisms"] for table in tables if "mechanisms" in table]
    return known[0] if known else pd.Series(dtype=str)


def choose_profiles(
    asked: Mapping[str, Any], study: Study, chance: Chance, mechanisms: pd.Series
) -> Chosen:
    """Choose the profiles of a training.

    Parameters
    ----------
    asked
        Attributes of a `Training`, and the keys `added_cells` and `folds` of `cell_to_cell:`.
    study
        The profiles and their division.
    chance
        See `chances`; trainings that share a draw ask for it by the same words.
    mechanisms
        As `read_mechanisms` returns them.

    Raises
    ------
    LacunaError
        If the tensor has not all cells that are named.
    """
    training = Training.of(asked)
    folds, added = asked["folds"], asked["added_cells"]
    test = study.take(TEST)
    plain = Chosen(study.take(TRAINING), test, test)
    number = training.number
    if training.profiles == SHARE:
        return _share(plain, number, chance("training_drugs"))
    if training.profiles == THINNED:
        return _thinned(study, plain, number, chance("thinned"))
    if training.profiles == FAMILY:
        return _family(study, number, mechanisms)
    if training.profiles == FOLD:
        drugs = list(deal_folds(study, folds, chance("folds")))[number - 1]
        return _without(study, drugs)
    if training.profiles == MORE_CELLS:
        return _more_cells(study, plain, number, added)
    if training.profiles == OTHERS:
        return _others(study, study.take(OTHER_TRAINING))
    if training.profiles == TOGETHER:
        return _others(study, study.take(TRAINING, OTHER_TRAINING))
    return plain


def _share(plain: Chosen, percent: int, rng: np.random.Generator) -> Chosen:
    """Keep a share of the training drugs, each set within the next larger one."""
    training = plain.training
    drugs = rng.permutation(np.unique(training.drug))
    kept = drugs[: max(round(len(drugs) * percent / 100), 1)]
    return Chosen(training.take(np.isin(training.drug, kept)), plain.given, plain.test)


def _thinned(study: Study, plain: Chosen, number: int, rng: np.random.Generator) -> Chosen:
    """Leave out many of one cell's profiles, counted from 1, or as many of every cell's."""
    if number > len(study.cells):
        return _nothing(study)
    training = plain.training
    kept, label = np.ones(len(training), dtype=bool), ""
    for place, cell in enumerate(study.cells, start=1):
        rows = rng.permutation(np.flatnonzero(training.cell == cell))
        if number in (EVERY_CELL, place):
            kept[rows[: round(len(rows) * REMOVED_PERCENT / 100)]] = False
        if number == place:
            label = str(training.cells[cell])
    return Chosen(training.take(kept), plain.given, plain.test, label)


def _family(study: Study, number: int, mechanisms: pd.Series) -> Chosen:
    """Hold out a family of drugs, of one mechanism; the largest is number 1."""
    inside = study.inside
    families = split(mechanisms.reindex(inside.drugs)).reset_index(drop=True).explode().dropna()
    is_testable = inside.measured.sum(axis=1) > 1
    counts = families[is_testable[families.index]].value_counts()
    counts = counts[counts >= LEAST_FAMILY].sort_index().sort_values(ascending=False, kind="stable")
    if number > len(counts):
        return _nothing(study)
    family = counts.index[number - 1]
    return _without(study, families.index[families == family].to_numpy(), str(family))


def _without(study: Study, drugs: np.ndarray, label: str = "") -> Chosen:
    """Hold out drugs of the study, and leave their twins out of training."""
    if not len(drugs):
        return _nothing(study)
    inside = study.inside
    held_out = inside.take(np.isin(inside.drug, drugs))
    training = inside.take(~np.isin(inside.drug, study.alike(drugs)))
    return Chosen(training, held_out, predictable(held_out, held_out), label)


def _more_cells(study: Study, plain: Chosen, number: int, added: int | list[str]) -> Chosen:
    """Train in further cells, too, and give the profiles in these as inputs."""
    cells = choose_added(study.tensor, study.cells, added)
    is_short = len(cells) < number
    outside = study.take(OTHER_CELL)
    of_cells = outside.take(np.isin(outside.cell, cells[:number]))
    tests = plain.test.drug
    studied = is_studied(study.pert_type)[of_cells.drug]
    for_training = of_cells.take(studied & ~np.isin(of_cells.drug, study.alike(tests)))
    given = of_cells.take(np.isin(of_cells.drug, tests))
    label = "" if is_short else str(study.tensor.cells[cells[number - 1]])
    return Chosen(
        plain.training.join(for_training), plain.given.join(given), plain.test, label, is_short
    )


def _others(study: Study, training: ProfileSet) -> Chosen:
    """Train on perturbations that are no compounds; on nothing, where there are none to test."""
    test = study.take(TEST)
    return Chosen(training, test, test) if len(study.take(OTHER_TEST)) else _nothing(study)


def _nothing(study: Study) -> Chosen:
    none = study.tensor.take(np.empty(0, int))
    return Chosen(none, none, none)


def predictable(test: ProfileSet, given: ProfileSet) -> ProfileSet:
    """Return the profiles whose drug has a given profile in another cell."""
    return test.take(inputs_of(test, given) > 0)
