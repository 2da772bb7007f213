"""Both steps together: how they are trained, and what a trained translation does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.translation.card import step_card, step_module
from lacuna.translation.genome import ridge
from lacuna.translation.interface import (
    FittedStep,
    GenomeTraining,
    LandmarkTraining,
    restore_affine,
)
from lacuna.translation.normalise import Reference

END_TO_END = "end_to_end"
MOST_FOLDS, NETWORK_FOLDS = 20, 5  # of studies that are left out together
MOST_CHECKED = 5000  # samples on which errors are measured: they are held in memory
INSIDE_ONE_DEVIATION = 0.6826894921370859  # of a normal distribution


@dataclass(frozen=True)
class Genes:
    """Which genes a translation takes and gives, in order.

    Attributes
    ----------
    landmarks, genes : list of str
        Symbols of the inputs and of the outputs.
    """

    landmarks: list[str]
    genes: list[str]

    @property
    def landmarks_at(self) -> np.ndarray:
        """Where the landmarks stand among the outputs.

        Raises
        ------
        LacunaError
            If one of them is no output.
        """
        at = pd.Index(self.genes).get_indexer(pd.Index(self.landmarks))
        if (at < 0).any():
            missing = pd.Index(self.landmarks)[at < 0]
            raise LacunaError(
                f"{len(missing)} landmarks are not among the genes of the model: {listed(missing)}."
            )
        return at


@dataclass(frozen=True)
class Translation:
    """A trained translation from L1000 landmarks to all genes.

    Attributes
    ----------
    genes : Genes
    reference : Reference
        What RNA-seq samples were normalised against.
    logarithm : str
        Of the outputs: "log2" or "log10" of CPM + 1.
    names : tuple of str
        The names of step 1 and step 2; `END_TO_END` with the step whose way back made its
        training.
    steps : tuple of FittedStep
        One of an end-to-end translation, else two.
    stderr : float32 array of shape (genes,)
        Standard deviation of the error: on left-out studies, from true landmarks, and where there
        are samples measured both ways, scaled to hold there, see `lacuna.translation.errors`.
    losses : dict of DataFrame
        How the networks' trainings went, by step.
    """

    genes: Genes
    reference: Reference
    logarithm: str
    names: tuple[str, str]
    steps: tuple[FittedStep, ...]
    stderr: np.ndarray
    losses: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def predict(self, profiles: np.ndarray) -> np.ndarray:
        """Translate Level 3 profiles of shape (n, landmarks), log2, to (n, genes)."""
        for step in self.steps:
            profiles = step.predict(profiles)
        return profiles

    def landmarks(self, profiles: np.ndarray) -> np.ndarray:
        """Translate Level 3 profiles by step 1 alone; end to end, keep the landmarks of all."""
        made = self.steps[0].predict(profiles)
        return made[:, self.genes.landmarks_at] if len(self.steps) == 1 else made

    def difference(self, differences: np.ndarray) -> np.ndarray:
        """Translate differences of profiles, such as Level 5 signatures.

        Raises
        ------
        LacunaError
            If a step is not linear: then a difference has no translation of its own.
        """
        for name, step in zip(self.names, self.steps, strict=False):
            made = step.difference(differences)
            if made is None:
                raise LacunaError(
                    f"the step {name} is not linear, so signatures (differences) cannot pass "
                    "through it. Translate Level 3 profiles, or train with linear steps, such as "
                    "ratio, moments or paired_ridge, and ridge."
                )
            differences = made
        return differences


def fit_step(
    kind: str,
    name: str,
    training: LandmarkTraining | GenomeTraining,
    rng: np.random.Generator,
    options: Mapping[str, Any] | None = None,
) -> FittedStep:
    """Train a step by its name; kind is "landmarks" (step 1) or "genome" (step 2)."""
    return step_module(kind, name).fit(training, rng, **(options or {}))


def pseudo_pairs(
    way_back: FittedStep, training: GenomeTraining, noise: np.ndarray
) -> GenomeTraining:
    """Return what an end-to-end translation is trained on: all genes, from L1000's landmarks.

    Parameters
    ----------
    way_back
        A step 1 from RNA-seq to L1000, which says what the landmarks of an RNA-seq sample would be
        in L1000.
    training
        Of step 2.
    noise : array of shape (landmarks,)
        Standard deviation of L1000's own noise, in log2: the pseudo-pairs have none.
    """
    made = way_back.predict(training.landmarks)
    return GenomeTraining(made, training.genome, training.study, noise)


@dataclass(frozen=True)
class LeftOut:
    """What step 2 says of samples of studies that it has not seen.

    Attributes
    ----------
    samples : int array of shape (k,)
        Which of the training samples; at most `MOST_CHECKED`.
    predicted, real : float32 arrays of shape (k, genes)
    fold : int array of shape (k,)
        Samples of one fold were left out together.
    """

    samples: np.ndarray
    predicted: np.ndarray
    real: np.ndarray
    fold: np.ndarray

    def stderr(self, without: int | None = None) -> np.ndarray:
        """Return the standard deviation of the error, float32 of shape (genes,).

        It is the 68.3 % point of the absolute error, which for normal errors is that, and which a
        few wild samples do not stretch. Cross-validated errors serve as those of a new study, as in
        the CV+ of Barber et al. 2021, https://doi.org/10.1214/20-AOS1965.

        Parameters
        ----------
        without
            A fold whose errors do not count, where they are to be judged.
        """
        error = np.abs(self.predicted - self.real)[self.fold != without]
        return np.quantile(error, INSIDE_ONE_DEVIATION, axis=0).astype(np.float32)


def leave_studies_out(
    name: str,
    training: GenomeTraining,
    rng: np.random.Generator,
    options: Mapping[str, Any] | None = None,
) -> LeftOut:
    """Train step 2 without some studies, and predict those, from landmarks with step 1's noise.

    Every study is left out once: on its own, or, of networks or of many studies, with others.
    """
    samples = np.arange(len(training.landmarks))
    if len(samples) > MOST_CHECKED:
        samples = np.sort(rng.choice(samples, MOST_CHECKED, replace=False))
    checked = training.of(samples)
    folds = NETWORK_FOLDS if step_card("genome", name).network else MOST_FOLDS
    shape = len(samples), training.genome.shape[1]
    predicted, fold = np.empty(shape, np.float32), np.empty(len(samples), int)
    for number, held_out in enumerate(ridge.deal_studies(checked.study, folds, rng)):
        kept, left = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        work = None if training.work is None else training.work / f"fold_{number}"
        part = replace(checked.of(kept), work=work)
        fitted = fit_step("genome", name, part, rng, options)
        drawn = rng.normal(size=(len(left), checked.landmarks.shape[1])) * checked.noise
        predicted[left] = fitted.predict((checked.landmarks[left] + drawn).astype(np.float32))
        fold[left] = number
    return LeftOut(samples, predicted, np.asarray(checked.genome), fold)


def deal_groups(group: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal donors or lines to at most `MOST_FOLDS` folds, bool arrays of the samples left out."""
    return ridge.deal_studies(group, MOST_FOLDS, rng)


def restore_step(kind: str, name: str, state: Mapping[str, np.ndarray]) -> FittedStep:
    """Make a trained step of its state."""
    if kind == END_TO_END:
        return restore_affine(dict(state))
    return step_module(kind, name).restore(state)


def is_linear(names: tuple[str, str]) -> bool:
    """Return whether signatures can pass through a chain of these steps."""
    first, second = names
    if second == END_TO_END:
        return True
    return step_card("landmarks", first).linear and step_card("genome", second).linear
