"""The controls that predictions start from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lacuna.errors import LacunaError
from lacuna.single_cell.model.examples import Examples
from lacuna.single_cell.moments import sum_groups


@dataclass(frozen=True)
class Base:
    """Controls.

    Attributes
    ----------
    rows : float32 array of shape (cells, genes)
    line : object array of shape (cells,)
        Of which each is.
    library : float32 array of shape (cells,) or None
        How many counts each has in these genes; None where nobody counts.
    """

    rows: np.ndarray
    line: np.ndarray
    library: np.ndarray | None = None

    def of(self, line: str, how: str) -> np.ndarray:
        """Return the numbers of the controls that a line's predictions start from.

        Parameters
        ----------
        line
            Its name.
        how
            pooled: all. line: its own; all, where it has none.
        """
        own = np.flatnonzero(self.line == line)
        return own if how == "line" and len(own) else np.arange(len(self.line))

    def mean(self, line: str) -> np.ndarray:
        """Return the mean of a line's controls, of shape (genes,); of all, where it has none."""
        return self.rows[self.of(line, "line")].mean(axis=0, dtype=np.float64)


def controls(
    sources: Sequence[Examples], most: int, rng: np.random.Generator, counted: bool
) -> Base:
    """Read controls: of each line, those of the first of some examples that has any.

    Of signatures, which have no controls, the mean of a line stands for them.

    Parameters
    ----------
    sources
        Examples, of the same genes; the training comes last.
    most
        How many of a line are taken, at random; 0: all.
    rng
        Chooses them.
    counted
        Whether counts are wanted, too.

    Raises
    ------
    LacunaError
        If there are none.
    """
    if sources[0].kind == "signatures":
        return line_means(sources[-1])
    found: dict[str, tuple[Examples, np.ndarray]] = {}
    for source in sources:
        for number, line in enumerate(source.lines):
            which = np.flatnonzero(source.control & (source.line == number))
            if len(which) and line not in found:
                found[line] = source, which
    if not found:
        raise LacunaError(
            "single_cell: there are no controls among the observations that are trained and "
            "validated on, expected vehicle-treated ones. Say which they are (columns: control)."
        )
    rows, lines, library = [], [], []
    for line in sorted(found):
        source, which = found[line]
        if most and len(which) > most:
            which = np.sort(rng.choice(which, most, replace=False))
        rows.append(source.rows(which))
        lines.append(np.full(len(which), line, dtype=object))
        if counted:
            library.append(source.counts(which).sum(axis=1))
    return Base(
        np.concatenate(rows),
        np.concatenate(lines),
        np.concatenate(library) if counted else None,
    )


def line_means(examples: Examples) -> Base:
    """Return the mean of each line, one row for each."""
    lines = examples.lines
    sums = sum_groups(
        examples.observations, examples.positions, examples.line, len(lines), examples.genes
    )
    there = sums.size > 0
    return Base(sums.mean[there].astype(np.float32), lines.to_numpy(object)[there])


@dataclass(frozen=True)
class Measured:
    """What was measured of conditions.

    Attributes
    ----------
    first : int array of shape (conditions,)
        An example of each.
    mean, variance : float64 arrays of shape (conditions, genes)
    """

    first: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def measured(examples: Examples, fewest: int, most: int, rng: np.random.Generator) -> Measured:
    """Return mean and variance of conditions, controls left out.

    Parameters
    ----------
    examples
        All of them.
    fewest
        A condition has more observations than that, where any has.
    most
        How many conditions are taken, at random.
    rng
        Chooses them.
    """
    first, number = examples.conditions()
    count = np.bincount(number, minlength=len(first))
    treated = ~examples.control[first]
    wanted = np.flatnonzero(treated & (count > fewest))
    if not len(wanted):
        wanted = np.flatnonzero(treated)
    if len(wanted) > most:
        wanted = np.sort(rng.choice(wanted, most, replace=False))
    place = np.full(len(first), -1)
    place[wanted] = np.arange(len(wanted))
    at = place[number]
    chosen = np.flatnonzero(at >= 0)
    positions = examples.positions[chosen]
    sums = sum_groups(examples.observations, positions, at[chosen], len(wanted), examples.genes)
    return Measured(first[wanted], sums.mean, sums.variance)
