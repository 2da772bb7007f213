"""What several methods share: checks, distances, and how settings are chosen."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from lacuna.errors import LacunaError
from lacuna.retrieval.interface import Alike, Pairs, Ranker
from lacuna.retrieval.linear import ROUNDING, blocks
from lacuna.retrieval.ranks import find
from lacuna.retrieval.ties import reciprocal_rank

Setting = TypeVar("Setting")
LEAST_TO_HOLD_OUT = 5  # molecules, of which a fifth is held out
HELD_OUT = 5  # one in so many


def check_fit(method: str, training: Pairs, validation: Pairs) -> None:
    """Check what a method is fitted to.

    Raises
    ------
    LacunaError
        If there is no training profile, sides do not match, or a value is not finite.
    """
    if not len(training.profiles):
        raise LacunaError(
            f"retrieval: {method}: no profile to train on. Give training cells and drugs with "
            "treated wells."
        )
    for part, pairs in (("training", training), ("validation", validation)):
        where = f"{method}: {part}"
        shapes = (training.profiles.shape[1], training.vectors.shape[1])
        check_sides(where, pairs.profiles, pairs.vectors, shapes)
        check_vectors(where, pairs.vectors, pairs.alike)
        wells, molecules = len(pairs.profiles), len(pairs.vectors)
        inside = (pairs.molecule >= 0) & (pairs.molecule < molecules)
        if len(pairs.molecule) != wells or not inside.all():
            raise LacunaError(
                f"retrieval: {where}: expected for each of {wells} profiles the row of its "
                f"molecule, 0 to {molecules - 1}. Make the pairs anew."
            )


def check_sides(
    where: str, profiles: np.ndarray, vectors: np.ndarray, shapes: tuple[int, int]
) -> None:
    """Check the width of both sides, and that all values are finite.

    Raises
    ------
    LacunaError
        If a side has another width than in training, or a value that is not finite.
    """
    for side, rows, width in zip(("profiles", "vectors"), (profiles, vectors), shapes, strict=True):
        if rows.ndim != 2 or rows.shape[1] != width:
            raise LacunaError(
                f"retrieval: {where}: {side} of shape {rows.shape}, expected {width} columns. "
                "Make them as those of the training were made."
            )
        for block in blocks(len(rows)):
            faulty = ~np.isfinite(rows[block]).all(axis=1)
            if faulty.any():
                raise LacunaError(
                    f"retrieval: {where}: row {block.start + int(np.argmax(faulty))} of the "
                    f"{side} has a value that is not finite. Leave the row out."
                )


def check_vectors(where: str, vectors: np.ndarray, alike: Alike) -> None:
    """Check that what is compared as fingerprints holds 0 and 1 alone.

    Raises
    ------
    LacunaError
        If it does not.
    """
    if alike == "jaccard" and not ((vectors == 0) | (vectors == 1)).all():
        raise LacunaError(
            f"retrieval: {where}: vectors compared by jaccard hold other values than 0 and 1. "
            "Compare them by correlation, or give fingerprints."
        )


def of_distinct(
    where: str,
    profiles: np.ndarray,
    vectors: np.ndarray,
    shapes: tuple[int, int],
    compute: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Compute distances once for each different vector.

    Molecules with equal vectors so have equal distances, to the last bit, and share a rank. A
    product of matrices rounds a row by where it stands, which would break such ties.

    Parameters
    ----------
    where
        The method, for messages.
    profiles, vectors
        As a `Ranker` is given them.
    shapes
        The widths of both sides in training.
    compute
        Takes profiles and different vectors (float64); returns distances.

    Returns
    -------
    float64 array of shape (profiles, vectors)

    Raises
    ------
    LacunaError
        See `check_sides`.
    """
    profiles, vectors = np.asarray(profiles), np.asarray(vectors)
    check_sides(where, profiles, vectors, shapes)
    if not (len(profiles) and len(vectors)):
        return np.zeros((len(profiles), len(vectors)))
    distinct, which = distinct_rows(vectors)
    return compute(profiles, vectors[distinct].astype(np.float64))[:, which]


def distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one row number for each different row, and for all rows which of these it equals."""
    exact = np.ascontiguousarray(rows + 0.0)  # -0 becomes 0
    if not exact.shape[1]:
        return np.zeros(1, dtype=int), np.zeros(len(rows), dtype=int)
    whole = exact.view(np.dtype((np.void, exact.dtype.itemsize * exact.shape[1])))[:, 0]
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return first, which


def centred_units(rows: np.ndarray, centre: bool = True) -> np.ndarray:
    """Centre every row and scale it to unit length, in float64; a constant row becomes zeros.

    Where rows are not centred, only a row of zeros stays one.
    """
    wide = rows.astype(np.float64)
    largest = np.abs(wide).max(axis=1, keepdims=True, initial=0)
    wide /= np.where(largest > 0, largest, 1)  # squares of very large or small values stay finite
    if centre and wide.shape[1]:
        wide -= wide.mean(axis=1, keepdims=True)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    varies = length > ROUNDING
    return np.where(varies, wide / np.where(varies, length, 1), 0)


def correlation_distances(first: np.ndarray, second: np.ndarray, centre: bool = True) -> np.ndarray:
    """Return 1 - r for every two rows, 0 to 2; 1 where either is constant.

    Parameters
    ----------
    first, second : arrays of shape (n, features) and (m, features)
    centre
        Whether rows are centred; if not, r is their cosine, and zeros take the place of constants.

    Returns
    -------
    float64 array of shape (n, m)
    """
    units = centred_units(second, centre)
    distances = np.empty((len(first), len(second)))
    for block in blocks(len(first)):
        distances[block] = 1 - centred_units(first[block], centre) @ units.T
    return np.clip(distances, 0, 2)


def jaccard_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return 1 - |A and B| / |A or B| for every two rows; two empty ones are equal.

    Parameters
    ----------
    first : array of shape (n, bits)
        0 to 1; other than 0 and 1, the sum of minima over the sum of maxima (Ruzicka).
    second : array of shape (m, bits)
        0 and 1.

    Returns
    -------
    float64 array of shape (n, m)
    """
    shared = first.astype(np.float64) @ second.T.astype(np.float64)
    # With 0 and 1 on one side the minimum is the product, and the maximum the sum less the product.
    either = first.sum(axis=1, dtype=np.float64)[:, None] + second.sum(axis=1, dtype=np.float64)
    either = either - shared
    return 1 - np.divide(shared, either, out=np.ones_like(shared), where=either > 0)


def alike_distances(alike: Alike, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compare vectors of molecules; for Jaccard the first may be 0 to 1, and are cut to that."""
    if alike == "jaccard":
        return jaccard_distances(np.clip(first, 0, 1), second)
    return correlation_distances(first, second)


def validation_mrr(distances: np.ndarray, molecule: np.ndarray) -> float:
    """Return the mean reciprocal rank, a mean over all orders of ties; 0 without a query."""
    return float(reciprocal_rank(find(distances, molecule)).mean()) if len(molecule) else 0.0


def best_setting(candidates: Iterable[tuple[Setting, np.ndarray]], molecule: np.ndarray) -> Setting:
    """Return the setting of the highest mean reciprocal rank; of equal ones, the first.

    Parameters
    ----------
    candidates
        Settings with the distances they give, the simplest first.
    molecule
        The column of each query's own molecule.
    """
    scored = [(setting, validation_mrr(distances, molecule)) for setting, distances in candidates]
    return max(scored, key=lambda pair: pair[1])[0]


def best_penalty(
    penalties: Sequence[float], ranker: Callable[[float], Ranker], judged: Pairs
) -> float:
    """Return the penalty of the highest mean reciprocal rank on pairs; one alone is taken."""
    if len(penalties) == 1:
        return penalties[0]
    tried = (
        (penalty, ranker(penalty).distances(judged.profiles, judged.vectors))
        for penalty in penalties
    )
    return best_setting(tried, judged.molecule)


def settings_judged_on(
    training: Pairs, validation: Pairs, rng: np.random.Generator
) -> tuple[Pairs, Pairs]:
    """Return the pairs that settings are tried with, and those that they are judged on.

    These are training and validation. Where no validation tells one setting from another, a fifth
    of the training molecules is held out to choose, all their wells together.
    """
    if len(validation.profiles) and len(validation.vectors) > 1:
        return training, validation
    known = np.unique(training.molecule)
    if len(known) < LEAST_TO_HOLD_OUT:
        return training, training
    out = rng.permutation(known)[: max(len(known) // HELD_OUT, 2)]
    return _of_molecules(training, np.setdiff1d(known, out)), _of_molecules(training, np.sort(out))


def _of_molecules(pairs: Pairs, chosen: np.ndarray) -> Pairs:
    """Keep some molecules, given by rising numbers."""
    wells = np.isin(pairs.molecule, chosen)
    molecule = np.searchsorted(chosen, pairs.molecule[wells])
    return Pairs(pairs.profiles[wells], pairs.vectors[chosen], molecule, pairs.alike)


def check_penalties(method: str, penalties: Sequence[float]) -> list[float]:
    """Return penalties, the largest first, which is the simplest model.

    Raises
    ------
    LacunaError
        If there is none, or a negative one.
    """
    sorted_penalties = sorted({float(penalty) for penalty in penalties}, reverse=True)
    if not sorted_penalties or not all(0 <= penalty < np.inf for penalty in sorted_penalties):
        raise LacunaError(
            f"retrieval: options: {method}: penalties is {list(penalties)!r}, expected at least "
            "one number, none below 0."
        )
    return sorted_penalties
