"""Profiles of another platform: how they are read, and which of their drugs the tensor knows.

Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465) remove the drugs that both have from the
training of the network that predicts the other platform's profiles; so do we.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING, TWIN
from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.external import External, read_external
from lacuna.io.names import plain_key
from lacuna.io.perturbations import COMPOUND
from lacuna.io.series_matrix import read_series_matrix
from lacuna.io.tag_counts import read_tag_counts
from lacuna.structures.identity import BLOCK_LETTERS, KEY
from lacuna.tensor.profiles import ProfileSet

SET_APART = "external drug"  # the part of a profile of a drug that both have, in a study's cell
# Of which cells a mean is, and of which drugs: those that the network was not trained on.
ALL_CELLS, SEVERAL = "all cells", "several cells"
UNSEEN, SEEN = "not in training", "in training"


def read_set(files: Mapping[str, str], genes: pd.DataFrame, cells: Sequence[str]) -> External:
    """Read profiles of another platform, in whichever layout they are.

    Parameters
    ----------
    files
        By what each holds: profiles and samples, series_matrix and platform, or counts and samples.
    genes
        gene and symbol, in the tensor's order.
    cells
        The cells to keep, in whatever spelling (PC-3, PC3); none for all.

    Raises
    ------
    LacunaError
        If the files cannot be read, or have no cell of a name.
    """
    if "series_matrix" in files:
        external = read_series_matrix(files["series_matrix"], files["platform"], genes)
    elif "counts" in files:
        external = read_tag_counts(files["counts"], files["samples"], genes)
    else:
        external = read_external(files["profiles"], files["samples"], genes)
    if not cells:
        return external
    known = {plain_key(cell): cell for cell in external.cell}
    for cell in cells:
        if plain_key(cell) not in known:
            raise LacunaError(
                f"cell_to_cell: transfer: cells: the external profiles have no cell {cell!r}"
                f"{did_you_mean(cell, known.values())}; they have {listed(known.values(), 20)}."
            )
    kept = np.isin(external.cell.astype(str), [known[plain_key(cell)] for cell in cells])
    return External(
        external.profiles[kept],
        external.measured,
        external.drug[kept],
        external.cell[kept],
        external.name,
        external.inchi_keys,
    )


def place_external(external: External, genes: np.ndarray, length: float = 1) -> ProfileSet:
    """Put profiles on a grid of their own: drugs and cells by name.

    Parameters
    ----------
    external
        One profile per drug and cell.
    genes
        Names of its genes.
    length
        What each profile is brought to: that of the profiles a network was trained on.
    """
    order = np.lexsort((external.cell, external.drug))
    drugs, drug = np.unique(external.drug[order].astype(str), return_inverse=True)
    cells, cell = np.unique(external.cell[order].astype(str), return_inverse=True)
    profiles = external.profiles[order] * np.float32(length)
    return ProfileSet(profiles, drug, cell, drugs, cells, genes)


def typical_length(profiles: np.ndarray) -> float:
    """Return the median length of profiles; 1 of unit rows, whatever rounding left."""
    length = float(np.median(np.linalg.norm(profiles.astype(np.float64), axis=1)))
    return 1.0 if np.isclose(length, 1, atol=1e-4) else length


def same_drugs(names: Sequence[str], keys: Mapping[str, str], drugs: pd.DataFrame) -> np.ndarray:
    """Say which external drug is which drug of the tensor.

    Where both have an InChIKey, its first block decides, so that salts of one parent and stereo
    twins are one drug; else the name or the id does, by its letters and digits.

    Parameters
    ----------
    names
        Of the external drugs.
    keys
        InChIKeys by name, where they are known.
    drugs
        drug, name, pert_type, and inchi_key where it is known: of the tensor's drugs, in their
        order. A gene that was silenced is no drug, whatever it is called.

    Returns
    -------
    bool array of shape (len(names), len(drugs))
    """
    called = [
        drugs[column].map(plain_key, na_action="ignore").to_numpy(object)
        for column in ("drug", "name")
    ]
    kind = drugs.get("pert_type", pd.Series(COMPOUND, drugs.index))
    is_compound = kind.eq(COMPOUND).to_numpy()
    block = _blocks(drugs["inchi_key"] if "inchi_key" in drugs else pd.Series(None, drugs.index))
    own_block = _blocks(pd.Series([keys.get(name) for name in names], dtype=object))
    same = np.zeros((len(names), len(drugs)), dtype=bool)
    for row, (name, own) in enumerate(zip(names, own_block, strict=True)):
        by_name = (called[0] == plain_key(name)) | (called[1] == plain_key(name))
        by_key = block == own
        same[row] = np.where((block != "") & (own != ""), by_key, by_name) & is_compound
    return same


def set_apart(tensor: ProfileSet, part: np.ndarray, is_external: np.ndarray) -> pd.DataFrame:
    """Divide the profiles for the network that is to predict the external ones.

    Parameters
    ----------
    tensor
        All observed profiles.
    part : array of str of shape (n,)
        Of the study, as `lacuna.cell_to_cell.study.divide` returns it.
    is_external : bool array of shape (drugs,)
        Which drugs of the tensor the external profiles are of.

    Returns
    -------
    DataFrame with columns drug, cell, part
        Of each profile; part is TRAINING, also for the study's test drugs, SET_APART, or
        OTHER_CELL.

    Raises
    ------
    LacunaError
        If no profile is left to train on.
    """
    inside = np.isin(part, [TRAINING, TEST, TWIN])  # of the study's own type of perturbation
    left = inside & ~is_external[tensor.drug]
    if not left.any():
        raise LacunaError(
            "cell_to_cell: transfer: every drug in the cells of the study is a drug of the "
            "external profiles, and none is left to train on. Take transfer out of analyses, or "
            "name other external profiles."
        )
    parts = np.where(left, TRAINING, np.where(inside, SET_APART, OTHER_CELL))
    drug, cell = tensor.drugs[tensor.drug], tensor.cells[tensor.cell]
    return pd.DataFrame({"drug": drug, "cell": cell, "part": parts})


def drug_table(
    external: ProfileSet, name: str, same: np.ndarray, drugs: pd.DataFrame
) -> pd.DataFrame:
    """Return set, drug, cells and in_tensor of each external drug; see `same_drugs`."""
    ids = drugs["drug"].to_numpy(str)
    return pd.DataFrame(
        {
            "set": name,
            "drug": external.drugs,
            "cells": external.measured.sum(axis=1),
            "in_tensor": ["|".join(ids[row]) for row in same],
        }
    )


def in_training(table: pd.DataFrame, trained_on: Sequence[str]) -> np.ndarray:
    """Say which external drugs a network was trained on.

    Parameters
    ----------
    table
        in_tensor: as `drug_table` returns it.
    trained_on
        Ids of the tensor's drugs.
    """
    known = set(trained_on)
    return np.array([bool(known & set(ids.split("|"))) for ids in table["in_tensor"].fillna("")])


def _blocks(keys: pd.Series) -> np.ndarray:
    """Return first blocks of InChIKeys, "" where there is none."""
    return np.array(
        [
            str(key)[:BLOCK_LETTERS] if isinstance(key, str) and re.fullmatch(KEY, key) else ""
            for key in keys
        ],
        dtype=object,
    )
