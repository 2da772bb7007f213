"""Kernel completion: a Gaussian process over (drug, cell) pairs, all genes sharing the covariance.

The profile of drug d in cell c is m_c + f(d, c) + noise: the cell's mean profile m_c plus a
Gaussian process f, whose covariance between (d, c) and (e, g) is a sum of products

    sum over terms t of  w_t  D_t(d, e)  C_t(c, g)

of a drug kernel D (same drug, drugs that act alike, drugs of like structure) and a cell kernel C
(any cell, same cell, cells that answer alike, cells of like baseline expression). Each prediction
conditions on the profiles that covary with it most, as in nearest-neighbour Gaussian processes
(Vecchia 1988, JRSS B 50:297, https://doi.org/10.1111/j.2517-6161.1988.tb01729.x; Datta et al. 2016,
JASA 111:800, https://doi.org/10.1080/01621459.2015.1044091): time grows with the number of
profiles, not with its cube. The weights w minimise the squared error of held-out training profiles:
single profiles or, where drugs or cells without any profile are to be predicted, all profiles of
some drugs or cells. What is held out is left out of means and similarities, too.

A direction of expression that is predicted too timidly or too boldly in held-out profiles is
multiplied by the slope of truth on prediction there, each principal component by its own.

Assumptions
-----------
Drugs that act alike, or have like structures, act alike in cells that answer alike, or express
alike. All genes of a subspace share one covariance. Weights that predict held-out training profiles
well do so for others.

When it fails
-------------
With a few dozen profiles, weights stay near their prior. Structures and baseline expression help
little on the real data at hand: for a drug that was never measured it is hardly better than a mean
(docs/accuracy.md). Standard errors are calibrated on average, not for each drug.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, minimize

from lacuna.completion.card import BASELINE, STRUCTURES, Method, Option
from lacuna.completion.interface import Completion, Fitted, Predict, SideInformation
from lacuna.completion.shared.covariance import (
    GaussianProcess,
    NeighbourCovariances,
    SideSimilarities,
    Subspace,
    solve,
)
from lacuna.completion.shared.error_scale import Calibration
from lacuna.completion.shared.holdout import (
    KINDS,
    WARM,
    ColdStart,
    Holdout,
    draw_holdouts,
    kinds_of_new_drugs,
    split_by_cold_start,
)
from lacuna.completion.shared.shrinkage import shrunken_slopes
from lacuna.io.model_file import part
from lacuna.structures.identity import drug_groups
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Kernel",
    summary=(
        "a Gaussian process over (drug, cell): drugs that act alike or have like structures, cells "
        "that answer alike or express alike, noise by replicates; with a standard error, and for "
        "drugs and cells never measured"
    ),
    source="after Datta et al. 2016, https://doi.org/10.1080/01621459.2015.1044091",
    quick=True,
    needs=(STRUCTURES, BASELINE),
)
# A ridge penalty keeps the weights near the prior ones. It adds to the relative squared error of n
# held-out profiles, for each weight w: PRIOR_STRENGTH / n (log w - log prior)^2 / 2.
PRIOR_STRENGTH = 0.03
MAX_LOG_CHANGE = 7.0  # bound of |log w - log prior|
MAX_STEPS = 20  # of the search for the weights
# Principal components 1 to 16, 17 to 64 and the rest have weights of their own.
SUBSPACE_ENDS = [16, 64]
# Weights of a subspace of more directions than this are fitted to so many random combinations.
MAX_FITTED_DIRECTIONS = 48
Tuned = tuple[list[Subspace], Calibration]  # of one kind of cold start


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    neighbours: Annotated[
        int,
        Option(
            "how many profiles a prediction conditions on; more are slower, and hardly better",
            ge=1,
        ),
    ] = 64,
) -> Fitted:
    """Predict each profile, and its standard error, from those that covary with it most."""
    similarities = SideSimilarities.compute(side)
    process = GaussianProcess(observed, similarities, neighbours)
    # What drugs that are new teach, their twins in training would say for them.
    twins = None if side.smiles is None else drug_groups(pd.DataFrame({"smiles": side.smiles}))

    def tune_for(kinds: Iterable[ColdStart], rng: np.random.Generator) -> dict[ColdStart, Tuned]:
        return {
            kind: tune(
                process,
                draw_holdouts(observed, kind, rng, twins),
                similarities,
                rng,
                has_slopes=kind == WARM,
            )
            for kind in kinds
        }

    def learn_new_drugs(rng: np.random.Generator) -> dict[str, np.ndarray]:
        return _state(tune_for(kinds_of_new_drugs(observed), rng), neighbours)

    tuned = tune_for([kind for kind, _ in split_by_cold_start(observed, wanted)], rng)
    predict = _predict_by(process, observed, tuned)
    return Fitted(predict, _state(tuned, neighbours), learn_new_drugs)


def restore(observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]) -> Fitted:
    """Predict by weights, slopes and standard errors that were learnt before."""
    similarities = SideSimilarities.compute(side)
    process = GaussianProcess(observed, similarities, int(state["neighbours"][0]))
    tuned = {}
    for number, kind in enumerate(KINDS):
        of_kind = part(state, f"kind{number}.")
        if of_kind:
            subspaces = [
                _subspace(part(of_kind, f"subspace{which}."), process)
                for which in range(int(of_kind["subspaces"][0]))
            ]
            tuned[kind] = subspaces, Calibration(*map(float, of_kind["calibration"]))
    return Fitted(_predict_by(process, observed, tuned), state)


def _state(tuned: Mapping[ColdStart, Tuned], neighbours: int) -> dict[str, np.ndarray]:
    """Return all that was tuned, of each kind of cold start, as arrays by name."""
    state = {"neighbours": np.array([neighbours])}
    for kind, (subspaces, calibration) in tuned.items():
        of_kind = f"kind{KINDS.index(kind)}."
        state[f"{of_kind}subspaces"] = np.array([len(subspaces)])
        state[f"{of_kind}calibration"] = np.array([calibration.scale, calibration.power])
        for which, subspace in enumerate(subspaces):
            state |= {
                f"{of_kind}subspace{which}.{name}": np.atleast_1d(value)
                for name, value in vars(subspace).items()
            }
    return state


def _subspace(state: Mapping[str, np.ndarray], process: GaussianProcess) -> Subspace:
    directions, weights, slopes = (state[name] for name in ("directions", "weights", "slopes"))
    width, terms = process.mean.shape[1], (len(process.terms),)
    if len(directions) != width or weights.shape != terms or slopes.shape != directions.shape[1:]:
        raise ValueError("weights of Kernel are of other genes or of other similarities")
    return Subspace(directions, weights, float(state["variance"][0]), slopes)


def _predict_by(
    process: GaussianProcess, observed: ProfileSet, tuned: Mapping[ColdStart, Tuned]
) -> Predict:
    def predict(pairs: np.ndarray) -> Completion:
        profiles = process.mean[pairs[:, 1]]
        stderr = np.empty(len(pairs), dtype=np.float32)
        for kind, rows in split_by_cold_start(observed, pairs):
            subspaces, calibration = tuned[kind]
            change, variance = process.predict(pairs[rows], subspaces)
            profiles[rows] += change
            stderr[rows] = calibration.stderr(variance)
        return Completion(profiles, stderr=stderr)

    return predict


def tune(
    process: GaussianProcess,
    holdouts: Iterable[Holdout],
    similarities: SideSimilarities,
    rng: np.random.Generator,
    *,
    has_slopes: bool = False,
) -> Tuned:
    """Fit weights, slopes and standard errors to held-out training profiles.

    The leading principal components of the training profiles have weights of their own, apart from
    the many that hold mostly noise. Where there is nothing to hold out, the prior weights stay.
    Slopes are all 1 unless `has_slopes`: profiles of a few new drugs or cells err together, and say
    too little of single components.
    """
    holdouts = list(holdouts)
    if not holdouts:
        return [process.untuned()], Calibration()
    neighbours = min(process.neighbours, *(len(holdout.training) for holdout in holdouts))
    parts = [
        _predict_held_out(holdout, GaussianProcess(holdout.training, similarities, neighbours))
        for holdout in holdouts
    ]
    near = NeighbourCovariances.join([part[0] for part in parts])
    of_neighbours = np.concatenate([part[1] for part in parts])
    truth = np.concatenate([part[2] for part in parts])
    subspaces, error, variance = [], -truth, np.zeros(len(truth))
    for directions in _principal_subspaces(process.residual()):
        fitted = _fitted_directions(directions, rng)
        weights = fit_weights(near, process.prior_weights, of_neighbours @ fitted, truth @ fitted)
        shares, relative = near.condition(weights)
        score = np.einsum("bm,bmg->bg", shares, of_neighbours) @ directions
        wanted = truth @ directions
        slopes = np.ones(directions.shape[1], dtype=np.float32)
        if has_slopes:
            slopes = shrunken_slopes(score, wanted)
        score *= slopes
        squared_error = ((score - wanted) ** 2).sum() / truth.size
        subspace = Subspace(directions, weights, squared_error / relative.mean(), slopes)
        subspaces.append(subspace)
        error += score @ directions.T
        variance += subspace.variance * relative
        print(
            f"kernel, {directions.shape[1]} directions: "
            + ", ".join(f"{t} {w:.3g}" for t, w in zip(process.terms, weights, strict=True))
        )
    return subspaces, Calibration.fit(error, variance)


def _predict_held_out(
    holdout: Holdout, process: GaussianProcess
) -> tuple[NeighbourCovariances, np.ndarray, np.ndarray]:
    """Return the neighbours of held-out pairs, their residuals and the held-out residuals."""
    near = process.nearest(holdout.held_out.pairs)
    truth = holdout.held_out.profiles - process.mean[holdout.held_out.cell]
    return near, process.residual(near.index), truth


def fit_weights(
    near: NeighbourCovariances, prior: np.ndarray, of_neighbours: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Return the weights with the least squared error, near the prior ones where data are few.

    Parameters
    ----------
    near
        The covariances around the held-out pairs.
    prior : array of shape (terms,)
        Where the search begins.
    of_neighbours : array of shape (pairs, m, k)
        The neighbours' profiles.
    truth : array of shape (pairs, k)
        The held-out pairs' own.
    """
    log_prior = np.log(prior)
    total_square = (truth**2).sum()
    if not total_square > 0:  # profiles that are all alike leave nothing to fit
        return prior

    def loss(log_weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return |S y - t|^2 / |t|^2 plus the penalty, and the gradient by log weights.

        With s = K^-1 k and e the error, the derivative of s by a weight w_t is
        K^-1 (k_t - K_t s); so that of |e|^2 is 2 e'y K^-1 (k_t - K_t s).
        """
        weights = np.exp(log_weights).astype(np.float32)  # in double, all terms would be copied
        among = np.tensordot(weights, near.among, 1)
        shares = solve(among, np.tensordot(weights, near.to_pair, 1))
        error = np.einsum("bm,bmk->bk", shares, of_neighbours) - truth
        adjoint = solve(among, 2 * np.einsum("bk,bmk->bm", error, of_neighbours))
        gradient = np.einsum("rbm,bm->r", near.to_pair, adjoint, optimize=True)
        of_shares = np.matmul(near.among, shares[:, :, None])[..., 0]
        gradient -= np.einsum("rbm,bm->r", of_shares, adjoint)
        distance = log_weights - log_prior
        pull = PRIOR_STRENGTH / len(truth) * distance
        value = (error**2).sum() / total_square + 0.5 * (pull * distance).sum()
        return float(value), gradient * weights / total_square + pull

    bounds = Bounds(log_prior - MAX_LOG_CHANGE, log_prior + MAX_LOG_CHANGE)
    best = minimize(
        loss, log_prior, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MAX_STEPS}
    )
    return np.exp(best.x)


def _principal_subspaces(residual: np.ndarray) -> list[np.ndarray]:
    """Return the principal components, leading ones first, cut at SUBSPACE_ENDS."""
    _, vectors = np.linalg.eigh((residual.T @ residual).astype(np.float64))
    components = vectors[:, ::-1].astype(np.float32)
    parts = np.split(components, SUBSPACE_ENDS, axis=1)
    return [part for part in parts if part.shape[1]]


def _fitted_directions(directions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return directions to fit weights to: random ones where a subspace has many.

    They hold signal and noise in the proportion of the whole subspace.
    """
    width = directions.shape[1]
    if width <= MAX_FITTED_DIRECTIONS:
        return directions
    return directions @ rng.normal(size=(width, MAX_FITTED_DIRECTIONS)).astype(np.float32)
