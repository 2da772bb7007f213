"""Predicting a drug's profile in one cell from its profiles in others: what such methods share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.completion.interface import Completion, Predict, SideInformation, Trained
from lacuna.completion.run import train_method
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import mean_by

# The mean correlation of fewer is the chance of which were drawn, and would decide when to stop.
MIN_VALIDATION_DRUGS = 20
INPUTS = ("all", "mean", "single")
MIN_SHARED_DRUGS = 5  # measured in both of two cells, to learn a map from one to the other
# (profiles (n, genes), the cell of each, the cell to predict) -> profiles (n, genes)
Translate = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
# (profiles in one cell, those of the same drugs in another, further ones in the first) -> what
# these would be in the other cell
Learn = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def in_own_order(observed: ProfileSet) -> ProfileSet:
    """Return the profiles sorted by their values, whatever the order of drugs and cells."""
    return observed.take(np.lexsort(observed.profiles[:, :2].T))


def find_pairs(observed: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of all ordered pairs of profiles that are of one drug in two cells.

    Returns
    -------
    source, target : int arrays of shape (pairs,)
        By target, then by source.
    """
    by_drug = np.argsort(observed.drug, kind="stable")
    _, first = np.unique(observed.drug[by_drug], return_index=True)
    groups = np.split(by_drug, first[1:]) if len(observed) else []
    none = np.empty(0, int)
    source = np.concatenate([none, *(np.tile(rows, len(rows)) for rows in groups)])
    target = np.concatenate([none, *(np.repeat(rows, len(rows)) for rows in groups)])
    differ = source != target
    source, target = source[differ], target[differ]
    order = np.lexsort((source, target))
    return source[order], target[order]


def share_enough_drugs(observed: ProfileSet) -> np.ndarray:
    """Return which cells share at least MIN_SHARED_DRUGS drugs.

    Returns
    -------
    bool array of shape (cells, cells)
    """
    measured = observed.measured.astype(int)
    return measured.T @ measured >= MIN_SHARED_DRUGS


def draw_validation_drugs(
    observed: ProfileSet, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw validation drugs among those in two or more cells; return which profiles are theirs.

    Parameters
    ----------
    observed
        In their own order, so that what is drawn does not depend on that of the drugs.
    share
        Of these drugs; but at least MIN_VALIDATION_DRUGS, or a fifth where they are few.
    rng
        Draws the drugs.

    Returns
    -------
    bool array of shape (n,)
    """
    has_pairs = np.bincount(observed.drug, minlength=1) > 1
    drugs = np.array(list(dict.fromkeys(observed.drug[has_pairs[observed.drug]])), dtype=int)
    fewest = min(MIN_VALIDATION_DRUGS, len(drugs) // 5)
    drawn = rng.permutation(drugs)[: max(round(share * len(drugs)), fewest)]
    return np.isin(observed.drug, drawn)


class OtherCells:
    """Predicts from each of a drug's profiles in other cells, and averages.

    Parameters
    ----------
    known
        The profiles to predict from; those of the wanted cell itself are not looked at.
    wanted : int array of shape (m, 2)
        All (drug, cell) pairs that will be asked for.
    translate
        Predicts what profiles of some cells would be in one cell.
    able : bool array of shape (cells, cells)
        Whether it can translate from a cell (row) to a cell (column).
    rng
        Draws single inputs.
    inputs
        "all": the mean of what each profile predicts; "mean": what the mean of the profiles
        predicts, whose cell is that of the first one; "single": what a random one predicts.
    """

    def __init__(
        self,
        known: ProfileSet,
        wanted: np.ndarray,
        translate: Translate,
        able: np.ndarray,
        rng: np.random.Generator,
        inputs: str = "all",
    ):
        self._known, self._translate, self._able = known, translate, able
        self._inputs = inputs
        self._drawn: dict[int, np.ndarray] = {}
        if inputs == "single":
            for cell in np.unique(wanted[:, 1]):
                drugs = wanted[wanted[:, 1] == cell, 0]
                rows = rng.permutation(self._sources(cell, drugs))
                self._drawn[cell] = rows[np.unique(known.drug[rows], return_index=True)[1]]

    def predict(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predict some of the wanted pairs.

        Returns
        -------
        profiles : float32 array of shape (n, genes)
            0 where the drug has no profile in a cell that can be translated.
        predicted : bool array of shape (n,)
        """
        known = self._known
        profiles = np.zeros((len(pairs), len(known.genes)), dtype=np.float32)
        for cell in np.unique(pairs[:, 1]):
            to_predict = np.flatnonzero(pairs[:, 1] == cell)
            rows = self._sources(cell, pairs[to_predict, 0])
            if not len(rows):
                continue
            sources, cells, drug = known.profiles[rows], known.cell[rows], known.drug[rows]
            if self._inputs == "mean":
                drug, first, group = np.unique(drug, return_index=True, return_inverse=True)
                sources = mean_by(group, len(drug), sources)[0].astype(np.float32)
                cells = cells[first]
            translated = self._translate(sources, cells, int(cell))
            means, _ = mean_by(drug, len(known.drugs), translated)
            profiles[to_predict] = means[pairs[to_predict, 0]]
        return profiles, self.can_predict(pairs)

    def can_predict(self, pairs: np.ndarray) -> np.ndarray:
        """Return whether the drug of each pair has a profile to predict from, shape (n,)."""
        from_other = self._able & ~np.eye(len(self._able), dtype=bool)
        sources = self._known.measured.astype(int) @ from_other.astype(int)
        return sources[tuple(pairs.T)] > 0

    def _sources(self, cell: int, drugs: np.ndarray) -> np.ndarray:
        """Return the rows of known profiles that these drugs are predicted from in a cell."""
        known = self._known
        if cell in self._drawn:
            drawn = self._drawn[cell]
            return drawn[np.isin(known.drug[drawn], drugs)]
        usable = self._able[known.cell, cell] & (known.cell != cell)
        return np.flatnonzero(usable & np.isin(known.drug, drugs))


def prepare_from_others(
    known: ProfileSet,
    wanted: np.ndarray,
    translate: Translate,
    able: np.ndarray,
    rng: np.random.Generator,
    fallback: str,
    inputs: str = "all",
) -> Predict:
    """Predict from other cells, and by another method what cannot be predicted from them.

    Parameters
    ----------
    known, wanted, translate, able, rng, inputs
        As of `OtherCells`.
    fallback
        The other method's name; it runs with its default options.
    """
    others = OtherCells(known, wanted, translate, able, rng, inputs)
    missing = wanted[~others.can_predict(wanted)]
    fall_back: Predict | None = None
    if len(missing):
        trained = train_method(fallback, known, SideInformation(), rng, {})
        fall_back = trained.prepare(known, missing, rng)

    def predict(pairs: np.ndarray) -> Completion:
        profiles, predicted = others.predict(pairs)
        if fall_back and not predicted.all():
            profiles[~predicted] = fall_back(pairs[~predicted]).profiles
        return Completion(profiles, ~predicted)

    return predict


@dataclass(frozen=True)
class FromOtherCells(Trained):
    """A trained method that predicts a drug's profile in a cell from each of those in others.

    Attributes
    ----------
    translate, able
        As `OtherCells` takes them.
    fallback
        The method that predicts where that does not.
    losses : DataFrame or None
        How the training went.
    """

    translate: Translate
    able: np.ndarray
    fallback: str
    losses: pd.DataFrame | None = None

    def prepare(self, known: ProfileSet, wanted: np.ndarray, rng: np.random.Generator) -> Predict:
        return prepare_from_others(known, wanted, self.translate, self.able, rng, self.fallback)


def map_by_pair(observed: ProfileSet, learn: Learn, fallback: str) -> FromOtherCells:
    """Learn a map of its own for each ordered pair of cells that share enough drugs.

    A map is learnt when it is used, and not kept: thousands of matrices would fill the memory.

    Parameters
    ----------
    observed
        The training profiles; maps are learnt from these alone.
    learn
        Learns a map and applies it.
    fallback
        See `FromOtherCells`.
    """
    observed = in_own_order(observed)
    source, target = find_pairs(observed)

    def translate(profiles: np.ndarray, cells: np.ndarray, cell: int) -> np.ndarray:
        translated = np.empty(profiles.shape, dtype=np.float32)
        for source_cell in np.unique(cells):
            shared = (observed.cell[source] == source_cell) & (observed.cell[target] == cell)
            before, after = observed.profiles[source[shared]], observed.profiles[target[shared]]
            of_cell = cells == source_cell
            translated[of_cell] = learn(before, after, profiles[of_cell])
        return translated

    return FromOtherCells(translate, share_enough_drugs(observed), fallback)
