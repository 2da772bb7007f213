"""A blend: several methods' predictions, weighted by how well they predict held-out profiles.

Stacked regression (Breiman 1996, Machine Learning 24:49, https://doi.org/10.1007/BF00117832). Each
member predicts held-out training profiles that it was not trained on; weights that are not negative
are fitted to the predictions. The weights may change with how many cells the drug, and how many
drugs the cell, was measured in, as far as that predicts the held-out profiles of other drugs better
than constant weights.

In a cold start, where the drug or the cell has no training profile, the last member predicts alone:
too few drugs or cells could be held out to fit weights for it. So it does where each drug has only
one profile, as holding that out leaves nothing of the drug.

    x = sum over members k of w_k x_k,   w >= 0, of least squared error on held-out profiles

Assumptions
-----------
Methods err differently, and what weighs them well on held-out training profiles does so on others.
Enough profiles are measured to hold some out.

When it fails
-------------
With few training profiles, weights are poor, and the best member alone is as good. Where the drug
or the cell has no profile it is its last member, no more. It costs all its members together, each
of them several times.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import numpy as np

from lacuna.completion.card import BASELINE, STRUCTURES, Method, Option
from lacuna.completion.interface import Completion, Fitted, Predict, SideInformation
from lacuna.completion.registry import find_method, find_restore
from lacuna.completion.run import train_method
from lacuna.completion.shared.error_scale import LEAST_STDERR, error_scale
from lacuna.completion.shared.holdout import WARM, draw_holdouts, split_by_cold_start
from lacuna.completion.shared.stacking import Counts, Weights, fit_weights
from lacuna.errors import LacunaError
from lacuna.io.model_file import part
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="Blend",
    summary="several methods, weighted by how well they predict held-out training profiles",
    source="after Breiman 1996, https://doi.org/10.1007/BF00117832",
    needs=(STRUCTURES, BASELINE),
    holds_kernel=True,  # that of NTK
)
MAX_DRAWS = 3  # of held-out profiles
MEMBERS = ("additive", "dnpp", "ntk", "kernel")


def members_of(options: Mapping[str, Any]) -> Sequence[str]:
    """Return the methods that are blended; the last one predicts alone in a cold start."""
    return options.get("members", MEMBERS)


def check(options: Mapping[str, Any]) -> None:
    """Check options before anything is predicted.

    Raises
    ------
    LacunaError
        If a member is unknown or the blend itself, or there is none.
    """
    members = members_of(options)
    if not members or "blend" in members:
        raise LacunaError(
            f"completion: options: blend: members is {list(members)}, expected names of other "
            "methods."
        )
    for name in members:
        find_method(name)


def prepare(
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
    *,
    members: Annotated[
        Sequence[str],
        Option(
            "the methods that are blended, each with its default options; the last one predicts "
            "alone where the drug or the cell has no profile, and its standard errors are scaled "
            "to the blend"
        ),
    ] = MEMBERS,
) -> Predict:
    """Predict by each member, and weigh.

    Raises
    ------
    LacunaError
        If a member is unknown or the blend itself, or there is none.
    """
    check({"members": members})
    prepared = list(prepare_members(members, observed, wanted, side, rng))
    is_any_warm = WARM in dict(split_by_cold_start(observed, wanted))
    fitted = fit_blend(members, observed, side, rng) if is_any_warm else None
    predict = _predict_by(prepared, observed, fitted)
    kept = [one for one in prepared if isinstance(one, Fitted)]
    if len(kept) < len(prepared):
        return predict
    state = {"members": np.array(members, dtype=object)}
    for number, one in enumerate(kept):
        state |= {f"member{number}.{name}": value for name, value in one.state.items()}
    return Fitted(predict, state | (fitted.state() if fitted else {}), kept[-1].learn_new_drugs)


def restore(observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]) -> Fitted:
    """Predict by members and weights that were learnt before."""
    members = [str(name) for name in state["members"]]
    prepared = [
        find_restore(name)(observed, side, part(state, f"member{number}."))
        for number, name in enumerate(members)
    ]
    fitted = FittedBlend.of(state, len(members)) if "constant" in state else None
    return Fitted(_predict_by(prepared, observed, fitted), state)


def _predict_by(
    prepared: Sequence[Predict], observed: ProfileSet, fitted: "FittedBlend | None"
) -> Predict:
    def predict(pairs: np.ndarray) -> Completion:
        predictions = predict_by(prepared, observed, pairs)
        blended = predictions.profiles[-1].copy()
        stderr = predictions.stderr.astype(np.float32)
        for kind, rows in split_by_cold_start(observed, pairs):
            if kind == WARM and fitted:
                warm = predictions.take(rows)
                blended[rows] = fitted.predict(warm)
                stderr[rows] = np.maximum(fitted.error_scale * warm.stderr, LEAST_STDERR)
        is_known = np.isfinite(stderr).all()
        return Completion(blended, predictions.fallback, stderr if is_known else None)

    return predict


@dataclass(frozen=True)
class MemberPredictions:
    """What the members predict of some pairs.

    Attributes
    ----------
    profiles : float32 array of shape (members, pairs, genes)
    counts : array of shape (pairs, 2)
        In how many cells the drug, and how many drugs the cell, was measured (log2(1 + n)).
    fallback : bool array of shape (pairs,)
        Where every member fell back on a plain mean.
    stderr : array of shape (pairs,)
        As the last member states it; NaN if it states none.
    """

    profiles: np.ndarray
    counts: np.ndarray
    fallback: np.ndarray
    stderr: np.ndarray

    def take(self, rows: np.ndarray) -> "MemberPredictions":
        """Return some of the pairs."""
        return MemberPredictions(
            self.profiles[:, rows],
            self.counts[rows],
            self.fallback[rows],
            self.stderr[rows],
        )

    @classmethod
    def join(cls, parts: list["MemberPredictions"]) -> "MemberPredictions":
        """Put predictions of several sets of pairs below each other."""
        return cls(
            np.concatenate([part.profiles for part in parts], axis=1),
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.fallback for part in parts]),
            np.concatenate([part.stderr for part in parts]),
        )


def prepare_members(
    members: Sequence[str],
    observed: ProfileSet,
    wanted: np.ndarray,
    side: SideInformation,
    rng: np.random.Generator,
) -> Iterator[Predict]:
    """Let one member after the other see the training profiles, and what it will be asked for."""
    for name in members:
        yield train_method(name, observed, side, rng, {}).prepare(observed, wanted, rng)


def predict_by(
    predictors: Iterable[Predict], observed: ProfileSet, pairs: np.ndarray
) -> MemberPredictions:
    """Let each member, prepared on `observed`, predict some of the pairs."""
    # Through `map`, as what a member has learnt is large: a loop would still hold one member while
    # the next one learns.
    completions = list(map(lambda predict: predict(pairs), predictors))
    measured = observed.measured
    counts = [measured.sum(axis=1)[pairs[:, 0]], measured.sum(axis=0)[pairs[:, 1]]]
    never = np.zeros(len(pairs), dtype=bool)
    stderr = completions[-1].stderr
    return MemberPredictions(
        np.stack([completion.profiles for completion in completions]),
        np.log2(1 + np.column_stack(counts)),
        np.all([never if c.fallback is None else c.fallback for c in completions], axis=0),
        np.full(len(pairs), np.nan) if stderr is None else stderr,
    )


@dataclass(frozen=True)
class FittedBlend:
    """How the members' predictions become one.

    Attributes
    ----------
    weights : Weights
    error_scale : float
        Factor of the last member's standard errors.
    """

    weights: Weights
    error_scale: float = 1.0

    def predict(self, predictions: MemberPredictions) -> np.ndarray:
        """Return the blended profiles, shape (pairs, genes)."""
        weights = self.weights.at(predictions.counts)
        return np.einsum("im,mig->ig", weights, predictions.profiles)

    def state(self) -> dict[str, np.ndarray]:
        """Return all that was fitted, as arrays by name."""
        weights, counts = self.weights, self.weights.counts
        return {
            "constant": weights.constant,
            "change": weights.change,
            "mean": counts.mean,
            "deviation": counts.deviation,
            "error_scale": np.array([self.error_scale]),
        }

    @classmethod
    def of(cls, state: Mapping[str, np.ndarray], members: int) -> "FittedBlend":
        """Return what `state` gave, of so many members.

        Raises
        ------
        KeyError or ValueError
            If it is not whole.
        """
        constant, change = state["constant"], state["change"]
        mean, deviation = state["mean"], state["deviation"]
        shapes = [array.shape for array in (constant, change, mean, deviation)]
        if shapes != [(members,), (2, members), (2,), (2,)]:
            raise ValueError(f"weights of {members} members have shapes {shapes}")
        return cls(
            Weights(constant, change, Counts(mean, deviation)), float(state["error_scale"][0])
        )


def fit_blend(
    members: Sequence[str],
    observed: ProfileSet,
    side: SideInformation,
    rng: np.random.Generator,
) -> FittedBlend:
    """Fit weights and error scale to held-out training profiles.

    Where nothing can be held out, the last member predicts alone.
    """
    predicted, held_out = [], []
    for holdout in islice(draw_holdouts(observed, WARM, rng), MAX_DRAWS):
        pairs = holdout.held_out.pairs
        # Holding out the only profile of a drug makes it a cold start.
        if WARM in dict(split_by_cold_start(holdout.training, pairs)):
            prepared = prepare_members(members, holdout.training, pairs, side, rng)
            predicted.append(predict_by(prepared, holdout.training, pairs))
            held_out.append(holdout.held_out)
    if not held_out:
        last, no_change = np.eye(len(members))[-1], np.zeros((2, len(members)))
        return FittedBlend(Weights(last, no_change, Counts(np.zeros(2), np.ones(2))))
    predictions = MemberPredictions.join(predicted)
    truth = np.concatenate([profiles.profiles for profiles in held_out])
    drug = np.concatenate([profiles.drug for profiles in held_out])
    weights = fit_weights(predictions.profiles, truth, predictions.counts, drug, rng)
    error = FittedBlend(weights).predict(predictions) - truth
    shares = ", ".join(f"{m} {w:.2f}" for m, w in zip(members, weights.constant, strict=True))
    print(f"blend: {shares}")
    return FittedBlend(weights, error_scale(error, predictions.stderr))
