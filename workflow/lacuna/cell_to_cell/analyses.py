"""The analyses of the prediction from cell to cell: their cards, and the settings they vary.

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465). An analysis either varies one thing, in
settings that score trainings on whole drugs which these have not seen; or it looks into the network
that was trained on all training drugs. Settings are known before any data are read. One more
analysis that varies something is one more function and its card.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lacuna.cell_to_cell.trainings import (
    EVERY_CELL,
    FAMILY,
    FOLD,
    FULL,
    MORE_CELLS,
    MOST_FAMILIES,
    OTHERS,
    REMOVED_PERCENT,
    SHARE,
    THINNED,
    TOGETHER,
    Training,
)
from lacuna.completion.variants import Variant

SOURCE = "Umarov et al. 2021, doi:10.1371/journal.pcbi.1009465"
VARIED, EXPLAINED = "varied", "explained"
BEST = "best"  # the reference of an analysis that compares its settings with the best of them
STUDY_CELLS = "cells of the study"
NOTHING_REMOVED, ALL_CELLS = "none", "all cells"
ALL_INPUTS, MEAN_INPUT = "all input cells", "mean of all input cells"
EACH_ONCE = "each drug held out once"
ALONE, JOINTLY, NOT_ON = (
    f"{{pert_type}}, {how}" for how in ("trained alone", "trained together", "not trained on")
)
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
# What a training is asked; see `lacuna.cell_to_cell.questions`.
TESTS, UNSEEN, BY_INPUTS, OTHER_TYPES = "tests", "unseen", "by_inputs", "other_types"

SCORES = ["asked", "label", "drug", "pert_type", "cell", "given", "inputs", "pearson", "copy"]


@dataclass(frozen=True)
class Design:
    """What of a configuration the settings depend on.

    Attributes
    ----------
    network : Variant
        What most analyses vary.
    methods : mapping of str to Variant
        What is compared, by name.
    cells, added, folds : int
        Number of cells of the study, of cells added to them, at most, and of folds.
    """

    network: Variant
    methods: Mapping[str, Variant]
    cells: int
    added: int
    folds: int

    @property
    def full(self) -> Training:
        """The training that varies nothing: the network, on all training drugs of the study."""
        return Training(FULL, self.network.method, self.network.options)

    def other(self, name: str, profiles: str, number: int = 0) -> Training:
        """Return a training of the network on other profiles."""
        return replace(self.full, name=name, profiles=profiles, number=number)

    def with_options(self, name: str, options: Mapping[str, object]) -> Training:
        """Return a training of the network with other options."""
        return replace(self.full, name=name, options={**self.full.options, **options})

    def more_cells(self, number: int) -> Training:
        """Return the training with so many cells added to those of the study."""
        return self.other(f"more_cells_{number}", MORE_CELLS, number)


@dataclass(frozen=True)
class Setting:
    """One setting of an analysis.

    Attributes
    ----------
    name : str
        As it is shown; {label} and {pert_type} stand for what only the data tell: a cell or a
        family, and what a perturbation is.
    training : Training
    asked : str
        On what the training is scored: `TESTS` or another question.
    """

    name: str
    training: Training
    asked: str = TESTS


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
    by_target : bool
        Whether its question has another answer for each cell that is predicted.
    needs : tuple of str
        What it needs beside the profiles: the "labels" of the drugs, or files of the configuration
        ("gene_sets", "chip_atlas", "external").
    source : str
        The paper that it is taken from.
    """

    label: str
    summary: str
    figures: tuple[str, ...]
    settings: Callable[[Design], list[Setting]] | None = None
    reference: str = ""
    no_setting: str = "these data allow it no setting"
    by_target: bool = False
    needs: tuple[str, ...] = ()
    source: str = SOURCE

    @property
    def kind(self) -> str:
        """`VARIED`, if it has settings, or `EXPLAINED`, if it looks into the trained network."""
        return VARIED if self.settings else EXPLAINED


def analysis_label(name: str) -> str:
    """Return the name to show; an analysis without a card is shown as it is called."""
    return ANALYSES[name].label if name in ANALYSES else name


def no_setting(name: str) -> str:
    """Say why an analysis has no setting."""
    return ANALYSES[name].no_setting if name in ANALYSES else Analysis.no_setting


def _folds(design: Design) -> list[Setting]:
    """Deal all drugs to folds, and predict those of each by a training on the others."""
    folds = range(1, design.folds + 1)
    return [Setting(EACH_ONCE, design.other(f"fold_{fold}", FOLD, fold)) for fold in folds]


def _methods(design: Design) -> list[Setting]:
    """Train every method alike."""
    return [
        Setting(name, Training(f"method_{name}", variant.method, variant.options))
        for name, variant in design.methods.items()
    ]


def _training_drugs(design: Design) -> list[Setting]:
    """Train on shares of the training drugs, each set within the next larger one."""
    return [
        Setting(
            f"{percent} %",
            design.full if percent == 100 else design.other(f"drugs_{percent}", SHARE, percent),
        )
        for percent in TRAINING_PERCENTS
    ]


def _latent_size(design: Design) -> list[Setting]:
    """Train with latent layers of several sizes."""
    return [
        Setting(str(size), design.with_options(f"latent_{size}", {"latent": size}))
        for size in LATENT_SIZES
    ]


def _regularisation(design: Design) -> list[Setting]:
    """Train with parts of the regularisation switched off."""
    every = SWITCHED_OFF["without all three"]
    return [
        Setting(
            setting,
            design.with_options(
                setting.replace(" ", "_"), {option: option not in off for option in every}
            ),
        )
        for setting, off in SWITCHED_OFF.items()
    ]


def _unseen_cell(design: Design) -> list[Setting]:
    """Give test profiles from the cells of the study, then from each cell outside of it alone."""
    return [Setting(STUDY_CELLS, design.full), Setting("{label}", design.full, UNSEEN)]


def _added_cells(design: Design) -> list[Setting]:
    """Train in one more cell at a time, and average over inputs from all of them."""
    return [
        Setting(STUDY_CELLS, design.full),
        *(
            Setting(f"{design.cells + number} cells, with {{label}}", design.more_cells(number))
            for number in range(1, design.added + 1)
        ),
    ]


def _inputs(design: Design) -> list[Setting]:
    """Predict from one, two, ... of a drug's profiles, of all, and from the mean of all."""
    training = design.more_cells(design.added) if design.added else design.full
    return [Setting("{label}", training, BY_INPUTS)]


def _families(design: Design) -> list[Setting]:
    """Hold out each of the largest families of drugs, of one mechanism, from training."""
    return [
        Setting("{label}", design.other(f"family_{number}", FAMILY, number))
        for number in range(1, MOST_FAMILIES + 1)
    ]


def _thinned(design: Design) -> list[Setting]:
    """Train on all profiles, without many of one cell's, and without as many of every cell's."""
    return [
        Setting(NOTHING_REMOVED, design.full),
        *(
            Setting("{label}", design.other(f"thinned_{place}", THINNED, place))
            for place in range(1, design.cells + 1)
        ),
        Setting(ALL_CELLS, design.other("thinned_all", THINNED, EVERY_CELL)),
    ]


def _loss_of_function(design: Design) -> list[Setting]:
    """Train on genes that were knocked down, on drugs, and on both; score each type apart."""
    others, both = design.other("others", OTHERS), design.other("together", TOGETHER)
    return [
        Setting(ALONE, others, OTHER_TYPES),
        Setting(JOINTLY, both, OTHER_TYPES),
        Setting(NOT_ON, design.full, OTHER_TYPES),
        Setting(ALONE, design.full),
        Setting(JOINTLY, both),
    ]


# The order is that of the report.
ANALYSES = {
    "folds": Analysis(
        label="All drugs, in folds",
        summary="how well each drug measured in two of the cells is predicted, held out once",
        figures=("variations",),
        settings=_folds,
        no_setting="no drug is measured in two of the cells",
        by_target=True,
    ),
    "methods": Analysis(
        label="Method",
        summary="which method predicts best from cell to cell",
        figures=("variations",),
        settings=_methods,
        reference=BEST,
        by_target=True,
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
        by_target=True,
    ),
    "added_cells": Analysis(
        label="Cells added to training",
        summary="what further cells in training, and as inputs, are good for",
        figures=("variations",),
        settings=_added_cells,
        reference=STUDY_CELLS,
        no_setting="the tensor has no cell outside of the study",
    ),
    "inputs": Analysis(
        label="Number of input cells",
        summary="what it is good for to predict from several cells",
        figures=("variations",),
        settings=_inputs,
        reference=ALL_INPUTS,
        no_setting="no test drug has profiles in two cells beside the one that is predicted",
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
        by_target=True,
    ),
    "loss_of_function": Analysis(
        label="Genes knocked down, and drugs",
        summary="whether genes knocked down and drugs are worth training on together",
        figures=("variations",),
        settings=_loss_of_function,
        reference=ALONE,
        no_setting="the tensor has no test perturbations but compounds",
    ),
    "latent_states": Analysis(
        label="Latent states",
        summary="whether latent states lie by drug or by cell",
        figures=("latent_states", "latent_correlation"),
    ),
    "important_genes": Analysis(
        label="Important genes",
        summary="from which genes a cell's decoder predicts best",
        figures=("important_genes", "important_gene_sets"),
    ),
    "factors": Analysis(
        label="Targets of transcription factors",
        summary="whether raising a transcription factor raises its targets",
        figures=("factors", "bound_factors"),
        needs=("gene_sets", "chip_atlas"),
    ),
    "transfer": Analysis(
        label="Profiles of another platform",
        summary="how profiles of another platform are predicted, before and after fine-tuning",
        figures=("transfer",),
        needs=("external",),
    ),
}
