"""Kernel regression with a neural tangent kernel (Radhakrishnan et al. 2022, PNAS 119:e2115064119).

A fully connected network of infinite width with one hidden layer, trained on what is known of each
pair: its cell's mean profile, scaled by the length of the drug's; the drug's profile; and which
pair it is, which acts as noise. The drug's profile is the one in the cell with most drugs or, where
that was not measured, the mean of its others. Unlike the original's it never is the pair's own, so
that pairs to train on look like those to predict. The original's second stage, which corrects the
predictions of another method in cells with many drugs, is not here: see blend.

    x(p) = K(p, training) K(training, training)^-1 Y

with K the neural tangent kernel of one hidden ReLU layer of infinite width, between features of
pairs.

Assumptions
-----------
Pairs whose drugs have like profiles elsewhere, in cells of like means, have like profiles. A wide
network, trained to the end, is a fair prior; a constant part that pairs share with themselves alone
is the noise.

When it fails
-------------
The drug's feature is a single profile where the reference cell has it, and inherits its noise. Time
and memory grow with the square of the number of profiles, up to 30,000; above, it is an
approximation. A drug without another profile gets a plain mean.
"""

from collections.abc import Mapping

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from lacuna.completion.card import OTHER_CELLS, Method
from lacuna.completion.interface import Completion, Fitted, SideInformation
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

METHOD = Method(
    label="NTK",
    summary=(
        "kernel regression with the neural tangent kernel of a wide network; above 30,000 training "
        "profiles by Nystroem's approximation through 5,000 of them"
    ),
    source="after Radhakrishnan et al. 2022, https://doi.org/10.1073/pnas.2115064119",
    quick=True,
    needs=(OTHER_CELLS,),
    holds_kernel=True,
)
CELL_LENGTH, PAIR_LENGTH = 0.75, 1.5  # of these parts of a feature, beside the drug's profile
MOST_PROFILES = 30_000  # that the kernel is exact for: 3.6 GB, replaced by its Cholesky factor
LANDMARKS = 5_000  # profiles that the kernel of more is approximated by
JITTER = 1e-5  # on the landmarks' kernel, against rounding
ROWS_AT_ONCE, PAIRS_AT_ONCE = 512, 2048


def prepare(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Fitted:
    """Solve once for all training profiles; a prediction is a sum over them, or over landmarks."""
    features = Features(observed)
    if len(observed) <= MOST_PROFILES:
        chosen = np.arange(len(observed))
        basis, _ = features.of(observed.pairs)
        coefficients = solve(basis, observed.profiles)
    else:
        # Drawn from an order of the profiles' own, so that the order of the drugs changes nothing.
        chosen = rng.permutation(np.lexsort(observed.profiles[:, :2].T))[:LANDMARKS]
        basis, _ = features.of(observed.pairs[chosen])
        coefficients = solve_by_landmarks(basis, observed, features)
    return _predict_by(features, basis, {"chosen": chosen, "coefficients": coefficients})


def restore(observed: ProfileSet, side: SideInformation, state: Mapping[str, np.ndarray]) -> Fitted:
    """Predict by coefficients that were solved for before."""
    chosen, coefficients = state["chosen"], state["coefficients"]
    if coefficients.shape != (len(chosen), len(observed.genes)):
        raise ValueError(f"coefficients of NTK have shape {coefficients.shape}")
    features = Features(observed)
    basis, _ = features.of(observed.pairs[chosen])
    return _predict_by(features, basis, state)


def _predict_by(features: "Features", basis: np.ndarray, state: Mapping[str, np.ndarray]) -> Fitted:
    coefficients = state["coefficients"]

    def predict(pairs: np.ndarray) -> Completion:
        profiles = np.empty((len(pairs), coefficients.shape[1]), np.float32)
        fallback = np.empty(len(pairs), bool)
        for rows in slices(len(pairs), PAIRS_AT_ONCE):
            asked, fallback[rows] = features.of(pairs[rows])
            profiles[rows] = kernel_between(asked, basis) @ coefficients
        return Completion(profiles, fallback)

    return Fitted(predict, state)


def solve(training: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """Return what each training pair's kernel is multiplied by, float32 (n, genes).

    Parameters
    ----------
    training : float32 array of shape (n, 2 genes)
        Features of the training pairs.
    profiles : float32 array of shape (n, genes)
    """
    among = kernel_between(training, training)
    np.fill_diagonal(among, 1)  # the part that tells pairs apart is shared by none but the pair
    # Turned, the lower triangle is an upper one in the order of LAPACK, which copies no other.
    factor = cho_factor(among.T, lower=False, overwrite_a=True, check_finite=False)
    return cho_solve(factor, profiles, check_finite=False).astype(np.float32)


def solve_by_landmarks(basis: np.ndarray, observed: ProfileSet, features: "Features") -> np.ndarray:
    """Return what each landmark's kernel is multiplied by, float32 (landmarks, genes).

    Nystroem's method (Williams and Seeger 2000, NIPS 13) as in the subset of regressors (Rasmussen
    and Williams 2006, section 8.3.1): with K = K0 + D, D what a pair shares with itself alone, K0
    is taken for C M^-1 C', C between pairs and landmarks and M among these. So the coefficients
    are (M + C' D^-1 C)^-1 C' D^-1 Y, which is exact where every pair is a landmark. They are
    computed from V = L^-1 C' with M = L L', for the sake of rounding.

    Parameters
    ----------
    basis : float32 array of shape (landmarks, 2 genes)
        Their features.
    observed
        The training profiles.
    features
        Of their pairs.
    """
    count = len(basis)
    among = kernel_between(basis, basis).astype(np.float64)
    among[np.diag_indices(count)] += JITTER
    lower = cholesky(among, lower=True, overwrite_a=True, check_finite=False)
    left = np.eye(count)
    right = np.zeros((count, len(observed.genes)))
    in_single = lower.astype(np.float32)
    for rows in slices(len(observed), PAIRS_AT_ONCE):
        asked, _ = features.of(observed.pairs[rows])
        shared = kernel_between(asked, basis)
        own = 1 - shared_with_itself(asked)
        v = solve_triangular(in_single, shared.T, lower=True, check_finite=False)
        weighted = v / own
        left += weighted @ v.T
        right += weighted @ observed.profiles[rows]
    factor = cho_factor(left, lower=True, overwrite_a=True, check_finite=False)
    solved = cho_solve(factor, right, check_finite=False)
    solved = solve_triangular(lower, solved, lower=True, trans="T", check_finite=False)
    return solved.astype(np.float32)


class Features:
    """What is known of each pair, but for the part that tells pairs apart."""

    def __init__(self, observed: ProfileSet):
        self._observed = observed
        self._cell_means = observed.mean_by_cell()[0].astype(np.float32)
        self._drug_means, self._cells_of_drug = observed.mean_by_drug()
        self._reference = int(observed.measured.sum(axis=0).argmax())

    def of(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the feature of each pair, and where nothing is known of its drug.

        Returns
        -------
        float32 array of shape (pairs, 2 genes)
        bool array of shape (pairs,)
        """
        drug, is_missing = self.of_drugs(pairs)
        length = np.linalg.norm(drug, axis=1, keepdims=True)
        cell = CELL_LENGTH * length * self._cell_means[pairs[:, 1]]
        return np.hstack([cell, drug]), is_missing

    def of_drugs(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the drug's profile for each pair, never the pair's own, and where there is none.

        Returns
        -------
        float32 array of shape (pairs, genes)
            Zeros where there is none.
        bool array of shape (pairs,)
        """
        observed = self._observed
        drug, cell = pairs.T
        at_reference = observed.find(np.column_stack([drug, np.full(len(drug), self._reference)]))
        use_reference = (at_reference >= 0) & (cell != self._reference)
        own = observed.find(pairs)
        other_profiles = self._cells_of_drug[drug] - (own >= 0)
        total = self._drug_means[drug] * self._cells_of_drug[drug, None]
        total[own >= 0] -= observed.profiles[own[own >= 0]]
        feature = (total / np.maximum(other_profiles, 1)[:, None]).astype(np.float32)
        feature[use_reference] = observed.profiles[at_reference[use_reference]]
        is_missing = ~use_reference & (other_profiles == 0)
        feature[is_missing] = 0
        return feature, is_missing


def kernel_between(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the kernel between pairs, but for what a pair shares with itself alone."""
    return tangent_kernel(left @ right.T, PAIR_LENGTH**2, left, right)


def shared_with_itself(features: np.ndarray) -> np.ndarray:
    """Return the same kernel of each pair with itself, shape (pairs,)."""
    squares = (features**2).sum(axis=1)
    return _of_cosine(squares / (squares + PAIR_LENGTH**2))


def tangent_kernel(
    products: np.ndarray, extra: float, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Return the neural tangent kernel of one hidden ReLU layer (Jacot et al. 2018), 1 at most.

    Parameters
    ----------
    products : array of shape (m, n)
        Inner products of the features; overwritten.
    extra
        What each feature's squared length has beside these.
    left, right : arrays of shape (m, k) and (n, k)
        The features, for their lengths.
    """
    lengths = [np.sqrt((side**2).sum(axis=1) + extra) for side in (left, right)]
    for rows in slices(len(products), ROWS_AT_ONCE):
        cosine = products[rows] / lengths[0][rows, None] / lengths[1]
        products[rows] = _of_cosine(np.clip(cosine, -1, 1))
    return products


def _of_cosine(cosine: np.ndarray) -> np.ndarray:
    away = 1 - np.arccos(cosine) / np.float32(np.pi)
    return cosine * away + np.sqrt(1 - cosine**2) / np.float32(2 * np.pi)
