"""The wells of one fold, by role, with their molecules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.h5ad import read_written
from lacuna.io.tsv import read_table
from lacuna.retrieval.features import Features
from lacuna.retrieval.interface import Alike, Pairs
from lacuna.retrieval.split import ROLES, TEST, TRAINING, well_roles

REFERENCE = "reference"  # test drugs in training lines: what an oracle knows, and nobody else


@dataclass(frozen=True)
class Side:
    """The wells of one role in one fold.

    Attributes
    ----------
    wells : DataFrame indexed by well
        cell, plate, drug (InChIKey), pert_id.
    treated, control : float32 arrays of shape (n, genes)
        Log2 expression of the wells, and of the controls of their plates; None of signatures.
    molecules : DataFrame indexed by InChIKey
        smiles, block, scaffold of the drugs that have a well here: the library.
    molecule : int array of shape (n,)
        The row of `molecules` that each well belongs to.
    """

    wells: pd.DataFrame
    treated: np.ndarray
    control: np.ndarray | None
    molecules: pd.DataFrame
    molecule: np.ndarray

    @property
    def twins(self) -> np.ndarray:
        """The group of each molecule: stereo twins share the first block of the InChIKey."""
        return pd.factorize(self.molecules["block"])[0]

    def pairs(self, profiles: np.ndarray, vectors: np.ndarray, alike: Alike) -> Pairs:
        """Join profiles of the wells and vectors of the molecules."""
        return Pairs(profiles, vectors, self.molecule, alike)


@dataclass(frozen=True)
class Fold:
    """One fold: sides by role, and the features that training wells define.

    Attributes
    ----------
    sides : dict of Side
        By role: training, validation, test; and `REFERENCE`, unless that has no well.
    features : Features
    """

    sides: Mapping[str, Side]
    features: Features

    def profiles(self, role: str) -> np.ndarray:
        """Return the features of the wells of a role, float32 of shape (n, features)."""
        side = self.sides[role]
        return self.features.transform(side.treated, side.control)


def read_fold(
    files: Mapping[str, str | Path],
    fold: int,
    lines: Mapping[str, Sequence[str]],
    blocks: Sequence[str],
) -> Fold:
    """Read the wells of a fold.

    Parameters
    ----------
    files
        treated, molecules, roles and, of wells, control: see `lacuna.retrieval.stage.cut`.
    fold
        Its number.
    lines
        Cell lines by role.
    blocks
        The features, see `lacuna.retrieval.features.BLOCKS`.

    Raises
    ------
    LacunaError
        If a role has no well, or the files do not belong together.
    """
    treated = read_written(files["treated"])
    control = read_written(files["control"]) if "control" in files else None
    if control is not None and not control.obs.index.equals(treated.obs.index):
        raise LacunaError(
            f"{files['control']}: holds other wells than {files['treated']}. Delete both and run "
            "again."
        )
    molecules = read_table(files["molecules"]).set_index("drug")
    role_of = read_table(files["roles"]).set_index("drug")[f"fold_{fold}"]
    roles = well_roles(treated.obs, role_of, lines)
    of_test = treated.obs["drug"].map(role_of).to_numpy() == TEST
    roles[of_test & treated.obs["cell"].isin(lines[TRAINING]).to_numpy()] = REFERENCE
    # HDF5 reads a matrix much faster than as many rows of it.
    profiles, said = treated.X[:], None if control is None else control.X[:]
    sides = {}
    for role in (*ROLES, REFERENCE):
        rows = np.flatnonzero(roles == role)
        if role == REFERENCE and not len(rows):
            continue
        if not len(rows):
            raise LacunaError(
                f"retrieval: fold {fold} has no {role} well in {', '.join(lines[role])}: no drug "
                f"of that role was measured there. Name other lines, or fewer folds."
            )
        wells = treated.obs.iloc[rows]
        here = molecules.loc[sorted(wells["drug"].unique())]
        sides[role] = Side(
            wells=wells,
            treated=profiles[rows],
            control=None if said is None else said[rows],
            molecules=here,
            molecule=here.index.get_indexer(pd.Index(wells["drug"])),
        )
    learnt = sides[TRAINING]
    return Fold(sides, Features.fit(learnt.treated, learnt.control, blocks))
