"""Hold-outs within the training set, on which methods tune what they predict.

The pairs held out resemble those to predict: single profiles; or, where drugs or cells without any
training profile are to be predicted (a cold start), all profiles of some drugs or cells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lacuna.tensor.profiles import ProfileSet

MAX_HELD_OUT = 300  # profiles in all draws together
ENOUGH_HELD_OUT = 200  # profiles: no further draw after so many
HELD_OUT_SHARE = 0.2  # of the training set, at most, in one draw
# The profiles of a few drugs or cells say little of other drugs or cells. So in a cold start the
# held-out profiles come from this many draws, each with other drugs or cells.
COLD_START_DRAWS = 3


@dataclass(frozen=True)
class ColdStart:
    """Whether the drug, and the cell, of a pair to predict has no training profile."""

    new_drug: bool
    new_cell: bool

    @property
    def is_any(self) -> bool:
        return self.new_drug or self.new_cell


WARM = ColdStart(new_drug=False, new_cell=False)
KINDS = (WARM, ColdStart(False, True), ColdStart(True, False), ColdStart(True, True))


def split_by_cold_start(
    observed: ProfileSet, wanted: np.ndarray
) -> Iterator[tuple[ColdStart, np.ndarray]]:
    """Yield each kind of cold start that occurs among wanted (drug, cell) pairs, and its rows."""
    new_drug = ~np.isin(wanted[:, 0], observed.drug)
    new_cell = ~np.isin(wanted[:, 1], observed.cell)
    for kind in KINDS:
        rows = np.flatnonzero((new_drug == kind.new_drug) & (new_cell == kind.new_cell))
        if len(rows):
            yield kind, rows


def kinds_of_new_drugs(observed: ProfileSet) -> list[ColdStart]:
    """Return the kinds of cold start of a drug without any profile, in all cells of the grid."""
    is_measured = np.isin(np.arange(len(observed.cells)), observed.cell)
    found = {ColdStart(new_drug=True, new_cell=not known) for known in is_measured.tolist()}
    return [kind for kind in KINDS if kind in found]


@dataclass(frozen=True)
class Holdout:
    """Training profiles that are held out, and those left to train on.

    Attributes
    ----------
    held_out, training : ProfileSet
        On the same grid. In a cold start they are fewer than all: profiles of a held-out drug in
        cells that are not held out, for example, are in neither.
    """

    held_out: ProfileSet
    training: ProfileSet


def draw_holdouts(
    observed: ProfileSet,
    kind: ColdStart,
    rng: np.random.Generator,
    drug_group: np.ndarray | None = None,
) -> Iterator[Holdout]:
    """Yield draws of held-out profiles for which the profiles left are a cold start of a kind.

    Single profiles are held out, or all of some drugs, of some cells, or of some of both; in each
    draw other ones, until there are enough or all had their turn.

    Parameters
    ----------
    observed
        The training set.
    kind
        What the held-out pairs are to be like.
    rng
        Draws drugs, cells and profiles.
    drug_group : int array of shape (drugs,), optional
        Drugs that are held out together, see `lacuna.structures.identity.drug_groups`; by default
        each by itself.
    """
    # Drawn from an order of the profiles' own, so that the order of the drugs changes nothing.
    order = np.lexsort(observed.profiles[:, :2].T)
    share = HELD_OUT_SHARE * len(observed)
    partitions = []
    if kind.new_drug:
        drug = observed.drug if drug_group is None else drug_group[observed.drug]
        partitions.append(_partition(drug, order, share, rng))
    if kind.new_cell:
        partitions.append(_partition(observed.cell, order, share, rng))
    if not kind.is_any:
        single = np.arange(len(observed))
        partitions.append(_partition(single, order, min(share, MAX_HELD_OUT), rng))
    most_in_draw = MAX_HELD_OUT // COLD_START_DRAWS if kind.is_any else MAX_HELD_OUT
    total = 0
    for parts in zip(*partitions, strict=False):
        candidates = order[np.logical_and.reduce(parts)[order]]
        count = min(most_in_draw, MAX_HELD_OUT - total)
        held_out = np.sort(rng.permutation(candidates)[:count])
        training = ~np.logical_or.reduce(parts)
        if len(held_out) and training.any():
            yield Holdout(observed.take(held_out), observed.take(training))
            total += len(held_out)
        if total > ENOUGH_HELD_OUT:
            break


def _partition(
    item: np.ndarray, order: np.ndarray, size: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Partition the rows by their items, at random, into masks of about `size` rows."""
    drawn = rng.permutation(list(dict.fromkeys(item[order])))
    rows_of_item = np.bincount(item)[drawn]
    rows_before = np.cumsum(rows_of_item) - rows_of_item
    part = np.unique(rows_before // max(size, 1), return_inverse=True)[1]
    return [np.isin(item, drawn[part == number]) for number in range(part[-1] + 1)]
