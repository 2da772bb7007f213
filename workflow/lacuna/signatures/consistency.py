"""Do the replicates of an experiment agree? The average cosine distance (ACD) and its p-value.

The ACD is the mean pairwise cosine distance of the replicates' Characteristic Directions; its
p-value is its position in a null distribution of random replicate sets of the same batch.

Source: Hodos et al. 2018, section 2.2, doi:10.1142/9789813235533_0004.
"""

import numpy as np

MOST_REDRAWS = 200  # of the wells of a drug that a random set has already


def average_cosine_distance(directions: np.ndarray) -> float:
    """Return the mean pairwise cosine distance (0 to 2) of unit rows, shape (replicates, genes)."""
    count = len(directions)
    directions = directions.astype(np.float64)
    total = np.sum(directions.sum(axis=0) ** 2)
    return 1 - (total - np.sum(directions**2)) / (count * (count - 1))


def null_distances(
    cosine: np.ndarray,
    plates: np.ndarray,
    drugs: np.ndarray,
    replicate_sets: list[np.ndarray],
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Return the ACD of random replicate sets of one batch, each on as many plates as wells.

    A random set takes the plates of a randomly chosen real replicate set. On each of these plates,
    one after the other, it takes a random well of a drug that it does not have yet. The plates must
    be those of a real set, because wells of one plate share the error of its vehicle mean: sets
    from a single plate agree without any drug effect. Replicates that share a plate have a null of
    their own, see `lacuna.signatures.within_plate`.

    Parameters
    ----------
    cosine : array of shape (wells, wells)
        Between the Characteristic Directions of the batch's treated wells.
    plates, drugs : arrays of shape (wells,)
        Plate and drug of each well.
    replicate_sets
        The real experiments of one replicate count r: for each, the positions of its wells.
    draws
        The number of random sets.
    rng
        The batch's random stream.

    Returns
    -------
    array of shape (draws,), or None
        None if the batch has too few different drugs to draw sets of r.
    """
    plate_of_set = plates[np.array(replicate_sets)]
    chosen = plate_of_set[rng.integers(len(plate_of_set), size=draws)]
    wells_on = {plate: np.flatnonzero(plates == plate) for plate in np.unique(plates)}
    drawn = np.empty(chosen.shape, dtype=np.intp)
    for place in range(chosen.shape[1]):
        redo = np.arange(draws)
        for _ in range(MOST_REDRAWS):
            for plate, wells in wells_on.items():
                here = redo[chosen[redo, place] == plate]
                drawn[here, place] = rng.choice(wells, size=len(here))
            repeats = drugs[drawn[redo, :place]] == drugs[drawn[redo, place]][:, None]
            redo = redo[repeats.any(axis=1)]
            if not len(redo):
                break
        else:
            return None
    return distances_of(cosine, drawn)


def distances_of(cosine: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the ACD of sets of wells.

    Parameters
    ----------
    cosine : array of shape (wells, wells)
        Between the wells' Characteristic Directions.
    drawn : int array of shape (sets, replicates)
        The wells of each set.

    Returns
    -------
    array of shape (sets,)
    """
    first, second = np.triu_indices(drawn.shape[1], k=1)
    similarity = np.zeros(len(drawn))
    for a, b in zip(first, second, strict=True):
        similarity += cosine[drawn[:, a], drawn[:, b]]
    return 1 - similarity / len(first)


def p_value(distance: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Return (1 + number of null distances <= distance) / (1 + number of null distances).

    Parameters
    ----------
    distance : array of shape (n,)
        ACD of the experiments.
    null : array of shape (draws,)
        As `null_distances` returns it.
    """
    at_or_below = np.searchsorted(np.sort(null), distance, side="right")
    return (1 + at_or_below) / (1 + len(null))
