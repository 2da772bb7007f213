"""What is held out: single profiles, or all profiles of a drug, a cell or a group of plates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.evaluation.references import HERE, HODOS, UMAROV
from lacuna.tensor.profiles import NO_PLATES, ProfileSet

NEVER_HELD_OUT = -1


@dataclass(frozen=True)
class Split:
    """What is true of a way to hold profiles out.

    Attributes
    ----------
    name
        As the configuration calls it.
    label
        As figures and pages call it.
    summary
        What is held out, in one sentence.
    source
        Who proposed it, with DOI.
    stream
        The word by which its random streams are drawn.
    group
        Takes a tensor and the group of each of its drugs, see
        `lacuna.structures.identity.drug_groups`; returns the group of each profile, int of shape
        (n,). Groups are held out whole. None where profiles are held out one by one, see
        `folds_by_profile`.
    shows_other_cells
        Whether a held-out profile is predicted from those of the same drug in other cells.
    new
        What of a held-out profile training never saw: its drug, its cell, or neither.
    """

    name: str
    label: str
    summary: str
    source: str
    stream: str
    group: Callable[[ProfileSet, np.ndarray], np.ndarray] | None
    shows_other_cells: bool = False
    new: Literal["", "drug", "cell"] = ""


def split_label(name: str) -> str:
    """Return the label of a split; one of tables of another version is shown as it is called."""
    return SPLITS[name].label if name in SPLITS else name


def make_folds(
    tensor: ProfileSet,
    split: str,
    folds: int,
    rng: np.random.Generator,
    drug_group: np.ndarray | None = None,
) -> np.ndarray:
    """Assign every profile to the fold that holds it out.

    Parameters
    ----------
    tensor
        All observed profiles.
    split
        One of `SPLITS`.
    folds
        Number of folds.
    rng
        The run's random stream.
    drug_group : int array of shape (drugs,), optional
        Drugs that are held out together, by default each by itself.

    Returns
    -------
    int array of shape (n,)

    Raises
    ------
    LacunaError
        If there are not as many drugs, cells or groups of plates as folds, or plates are unknown.
    """
    if SPLITS[split].group is None:
        return folds_by_profile(tensor, folds, rng)
    return folds_by_group(group_profiles(tensor, split, drug_group), folds, rng, split)


def group_profiles(
    tensor: ProfileSet, split: str, drug_group: np.ndarray | None = None
) -> np.ndarray:
    """Return the group of each profile that a split holds out whole.

    Parameters
    ----------
    tensor, split, drug_group
        As in `make_folds`; not the split of single profiles.

    Raises
    ------
    LacunaError
        If plates are unknown.
    """
    group = SPLITS[split].group
    if group is None:
        raise ValueError(f"the split {split} holds out single profiles")
    return group(tensor, np.arange(len(tensor.drugs)) if drug_group is None else drug_group)


def folds_by_group(
    group: np.ndarray, folds: int, rng: np.random.Generator, name: str
) -> np.ndarray:
    """Assign whole groups of profiles to folds of about equal size.

    Groups are taken from the largest to the smallest, each into the fold that is smallest so far.

    Parameters
    ----------
    group : int array of shape (n,)
    folds
        Number of folds.
    rng
        Puts groups of one size in a random order.
    name
        The split, for the message.

    Raises
    ------
    LacunaError
        If there are fewer groups than folds.
    """
    groups, member, size = np.unique(group, return_inverse=True, return_counts=True)
    if len(groups) < folds:
        raise LacunaError(
            f"evaluation: splits: {name}: {folds} folds, but only {len(groups)} groups that can "
            "be held out whole. Lower its folds, or set its sizes to []."
        )
    shuffled = rng.permutation(len(groups))
    fold_of, filled = np.empty(len(groups), dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for number in shuffled[np.argsort(-size[shuffled], kind="stable")]:
        fold_of[number] = filled.argmin()
        filled[fold_of[number]] += size[number]
    return fold_of[member]


def folds_by_profile(tensor: ProfileSet, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Assign every profile to a fold, such that training always sees each drug.

    A random permutation of the profiles is cut into folds of equal size (Hodos et al. 2018,
    doi:10.1142/9789813235533_0004, authors' code). Where all profiles of a drug fall into one fold,
    one of them is swapped with a random profile of another fold; the authors draw the whole
    permutation anew. Every profile is held out once; they drop the remainder of the division.

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
            f"evaluation: splits: profiles: only {len(eligible)} profiles belong to a drug with "
            f"more than one, too few for {folds} folds. Lower its folds, or loosen the filters "
            "under tensor:."
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
                f"evaluation: splits: profiles: found no {folds} folds that leave drug "
                f"{str(tensor.drugs[drug])!r} a training profile. Raise tensor: min_cells_per_drug "
                "or the number of folds."
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
    """Count the profiles, drugs and cells that are held out once, and those that never are.

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


def _drugs(tensor: ProfileSet, drug_group: np.ndarray) -> np.ndarray:
    return drug_group[tensor.drug]


def _cells(tensor: ProfileSet, _: np.ndarray) -> np.ndarray:
    return tensor.cell


def _plates(tensor: ProfileSet, _: np.ndarray) -> np.ndarray:
    known = tensor.reliability
    if known is None or (known["plates"] == NO_PLATES).any():
        raise LacunaError(
            "evaluation: splits: plates: nothing is known of the plates of ready-made signatures. "
            "Set its sizes to []."
        )
    return known["plates"].to_numpy()


SPLITS: dict[str, Split] = {
    split.name: split
    for split in (
        Split(
            name="profiles",
            label="single profiles",
            summary="Single profiles, of drugs that keep others in training",
            source=HODOS,
            stream="profiles",
            group=None,
        ),
        Split(
            name="drugs",
            label="whole drugs",
            summary="All profiles of a drug: methods know nothing of what it does",
            source=HERE,
            stream="drugs",
            group=_drugs,
            new="drug",
        ),
        Split(
            name="cell_transfer",
            label="whole drugs, given their profiles in other cells",
            summary="All profiles of a drug, each of which is then predicted from the others",
            source=UMAROV,
            stream="elsewhere",  # its name once: another would draw other folds
            group=_drugs,
            shows_other_cells=True,
        ),
        Split(
            name="cells",
            label="whole cells",
            summary="All profiles of a cell: methods know nothing of what drugs do in it",
            source=HERE,
            stream="cells",
            group=_cells,
            new="cell",
        ),
        Split(
            name="plates",
            label="groups of linked plates",
            summary="All profiles of a cell that share plates, directly or through others, and so "
            "the plates' technical effects",
            source=HERE,
            stream="plates",
            group=_plates,
        ),
    )
}
