"""Cross-validation folds over whole profiles."""

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.profiles import ProfileSet

NEVER_HELD_OUT = -1


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
