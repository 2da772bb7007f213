"""Canonical correlation analysis with a ridge, in closed form.

The covariance of each side is diagonal in its principal components, so one decomposition a side
serves all penalties; what is left for each is one singular value decomposition of the whitened
cross-covariance (Hardoon, Szedmak and Shawe-Taylor 2004). Other than the iterative algorithm, it
needs no rows but for the covariances, and no molecule's vector is repeated for each of its wells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import linalg

from lacuna.completion.card import Option
from lacuna.retrieval import linear
from lacuna.retrieval.card import Method
from lacuna.retrieval.interface import Pairs, State
from lacuna.retrieval.methods import shared

METHOD = Method(
    label="CCA",
    summary="correlation in the space where profiles and molecules of the training correlate most",
    source="Hardoon et al. 2004, https://doi.org/10.1162/0899766042321814",
)
MOST_DIRECTIONS = 512  # principal components of each side, as the authors keep
COMPONENTS = (5, 10, 25, 50, 75, 100, 125)  # to choose from; the paper's range
PENALTIES = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Cca:
    """What turns each side into canonical variates, and how these correlate in training.

    Attributes
    ----------
    profile, vector : Linear
    correlations : array of shape (components,)
        Of the variates, falling; with a ridge they are smaller than those of the rows.
    centre : bool
        Whether a profile's variates are centred before they are compared: correlation, or cosine.
    name : str
        What it is called in messages.
    """

    profile: linear.Linear
    vector: linear.Linear
    correlations: np.ndarray
    centre: bool
    name: str = "cca"

    def distances(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return 1 - r, or 1 - cosine, over the variates of a profile and of a molecule."""
        shapes = (self.profile.shape[0], self.vector.shape[0])
        return shared.of_distinct(self.name, profiles, vectors, shapes, self._between)

    def _between(self, profiles: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        sides = self.profile(profiles), self.vector(vectors)
        return shared.correlation_distances(*sides, self.centre)

    def state(self) -> State:
        """Return weights of both sides, and correlations."""
        sides = self.profile.state("profile") | self.vector.state("vector")
        return sides | {"correlations": self.correlations, "centre": np.array(self.centre)}


def restore(state: State) -> Cca:
    """Make the ranker of its state."""
    profile, vector = (linear.Linear.of(state, side) for side in ("profile", "vector"))
    return Cca(profile, vector, state["correlations"], bool(state["centre"]))


def fit(
    training: Pairs,
    validation: Pairs,
    rng: np.random.Generator,
    *,
    rows: Annotated[
        str,
        Option(
            "what weighs the same: each well, or each drug with its mean profile",
            choices=("well", "drug"),
        ),
    ] = "well",
    components: Annotated[
        int, Option("canonical components; 0: of 5 to 125, by validation MRR", ge=0)
    ] = 0,
    penalties: Annotated[
        Sequence[float],
        Option(
            "ridge penalties on standardised features, of which validation MRR chooses; one alone "
            "is taken as it is, and 0 is none"
        ),
    ] = PENALTIES,
    compare: Annotated[
        str,
        Option(
            "how variates are compared: by correlation, as in the paper, or by cosine, which does "
            "not depend on the signs of components",
            choices=("correlation", "cosine"),
        ),
    ] = "correlation",
) -> Cca:
    """Fit to training pairs; choose components and penalty on validation pairs.

    Raises
    ------
    LacunaError
        If the pairs cannot be learnt from (see `shared.check_fit`), or a penalty is negative.
    """
    shared.check_fit("cca", training, validation)
    grid = shared.check_penalties("cca", penalties)
    tried, judged = shared.settings_judged_on(training, validation, rng)
    sides = Sides(tried, rows == "well", compare == "correlation")
    counts = possible_components(components, sides.possible)
    setting = grid[0], counts[0]
    if len(grid) * len(counts) > 1:
        setting = shared.best_setting(sides.settings(judged, grid, counts), judged.molecule)
    penalty, count = setting
    if tried is not training:
        sides = Sides(training, rows == "well", compare == "correlation")
    return sides.ranker(penalty, count)


def possible_components(components: int, possible: int) -> list[int]:
    """Return the numbers of components to choose from, fewest first.

    What the training data have no directions for is cut, and said.
    """
    if components:
        if components > possible:
            print(f"cca: {components} components are wanted, {possible} possible, and taken.")
        return [min(components, possible)]
    counts = [count for count in COMPONENTS if count <= possible] or [possible]
    if len(counts) < len(COMPONENTS):
        print(f"cca: {possible} components are possible; of {counts} validation chooses.")
    return counts


@dataclass(frozen=True)
class Side:
    """Principal components of one standardised side.

    Attributes
    ----------
    mean : array of shape (inputs,)
    basis : array of shape (inputs, directions)
        Turns rows, less their mean, into principal components; the scale of features is in it.
    variance : array of shape (directions,)
        Of these, falling.
    """

    mean: np.ndarray
    basis: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, mean: np.ndarray, covariance: np.ndarray) -> "Side":
        """Decompose a covariance; constant features and empty directions are left out."""
        spread = np.sqrt(np.diag(covariance))
        varies = spread > linear.ROUNDING * np.abs(mean)
        scale = np.divide(1, spread, out=np.zeros_like(spread), where=varies)
        width = len(mean)
        first = max(width - MOST_DIRECTIONS, 0)
        variance, basis = linalg.eigh(
            covariance * np.outer(scale, scale), subset_by_index=(first, width - 1)
        )
        variance, basis = variance[::-1], basis[:, ::-1]
        # Blocks that are sums of others, such as differences, leave directions of rounding alone.
        kept = variance > linear.ROUNDING * max(variance[0], 0)
        return cls(mean, scale[:, None] * basis[:, kept], variance[kept])

    def whitening(self, penalty: float) -> np.ndarray:
        """Return what scales each direction to unit variance, but for the penalty."""
        return 1 / np.sqrt(self.variance + penalty)


class Sides:
    """Both sides of pairs, and their cross-covariance in principal components.

    Parameters
    ----------
    pairs
        The training pairs.
    by_well
        Whether each well weighs the same, or each drug.
    centre
        See `Cca`.
    """

    def __init__(self, pairs: Pairs, by_well: bool, centre: bool):
        self.centre = centre
        moments = linear.Moments(pairs, by_well)
        self.profile = Side.of(moments.profile_mean, moments.of_profiles())
        self.vector = Side.of(moments.vector_mean, moments.of_vectors())
        self.cross = self.profile.basis.T @ moments.cross() @ self.vector.basis

    @property
    def possible(self) -> int:
        """How many components there are."""
        return min(self.cross.shape)

    def ranker(self, penalty: float, components: int) -> Cca:
        """Return the ranker of a penalty and a number of components.

        The sign of a component is free, but a correlation over components depends on it: the
        largest weight of the molecule's side is positive.
        """
        whitening = [side.whitening(penalty) for side in (self.profile, self.vector)]
        left, correlations, right = linalg.svd(
            self.cross * np.outer(*whitening), full_matrices=False
        )
        turns = left[:, :components], right[:components].T
        weights = [
            (side.basis * white) @ turn
            for side, white, turn in zip((self.profile, self.vector), whitening, turns, strict=True)
        ]
        largest = np.abs(weights[1]).argmax(axis=0)
        signs = np.where(weights[1][largest, np.arange(len(largest))] < 0, -1.0, 1.0)
        none = np.zeros(len(signs))
        return Cca(
            linear.Linear(self.profile.mean, weights[0] * signs, none),
            linear.Linear(self.vector.mean, weights[1] * signs, none),
            correlations[: len(signs)],
            self.centre,
        )

    def settings(
        self, judged: Pairs, penalties: list[float], counts: list[int]
    ) -> Iterator[tuple[tuple[float, int], np.ndarray]]:
        """Yield penalties and numbers of components, with the distances they give."""
        for penalty in penalties:
            ranker = self.ranker(penalty, counts[-1])
            profiles, vectors = ranker.profile(judged.profiles), ranker.vector(judged.vectors)
            for count in counts:
                sides = profiles[:, :count], vectors[:, :count]
                yield (penalty, count), shared.correlation_distances(*sides, self.centre)
