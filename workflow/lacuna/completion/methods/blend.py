"""A blend: several methods' predictions, weighted by how well they predict set-aside profiles.

Stacked regression (Breiman 1996, Machine Learning 24:49). Each member predicts training profiles
that were set aside before it saw any; weights that are not negative are fitted to the predictions.
Weights may change with how many cells the drug, and how many drugs the cell, was measured in, as
far as that predicts other drugs' set-aside profiles better than the same weights for all. Where
the drug or the cell has no profile, the last member predicts alone: the few drugs or cells that
could be set aside do not tell weights; nor do profiles that are the only ones of their drugs.

Least squares makes a prediction short where it is unsure: most of what is left is the cell's mean,
which all drugs share. Read as a direction, as profiles of unit length are, it then says little of
the drug. So what differs from the cell's mean is stretched, as far as that serves the correlation
with set-aside profiles without the cell's mean, and costs next to nothing of that with it, nor of
the squared error.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.optimize import nnls

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.run import train_method
from lacuna.completion.shared.holdout import LOTS, Aside, Situation, situations
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

# On weights that change, relative to the predictions' size; the first leaves them all but the same.
PENALTIES = 10.0 ** np.arange(3, -3, -1)
INNER_FOLDS = 5
KNOWN = Situation(new_drug=False, new_cell=False)
FARTHEST = 2.0  # standard deviations of the counts
COVERAGE, NORMAL_QUANTILE = 0.9, 1.6449
STRETCHES = np.arange(1, 3.01, 0.05)
TOLERATED = 0.01  # what stretching may cost, of the correlation and of the squared error


def complete(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    members: list = ("additive", "dnpp", "ntk", "kernel"),
) -> Completion:
    """Predict by each member, and weigh.

    Parameters
    ----------
    members
        Names of methods, which run with their default options. The last one predicts alone where
        drug or cell are new; where it states standard errors, so does the blend: the same, scaled
        to the errors of the blend.

    Raises
    ------
    LacunaError
        If a member is unknown, or the blend itself.
    """
    if not members or "blend" in members:
        raise LacunaError(
            f"method_options: blend: members is {list(members)}, expected names of other methods."
        )
    predicted = Predicted.by(members, observed, wanted, side, rng)
    blended, stderr = predicted.profiles[-1].copy(), predicted.stderr.astype(np.float32)
    for situation, rows in situations(observed, wanted):
        if situation == KNOWN:
            here, recipe = predicted.take(rows), fit(members, observed, side, rng)
            blended[rows] = recipe.blend(here)
            stderr[rows] = recipe.error_scale * here.stderr
    return Completion(blended, predicted.fallback, stderr if np.isfinite(stderr).all() else None)


@dataclass(frozen=True)
class Predicted:
    """What the members predict of some pairs.

    Attributes
    ----------
    profiles : float32 array of shape (members, pairs, genes)
    counts : array of shape (pairs, 2)
        In how many cells the drug, and how many drugs the cell, was measured (log2(1 + n)).
    fallback : bool array of shape (pairs,)
        Where no member had anything to go by.
    stderr : array of shape (pairs,)
        As the last member states it; NaN if it states none.
    cell_mean : array of shape (pairs, genes)
        The mean of the cell's observed profiles.
    """

    profiles: np.ndarray
    counts: np.ndarray
    fallback: np.ndarray
    stderr: np.ndarray
    cell_mean: np.ndarray

    @classmethod
    def by(
        cls,
        members: list,
        observed: ProfileSet,
        wanted: np.ndarray,
        side: SideInformation,
        rng: np.random.Generator,
    ) -> "Predicted":
        completions = [
            train_method(name, observed, side, rng, {}).predict(observed, wanted, rng)
            for name in members
        ]
        counts = [observed.measured.sum(axis=1 - axis)[wanted[:, axis]] for axis in (0, 1)]
        none = np.zeros(len(wanted), dtype=bool)
        stderr = completions[-1].stderr
        return cls(
            np.stack([each.profiles for each in completions]),
            np.log2(1 + np.column_stack(counts)),
            np.all([none if c.fallback is None else c.fallback for c in completions], axis=0),
            np.full(len(wanted), np.nan) if stderr is None else stderr,
            observed.mean_by_cell()[0][wanted[:, 1]],
        )

    def take(self, rows: np.ndarray) -> "Predicted":
        """Return some of the pairs."""
        others = (self.counts, self.fallback, self.stderr, self.cell_mean)
        return Predicted(self.profiles[:, rows], *(each[rows] for each in others))

    @classmethod
    def join(cls, parts: list["Predicted"]) -> "Predicted":
        """Put predictions of several parts of the pairs below each other."""
        return cls(
            np.concatenate([part.profiles for part in parts], axis=1),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("counts", "fallback", "stderr", "cell_mean")
            ),
        )


@dataclass(frozen=True)
class Weights:
    """The members' weights, which change along the counts, scaled to mean 0 and deviation 1.

    Attributes
    ----------
    same : array of shape (members,)
    change : array of shape (2, members)
    centre, scale : arrays of shape (2,)
    """

    same: np.ndarray
    change: np.ndarray
    centre: np.ndarray
    scale: np.ndarray

    def of(self, counts: np.ndarray) -> np.ndarray:
        """Return the weights of each pair, shape (pairs, members)."""
        return self.same + self.scaled(counts) @ self.change

    def scaled(self, counts: np.ndarray) -> np.ndarray:
        """Return the counts as the weights change along them; beyond FARTHEST they do not."""
        return np.clip((counts - self.centre) / self.scale, -FARTHEST, FARTHEST)


@dataclass(frozen=True)
class Recipe:
    """How the members' predictions become one.

    Attributes
    ----------
    weights : Weights
    stretch : float
        Factor of what differs from the cell's mean.
    error_scale : float
        Factor of the last member's standard errors.
    """

    weights: Weights
    stretch: float = 1.0
    error_scale: float = 1.0

    def blend(self, predicted: Predicted) -> np.ndarray:
        """Return the blended profiles, shape (pairs, genes)."""
        weights = self.weights.of(predicted.counts)
        blended = np.einsum("im,mig->ig", weights, predicted.profiles)
        return predicted.cell_mean + self.stretch * (blended - predicted.cell_mean)


def fit(
    members: list,
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
) -> Recipe:
    """Return what predicts set-aside profiles best; the last member alone if there are none."""
    predicted, targets = [], []
    for aside in islice(Aside.draw(observed, KNOWN, rng), LOTS):
        pairs = aside.targets.pairs
        # Where drugs have one profile each, setting it aside leaves nothing of them.
        if KNOWN in dict(situations(aside.others, pairs)):
            predicted.append(Predicted.by(members, aside.others, pairs, side, rng))
            targets.append(aside.targets)
    if not targets:
        last = np.eye(len(members))[-1]
        return Recipe(Weights(last, np.zeros((2, len(members))), np.zeros(2), np.ones(2)))
    here = Predicted.join(predicted)
    truth = np.concatenate([each.profiles for each in targets])
    drug = np.concatenate([each.drug for each in targets])
    weights = fit_weights(here.profiles, truth, here.counts, drug, rng)
    stretch = fit_stretch(Recipe(weights).blend(here), here.cell_mean, truth)
    error = Recipe(weights, stretch).blend(here) - truth
    off = np.quantile(np.abs(error) / here.stderr[:, None], COVERAGE) / NORMAL_QUANTILE
    shares = ", ".join(f"{m} {w:.2f}" for m, w in zip(members, weights.same, strict=True))
    print(f"blend: {shares}; stretched by {stretch:.2f}")
    return Recipe(weights, stretch, float(off))


def fit_stretch(blended: np.ndarray, cell_mean: np.ndarray, truth: np.ndarray) -> float:
    """Return by how much to stretch what differs from the cell's mean; arrays (pairs, genes).

    The stretch with the largest sum of two correlations of truth and prediction, the latter scaled
    to unit length: with the cell's mean, and without it. Neither the former nor the squared error
    may be worse than its best by more than TOLERATED of it.
    """
    whole, specific, error = np.empty((3, len(STRETCHES)))
    for at, stretch in enumerate(STRETCHES):
        stretched = cell_mean + stretch * (blended - cell_mean)
        unit = unit_rows(stretched)
        whole[at] = _correlation(truth, unit)
        specific[at] = _correlation(truth - cell_mean, unit - cell_mean)
        error[at] = ((stretched - truth) ** 2).sum()
    allowed = (whole >= (1 - TOLERATED) * whole.max()) & (error <= (1 + TOLERATED) * error.min())
    best = np.where(allowed, whole + specific, -np.inf).argmax()
    return float(STRETCHES[best]) if allowed.any() else 1.0


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def fit_weights(
    profiles: np.ndarray,
    truth: np.ndarray,
    counts: np.ndarray,
    drug: np.ndarray,
    rng: np.random.Generator,
) -> Weights:
    """Return the weights with the least squared error, the change penalised.

    Parameters
    ----------
    profiles : array of shape (members, pairs, genes)
    truth : array of shape (pairs, genes)
    counts : array of shape (pairs, 2)
    drug : int array of shape (pairs,)
        The penalty is chosen on drugs that the weights were not fitted to.
    rng
        Deals drugs into folds.
    """
    scale = counts.std(axis=0)
    weights = Weights(*[np.zeros(0)] * 2, counts.mean(axis=0), np.where(scale > 0, scale, 1))
    gates = weights.scaled(counts)
    products = np.einsum("mig,nig->imn", profiles, profiles, optimize=True)
    answers = np.einsum("mig,ig->im", profiles, truth, optimize=True)
    drugs, number = np.unique(drug, return_inverse=True)
    fold = rng.permutation(np.arange(len(drugs)) % INNER_FOLDS)[number]
    losses = np.zeros(len(PENALTIES))
    for held_out in np.unique(fold) if len(drugs) > 1 else ():
        inner, outer = fold != held_out, fold == held_out
        for choice, penalty in enumerate(PENALTIES):
            same, change = _solve(products[inner], answers[inner], gates[inner], penalty)
            each = same + gates[outer] @ change
            losses[choice] += np.einsum("im,imn,in->", each, products[outer], each)
            losses[choice] -= 2 * (each * answers[outer]).sum()
    same, change = _solve(products, answers, gates, PENALTIES[losses.argmin()])
    return Weights(same, change, weights.centre, weights.scale)


def _solve(
    products: np.ndarray, answers: np.ndarray, gates: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit weights that are the same for all pairs, then how they change along the gates."""
    total, members = products.sum(axis=0), answers.shape[1]
    size = np.trace(total) / members + np.finfo(float).tiny
    # Non-negative least squares from the moments, through the factor of the total.
    factor = np.linalg.cholesky(total + 1e-6 * size * np.eye(members))
    same, _ = nnls(factor.T, np.linalg.solve(factor, answers.sum(axis=0)))
    left = answers - products @ same
    width = gates.shape[1] * members
    moments = np.einsum("ik,il,imn->kmln", gates, gates, products).reshape(width, width)
    right = np.einsum("ik,im->km", gates, left).ravel()
    change = np.linalg.solve(moments + penalty * size * np.eye(width), right)
    return same, change.reshape(gates.shape[1], members)
