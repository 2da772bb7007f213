"""Setting training profiles aside, to tune on what a method predicts of them without having them.

What is set aside resembles what is to be predicted: single profiles, or all of a drug or a cell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from lacuna.tensor.profiles import ProfileSet

SET_ASIDE, ENOUGH, SET_ASIDE_SHARE = 300, 200, 0.2
LOTS = 3


@dataclass(frozen=True)
class Situation:
    """Whether the drug, and the cell, of a pair to predict is one without a training profile."""

    new_drug: bool
    new_cell: bool


def situations(observed: ProfileSet, wanted: np.ndarray) -> Iterator[tuple[Situation, np.ndarray]]:
    """Yield each situation that occurs among wanted (drug, cell) pairs, and its rows."""
    new_drug, new_cell = (~observed.measured.any(axis=1 - axis)[wanted[:, axis]] for axis in (0, 1))
    for situation in (Situation(*each) for each in product((False, True), repeat=2)):
        rows = np.flatnonzero((new_drug == situation.new_drug) & (new_cell == situation.new_cell))
        if len(rows):
            yield situation, rows


@dataclass(frozen=True)
class Aside:
    """Training profiles that are set aside, and the others.

    Attributes
    ----------
    targets, others : ProfileSet
        On the same grid.
    """

    targets: ProfileSet
    others: ProfileSet

    @classmethod
    def draw(
        cls, observed: ProfileSet, situation: Situation, rng: np.random.Generator
    ) -> Iterator["Aside"]:
        """Set profiles aside such that they are in a situation, from those that are left.

        Single profiles, or all of some drugs, of some cells, or of some of both; then other ones,
        until there are enough targets, or each had its turn.
        """
        # Drawn from an order that is the profiles' own, so that the drugs' order changes nothing.
        order = np.lexsort(observed.profiles[:, :2].T)
        share = SET_ASIDE_SHARE * len(observed)
        parts = [
            _parts(item, order, share, rng)
            for item, whole in (
                (observed.drug, situation.new_drug),
                (observed.cell, situation.new_cell),
            )
            if whole
        ] or [_parts(np.arange(len(observed)), order, min(share, SET_ASIDE), rng)]
        # Profiles of few drugs or cells say little of others: several lots of them.
        most = SET_ASIDE // LOTS if situation.new_drug or situation.new_cell else SET_ASIDE
        targets = 0
        for part in zip(*parts, strict=False):
            asked = order[np.logical_and.reduce(part)[order]]
            asked = np.sort(rng.permutation(asked)[: min(most, SET_ASIDE - targets)])
            others = ~np.logical_or.reduce(part)
            if len(asked) and others.any():
                yield cls(observed.take(asked), observed.take(others))
                targets += len(asked)
            if targets > ENOUGH:
                break


def _parts(
    item: np.ndarray, order: np.ndarray, most: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Part the rows by their items, at random, into masks of about so many rows."""
    drawn = rng.permutation(list(dict.fromkeys(item[order])))
    before = np.cumsum(np.bincount(item)[drawn]) - np.bincount(item)[drawn]
    part = np.unique(before // max(most, 1), return_inverse=True)[1]
    return [np.isin(item, drawn[part == number]) for number in range(part[-1] + 1)]
