"""Which other compound stands against an anchor: drawn by distance, from an index made once.

The distance of two compounds is that of their mean profiles, or of their structures. A draw costs
a binary search in the anchor's sorted row, whatever the number of compounds, and a whole batch is
drawn at once; the index has 16 bytes for each pair of compounds.
"""

import numpy as np
import torch

from lacuna.errors import LacunaError
from lacuna.vectors import mean_by, unit_rows

UNIFORM, INVERSE_DENSITY, RANDOM = WAYS = ("uniform", "inverse_density", "random")
# A compound at a rare distance is at most so many times likelier than one at the commonest: the
# lambda of Wu et al.
MOST = 100.0
ROWS_AT_ONCE = 1024


def correlation_distance(rows: np.ndarray) -> np.ndarray:
    """Return 1 minus the correlation of each two rows, float32 of shape (n, n).

    It is 1 from a constant row, to others and itself.
    """
    rows = np.asarray(rows, dtype=np.float64)
    units = unit_rows(rows - rows.mean(axis=1, keepdims=True)).astype(np.float32)
    return np.clip(1 - units @ units.T, 0, 2)


def tanimoto_distance(bits: np.ndarray) -> np.ndarray:
    """Return 1 minus the share of common bits of each two fingerprints, float32 of shape (n, n).

    It is 0 between two without any bit.
    """
    bits = (np.asarray(bits) > 0).astype(np.float32)
    common, count = bits @ bits.T, bits.sum(axis=1)
    union = count[:, None] + count - common
    return 1 - np.divide(common, union, out=np.ones_like(common), where=union > 0)


def expression_distance(profiles: np.ndarray, molecule: np.ndarray, molecules: int) -> np.ndarray:
    """Return the correlation distance between the mean profiles of compounds."""
    return correlation_distance(mean_by(molecule, molecules, profiles)[0])


def density(distance: np.ndarray, dimensions: float) -> np.ndarray:
    """Return the density of the distance of two points of a sphere, 1 at its highest.

    It is d^(n - 2) (1 - d^2 / 4)^((n - 3) / 2) of the Euclidean distance d, for points that are
    scattered evenly on the unit sphere of n dimensions (Wu et al. 2017).
    """
    with np.errstate(divide="ignore"):

        def log_density(d: np.ndarray) -> np.ndarray:
            return (dimensions - 2) * np.log(d) + (dimensions - 3) / 2 * np.log(1 - d**2 / 4)

        # The derivative is 0 where d^2 = 4 (n - 2) / (2 n - 5).
        peak = np.array(2 * np.sqrt((dimensions - 2) / (2 * dimensions - 5)))
        return np.exp(log_density(distance) - log_density(peak))


class Negatives:
    """Draws other compounds, and wells of theirs; see the module."""

    def __init__(
        self,
        distance: np.ndarray,
        molecule: np.ndarray,
        way: str = UNIFORM,
        group: np.ndarray | None = None,
    ) -> None:
        """Sort all pairs of compounds by distance.

        Parameters
        ----------
        distance : array of shape (m, m)
            Between compounds.
        molecule : int array of shape (n,)
            The compound of each well; those without a well are never drawn.
        way
            ``uniform``: a distance anywhere between the least and the largest of all pairs, and
            the compound nearest to it. ``inverse_density``: rare distances as often as common
            ones, up to `MOST`. ``random``: each compound alike.
        group : int array of shape (m,), optional
            Equal for stereo twins, which are no negatives of each other.

        Raises
        ------
        LacunaError
            If a compound that has wells has no other one to stand against it.
        """
        m = len(distance)
        if not np.isfinite(distance).all():
            raise LacunaError(
                "negatives: the distance between some compounds is no number, expected finite "
                "ones. Leave out compounds whose profile or structure has missing values."
            )
        self.way = way
        self.wells = np.argsort(molecule, kind="stable")
        self.size = np.bincount(molecule, minlength=m)
        self.first = np.cumsum(self.size) - self.size
        group = np.arange(m) if group is None else np.asarray(group)
        self._order = np.empty((m, m), dtype=np.int32)
        self._sorted = np.empty((m, m), dtype=np.float32)
        self._count = np.empty(m, dtype=np.int64)
        for begin in range(0, m, ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            barred = (group[rows, None] == group) | (self.size == 0)
            values = np.where(barred, np.inf, distance[rows])
            self._order[rows] = np.argsort(values, axis=1, kind="stable")
            self._sorted[rows] = np.take_along_axis(values, self._order[rows], axis=1)
            self._count[rows] = m - barred.sum(axis=1)
        alone = np.flatnonzero((self._count == 0) & (self.size > 0))
        if len(alone):
            raise LacunaError(
                f"negatives: compound {alone[0]} and {len(alone) - 1} more have no other compound "
                "to stand against them, expected wells of two or more compounds that are no "
                "stereo twins. Add compounds to the training."
            )
        used = self._sorted[self.size > 0]
        used = used[np.isfinite(used)]
        self.least, self.largest = float(used.min()), float(used.max())
        if way == INVERSE_DENSITY:
            self._weigh(float(np.square(1 - used, dtype=np.float64).mean()))

    def _weigh(self, mean_square: float) -> None:
        """Add up the weights of each row; the sphere's dimension is that of such correlations."""
        # The mean square of the cosine of two points of the sphere is 1 / n.
        self.dimensions = max(1 / max(mean_square, 1e-6), 4.0)
        self._sums = np.zeros(self._sorted.shape)
        for begin in range(0, len(self._sums), ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            there = np.isfinite(self._sorted[rows])
            apart = np.sqrt(2 * np.where(there, self._sorted[rows], 1.0).astype(np.float64))
            with np.errstate(divide="ignore"):
                weights = np.minimum(1 / density(apart, self.dimensions), MOST)
            self._sums[rows] = np.cumsum(np.where(there, weights, 0.0), axis=1)

    def draw(self, anchors: np.ndarray) -> np.ndarray:
        """Draw another compound for each anchor, int of shape (batch,).

        PyTorch's stream decides.
        """
        share = torch.rand(len(anchors), dtype=torch.float64).numpy()
        among = torch.rand(len(anchors), dtype=torch.float64).numpy()
        count = self._count[anchors]
        if self.way == RANDOM:
            place = (share * count).astype(np.int64)
        elif self.way == INVERSE_DENSITY:
            place = self._search(self._sums, anchors, share * self._sums[anchors, -1], after=True)
        else:
            place = self._nearest(anchors, self.least + share * (self.largest - self.least), among)
        return self._order[anchors, np.minimum(place, count - 1)].astype(np.int64)

    def _nearest(self, anchors: np.ndarray, target: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Return the place in its row of what is nearest to a distance; equal ones take turns."""
        last = self._count[anchors] - 1
        above = np.minimum(self._search(self._sorted, anchors, target), last)
        below = np.maximum(above - 1, 0)
        up, down = (self._sorted[anchors, place].astype(np.float64) for place in (above, below))
        value = self._sorted[anchors, np.where(target - down < up - target, below, above)]
        first = self._search(self._sorted, anchors, value)
        behind = self._search(self._sorted, anchors, value, after=True)
        return first + (among * (behind - first)).astype(np.int64)

    def _search(
        self, rows: np.ndarray, anchors: np.ndarray, values: np.ndarray, *, after: bool = False
    ) -> np.ndarray:
        """Return how many entries of its anchor's row lie below each value (or up to it)."""
        low, high = np.zeros(len(anchors), dtype=np.int64), self._count[anchors]
        for _ in range(int(rows.shape[1]).bit_length()):
            middle = (low + high) // 2
            found = rows[anchors, np.minimum(middle, rows.shape[1] - 1)]
            lies = (found <= values if after else found < values) & (low < high)
            low, high = np.where(lies, middle + 1, low), np.where(lies, high, middle)
        return low

    def well_of(self, compounds: np.ndarray) -> np.ndarray:
        """Draw a well of each compound, int of shape (batch,)."""
        share = torch.rand(len(compounds), dtype=torch.float64).numpy()
        return self.wells[self.first[compounds] + (share * self.size[compounds]).astype(np.int64)]


class Companions:
    """Draws another well of a well's compound, of another line where there is one."""

    def __init__(self, molecule: np.ndarray, line: np.ndarray | None, molecules: int) -> None:
        """Sort wells by compound, and by line within.

        Parameters
        ----------
        molecule : int array of shape (n,)
            The compound of each well.
        line : array of shape (n,) or None
            Its cell line, by name or number; None where all are of one.
        molecules
            The number of compounds.
        """
        labels = np.zeros(len(molecule)) if line is None else line
        line = np.unique(labels, return_inverse=True)[1]
        self.wells = np.lexsort((line, molecule))
        place = np.empty(len(molecule), dtype=np.int64)
        place[self.wells] = np.arange(len(molecule))
        size = np.bincount(molecule, minlength=molecules)
        self._first, self._size = (np.cumsum(size) - size)[molecule], size[molecule]
        pair = molecule * (int(line.max(initial=0)) + 1) + line
        _, which, of_line = np.unique(pair, return_inverse=True, return_counts=True)
        begin = np.zeros(len(of_line), dtype=np.int64)
        sorted_pairs = which[self.wells]
        starts = np.flatnonzero(np.diff(sorted_pairs, prepend=-1))
        begin[sorted_pairs[starts]] = starts
        # Where a compound has one line only, any other well of it will do: bar the well alone.
        one_line = of_line[which] == self._size
        self._barred = np.where(one_line, place, begin[which])
        self._bars = np.where(one_line, 1, of_line[which])

    def draw(self, wells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Draw a companion of each well.

        Returns
        -------
        companion : int array of shape (batch,)
            The well itself where there is none.
        is_there : bool array of shape (batch,)
        """
        share = torch.rand(len(wells), dtype=torch.float64).numpy()
        left = self._size[wells] - self._bars[wells]
        place = self._first[wells] + (share * left).astype(np.int64)
        place += np.where(place >= self._barred[wells], self._bars[wells], 0)
        is_there = left > 0
        return np.where(is_there, self.wells[np.where(is_there, place, 0)], wells), is_there
