"""Who is trained on, who stops the training, who is judged.

After chemCPA (https://doi.org/10.48550/arXiv.2204.13545): drugs that are named, or observations at
random, are held out. Here also every drug once, in folds over structures or scaffolds, and whole
cell lines. All that shares the first block of the InChIKey, so every stereo twin, is on one side.
What the authors call "test" is validation here, and what they call "ood" is the test.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.single_cell.compounds import find_drugs
from lacuna.single_cell.interface import (
    FEWEST_CELLS,
    GIVEN,
    TEST,
    TRAINING,
    UNUSED,
    VALIDATION,
    Observations,
)
from lacuna.structures.identity import group_compounds

SPLITS = ("drugs", "scaffold", "named", "lines", "random")
# The nine of the paper, by the first word of what sci-Plex calls them.
PUBLISHED = (
    *("Dacinostat", "CUDC-907", "Givinostat", "CUDC-101", "Pirarubicin", "Hesperadin"),
    *("Tanespimycin", "Trametinib", "Raltitrexed"),
)
RANDOM = {VALIDATION: 0.075, TEST: 0.075}  # shares of observations in the authors' random_split
MORE_CONTROLS = 0.05  # of controls left, the share that validates besides, in the authors' code
HELD_CONTROLS = 0.25  # share of a line's controls from which measured changes are taken


class Split(NamedTuple):
    """The roles of one fold.

    Attributes
    ----------
    name : str
        Of the split and its number.
    role : object array of shape (observations,)
    held_out : list of str
        See `interface.Fold`.
    said : list of str
        What the user should know: names that are no drug, twins that are not used.
    """

    name: str
    role: np.ndarray
    held_out: list[str]
    said: list[str]


def fold_names(split: str, folds: int, lines: Sequence[str] = ()) -> list[str]:
    """Return the names of the folds of a split.

    Parameters
    ----------
    split
        Of `SPLITS`.
    folds
        Of the splits over drugs.
    lines
        That are held out, one after the other.
    """
    count = {"drugs": folds, "scaffold": folds, "lines": len(lines)}.get(split, 1)
    return [f"{split}_{number}" for number in range(count)]


def split_observations(
    observations: Observations,
    name: str,
    *,
    folds: int,
    lines: Sequence[str],
    named: Sequence[str],
    validation: Mapping[str, Any],
    rng: np.random.Generator,
) -> Split:
    """Draw the role of each observation in one fold.

    Parameters
    ----------
    observations
        Of a target.
    name
        Of the fold: a split of `SPLITS` and a number, such as drugs_0.
    folds
        Of the splits over drugs: each drug is judged in one of them.
    lines
        Cell lines; the fold's number is that of the line held out. Empty for all, in the order of
        the alphabet.
    named
        Drugs to hold out, as in `compounds.find_drugs`.
    validation
        by ("drugs", or "cells" as published, and wherever lines are held out) and share.
    rng
        The same for all folds of a split.

    Raises
    ------
    LacunaError
        If there is no such split or number, too few drugs, or a role has no observation.
    """
    split, _, count = name.rpartition("_")
    if split not in SPLITS or not count.isdigit():
        raise LacunaError(
            f"single_cell: no fold {name!r}{did_you_mean(split, SPLITS)}; expected one of "
            f"{listed(SPLITS)} with a number behind it, such as drugs_0."
        )
    number, drugs = int(count), observations.drugs
    obs, said = observations.obs, list[str]()
    groups = group_compounds(drugs.assign(said=""), "scaffold" if split == "scaffold" else "block")
    role = np.full(len(obs), TRAINING, dtype=object)
    held_out: list[str] = []
    treated = ~obs["control"].to_numpy(bool)
    if split in ("drugs", "scaffold"):
        fold_of = _fold_of(groups, folds, rng)
        held_out = fold_of.index[fold_of == number].tolist()
    elif split == "named":
        held_out, said = find_held_out(drugs, list(named))
        twins = groups.index[groups.isin(groups[held_out]) & ~groups.index.isin(held_out)]
        if len(twins):
            role[obs["drug"].isin(twins)] = UNUSED
            said.append(f"Not used: stereo twins of drugs held out: {listed(twins, 20)}.")
    elif split == "lines":
        own_line = (obs["line"] == choose_line(obs, lines, number)).to_numpy()
        role[own_line] = np.where(treated, TEST, GIVEN)[own_line]
    own = rng.spawn(number + 1)[number]  # what is drawn next differs between folds
    if single := _single_controls(obs):
        said.append(
            f"One control only, so that measured and predicted changes share it: {listed(single)}."
        )
    _hold_controls(role, obs, GIVEN if split == "lines" else TRAINING, own.spawn(1)[0])
    if split == "random":
        _draw_random(role, treated, own)
    else:
        role[obs["drug"].isin(held_out)] = TEST
        _check_sides(role, treated, name)
        # A drug that validates is not trained on: in a line held out, it would be new, too.
        by_drugs = validation["by"] == "drugs" and split != "lines"
        draw = _validation_drugs if by_drugs else _validation_cells
        draw(role, obs, groups, float(validation["share"]), own)
    _check_sides(role, treated, name)
    return Split(name, role, held_out, said)


def strict_drop(drugs: pd.DataFrame, obs: pd.DataFrame, blocks: Sequence[str]) -> np.ndarray:
    """Return the positions of bulk observations that a strict pretraining may see.

    Parameters
    ----------
    drugs, obs
        Of the bulk screen.
    blocks
        First blocks of the InChIKeys of held-out drugs: their salts and stereo twins go, too.

    Returns
    -------
    int array, rising
        Controls are all kept.
    """
    dropped = drugs.index[drugs["block"].isin(set(blocks))]
    return np.flatnonzero(~obs["drug"].isin(dropped).to_numpy())


def _check_sides(role: np.ndarray, treated: np.ndarray, name: str) -> None:
    for wanted in (TRAINING, TEST):
        if not (treated & (role == wanted)).any():
            raise LacunaError(
                f"single_cell: split: fold {name} has no treated observation for {wanted}. Hold "
                "out fewer drugs or lines, or take another number of folds."
            )


def _fold_of(groups: pd.Series, folds: int, rng: np.random.Generator) -> pd.Series:
    """Give each drug the fold in which it is judged: folds of like size, groups whole."""
    size = groups.value_counts()
    names = rng.permutation(np.sort(size.index.to_numpy(object)))
    if folds < 2 or len(names) < folds:
        raise LacunaError(
            f"single_cell: split: {len(groups)} drugs of {len(names)} groups cannot be judged in "
            f"{folds} folds; expected 2 folds or more, and a group for each."
        )
    filled, fold_of = np.zeros(folds, int), {}
    for name in names:
        fold_of[name] = int(np.argmin(filled))
        filled[fold_of[name]] += size[name]
    return groups.map(fold_of)


def find_held_out(drugs: pd.DataFrame, named: list[str]) -> tuple[list[str], list[str]]:
    """Return the drugs that are held out by name, and what to say of names that are none.

    Raises
    ------
    LacunaError
        If no name is given, none is a drug (by the index of `drugs`), or one fits several.
    """
    if not named:
        raise LacunaError("single_cell: named: no drug is named that is to be held out.")
    found, missing = find_drugs(drugs, named, "single_cell: named")
    if not found:
        raise LacunaError(
            f"single_cell: named: none of {listed(named, 10)} is a drug of the target; it has "
            f"{listed(drugs.index)}."
        )
    said = [f"Not among the drugs, and not held out: {listed(missing, 20)}."] if missing else []
    return found, said


def choose_line(obs: pd.DataFrame, lines: Sequence[str], number: int) -> str:
    """Return the line that a fold holds out: of those asked for, or of all.

    Raises
    ------
    LacunaError
        If a line was not measured, or there are fewer.
    """
    there = sorted(obs["line"].unique())
    asked = list(lines) or there
    if unknown := [line for line in asked if line not in there]:
        raise LacunaError(
            f"single_cell: lines: {listed(unknown)} were not measured; there are "
            f"{listed(there, 20)}."
        )
    if number >= len(asked):
        raise LacunaError(f"single_cell: lines: there is no line {number} of {len(asked)}.")
    return str(asked[number])


def _single_controls(obs: pd.DataFrame) -> list[str]:
    """Return lines of one control."""
    size = obs.loc[obs["control"].astype(bool), "line"].value_counts()
    return sorted(size.index[size == 1])


def _hold_controls(role: np.ndarray, obs: pd.DataFrame, of: str, rng: np.random.Generator) -> None:
    """Let a share of the controls of a role judge, in each line one at least where there are two.

    So many are taken that genes can be listed by them, where as many are left.

    Predicted changes start from controls that methods see, measured ones from others: otherwise
    both have the same error, and a method that predicts nothing but untreated cells correlates.
    """
    for line in sorted(obs["line"].unique()):
        here = (role == of) & obs["control"].to_numpy(bool) & (obs["line"] == line).to_numpy()
        controls = rng.permutation(np.flatnonzero(here))
        enough = min(FEWEST_CELLS + 1, len(controls) // 2)
        role[controls[: max(enough, int(HELD_CONTROLS * len(controls)))]] = TEST


def _draw_random(role: np.ndarray, treated: np.ndarray, rng: np.random.Generator) -> None:
    """Hold out observations, whatever their drug; controls that are left train or validate."""
    place = rng.random(len(role))
    role[(place < RANDOM[VALIDATION]) & (role == TRAINING)] = VALIDATION
    role[treated & (place >= 1 - RANDOM[TEST])] = TEST


def _validation_drugs(
    role: np.ndarray,
    obs: pd.DataFrame,
    groups: pd.Series,
    share: float,
    rng: np.random.Generator,
) -> None:
    """Let a share of the drugs left validate, in whole groups, and of the controls of each line."""
    if share <= 0:
        return
    free = (role == TRAINING) & ~obs["control"].to_numpy(bool)
    left = groups[groups.index.isin(obs["drug"][free].unique())]
    size = left.value_counts()
    names = rng.permutation(np.sort(size.index.to_numpy(object)))
    if len(names) < 2:
        raise LacunaError(
            f"single_cell: validation: {len(left)} drugs in {len(names)} groups are left of those "
            "not judged, too few to train and to validate. Take validation: {by: cells}."
        )
    most, chosen, filled = round(share * len(left)), list[str](), 0
    for name in names:
        if filled + size[name] <= most and len(chosen) < len(names) - 1:
            chosen.append(name)
            filled += size[name]
    if not chosen:  # a scaffold may be of more drugs than are asked for
        chosen = [min(names, key=lambda name: size[name])]
    of_drug = left.index[left.isin(chosen)]
    role[free & obs["drug"].isin(of_drug).to_numpy()] = VALIDATION
    _validation_controls(role, obs, share, rng)


def _validation_cells(
    role: np.ndarray,
    obs: pd.DataFrame,
    groups: pd.Series,
    share: float,
    rng: np.random.Generator,
) -> None:
    """Let a share of the observations left validate, and some controls more, as published."""
    if share <= 0:
        return
    free = np.flatnonzero((role == TRAINING) & ~obs["control"].to_numpy(bool))
    role[rng.permutation(free)[: round(share * len(free))]] = VALIDATION
    _validation_controls(role, obs, share + (1 - share) * MORE_CONTROLS, rng)


def _validation_controls(
    role: np.ndarray, obs: pd.DataFrame, share: float, rng: np.random.Generator
) -> None:
    """Let a share of the controls of each line validate, one at least where there are two."""
    for line in sorted(obs["line"].unique()):
        here = (role == TRAINING) & obs["control"].to_numpy(bool) & (obs["line"] == line).to_numpy()
        controls = rng.permutation(np.flatnonzero(here))
        if len(controls) > 1:
            role[controls[: max(1, round(share * len(controls)))]] = VALIDATION
