"""How far predicted cells lie from measured ones, as populations and not as means.

Both distances are 0 on average where two populations are alike, however many cells there are of
each: a cell is never paired with itself. They may so fall a little below 0.
"""

import numpy as np

from lacuna.errors import LacunaError

# Energy distance: Székely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018; between cells of a
# screen: Peidli et al. 2024, doi:10.1038/s41592-023-02144-y. Maximum mean discrepancy: Gretton et
# al. 2012, J Mach Learn Res 13:723, equation 3, with the median distance as the kernel's width.
DISTANCES = ("e_distance", "mmd")
OF_CONTROL = "_of_control"  # ends the names of what untreated cells are off
MOST_CELLS = 400  # of a population; of more so many are drawn
FEWEST = 2


def distances(
    measured: np.ndarray,
    predicted: np.ndarray,
    control: np.ndarray | None,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return how far predicted cells lie from measured ones, and untreated cells beside them.

    With d the Euclidean distance and k(x, y) = exp(-d² / 2w²),

        e_distance = 2 mean d(x, y) - mean d(x, x') - mean d(y, y')
        mmd        = mean k(x, x') + mean k(y, y') - 2 mean k(x, y)

    over pairs of different cells (Székely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018; Gretton
    et al. 2012, J Mach Learn Res 13:723, the squared discrepancy). The width w is the median
    distance among measured and untreated cells: predictions have no say in it, so that all
    methods are measured alike.

    Parameters
    ----------
    measured : array of shape (n, genes)
        Cells of one drug, line and dose.
    predicted : array of shape (m, genes)
        Cells that a method draws or predicts.
    control : array of shape (k, genes), or None
        Untreated cells of the line: what a method scores that says nothing happens.
    rng
        Draws `MOST_CELLS` of a population that has more; measured cells first, then untreated
        ones: the same stream judges all methods by the same cells.

    Returns
    -------
    dict
        e_distance and mmd; with untreated cells also e_distance_of_control and mmd_of_control.

    Raises
    ------
    LacunaError
        If there are fewer than `FEWEST` cells, genes differ, or a value is not finite.
    """
    populations = {"measured": measured, "predicted": predicted}
    if control is not None:
        populations["untreated"] = control
    for name, cells in populations.items():
        _check(name, cells, np.shape(measured)[-1])
    truth = _some(measured, rng)
    untreated = None if control is None else _some(control, rng)
    width = _median_square(truth if untreated is None else np.concatenate([truth, untreated]))
    found = dict(zip(DISTANCES, _between(truth, _some(predicted, rng), width), strict=True))
    if untreated is not None:
        names = [name + OF_CONTROL for name in DISTANCES]
        found |= dict(zip(names, _between(truth, untreated, width), strict=True))
    return found


def _check(name: str, cells: np.ndarray, genes: int) -> None:
    if np.ndim(cells) != 2 or cells.shape[0] < FEWEST or cells.shape[1] != genes:
        raise LacunaError(
            f"single_cell: distances: {name} cells of shape {np.shape(cells)}; expected at least "
            f"{FEWEST} cells of the {genes} genes that were measured. Leave the condition out."
        )
    if not np.isfinite(cells).all():
        row = int(np.argmin(np.isfinite(cells).all(axis=1)))
        raise LacunaError(
            f"single_cell: distances: row {row} of the {name} cells has a value that is not "
            "finite. Look at what made it: a training that diverged predicts such."
        )


def _some(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw without replacement where there are too many; the order of the rest stays."""
    if len(cells) > MOST_CELLS:
        cells = cells[np.sort(rng.choice(len(cells), MOST_CELLS, replace=False))]
    return np.asarray(cells, np.float64)


def _squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return squared Euclidean distances."""
    from sklearn.metrics.pairwise import euclidean_distances

    return euclidean_distances(first, second, squared=True)


def _median_square(cells: np.ndarray) -> float:
    """Return the squared median distance between different cells; tiny, where all are alike."""
    between = _squares(cells, cells)[np.triu_indices(len(cells), 1)]
    return float(max(np.median(between), np.finfo(float).tiny))


def _between(truth: np.ndarray, other: np.ndarray, width: float) -> tuple[float, float]:
    """Return both distances of two populations."""
    across = _squares(truth, other)
    within = [_squares(cells, cells)[~np.eye(len(cells), dtype=bool)] for cells in (truth, other)]
    energy = 2 * np.sqrt(across).mean() - sum(np.sqrt(part).mean() for part in within)
    kernel = [np.exp(-part / (2 * width)).mean() for part in (across, *within)]
    return float(energy), float(kernel[1] + kernel[2] - 2 * kernel[0])
