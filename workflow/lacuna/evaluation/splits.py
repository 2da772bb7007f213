"""What is held out: folds over profiles, drugs, cells or plates; training sets made thinner."""

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.tensor.profiles import NO_PLATES, ProfileSet

NEVER_HELD_OUT = -1
ELSEWHERE = "elsewhere"


def make_folds(tensor: ProfileSet, split: str, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Assign every profile to the fold that holds it out.

    Parameters
    ----------
    tensor
        All observed profiles.
    split
        "profiles": single profiles, see `folds_by_profile`. "drugs", "cells": all profiles of a
        drug, or of a cell. "elsewhere": all profiles of a drug, each of which is then predicted
        from the others (Umarov et al. 2021). "plates": all profiles of a cell that share plates
        with each other, directly or through others, and so share the plates' technical effects.
    folds
        Number of folds.
    rng
        The run's random stream.

    Returns
    -------
    int array of shape (n,)

    Raises
    ------
    LacunaError
        If there are not as many drugs, cells or groups of plates as folds, or plates are unknown.
    """
    if split == "profiles":
        return folds_by_profile(tensor, folds, rng)
    if split == "plates" and (
        tensor.reliability is None or (tensor.reliability["plates"] == NO_PLATES).any()
    ):
        raise LacunaError(
            "crossval: splits: plates: nothing is known of the plates of ready-made signatures. "
            "Set its sizes to []."
        )
    group = {
        "drugs": tensor.drug,
        ELSEWHERE: tensor.drug,
        "cells": tensor.cell,
        "plates": None if tensor.reliability is None else tensor.reliability.get("plates"),
    }[split]
    return folds_by_group(np.asarray(group), folds, rng, split)


def folds_by_group(
    group: np.ndarray, folds: int, rng: np.random.Generator, name: str
) -> np.ndarray:
    """Assign whole groups of profiles to folds of about equal size.

    The largest group goes first, each to the fold that is smallest so far.

    Parameters
    ----------
    group : int array of shape (n,)
    folds
        Number of folds.
    rng
        Puts groups of one size in a random order.
    name
        What the groups are, for the message.

    Raises
    ------
    LacunaError
        If there are fewer groups than folds.
    """
    groups, member, size = np.unique(group, return_inverse=True, return_counts=True)
    if len(groups) < folds:
        raise LacunaError(
            f"crossval: splits: {name}: {folds} folds, but only {len(groups)} groups that can be "
            "held out whole. Lower its folds, or set its sizes to []."
        )
    shuffled = rng.permutation(len(groups))
    fold_of, filled = np.empty(len(groups), dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for each in shuffled[np.argsort(-size[shuffled], kind="stable")]:
        fold_of[each] = filled.argmin()
        filled[fold_of[each]] += size[each]
    return fold_of[member]


def folds_by_profile(tensor: ProfileSet, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Assign every profile to a fold, such that training always sees each drug.

    As Hodos et al. 2018 (authors' code), a random permutation of the profiles is cut into folds of
    equal size; here, where all profiles of a drug fall into one fold, one of them is swapped with
    a random profile of another fold, instead of drawing the whole permutation anew, and every
    profile is held out once, instead of dropping the remainder of the division.

    Parameters
    ----------
    tensor
        All observed profiles.
    folds
        Number of folds; their sizes differ by at most one.
    rng
        The run's random stream.

    Returns
    -------
    int array of shape (n,)
        The fold that holds out each profile; NEVER_HELD_OUT for the only profile of a drug.

    Raises
    ------
    LacunaError
        If fewer profiles than folds can be held out, or no valid assignment is found.
    """
    per_drug = np.bincount(tensor.drug, minlength=len(tensor.drugs))
    eligible = np.flatnonzero(per_drug[tensor.drug] > 1)
    if len(eligible) < folds:
        raise LacunaError(
            f"crossval: only {len(eligible)} profiles belong to a drug with more than one, too "
            f"few for {folds} folds. Lower crossval: folds, or loosen the filters under tensor:."
        )
    fold = np.full(len(tensor), NEVER_HELD_OUT)
    fold[rng.permutation(eligible)] = np.arange(len(eligible)) % folds
    in_fold = np.zeros((len(tensor.drugs), folds), dtype=np.int64)
    np.add.at(in_fold, (tensor.drug[eligible], fold[eligible]), 1)
    for drug in np.flatnonzero(per_drug > 1):
        full = in_fold[drug].argmax()
        if in_fold[drug, full] < per_drug[drug]:
            continue
        # A partner from another fold, whose drug does not fall wholly into this one by the swap.
        of_drug = tensor.drug[eligible]
        fits = (fold[eligible] != full) & (in_fold[of_drug, full] + 1 < per_drug[of_drug])
        if not fits.any():
            raise LacunaError(
                f"crossval: found no {folds} folds that leave drug {str(tensor.drugs[drug])!r} a "
                "training profile. Raise tensor: min_cells_per_drug or the number of folds."
            )
        mine, other = rng.choice(np.flatnonzero(tensor.drug == drug)), rng.choice(eligible[fits])
        pair = [mine, other]
        in_fold[tensor.drug[pair], fold[pair]] -= 1
        fold[pair] = fold[pair[::-1]]
        in_fold[tensor.drug[pair], fold[pair]] += 1
    return fold


def fold_table(tensor: ProfileSet, fold: np.ndarray) -> pd.DataFrame:
    """Return drug, cell and fold of every profile, in the tensor's order."""
    return pd.DataFrame(
        {"drug": tensor.drugs[tensor.drug], "cell": tensor.cells[tensor.cell], "fold": fold}
    )


def count_folds(table: pd.DataFrame) -> pd.DataFrame:
    """Count profiles and drugs that are held out once, and those that never are.

    Parameters
    ----------
    table
        As `fold_table` returns it.
    """
    never = table["fold"].eq(NEVER_HELD_OUT)
    use = never.map({False: "held out once", True: "never held out: the drug's only profile"})
    counted = table.groupby(use.rename("use")).agg(
        profiles=("drug", "size"), drugs=("drug", "nunique"), cells=("cell", "nunique")
    )
    return counted.reset_index()
