"""Kernel completion: a Gaussian process over (drug, cell) pairs, all genes sharing the covariance.

A profile is its cell's mean plus a Gaussian process, whose covariance is a weighted sum of products
of a drug kernel (same drug, drugs that act alike, drugs of like structure) and a cell kernel (any
cell, same cell, cells that answer alike, cells of like baseline expression), plus noise. Each
prediction conditions on the profiles that covary with it most, as in nearest-neighbour Gaussian
processes (Vecchia 1988, JRSS B 50:297; Datta et al. 2016, JASA 111:800): time grows with the number
of profiles, not with its cube. The weights are those that predict training profiles best that were
set aside before anything was computed from them: single profiles, or all of some drugs or cells
where drugs or cells are to be predicted that have no profile.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.methods.additive import best_predictors
from lacuna.completion.shared.holdout import Aside, situations
from lacuna.completion.shared.similarity import baseline_similarity, response_similarity
from lacuna.errors import LacunaError
from lacuna.structures.fingerprints import structure_similarity
from lacuna.tensor.profiles import ProfileSet

# Where the search for weights begins, and what few profiles leave them near to.
FIRST_WEIGHTS = {
    "same drug": 0.2,
    "same drug, similar cell": 0.2,
    "similar drug": 0.1,
    "similar drug, same cell": 0.3,
    "similar drug, similar cell": 0.2,
    "very similar drug, same cell": 0.1,
    "same cell": 0.02,
    "like structure": 0.1,
    "like structure, same cell": 0.1,
    "same drug, like baseline": 0.1,
    "similar drug, like baseline": 0.1,
    "noise": 0.5,
    "noise of few replicates": 0.2,
}
PULL = 0.03  # of the first weights, in set-aside profiles
BAND_ENDS = [16, 64]  # principal components: leading ones, some more, and the rest
SKETCH = 48
STEPS = 20
FARTHEST = 7.0  # from the first weights, in logarithms
COVERAGE, NORMAL_QUANTILE = 0.9, 1.6449
STEEPEST = 10.0  # power of the variance
TINY = 1e-12
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
    known = Known.of(side)
    process = Process(observed, known, neighbours)
    predicted = process.mean[wanted[:, 1]]
    stderr = np.empty(len(wanted), dtype=np.float32)
    for situation, rows in situations(observed, wanted):
        asides = Aside.draw(observed, situation, rng)
        bands, calibration = tune(process, asides, known, rng)
        change, variance = process.predict(wanted[rows], bands)
        predicted[rows] += change
        stderr[rows] = calibration.stderr(variance)
    return Completion(predicted, stderr=stderr)


@dataclass(frozen=True)
class Known:
    """Similarities that need no profile; None where there is nothing to take them from.

    Attributes
    ----------
    structure : float32 array of shape (drugs, drugs), or None
    baseline : float32 array of shape (cells, cells), or None
    """

    structure: np.ndarray | None
    baseline: np.ndarray | None

    @classmethod
    def of(cls, side: SideInformation) -> "Known":
        return cls(
            None if side.smiles is None else structure_similarity(side.smiles),
            None if side.baseline is None else baseline_similarity(side.baseline),
        )


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
class Calibration:
    """The way from the process's variance to a standard error: scale x variance ^ (power / 2).

    The process's variance sorts profiles by their error, but knows only what they are near to; the
    power spreads it as far as errors spread, the scale makes 90 % intervals hold.
    """

    scale: float = 1.0
    power: float = 1.0

    @classmethod
    def fit(cls, error: np.ndarray, variance: np.ndarray) -> "Calibration":
        """Take scale and power from errors (pairs, genes) of pairs of known variance."""
        stated, made = np.log(variance), np.log((error**2).mean(axis=1) + TINY)
        spread = stated.var()
        slope = np.mean((stated - stated.mean()) * made) / spread if spread > TINY else 1.0
        power = float(np.clip(slope, 0, STEEPEST))
        off = np.abs(error) / (variance ** (power / 2))[:, None]
        return cls(float(np.quantile(off, COVERAGE) / NORMAL_QUANTILE), power)

    def stderr(self, variance: np.ndarray) -> np.ndarray:
        """Return the standard error of each profile."""
        return self.scale * variance ** (self.power / 2)


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

    @classmethod
    def join(cls, parts: list["Neighbourhoods"]) -> "Neighbourhoods":
        """Put neighbourhoods of one size below each other, each with the index of its own part."""
        return cls(
            np.concatenate([part.index for part in parts]),
            np.concatenate([part.to_pair for part in parts], axis=1),
            np.concatenate([part.among for part in parts], axis=1),
        )

    def condition(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what share each neighbour has in a prediction, and the prediction's variance."""
        weights = weights.astype(np.float32)
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
    neighbours : int
        How many profiles a prediction conditions on, at most.
    terms : list of str
        The terms of the covariance, of which those are left out that nothing is known of.
    """

    def __init__(self, observed: ProfileSet, known: Known, neighbours: int):
        self._observed, self.neighbours = observed, neighbours
        every = observed.profiles.mean(axis=0, dtype=np.float64)
        of_cell = best_predictors(observed.profiles - every, observed.cell, len(observed.cells))
        self.mean = (every + of_cell).astype(np.float32)
        self.residual = observed.profiles - self.mean[observed.cell]
        drug, cell, measured = observed.drug, observed.cell, observed.measured
        self._drugs = response_similarity(self.residual, drug, cell, measured)
        self._cells = response_similarity(self.residual, cell, drug, measured.T)
        self._known, self._few = known, replicate_noise(observed)
        left_out = ["like structure"] * (known.structure is None)
        left_out += ["like baseline"] * (known.baseline is None)
        self.terms = [t for t in FIRST_WEIGHTS if not any(part in t for part in left_out)]

    @property
    def first_weights(self) -> np.ndarray:
        """Where the search for weights begins, shape (terms,)."""
        return np.array([FIRST_WEIGHTS[term] for term in self.terms])

    def untuned(self) -> Band:
        """Return what stands in where too few profiles are observed to tune anything on."""
        weights, genes = self.first_weights, self.residual.shape[1]
        variance = float(np.mean(self.residual**2, dtype=np.float64))
        return Band(np.eye(genes, dtype=np.float32), weights, variance / weights.sum())

    def nearest(self, pairs: np.ndarray) -> Neighbourhoods:
        """Return what covaries most, by the first weights, with each pair (drug, cell)."""
        drug, cell = self._observed.drug, self._observed.cell
        covariance = 0.0
        for weight, term in zip(
            self.first_weights,
            self._covariances(pairs[:, :1], pairs[:, 1:], drug[None], cell[None]),
            strict=False,
        ):
            covariance = covariance + np.float32(weight) * term
        count = min(self.neighbours, len(drug))
        index = np.argpartition(-covariance, count - 1, axis=1)[:, :count]
        drug, cell = drug[index], cell[index]
        to_pair = list(self._covariances(pairs[:, :1], pairs[:, 1:], drug, cell))
        among = list(
            self._covariances(
                drug[:, :, None], cell[:, :, None], drug[:, None, :], cell[:, None, :]
            )
        )
        one = np.broadcast_to(np.eye(index.shape[1], dtype=np.float32), among[0].shape)
        none = np.zeros_like(to_pair[0])
        return Neighbourhoods(
            index,
            np.stack([*to_pair, none, none]),
            np.stack([*among, one, one * self._few[index][:, None, :]]),
        )

    def predict(self, pairs: np.ndarray, bands: list[Band]) -> tuple[np.ndarray, np.ndarray]:
        """Return how each pair's profile differs from its cell's mean, and the variance of that."""
        in_bands = [self.residual @ band.directions for band in bands]
        change = np.zeros((len(pairs), self.residual.shape[1]), dtype=np.float32)
        variance = np.zeros(len(pairs))
        for start in range(0, len(pairs), BATCH):
            rows = slice(start, start + BATCH)
            near = self.nearest(pairs[rows])
            for band, residual in zip(bands, in_bands, strict=True):
                shares, relative = near.condition(band.weights)
                score = np.einsum("bm,bmk->bk", shares, residual[near.index])
                change[rows] += score @ band.directions.T
                variance[rows] += band.variance * relative
        return change, variance

    def _covariances(
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
        if self._known.structure is not None:
            like_structure = self._known.structure[drug, other_drug] ** 2
            yield like_structure
            yield like_structure * same_cell
        if self._known.baseline is not None:
            like_baseline = self._known.baseline[cell, other_cell]
            yield same_drug * like_baseline
            yield similar_drug * like_baseline


def tune(
    process: Process, asides: Iterable[Aside], known: Known, rng: np.random.Generator
) -> tuple[list[Band], Calibration]:
    """Return the bands, with the weights that predict set-aside training profiles best.

    The bands are principal components of the training profiles, leading ones apart from the many
    that hold mostly noise. Where too little is observed to set anything aside, there is one band,
    with the first weights.
    """
    asides = list(asides)
    if not asides:
        return [process.untuned()], Calibration()
    neighbours = min(process.neighbours, *(len(aside.others) for aside in asides))
    parts = [_around(aside, Process(aside.others, known, neighbours)) for aside in asides]
    near = Neighbourhoods.join([part[0] for part in parts])
    profiles, truth = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    bands, error, variance = [], -truth, np.zeros(len(truth))
    for directions in _bands(process.residual):
        few = _sketch(directions, rng)
        weights = fit_weights(near, process.first_weights, profiles @ few, truth @ few)
        shares, relative = near.condition(weights)
        score = np.einsum("bm,bmg->bg", shares, profiles) @ directions
        made = ((score - truth @ directions) ** 2).sum() / truth.size
        bands.append(Band(directions, weights, made / relative.mean()))
        error += score @ directions.T
        variance += bands[-1].variance * relative
        print(
            f"kernel, {directions.shape[1]} directions: "
            + ", ".join(f"{t} {w:.3g}" for t, w in zip(process.terms, weights, strict=True))
        )
    return bands, Calibration.fit(error, variance)


def _around(aside: Aside, process: Process) -> tuple[Neighbourhoods, np.ndarray, np.ndarray]:
    """The targets' neighbourhoods, the neighbours' residuals and the targets' own."""
    near = process.nearest(aside.targets.pairs)
    truth = aside.targets.profiles - process.mean[aside.targets.cell]
    return near, process.residual[near.index], truth


def fit_weights(
    near: Neighbourhoods, first: np.ndarray, known: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Return the weights with the least squared error.

    Parameters
    ----------
    near
        The neighbourhoods of the pairs that are asked for.
    first : array of shape (terms,)
        Where to begin.
    known : array of shape (pairs, m, k)
        The neighbours' profiles.
    asked : array of shape (pairs, k)
        The pairs' own.
    """
    first = np.log(first)
    size = (asked**2).sum()

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.exp(logs).astype(np.float32)  # in double, all terms would be copied
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


def _sketch(directions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random directions within a band, which hold signal and noise in the band's proportion."""
    width = directions.shape[1]
    if width <= SKETCH:
        return directions
    return directions @ rng.normal(size=(width, SKETCH)).astype(np.float32)


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
