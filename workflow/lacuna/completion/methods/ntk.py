"""Kernel regression with a neural tangent kernel (Radhakrishnan et al. 2022, PNAS 119:e2115064119).

A fully connected network of infinite width with one hidden layer, trained on what is known of each
pair: its cell's mean profile, scaled by the length of the drug's; the drug's profile; and which
pair it is, which acts as noise. The drug's profile is the one in the cell with most drugs or, where
that was not measured, the mean of its others. Unlike the original's it never is the pair's own, so
that pairs to train on look like those to predict. The original's second stage, which corrects the
predictions of another method in cells with many drugs, is not here: see blend.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from lacuna.completion.card import OTHER_CELLS, Method
from lacuna.completion.interface import Completion, SideInformation
from lacuna.errors import LacunaError
from lacuna.tensor.profiles import ProfileSet

METHOD = Method(
    label="NTK",
    summary="kernel regression with the neural tangent kernel of a wide network",
    source="after Radhakrishnan et al. 2022, https://doi.org/10.1073/pnas.2115064119",
    quick=True,
    needs=(OTHER_CELLS,),
)
CELL_LENGTH, PAIR_LENGTH = 0.75, 1.5  # of these parts of a feature, beside the drug's profile
MOST_PROFILES = 30_000
ROWS_AT_ONCE = 512


def complete(
    observed: ProfileSet, wanted: np.ndarray, side: SideInformation, rng: np.random.Generator
) -> Completion:
    """Predict each profile by one solve over all training profiles.

    Raises
    ------
    LacunaError
        If there are more profiles than a dense kernel can hold.
    """
    if len(observed) > MOST_PROFILES:
        raise LacunaError(
            f"ntk: {len(observed):,} training profiles need a kernel of "
            f"{4 * len(observed) ** 2 / 2**30:.0f} GiB; it takes up to {MOST_PROFILES:,}. "
            "Take ntk out of completion: methods, or use kernel, which has no such limit."
        )
    drug, fallback = drug_features(observed, wanted)
    own, _ = drug_features(observed, observed.pairs)
    training = features(observed, observed.cell, own)
    to_predict = features(observed, wanted[:, 1], drug)
    among = tangent_kernel(training @ training.T, PAIR_LENGTH**2, training, training)
    np.fill_diagonal(among, 1)  # the part that tells pairs apart is shared by none but the pair
    across = tangent_kernel(to_predict @ training.T, PAIR_LENGTH**2, to_predict, training)
    factor = cho_factor(among, lower=True, overwrite_a=True, check_finite=False)
    predicted = across @ cho_solve(factor, observed.profiles, check_finite=False)
    return Completion(predicted.astype(np.float32), fallback)


def drug_features(observed: ProfileSet, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the drug's profile for each pair, never the pair's own, and where there is none.

    Returns
    -------
    float32 array of shape (pairs, genes)
        Zeros where there is none.
    bool array of shape (pairs,)
    """
    reference = int(observed.measured.sum(axis=0).argmax())
    at_reference = observed.find(np.column_stack([pairs[:, 0], np.full(len(pairs), reference)]))
    use_reference = (at_reference >= 0) & (pairs[:, 1] != reference)
    means, counts = observed.mean_by_drug()
    own = observed.find(pairs)
    other_profiles = counts[pairs[:, 0]] - (own >= 0)
    total = means[pairs[:, 0]] * counts[pairs[:, 0], None]
    total[own >= 0] -= observed.profiles[own[own >= 0]]
    feature = (total / np.maximum(other_profiles, 1)[:, None]).astype(np.float32)
    feature[use_reference] = observed.profiles[at_reference[use_reference]]
    is_missing = ~use_reference & (other_profiles == 0)
    feature[is_missing] = 0
    return feature, is_missing


def features(observed: ProfileSet, cell: np.ndarray, drug: np.ndarray) -> np.ndarray:
    """Return the feature of each pair but for the part that tells pairs apart, (pairs, 2 genes)."""
    means, _ = observed.mean_by_cell()
    length = np.linalg.norm(drug, axis=1, keepdims=True)
    return np.hstack([CELL_LENGTH * length * means[cell].astype(np.float32), drug])


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
    for start in range(0, len(products), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        cosine = np.clip(products[rows] / lengths[0][rows, None] / lengths[1], -1, 1)
        away = 1 - np.arccos(cosine) / np.float32(np.pi)
        products[rows] = cosine * away + np.sqrt(1 - cosine**2) / np.float32(2 * np.pi)
    return products
