"""Random signatures of real wells: other wells of the same batches in the place of the treated.

Their genes go up and down together and their plates have the same artefacts, which shuffled genes
lack. Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5) take random signatures as control, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.translation.batches import Read, Treatment, score_treatments
from lacuna.translation.differential import Scores

DRAWS = 1000  # random signatures of a drug, shared out among its signatures
FEWEST_OF_EACH = 20  # however many signatures the drug has


@dataclass(frozen=True)
class Scored:
    """A signature, and those of random wells in the place of its own.

    Attributes
    ----------
    facts : dict
        Of the treatment, see `lacuna.translation.batches.Treatment`.
    scores : Scores
        Of the signature.
    random : dict of float32 arrays of shape (draws, genes)
        By method; the draws are distinct.
    """

    facts: dict[str, object]
    scores: Scores
    random: dict[str, np.ndarray]


def random_treatments(
    treatment: Treatment,
    wells: pd.DataFrame,
    same: dict[str, str],
    draws: int,
    rng: np.random.Generator,
) -> list[Treatment]:
    """Draw wells of other treatments in the place of a treatment's own, as a control.

    Of each plate, as many treated wells are drawn as the treatment has there. No two draws have the
    same wells.

    Parameters
    ----------
    treatment
        One of `lacuna.translation.batches.find_treatments`.
    wells, same
        The same that it was given.
    draws
        How many at most: of fewer ways to choose, all.
    rng
        Draws the wells.

    Returns
    -------
    list of Treatment

    Raises
    ------
    LacunaError
        If a plate has too few wells of other drugs.
    """
    pools = _pools(treatment, wells, same)
    everything = np.union1d(treatment.control, treatment.treated)
    drawn = []
    for treated in _distinct(pools, draws, rng):
        control = treatment.control
        if treatment.way == "others":
            control = np.setdiff1d(everything, treated)
        drawn.append(Treatment(treatment.facts, treated, control, treatment.way))
    return drawn


def _pools(
    treatment: Treatment, wells: pd.DataFrame, same: dict[str, str]
) -> list[tuple[np.ndarray, int]]:
    """Return, by plate, the wells to draw from and how many."""
    plate, ids = wells["plate"].astype(str).to_numpy(), wells["drug"].astype(str)
    is_other = (ids.map(same).fillna(ids) != treatment.facts["drug"]).to_numpy()
    is_other &= wells["type"].str.startswith("trt_").to_numpy()
    pools = []
    for name, needed in zip(*np.unique(plate[treatment.treated], return_counts=True), strict=True):
        others = is_other & (plate == name)
        if others.sum() < needed:
            raise LacunaError(
                f"plate {name}: {others.sum()} treated wells of other drugs; expected at least "
                f"{needed} to draw random treatments of {treatment.facts['drug']} from."
            )
        pools.append((np.flatnonzero(others), int(needed)))
    return pools


def _distinct(
    pools: Sequence[tuple[np.ndarray, int]], draws: int, rng: np.random.Generator
) -> list[np.ndarray]:
    if prod(comb(len(pool), needed) for pool, needed in pools) <= draws:
        ways = product(*(combinations(pool.tolist(), needed) for pool, needed in pools))
        return [np.sort(np.concatenate([np.asarray(part) for part in way])) for way in ways]
    drawn: dict[bytes, np.ndarray] = {}
    while len(drawn) < draws:
        parts = [rng.choice(pool, needed, replace=False) for pool, needed in pools]
        treated = np.sort(np.concatenate(parts))
        drawn.setdefault(treated.tobytes(), treated)
    return list(drawn.values())


def draws_of_each(signatures: int, draws: int = DRAWS) -> int:
    """Return how many random signatures each of a drug's signatures gets."""
    return max(FEWEST_OF_EACH, -(-draws // signatures))


def score_with_random(
    treatment: Treatment,
    wells: pd.DataFrame,
    same: dict[str, str],
    read: Read,
    gamma: float,
    draws: int,
    rng: np.random.Generator,
) -> Scored:
    """Score a treatment, and random ones in its place.

    Parameters
    ----------
    treatment, wells, same, draws, rng
        See `random_treatments`.
    read
        Gives the profiles at increasing positions of wells; it is called once, for all the wells
        that are drawn from.
    gamma
        Weight of the covariance in the Characteristic Direction, in (0, 1].

    Returns
    -------
    Scored
        Without random signatures where a plate has too few wells of other drugs.
    """
    try:
        others = random_treatments(treatment, wells, same, draws, rng)
    except LacunaError as error:
        print(f"{treatment.facts['batch']}: no random signatures. {error}")
        others = []
    used = np.unique(
        np.concatenate([np.union1d(each.treated, each.control) for each in (treatment, *others)])
    )
    profiles = read(used)

    def again(at: np.ndarray) -> np.ndarray:
        return profiles[np.searchsorted(used, at)]

    ((_, own),) = score_treatments([treatment], wells, again, gamma)
    rows: dict[str, list[np.ndarray]] = {method: [] for method in own.by_method()}
    for _, scores in score_treatments(others, wells, again, gamma):
        for method, values in scores.by_method().items():
            rows[method].append(np.asarray(values, np.float32))
    genes = len(own.fold_change)
    random = {
        method: np.stack(values) if values else np.empty((0, genes), np.float32)
        for method, values in rows.items()
    }
    return Scored(treatment.facts, own, random)


def combinations_of(
    draws: Sequence[int], rng: np.random.Generator, most: int = DRAWS
) -> np.ndarray:
    """Choose a random signature for each signature, to be averaged as the drug's own are.

    Parameters
    ----------
    draws
        How many random signatures each of the drug's signatures has.
    rng
        Chooses.
    most
        How many combinations at most; of fewer, each is taken once.

    Returns
    -------
    int array of shape (combinations, signatures)
        Without rows where a signature has no random ones.
    """
    if prod(draws) <= most:
        return np.indices(draws).reshape(len(draws), -1).T
    return np.stack([rng.integers(of, size=most) for of in draws], axis=1)


def combine(values: Sequence[np.ndarray], chosen: np.ndarray) -> np.ndarray:
    """Average the values of random signatures over batches, by the choice of `combinations_of`.

    Parameters
    ----------
    values : arrays of shape (draws, ...)
        Of each signature's random ones.
    chosen : int array of shape (combinations, signatures)

    Returns
    -------
    array of shape (combinations, ...)
    """
    picked = [each[chosen[:, number]] for number, each in enumerate(values)]
    return np.mean(picked, axis=0)
