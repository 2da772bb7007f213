"""The study of Umarov et al. 2021: a drug's response in one cell from that in another.

Whole drugs are held out in a few cells; the profile of such a drug in one of the cells is predicted
from those in the others (doi:10.1371/journal.pcbi.1009465).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.structures.identity import drug_groups
from lacuna.tensor.joined import read_described, read_of_profiles
from lacuna.tensor.profiles import ProfileSet

TRAINING, TEST, OTHER_CELL = "training", "test", "other cell"
# The same of perturbations that are no compounds, in a tensor that has compounds too.
OTHER_TRAINING, OTHER_TEST = "training, other type", "test, other type"
# Measured in one cell alone, and the same compound as a test drug, but for salt or stereochemistry.
TWIN = "twin of a test drug"
COMPOUND = "trt_cp"


@dataclass(frozen=True)
class Study:
    """The profiles, and what each is for.

    Attributes
    ----------
    tensor : ProfileSet
    part : array of str of shape (n,)
        As `divide` returns it.
    pert_type : array of str of shape (drugs,)
        The type of each perturbagen, as LINCS calls it.
    group : int array of shape (drugs,)
        Drugs of one number are never on both sides of a division.
    """

    tensor: ProfileSet
    part: np.ndarray
    pert_type: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, tensor: ProfileSet, part: np.ndarray, drugs: pd.DataFrame | None = None) -> "Study":
        """Join profiles and their division with what a table says of the drugs.

        Parameters
        ----------
        tensor, part
            See `Study`.
        drugs
            As tensor/drugs.tsv has them, one row a drug, in the tensor's order; without it, all are
            compounds that are none's twins.
        """
        groups = np.arange(len(tensor.drugs)) if drugs is None else drug_groups(drugs)
        return cls(tensor, part, pert_types(tensor, drugs), groups)

    @classmethod
    def read(cls, tensor: str | Path, division: str | Path, drugs: str | Path) -> "Study":
        """Read the profiles, their division, and the table of drugs.

        Raises
        ------
        DamagedFile
            If the tensor is damaged.
        LacunaError
            If a table is not of this tensor.
        """
        profiles = ProfileSet.load(tensor)
        part, group = (
            read_of_profiles(profiles, division, column).astype(str) for column in ("part", "group")
        )
        groups = np.full(len(profiles.drugs), -1)
        groups[profiles.drug] = pd.factorize(group)[0]
        types = pert_types(profiles, read_described(profiles, "drugs", drugs))
        return cls(profiles, part, types, groups)

    def take(self, *parts: str) -> ProfileSet:
        """Return the profiles of some parts."""
        return self.tensor.take(np.isin(self.part, parts))

    @property
    def cells(self) -> np.ndarray:
        """The cells of the study, as indices into the tensor's cells."""
        return np.unique(self.take(TRAINING, TEST).cell)

    @property
    def inside(self) -> ProfileSet:
        """All profiles in the cells of the study; of compounds alone, where there are any."""
        return self.take(TRAINING, TEST, TWIN)

    def alike(self, drugs: np.ndarray) -> np.ndarray:
        """Return these drugs, and all that may not be on the other side of a division."""
        return np.flatnonzero(np.isin(self.group, self.group[np.unique(drugs)]))


def pert_types(tensor: ProfileSet, drugs: pd.DataFrame | None) -> np.ndarray:
    """Return the type of each perturbagen, str of shape (drugs,); compounds where none is told."""
    if drugs is None or "pert_type" not in drugs:
        return np.full(len(tensor.drugs), COMPOUND)
    return drugs["pert_type"].fillna(COMPOUND).to_numpy(str)


def is_studied(pert_type: np.ndarray) -> np.ndarray:
    """Return which perturbagens the study is about: compounds; all, where there is no compound."""
    compounds = pert_type == COMPOUND
    return compounds if compounds.any() else np.ones(len(pert_type), bool)


def choose_cells(tensor: ProfileSet, cells: int | Sequence[str]) -> np.ndarray:
    """Return the cells of the study, as indices into the tensor's cells.

    Parameters
    ----------
    tensor
        Its cells go from the best covered to the least.
    cells
        So many of the best covered ones, or their names.

    Raises
    ------
    LacunaError
        If the tensor has fewer cells, or none of a name.
    """
    if isinstance(cells, int):
        count = len(tensor.cells)
        if cells > count:
            has = "1 cell, from which no other can be predicted" if count == 1 else f"{count} cells"
            raise LacunaError(f"cell_to_cell: cells is {cells}, but the tensor has {has}.")
        return np.arange(cells)
    return _named(tensor, cells, "cells")


def choose_added(tensor: ProfileSet, cells: np.ndarray, added: int | Sequence[str]) -> np.ndarray:
    """Return the cells that are added to those of the study, in this order, as indices.

    Parameters
    ----------
    tensor
        Its cells go from the best covered to the least.
    cells
        Those of the study.
    added
        So many of the best covered others, or as many as there are; or their names.

    Raises
    ------
    LacunaError
        If the tensor has no cell of a name, or the study has it already.
    """
    if isinstance(added, int):
        return np.setdiff1d(np.arange(len(tensor.cells)), cells)[:added]
    chosen = _named(tensor, added, "added_cells")
    for cell in chosen[np.isin(chosen, cells)]:
        raise LacunaError(
            f"cell_to_cell: added_cells: {str(tensor.cells[cell])!r} is a cell of the study "
            "already. Take it out there, or out of cell_to_cell: cells."
        )
    return chosen


def _named(tensor: ProfileSet, names: Sequence[str], key: str) -> np.ndarray:
    place = {name: number for number, name in enumerate(tensor.cells)}
    for name in names:
        if name not in place:
            raise LacunaError(
                f"cell_to_cell: {key}: the tensor has no cell {name!r}{did_you_mean(name, place)}; "
                f"it has {listed(place, 20)}."
            )
    return np.array([place[name] for name in names], dtype=int)


def divide(
    tensor: ProfileSet,
    cells: np.ndarray,
    test_percent: int,
    rng: np.random.Generator,
    drugs: pd.DataFrame | None = None,
) -> Study:
    """Divide the profiles into those of training drugs and those of test drugs.

    Test drugs are drawn from those with profiles in two or more of the cells: of each of their
    profiles there is another one to predict it from. All other drugs are for training, but for
    salts and stereo twins of test drugs. Perturbations that are no compounds are divided likewise,
    and told apart.

    Parameters
    ----------
    tensor
        All observed profiles.
    cells
        The cells of the study.
    test_percent
        Percentage of those drugs to hold out.
    rng
        Draws them.
    drugs
        As `Study.of` takes it.

    Returns
    -------
    Study
        With TRAINING or TEST, OTHER_TRAINING or OTHER_TEST, or TWIN as the parts; OTHER_CELL for
        profiles in none of the cells.

    Raises
    ------
    LacunaError
        If there are too few drugs to hold any out.
    """
    study = Study.of(tensor, np.empty(0), drugs)
    studied, group = is_studied(study.pert_type), study.group
    paired = tensor.measured[:, cells].sum(axis=1) > 1
    tests = _draw_tests(np.flatnonzero(paired & studied), group, test_percent, rng)
    if not len(tests):
        raise LacunaError(_too_few(tensor, cells, test_percent, (paired & studied).sum()))
    others = _draw_tests(np.flatnonzero(paired & ~studied), group, test_percent, rng)
    drawn = np.concatenate([tests, others])
    part = np.where(studied, TRAINING, OTHER_TRAINING).astype(object)
    part[np.isin(group, group[drawn])] = TWIN
    part[tests], part[others] = TEST, OTHER_TEST
    of_profile = part[tensor.drug]
    of_profile[~np.isin(tensor.cell, cells)] = OTHER_CELL
    return replace(study, part=of_profile.astype(str))


def _draw_tests(
    paired: np.ndarray, group: np.ndarray, test_percent: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw drugs, whole groups at a time; none where none, or none but these, would be left."""
    wanted = round(len(paired) * test_percent / 100)
    if not 0 < wanted < len(paired):
        return np.empty(0, int)
    drawn = np.empty(0, int)
    for drug in rng.permutation(paired):
        if len(drawn) >= wanted:
            break
        if drug not in drawn:
            drawn = np.concatenate([drawn, paired[group[paired] == group[drug]]])
    return drawn if len(drawn) < len(paired) else np.empty(0, int)


def _too_few(tensor: ProfileSet, cells: np.ndarray, test_percent: int, paired: int) -> str:
    names = listed(tensor.cells[cells])
    remedy = "Choose other cells, or set cell_to_cell: analyses to []."
    if not paired:
        return (
            f"cell_to_cell: no drug has profiles in two of the cells {names}, so none can be "
            f"predicted from another. {remedy}"
        )
    drugs = "1 drug has" if paired == 1 else f"{paired} drugs have"
    return (
        f"cell_to_cell: {drugs} profiles in two or more of the cells {names}: too few to hold out "
        f"{test_percent} % of them, and to train on the others. {remedy}"
    )


def deal_folds(study: Study, folds: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Deal the drugs measured in two or more of the cells to folds, whole groups at a time.

    Yields
    ------
    int array
        The drugs of each fold; every such drug is in one. Empty ones where drugs are few.
    """
    paired = np.flatnonzero(study.inside.measured.sum(axis=1) > 1)
    groups = rng.permutation(np.unique(study.group[paired]))
    for numbers in np.array_split(groups, folds):
        yield paired[np.isin(study.group[paired], numbers)]


def division_table(study: Study) -> pd.DataFrame:
    """Return drug, cell, part, and group (its first drug) of every profile, in their order."""
    tensor = study.tensor
    _, first = np.unique(study.group, return_index=True)
    names = dict(zip(study.group[first], tensor.drugs[first], strict=True))
    return pd.DataFrame(
        {
            "drug": tensor.drugs[tensor.drug],
            "cell": tensor.cells[tensor.cell],
            "part": study.part,
            "group": [names[group] for group in study.group[tensor.drug]],
        }
    )


def inputs_of(test: ProfileSet, given: ProfileSet) -> np.ndarray:
    """Return how many given profiles, of its drug in other cells, each profile is predicted from.

    Parameters
    ----------
    test, given
        Profiles to predict, and to predict them from, on one grid.

    Returns
    -------
    int array of shape (len(test),)
    """
    return given.counts.sum(axis=1)[test.drug] - given.counts[test.drug, test.cell]
