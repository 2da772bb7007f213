"""A blend: several methods' predictions, weighted by how well they predict set-aside profiles.

Stacked regression (Breiman 1996, Machine Learning 24:49). Each member predicts training profiles
that were set aside before it saw any; weights that are not negative are fitted to the predictions.
Weights may change with how many cells the drug, and how many drugs the cell, was measured in, as
far as that predicts other drugs' set-aside profiles better than the same weights for all. Where
the drug or the cell has no profile, the last member predicts alone: the few drugs or cells that
could be set aside do not tell weights.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from lacuna.completion import Completion, SideInformation, find_method
from lacuna.completion._aside import Aside, Situation, situations
from lacuna.errors import LacunaError
from lacuna.profiles import ProfileSet

# On weights that change, relative to the predictions' size; the first leaves them all but the same.
PENALTIES = 10.0 ** np.arange(3, -3, -1)
INNER_FOLDS = 5
KNOWN = Situation(new_drug=False, new_cell=False)
FARTHEST = 2.0  # standard deviations of the counts
COVERAGE, NORMAL_QUANTILE = 0.9, 1.6449


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
            here = predicted.take(rows)
            weights, scale = fit(members, observed, side, rng)
            blended[rows] = np.einsum("im,mig->ig", weights.of(here.counts), here.profiles)
            stderr[rows] = scale * here.stderr
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
    """

    profiles: np.ndarray
    counts: np.ndarray
    fallback: np.ndarray
    stderr: np.ndarray

    @classmethod
    def by(
        cls,
        members: list,
        observed: ProfileSet,
        wanted: np.ndarray,
        side: SideInformation,
        rng: np.random.Generator,
    ) -> "Predicted":
        completions = [find_method(name)(observed, wanted, side, rng) for name in members]
        counts = [observed.measured.sum(axis=1 - axis)[wanted[:, axis]] for axis in (0, 1)]
        none = np.zeros(len(wanted), dtype=bool)
        stderr = completions[-1].stderr
        return cls(
            np.stack([each.profiles for each in completions]),
            np.log2(1 + np.column_stack(counts)),
            np.all([none if c.fallback is None else c.fallback for c in completions], axis=0),
            np.full(len(wanted), np.nan) if stderr is None else stderr,
        )

    def take(self, rows: np.ndarray) -> "Predicted":
        """Return some of the pairs."""
        return Predicted(
            self.profiles[:, rows], self.counts[rows], self.fallback[rows], self.stderr[rows]
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


def fit(
    members: list,
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
) -> tuple[Weights, float]:
    """Return the weights, and by how much the last member's errors are to be scaled.

    Equal weights where there is too little to set anything aside.
    """
    predicted, truth, drug = [], [], []
    for aside in Aside.draw(observed, KNOWN, rng):
        pairs = aside.targets.pairs
        predicted.append(Predicted.by(members, aside.others, pairs, side, rng))
        truth.append(aside.targets.profiles)
        drug.append(aside.targets.drug)
    count = len(members)
    if not truth:
        return Weights(np.full(count, 1 / count), np.zeros((2, count)), np.zeros(2), np.ones(2)), 1
    profiles = np.concatenate([each.profiles for each in predicted], axis=1)
    counts, stderr = (
        np.concatenate([getattr(p, name) for p in predicted]) for name in ("counts", "stderr")
    )
    truth, drug = np.concatenate(truth), np.concatenate(drug)
    weights = fit_weights(profiles, truth, counts, drug, rng)
    print("blend: " + ", ".join(f"{m} {w:.2f}" for m, w in zip(members, weights.same, strict=True)))
    error = np.einsum("im,mig->ig", weights.of(counts), profiles) - truth
    off = np.quantile(np.abs(error) / stderr[:, None], COVERAGE) / NORMAL_QUANTILE
    return weights, float(off)


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
