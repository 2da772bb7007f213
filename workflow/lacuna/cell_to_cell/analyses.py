"""The analyses of the prediction from cell to cell: their cards, and the settings they vary.

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465). An analysis either varies one thing,
and each of its settings is a training of its own, tested on whole drugs that it has not seen; or it
looks into the network that was trained once. One more analysis that varies something is one more
function and its card.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING, Study, inputs_of
from lacuna.completion.variants import Variant
from lacuna.io.annotations import split
from lacuna.tensor.profiles import ProfileSet

SOURCE = "Umarov et al. 2021, doi:10.1371/journal.pcbi.1009465"
VARIED, EXPLAINED = "varied", "explained"
BEST = "best"  # the reference of an analysis that compares its settings with the best of them
STUDY_CELLS = "cells of the study"
NOTHING_REMOVED, ALL_CELLS = "none", "all cells"
TRAINING_PERCENTS = (10, 25, 50, 75, 100)
LATENT_SIZES = (8, 16, 32, 64, 128)
# The options of deepcellstate that are switched off, by setting.
SWITCHED_OFF: dict[str, list[str]] = {
    "full": [],
    "without dropout": ["dropout"],
    "without L1": ["latent_l1"],
    "without skip": ["skip"],
    "without all three": ["dropout", "latent_l1", "skip"],
}
REMOVED_PERCENT = 70
MOST_FAMILIES, LEAST_FAMILY = 10, 5  # families held out, at most; drugs in each, at least

Methods = Mapping[str, Variant]  # what is compared or varied, by the name it goes by


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


# (the study, the methods, mechanisms by drug, what draws profiles to leave out) -> settings
Settings = Callable[[Study, Methods, pd.Series, np.random.Generator], list[Variation]]


@dataclass(frozen=True)
class Analysis:
    """What is true of one analysis.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    summary : str
        One line: what it asks.
    figures : tuple of str
        The figures that it brings.
    settings : callable or None
        Returns the settings in the order in which they are shown; None for an analysis that looks
        into the trained network.
    reference : str
        The setting that the others are compared with, or `BEST`; empty where there is none.
    no_setting : str
        Why the data may allow it no setting.
    all_methods : bool
        Whether it compares all methods of the configuration; else it varies deepcellstate.
    needs : tuple of str
        What it needs beside the profiles: tables of the tensor ("drugs", "baseline"), the labels of
        the drugs, or files of the configuration ("gene_sets", "external").
    source : str
        The paper that it is taken from.
    """

    label: str
    summary: str
    figures: tuple[str, ...]
    settings: Settings | None = None
    reference: str = ""
    no_setting: str = "these data allow it no setting"
    all_methods: bool = False
    needs: tuple[str, ...] = ()
    source: str = SOURCE

    @property
    def kind(self) -> str:
        """`VARIED`, if it trains settings, or `EXPLAINED`, if it looks into the trained network."""
        return VARIED if self.settings else EXPLAINED


def analysis_label(name: str) -> str:
    """Return the name to show; an analysis without a card is shown as it is called."""
    return ANALYSES[name].label if name in ANALYSES else name


def no_setting(name: str) -> str:
    """Say why an analysis has no setting."""
    return ANALYSES[name].no_setting if name in ANALYSES else Analysis.no_setting


def _methods(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Train every method alike."""
    training, test = study.take(TRAINING), study.take(TEST)
    return [
        Variation(name, variant.method, variant.options, training, test, test)
        for name, variant in methods.items()
    ]


def _training_drugs(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Train on shares of the training drugs, each set within the next larger one."""
    plain = _plain(study, methods)
    drugs = rng.permutation(np.unique(plain.training.drug))
    settings = []
    for percent in TRAINING_PERCENTS:
        kept = drugs[: max(round(len(drugs) * percent / 100), 1)]
        training = plain.training.take(np.isin(plain.training.drug, kept))
        settings.append(replace(plain, setting=f"{percent} %", training=training))
    return settings


def _latent_size(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Train with latent layers of several sizes."""
    plain = _plain(study, methods)
    return [
        replace(plain, setting=str(size), options={**plain.options, "latent": size})
        for size in LATENT_SIZES
    ]


def _regularisation(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Train with parts of the regularisation switched off."""
    plain = _plain(study, methods)
    switched_on = dict.fromkeys(SWITCHED_OFF["without all three"], True)
    return [
        replace(
            plain,
            setting=setting,
            options={**plain.options, **switched_on, **dict.fromkeys(off, False)},
        )
        for setting, off in SWITCHED_OFF.items()
    ]


def _unseen_cell(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Give test profiles from the cells of the study, then from each cell outside of it alone."""
    plain = _plain(study, methods)
    outside = study.take(OTHER_CELL)
    outside = outside.take(np.isin(outside.drug, plain.test.drug))
    if not len(outside):
        return []
    given = {STUDY_CELLS: plain.test} | {
        outside.cells[cell]: outside.take(outside.cell == cell) for cell in np.unique(outside.cell)
    }
    return [
        replace(plain, setting=setting, given=profiles, test=_predictable(plain.test, profiles))
        for setting, profiles in given.items()
    ]


def _families(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Hold out each of the largest families of drugs, of one mechanism, from training."""
    plain, inside = _plain(study, methods), study.inside
    families = split(mechanisms.reindex(inside.drugs)).reset_index(drop=True).explode().dropna()
    is_testable = inside.measured.sum(axis=1) > 1
    counts = families[is_testable[families.index]].value_counts()
    counts = counts[counts >= LEAST_FAMILY].sort_index().sort_values(ascending=False, kind="stable")
    settings = []
    for family in counts.index[:MOST_FAMILIES]:
        is_member = np.isin(inside.drug, families.index[families == family])
        members = inside.take(is_member)
        settings.append(
            replace(
                plain,
                setting=family,
                training=inside.take(~is_member),
                given=members,
                test=_predictable(members, members),
            )
        )
    return settings


def _thinned(
    study: Study, methods: Methods, mechanisms: pd.Series, rng: np.random.Generator
) -> list[Variation]:
    """Train on all profiles, without many of one cell's, and without as many of every cell's."""
    plain = _plain(study, methods)
    training = plain.training
    left = {NOTHING_REMOVED: np.ones(len(training), dtype=bool)}
    left_of_all = left[NOTHING_REMOVED].copy()
    for cell in np.unique(training.cell):
        rows = rng.permutation(np.flatnonzero(training.cell == cell))
        removed = rows[: round(len(rows) * REMOVED_PERCENT / 100)]
        kept = left[NOTHING_REMOVED].copy()
        kept[removed] = left_of_all[removed] = False
        left[training.cells[cell]] = kept
    left[ALL_CELLS] = left_of_all
    return [
        replace(plain, setting=setting, training=training.take(kept))
        for setting, kept in left.items()
    ]


def _plain(study: Study, methods: Methods) -> Variation:
    """Return the setting that varies nothing: the first method on the division as it is."""
    first = next(iter(methods.values()))
    test = study.take(TEST)
    return Variation("", first.method, first.options, study.take(TRAINING), test, test)


def _predictable(test: ProfileSet, given: ProfileSet) -> ProfileSet:
    """Return the profiles whose drug has a given profile in another cell."""
    return test.take(inputs_of(test, given) > 0)


# The order is that of the report.
ANALYSES = {
    "methods": Analysis(
        label="Method",
        summary="which method predicts best from cell to cell",
        figures=("variations",),
        settings=_methods,
        reference=BEST,
        all_methods=True,
        needs=("drugs", "baseline"),
    ),
    "training_drugs": Analysis(
        label="Share of the training drugs",
        summary="how many training drugs it takes",
        figures=("variations",),
        settings=_training_drugs,
        reference=f"{TRAINING_PERCENTS[-1]} %",
    ),
    "latent_size": Analysis(
        label="Size of the latent layer",
        summary="how many latent units it takes",
        figures=("variations",),
        settings=_latent_size,
        reference=str(LATENT_SIZES[-1]),
    ),
    "regularisation": Analysis(
        label="Regularisation",
        summary="what dropout, the L1 penalty and the skip connection are good for",
        figures=("variations",),
        settings=_regularisation,
        reference="full",
    ),
    "unseen_cell": Analysis(
        label="Input from a cell not trained on",
        summary="how well profiles from a cell that was not in training predict",
        figures=("variations",),
        settings=_unseen_cell,
        reference=STUDY_CELLS,
        no_setting="no test drug has a profile in a cell outside of the study",
    ),
    "families": Analysis(
        label="Mechanism of action held out",
        summary="how well drugs of a mechanism that was not in training are predicted",
        figures=("variations",),
        settings=_families,
        no_setting="no mechanism is known of five drugs measured in two of the cells",
        needs=("labels",),
    ),
    "thinned": Analysis(
        label=f"Cell that loses {REMOVED_PERCENT} % of its training profiles",
        summary="what a cell with few training profiles loses",
        figures=("variations",),
        settings=_thinned,
        reference=NOTHING_REMOVED,
    ),
    "latent_states": Analysis(
        label="Latent states",
        summary="whether latent states lie by drug or by cell",
        figures=("latent_states", "latent_correlation"),
    ),
    "important_genes": Analysis(
        label="Important genes",
        summary="from which genes a cell's decoder predicts best",
        figures=("important_genes",),
    ),
    "factors": Analysis(
        label="Targets of transcription factors",
        summary="whether raising a transcription factor raises its targets",
        figures=("factors",),
        needs=("gene_sets",),
    ),
    "transfer": Analysis(
        label="Profiles of another platform",
        summary="how profiles of another platform are predicted, before and after fine-tuning",
        figures=("transfer",),
        needs=("external",),
    ),
}
