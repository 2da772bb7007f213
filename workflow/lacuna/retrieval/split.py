"""Who is trained on, who stops the training, who is judged: by drug and by line at once.

After Finlayson et al. 2021 (https://doi.org/10.48550/arXiv.1911.10241): wells of training drugs in
training lines, of validation drugs in the validation line, of test drugs in the test line. Their
code splits pert_ids, of which several can be one structure; here all that shares the first block of
the InChIKey, so every stereo twin, or a scaffold, stays on one side.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError

TRAINING, VALIDATION, TEST, UNUSED = "training", "validation", "test", ""
ROLES = (TRAINING, VALIDATION, TEST)


def split_drugs(
    groups: pd.Series,
    *,
    folds: int,
    validation: float,
    test: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw the role of each drug in each fold.

    Parameters
    ----------
    groups
        Of drugs, see `lacuna.structures.identity.group_compounds`.
    folds
        With one, a share `test` of the drugs is judged; with more, each drug is judged once.
    validation, test
        Shares of all drugs.

    Returns
    -------
    DataFrame of str, indexed by drug, a column for each fold

    Raises
    ------
    LacunaError
        If there are too few groups for all roles.
    """
    names = rng.permutation(np.sort(groups.unique()))
    if len(names) < max(3, folds + 1):
        raise LacunaError(
            f"retrieval: split: {len(groups)} drugs of {len(names)} groups are too few for "
            f"{folds} folds with training, validation and test; expected more drugs or fewer folds."
        )
    size = groups.value_counts().loc[names].to_numpy()
    # Where the middle of each group lies in the row of all drugs, from 0 to 1.
    place = (np.cumsum(size) - size / 2) / size.sum()
    roles = pd.DataFrame(index=groups.index, columns=range(folds), dtype=object)
    share = test if folds == 1 else 1 / folds
    # In whole numbers, so that no group on a border is judged twice or never.
    judged_in = np.minimum((place / share).astype(int), folds)
    for fold in range(folds):
        judged = judged_in == fold
        # Behind the test drugs, and at the end of the row from its beginning again.
        stops = ~judged & ((place - (fold + 1) * share) % 1.0 < validation)
        if not (judged.any() and stops.any() and (~judged & ~stops).any()):
            raise LacunaError(
                f"retrieval: split: fold {fold} has no drug for training, validation or test: the "
                f"{len(names)} groups of drugs are too few or too unlike in size. Split by block, "
                "take fewer folds, or larger shares."
            )
        role = pd.Series(np.where(judged, TEST, np.where(stops, VALIDATION, TRAINING)), names)
        roles[fold] = groups.map(role)
    return roles


def well_roles(
    wells: pd.DataFrame, drugs: pd.Series, lines: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """Return the role of each well in one fold; `UNUSED` where drug and line do not meet.

    Parameters
    ----------
    wells
        drug, cell.
    drugs
        The role of each drug.
    lines
        The lines of each role. A line may have two roles; drugs never have.

    Returns
    -------
    array of str of shape (wells,)
    """
    of_drug = wells["drug"].map(drugs).to_numpy()
    roles = np.full(len(wells), UNUSED, dtype=object)
    for role in ROLES:
        roles[(of_drug == role) & wells["cell"].isin(lines[role]).to_numpy()] = role
    return roles
