"""Kernel completion: a Gaussian process over (drug, cell) pairs, all genes sharing the covariance.

A profile is its cell's mean plus a Gaussian process, whose covariance is a weighted sum of products
of a drug kernel (same drug, similar drug) and a cell kernel (any cell, same cell, similar cell),
plus noise. Each prediction conditions on the profiles that covary with it most, as in
nearest-neighbour Gaussian processes (Vecchia 1988, JRSS B 50:297; Datta et al. 2016, JASA 111:800):
time grows with the number of profiles, not with its cube. The weights are those that predict
training profiles best that were set aside before anything was computed from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from lacuna.completion import Completion, SideInformation
from lacuna.completion.additive import best_predictors
from lacuna.errors import LacunaError
from lacuna.profiles import ProfileSet

# Where the search for weights begins, and what few profiles leave them near to.
FIRST_WEIGHTS = {
    "same drug": 0.2,
    "same drug, similar cell": 0.2,
    "similar drug": 0.1,
    "similar drug, same cell": 0.3,
    "similar drug, similar cell": 0.2,
    "very similar drug, same cell": 0.1,
    "same cell": 0.02,
    "noise": 0.5,
    "noise of few replicates": 0.2,
}
PULL = 0.03  # of the first weights, in set-aside profiles
SHARED_BY_HALF = 1.0  # a similarity over so many shared cells or drugs is shrunk by half
SET_ASIDE, SET_ASIDE_SHARE = 300, 0.2
BAND_ENDS = [16, 64]  # principal components: leading ones, some more, and the rest
SKETCH = 48
STEPS = 20
FARTHEST = 7.0  # from the first weights, in logarithms
COVERAGE, NORMAL_QUANTILE = 0.9, 1.6449
BATCH = 256


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: int = 64,
) -> Completion:
    """Predict each profile, and its standard error, from those that covary with it most.

    Parameters
    ----------
    neighbours
        How many profiles a prediction conditions on.
    """
    if neighbours < 1:
        raise LacunaError(
            f"method_options: kernel: neighbours is {neighbours}, expected at least 1."
        )
    bands = tune(observed, neighbours, rng)
    process = Process(observed, neighbours)
    in_bands = [process.residual @ band.directions for band in bands]
    predicted = process.mean[wanted[:, 1]]
    variance = np.zeros(len(wanted))
    for start in range(0, len(wanted), BATCH):
        rows = slice(start, start + BATCH)
        near = process.nearest(wanted[rows])
        for band, residual in zip(bands, in_bands, strict=True):
            shares, relative = near.condition(band.weights)
            score = np.einsum("bm,bmk->bk", shares, residual[near.index])
            predicted[rows] += score @ band.directions.T
            variance[rows] += band.variance * relative
    return Completion(predicted, stderr=np.sqrt(variance).astype(np.float32))


@dataclass(frozen=True)
class Band:
    """Directions of expression that share the weights of the covariance.

    Attributes
    ----------
    directions : float32 array of shape (genes, k), orthonormal
    weights : array of shape (terms,)
    variance : float
        What the process's variance is to be multiplied with, to be that of an entry of a profile.
    """

    directions: np.ndarray
    weights: np.ndarray
    variance: float


@dataclass(frozen=True)
class Neighbourhoods:
    """The terms of the covariance around pairs to predict.

    Attributes
    ----------
    index : int array of shape (pairs, m)
        The profiles that each pair conditions on.
    to_pair : float32 array of shape (terms, pairs, m)
        Covariances between these and the pair; noise has none.
    among : float32 array of shape (terms, pairs, m, m)
        Covariances among these, noise included.
    """

    index: np.ndarray
    to_pair: np.ndarray
    among: np.ndarray

    def condition(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what share each neighbour has in a prediction, and the prediction's variance."""
        to_pair = np.tensordot(weights, self.to_pair, 1)
        shares = _solve(np.tensordot(weights, self.among, 1), to_pair)
        # Every kernel is 1 on its diagonal, so that a pair's own variance is the sum of weights.
        return shares, np.maximum(weights.sum() - (shares * to_pair).sum(axis=1), 1e-9)


class Process:
    """What a Gaussian process over pairs takes from training profiles.

    Attributes
    ----------
    mean : float32 array of shape (cells, genes)
        Each cell's mean profile, shrunk towards the mean of all.
    residual : float32 array of shape (n, genes)
        The training profiles less the means of their cells.
    """

    def __init__(self, observed: ProfileSet, neighbours: int):
        self._observed, self._neighbours = observed, min(neighbours, len(observed))
        every = observed.profiles.mean(axis=0, dtype=np.float64)
        of_cell = best_predictors(observed.profiles - every, observed.cell, len(observed.cells))
        self.mean = (every + of_cell).astype(np.float32)
        self.residual = observed.profiles - self.mean[observed.cell]
        self._drugs = similarity(self.residual, observed.drug, observed.cell, observed.measured)
        self._cells = similarity(self.residual, observed.cell, observed.drug, observed.measured.T)
        self._few = replicate_noise(observed)

    def nearest(self, pairs: np.ndarray) -> Neighbourhoods:
        """Return what covaries most, by the first weights, with each pair (drug, cell)."""
        drug, cell = self._observed.drug, self._observed.cell
        covariance = 0.0
        for weight, term in zip(
            FIRST_WEIGHTS.values(),
            self._terms(pairs[:, :1], pairs[:, 1:], drug[None], cell[None]),
            strict=False,
        ):
            covariance = covariance + np.float32(weight) * term
        index = np.argpartition(-covariance, self._neighbours - 1, axis=1)[:, : self._neighbours]
        drug, cell = drug[index], cell[index]
        to_pair = list(self._terms(pairs[:, :1], pairs[:, 1:], drug, cell))
        among = list(
            self._terms(drug[:, :, None], cell[:, :, None], drug[:, None, :], cell[:, None, :])
        )
        one = np.broadcast_to(np.eye(index.shape[1], dtype=np.float32), among[0].shape)
        none = np.zeros_like(to_pair[0])
        return Neighbourhoods(
            index,
            np.stack([*to_pair, none, none]),
            np.stack([*among, one, one * self._few[index][:, None, :]]),
        )

    def _terms(
        self, drug: np.ndarray, cell: np.ndarray, other_drug: np.ndarray, other_cell: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Yield the terms of the covariance but for noise, in the order of the weights."""
        same_drug = (drug == other_drug).astype(np.float32)
        same_cell = (cell == other_cell).astype(np.float32)
        similar_drug = self._drugs[drug, other_drug]
        similar_cell = self._cells[cell, other_cell]
        yield same_drug
        yield same_drug * similar_cell
        yield similar_drug
        yield similar_drug * same_cell
        yield similar_drug * similar_cell
        yield similar_drug**3 * same_cell
        yield same_cell


def tune(observed: ProfileSet, neighbours: int, rng: np.random.Generator) -> list[Band]:
    """Return the bands, with the weights that predict set-aside training profiles best.

    The bands are principal components of the training profiles, leading ones apart from the many
    that hold mostly noise. Variances are scaled such that 90 % intervals hold on those profiles.
    """
    count = min(SET_ASIDE, int(SET_ASIDE_SHARE * len(observed)))
    # Drawn from an order that is the profiles' own, so that the drugs' order changes nothing.
    order = np.lexsort(observed.profiles[:, :2].T)
    aside = np.zeros(len(observed), dtype=bool)
    aside[order[rng.choice(len(observed), count, replace=False)]] = True
    process, targets = Process(observed.take(~aside), neighbours), observed.take(aside)
    near = process.nearest(targets.pairs)
    truth = targets.profiles - process.mean[targets.cell]
    bands, error, variance = [], -truth, np.zeros(count)
    for directions in _bands(process.residual):
        known, asked = (process.residual @ directions)[near.index], truth @ directions
        weights = fit_weights(near, *_sketch(known, asked, rng))
        shares, relative = near.condition(weights)
        score = np.einsum("bm,bmk->bk", shares, known)
        made = ((score - asked) ** 2).sum() / truth.size
        bands.append(Band(directions, weights, made / relative.mean()))
        error += score @ directions.T
        variance += bands[-1].variance * relative
        print(
            f"kernel, {directions.shape[1]} directions: "
            + ", ".join(f"{t} {w:.3g}" for t, w in zip(FIRST_WEIGHTS, weights, strict=True))
        )
    reach = np.quantile(np.abs(error) / np.sqrt(variance)[:, None], COVERAGE) / NORMAL_QUANTILE
    return [replace(band, variance=band.variance * reach**2) for band in bands]


def fit_weights(near: Neighbourhoods, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the weights with the least squared error.

    Parameters
    ----------
    near
        The neighbourhoods of the pairs that are asked for.
    known : array of shape (pairs, m, k)
        The neighbours' profiles.
    asked : array of shape (pairs, k)
        The pairs' own.
    """
    first = np.log(list(FIRST_WEIGHTS.values()))
    size = (asked**2).sum()

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.exp(logs)
        among = np.tensordot(weights, near.among, 1)
        shares = _solve(among, np.tensordot(weights, near.to_pair, 1))
        error = np.einsum("bm,bmk->bk", shares, known) - asked
        back = _solve(among, 2 * np.einsum("bk,bmk->bm", error, known))
        slope = np.einsum("rbm,bm->r", near.to_pair, back, optimize=True)
        slope -= np.einsum("rbm,bm->r", np.matmul(near.among, shares[:, :, None])[..., 0], back)
        pull = PULL / len(asked) * (logs - first)
        value = (error**2).sum() / size + 0.5 * (pull * (logs - first)).sum()
        return float(value), slope * weights / size + pull

    bounds = np.column_stack([first - FARTHEST, first + FARTHEST])
    found = minimize(
        loss, first, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
    )
    return np.exp(found.x)


def _bands(residual: np.ndarray) -> list[np.ndarray]:
    """Principal components, cut into bands."""
    _, vectors = np.linalg.eigh((residual.T @ residual).astype(np.float64))
    leading = vectors[:, ::-1].astype(np.float32)
    return [band for band in np.split(leading, BAND_ENDS, axis=1) if band.shape[1]]


def _sketch(
    known: np.ndarray, asked: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random directions within a band, which hold signal and noise in the band's proportion."""
    if asked.shape[1] <= SKETCH:
        return known, asked
    mix = rng.normal(size=(asked.shape[1], SKETCH)).astype(np.float32)
    return known @ mix, asked @ mix


def similarity(
    profiles: np.ndarray, item: np.ndarray, context: np.ndarray, measured: np.ndarray
) -> np.ndarray:
    """Return how alike two items (drugs, or cells) answer in the contexts that they share.

    The mean cosine of their profiles over shared contexts, shrunk the more the fewer they are, and
    made positive semidefinite by dropping negative eigenvalues; 1 on the diagonal.

    Parameters
    ----------
    profiles : array of shape (n, genes)
    item, context : int arrays of shape (n,)
    measured : bool array of shape (items, contexts)

    Returns
    -------
    float32 array of shape (items, items)
    """
    items, contexts = measured.shape
    length = np.linalg.norm(profiles, axis=1, keepdims=True)
    unit = np.divide(profiles, length, out=np.zeros_like(profiles), where=length > 0)
    total = np.zeros((items, items), dtype=np.float32)
    for number in range(contexts):
        here = np.flatnonzero(context == number)
        total[np.ix_(item[here], item[here])] += unit[here] @ unit[here].T
    shared = measured.astype(np.float32) @ measured.T.astype(np.float32)
    mean = total / (shared + SHARED_BY_HALF)
    np.fill_diagonal(mean, 1)
    values, vectors = np.linalg.eigh(mean.astype(np.float64))
    vectors = (vectors * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    scale = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, scale, out=np.zeros_like(vectors), where=scale > 0)
    return vectors @ vectors.T


def replicate_noise(observed: ProfileSet) -> np.ndarray:
    """Return 1 / replicates of each profile, on average 1; 1 where replicates are not known."""
    if observed.reliability is None:
        return np.ones(len(observed), dtype=np.float32)
    replicates = observed.reliability["replicates"].to_numpy(dtype=float)
    noise = np.divide(1, replicates, out=np.full(len(observed), np.nan), where=replicates > 0)
    noise = np.where(
        np.isfinite(noise), noise, np.nanmean(noise) if np.isfinite(noise).any() else 1
    )
    return (noise / noise.mean()).astype(np.float32)


def _solve(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.linalg.solve(matrices, right[:, :, None])[:, :, 0]
