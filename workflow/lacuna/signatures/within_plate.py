"""The null of replicates that share a plate, which knows the plate's rows and columns.

Wells of one row, or column, have more in common than others: what a pipette or the edge of the
plate did to them. Replicates that stand in one row therefore agree whatever their drug does. A
random set of wells of that null keeps what position does to the real set: each column in which some
replicates stand is exchanged for another column of the plate, and the rows stay what they are.
Wells of one row stay in this row, and wells of one column share one again. (Where more pairs of
replicates share a column than share a row, columns stay and rows are exchanged.) Where nothing but
the position of a well matters, the real set is one of these as any other, so that its p-value is
uniform: a permutation test within exchangeability blocks. Two other nulls do less. Sets of distinct
drugs, against which replicates on different plates are held, do not exist where a row holds two
drugs only. Sets from other rows give small p-values to the drugs of a row whose effect is large,
and no others.

Two things are not told from a drug: what changes along a row, and, in a row whose effect is larger
than the noise, another drug of that row that does something. The wells of that one lie apart, so
that those of the others agree more than random wells of the row, and their p-values come out small.

Sources: effects of rows and columns, Malo et al. 2006, doi:10.1038/nbt1186; exchangeability blocks,
Winkler et al. 2014, doi:10.1016/j.neuroimage.2014.01.060.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.signatures.signature_set import FEW_DRUGS, HAS_P_VALUE, NO_POSITIONS, SHARED_LINE

# Of random sets, those that hold wells of the drug itself alone: with more than a tenth, replicates
# that agree perfectly would not reach the p-value of 0.1 that Hodos et al. 2018 ask for.
MOST_OWN = 0.08
MOST_REDRAWS = 200  # of the places of a random set, where a plate has gaps


class _Block(NamedTuple):
    """Replicates on one plate, by what stays (its lines: rows, or columns) and what is exchanged.

    Attributes
    ----------
    grid : int array of shape (lines, places)
        The wells of the plate; -1 where there is none.
    line : int array of shape (replicates,)
        The line of each replicate.
    places : int array of shape (n,)
        Where replicates stand in their lines, each place once.
    which : int array of shape (replicates,)
        Which of these each replicate stands in.
    lines : list of n int arrays
        The lines that have a replicate at each of the places.
    fits : bool array of shape (n, places)
        Whether there are wells in all of these lines at any other place of the plate.
    """

    grid: np.ndarray
    line: np.ndarray
    places: np.ndarray
    which: np.ndarray
    lines: list[np.ndarray]
    fits: np.ndarray


class WithinPlates:
    """Wells of some plates, from which random replicate sets are drawn.

    Parameters
    ----------
    plates, drugs : int arrays of shape (wells,)
        Plate and drug of each treated well.
    positions : int array of shape (wells, 2)
        Row and column, 0 where they are not known.
    """

    def __init__(self, plates: np.ndarray, drugs: np.ndarray, positions: np.ndarray):
        self._plates, self._drugs, self._positions = plates, drugs, positions
        groups = pd.Series(plates).groupby(plates).indices
        self._wells = {plate: np.asarray(wells) for plate, wells in groups.items()}

    def why_none(self, members: np.ndarray) -> str:
        """Return why a replicate set can have no p-value; `HAS_P_VALUE` where it can.

        Parameters
        ----------
        members : int array of shape (replicates,)
            Its wells, at least two of them on one plate.
        """
        drug = self._drugs[members[0]]
        alone, own = True, 1.0
        for plate, at in self._by_plate(members):
            is_own = self._drugs[self._wells[plate]] == drug
            alone &= bool(is_own.all())
            if len(at) == 1:
                own *= is_own.mean()
            elif self._are_known(plate, members[at]):
                own *= self._share_of_own(self._block(plate, members[at]), drug)
            else:
                return NO_POSITIONS
        if own <= MOST_OWN:
            return HAS_P_VALUE
        return FEW_DRUGS if alone else SHARED_LINE

    def draw(self, members: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw random sets that stand as a replicate set does.

        A replicate that is alone on its plate is exchanged for any well of that plate.

        Parameters
        ----------
        members
            As in `why_none`, which must have found nothing.
        draws
            The number of sets.
        rng
            The random stream.

        Returns
        -------
        int array of shape (draws, replicates)
        """
        drawn = np.empty((draws, len(members)), dtype=np.intp)
        for plate, at in self._by_plate(members):
            if len(at) == 1:
                drawn[:, at[0]] = rng.choice(self._wells[plate], size=draws)
            else:
                block = self._block(plate, members[at])
                places = _exchange(block, draws, rng)
                drawn[:, at] = block.grid[block.line, places[:, block.which]]
        return drawn

    def _by_plate(self, members: np.ndarray) -> list[tuple[int, np.ndarray]]:
        plates = self._plates[members]
        return [(int(plate), np.flatnonzero(plates == plate)) for plate in np.unique(plates)]

    def _are_known(self, plate: int, members: np.ndarray) -> bool:
        """Return whether wells have positions, and no two wells of their plate have the same."""
        known = self._positions[self._wells[plate]]
        known = known[known.all(axis=1)]
        return bool(self._positions[members].all()) and len(np.unique(known, axis=0)) == len(known)

    def _block(self, plate: int, members: np.ndarray) -> _Block:
        wells = self._wells[plate]
        wells = wells[self._positions[wells].all(axis=1)]
        grid = np.full(self._positions[wells].max(axis=0) + 1, -1)
        grid[tuple(self._positions[wells].T)] = wells
        line, place = self._positions[members].T
        if _pairs(place) > _pairs(line):
            line, place, grid = place, line, grid.T
        places, which = np.unique(place, return_inverse=True)
        lines = [np.sort(line[which == number]) for number in range(len(places))]
        fits = np.array([(grid[at] >= 0).all(axis=0) for at in lines])
        return _Block(grid, line, places, which, lines, fits)

    def _share_of_own(self, block: _Block, drug: int) -> float:
        """Return the share of random sets that hold wells of one drug alone.

        It is exact where places are exchanged without getting into each other's way: those of a set
        within one line, and those that all have the same lines.
        """
        is_own = (block.grid >= 0) & (self._drugs[block.grid] == drug)
        share, taken = 1.0, Counter[tuple[int, ...]]()
        for at, fits in zip(block.lines, block.fits, strict=True):
            before = taken[tuple(at)]
            taken[tuple(at)] += 1
            share *= (is_own[at].all(axis=0).sum() - before) / (fits.sum() - before)
        return float(share)


def _pairs(values: np.ndarray) -> int:
    """Return how many pairs have the same value."""
    counts = np.unique(values, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _exchange(block: _Block, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw other places of the plate for those of a set, no two the same.

    Returns
    -------
    int array of shape (draws, n)
        A set for which none are found, because the plate has gaps, keeps its own.
    """
    drawn = np.tile(block.places, (draws, 1))
    choices = [np.flatnonzero(fits) for fits in block.fits]
    order = np.argsort([len(of_place) for of_place in choices], kind="stable")  # least choice first
    todo = np.arange(draws)
    for _ in range(MOST_REDRAWS):
        found = np.full((len(todo), len(order)), -1)
        for number, place in enumerate(order):
            redo = np.arange(len(todo))
            for _ in range(MOST_REDRAWS):
                found[redo, place] = rng.choice(choices[place], size=len(redo))
                before = found[redo[:, None], order[:number]]
                redo = redo[(before == found[redo, place][:, None]).any(axis=1)]
                if not len(redo):
                    break
            found[redo, place] = -1
        complete = (found >= 0).all(axis=1)
        drawn[todo[complete]] = found[complete]
        todo = todo[~complete]
        if not len(todo):
            break
    return drawn
