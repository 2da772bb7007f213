"""The smoothed sum of trace norms that FaLRTC minimises, and the search for a descending step.

Liu et al. 2013, IEEE TPAMI 35:208, https://doi.org/10.1109/TPAMI.2012.39.
"""

import math
from dataclasses import dataclass

import numpy as np

from lacuna.completion.shared.dense import (
    BLOCK_BYTES,
    CELL,
    DRUG,
    GENE,
    ObservedTensor,
    blocks,
    inner_products,
    square,
)
from lacuna.runtime.device import Array


def bytes_needed(shape: tuple[int, int, int], components: int) -> int:
    """Return about how much memory a tensor (drugs, genes, cells) takes at the most."""
    drugs, _, cells = shape
    tensors = 4 * 4 * drugs * cells * components
    return tensors + 8 * 8 * (drugs**2 + components**2) + 8 * BLOCK_BYTES


@dataclass(frozen=True)
class SmoothedObjective:
    """The smoothed objective f at one iteration: weights alpha and smoothness mu of each mode.

    With w = alpha^2 / mu and the threshold t = mu / alpha, each mode adds to f, summed over the
    singular values s of the unfolding X,

        w (s^2 - max(s - t, 0)^2),

    which is w s^2 up to t and linear beyond. Half its gradient is A X, where A has the singular
    vectors of X and the eigenvalues w t / max(s, t).

    Attributes
    ----------
    alpha, mu : arrays of shape (3,)
    """

    alpha: np.ndarray
    mu: np.ndarray

    def value(self, mode: int, squares: Array) -> float:
        """Return the mode's part of f, from the squares of the singular values."""
        above = (squares.clip(min=0) ** 0.5 - self._threshold(mode)).clip(min=0)
        return self._weight(mode) * float(squares.sum() - (above**2).sum())

    def operator_values(self, mode: int, squares: Array) -> Array:
        """Return the eigenvalues of A, from the squares of the singular values."""
        threshold = self._threshold(mode)
        return self._weight(mode) * threshold / squares.clip(min=threshold**2) ** 0.5

    def _weight(self, mode: int) -> float:
        return float(self.alpha[mode] ** 2 / self.mu[mode])

    def _threshold(self, mode: int) -> float:
        return float(self.mu[mode] / self.alpha[mode])


class LineSearch:
    """The search for the next y: x on the line through the last two y, and a step from there.

    Attributes
    ----------
    y : float32 array of shape (drugs, cells, components)
        The tensor as filled so far.
    trial : array of the same shape
        The step that was tried last.
    objective : SmoothedObjective
        f; to be set before a search.
    """

    objective: SmoothedObjective

    def __init__(self, tensor: ObservedTensor) -> None:
        xp = tensor.device.xp
        self.y, self._unknown = tensor.fill_in(), tensor.unknown_mask()
        self._before, self.trial = xp.empty_like(self.y), xp.empty_like(self.y)
        self._before[:] = self.y
        self._gradient = xp.empty_like(self.y)
        self._xp = xp
        self._momentum: float
        self._drugs_at_y = self._drugs_before = self._gram(self.y, DRUG)
        self._leave_line()

    def largest_singular_values(self) -> np.ndarray:
        """Return the largest singular value of each unfolding of y."""
        grams = [self._drugs_at_y, self._gram(self.y, GENE), self._gram(self.y, CELL)]
        return np.sqrt([float(self._xp.linalg.eigvalsh(gram)[-1]) for gram in grams])

    def move_to(self, momentum: float) -> None:
        """Put x at y + momentum (y - y'), y' the y before, and compute f and its gradient there."""
        if momentum == self._momentum:
            return
        self._momentum = float(momentum)
        x = self._step_from_line(0.0)
        operators, values, largest = [], [], []
        for mode in (DRUG, GENE, CELL):
            gram = self._drugs_on_line(x) if mode == DRUG else self._gram(x, mode)
            squares, vectors = self._xp.linalg.eigh(gram)
            factors = self.objective.operator_values(mode, squares)
            vectors = self._xp.asarray(vectors, dtype=self._xp.float32)
            half = self._xp.asarray(factors**0.5, dtype=self._xp.float32)
            vectors *= half
            operators.append(vectors @ vectors.T)
            values.append(self.objective.value(mode, squares))
            largest.append(float(factors[0]))
        self._values, self._curvature = values, largest[GENE] + largest[CELL]
        self._take_gradient(x, operators)

    def descends(self, big_l: float) -> bool:
        """Tell whether a step of 1 / L from x lowers f by as much as the algorithm asks.

        With g half the gradient, 0 where profiles were observed, the step leads to x - g / L and
        must lower f by at least |g|^2 / L. The fall D of the drug mode is computed. The gene and
        cell modes are convex, with half their gradient p and a curvature of at most c, so that
        their fall G obeys

            2 <p, g> / L - c |g|^2 / L^2  <=  G  <=  2 <p, g> / L.

        Only where these bounds do not decide whether D + G >= |g|^2 / L is G computed, too, which
        takes two more eigenvalue problems.
        """
        trial = self._step_from_line(1 / big_l)
        self._drugs_at_trial = self._gram(trial, DRUG)
        drug_fall = self._values[DRUG] - self._value_at(DRUG, self._drugs_at_trial)
        upper_bound = 2 * self._slope / big_l
        lower_bound = upper_bound - self._curvature * self._norm / big_l**2
        needed = self._norm / big_l - drug_fall
        if lower_bound >= needed:
            return True
        if upper_bound < needed:
            return False
        return needed <= sum(
            self._values[mode] - self._value_at(mode, self._gram(trial, mode))
            for mode in (GENE, CELL)
        )

    def accept(self) -> float:
        """Make the last trial y; return the Frobenius norm of the change."""
        self._before, self.y, self.trial = self.y, self.trial, self._before
        self._drugs_before, self._drugs_at_y = self._drugs_at_y, self._drugs_at_trial
        self._leave_line()
        squares = (square(self.y[rows] - self._before[rows]) for rows in blocks(self.y))
        return sum(squares) ** 0.5

    def _leave_line(self) -> None:
        self._momentum = math.nan  # x is nowhere on the new line yet
        self._cross: Array | None = None

    def _step_from_line(self, step: float) -> Array:
        """Return x - step x half the gradient, x on the line; it overwrites the last trial."""
        for rows in blocks(self.y):
            y = self.y[rows]
            self.trial[rows] = y + self._momentum * (y - self._before[rows])
            if step:
                self.trial[rows] -= step * self._gradient[rows]
        return self.trial

    def _drugs_on_line(self, x: Array) -> Array:
        """Return the inner products of the drugs at x = (1 + m) y - m y'.

        With C = y y'^T + y' y^T, which the first x on a line tells, they are
        (1 + m)^2 y y^T + m^2 y' y'^T - m (1 + m) C.
        """
        m = self._momentum
        if m == 0:
            return self._drugs_at_y
        ends = (1 + m) ** 2 * self._drugs_at_y + m**2 * self._drugs_before
        if self._cross is None:
            at_x = self._gram(x, DRUG)
            self._cross = (ends - at_x) / (m * (1 + m))
            return at_x
        return ends - m * (1 + m) * self._cross

    def _take_gradient(self, x: Array, operators: list[Array]) -> None:
        """Compute g, half the gradient where unknown, |g|^2 and <p, g>; see `descends`."""
        drugs, _, components = x.shape
        flat, out = x.reshape(drugs, -1), self._gradient.reshape(drugs, -1)
        self._xp.matmul(operators[DRUG], flat, out=out)
        self._norm = self._slope = 0.0
        for rows in blocks(self.y):
            part = operators[CELL] @ x[rows]
            part += (x[rows].reshape(-1, components) @ operators[GENE]).reshape(part.shape)
            gradient = self._gradient[rows]
            gradient += part
            gradient *= self._unknown[rows]
            self._norm += square(gradient)
            self._slope += float((part * gradient).sum())

    def _value_at(self, mode: int, gram: Array) -> float:
        return self.objective.value(mode, self._xp.linalg.eigvalsh(gram))

    def _gram(self, tensor: Array, mode: int) -> Array:
        """Return the inner products of drugs, of genes or of cells, in float64."""
        return inner_products(tensor, tensor, mode, self._xp)
