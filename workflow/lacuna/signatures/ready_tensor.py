"""Imports a tensor that somebody else made: its profiles, of drugs in cells."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.matlab import MatlabTensor
from lacuna.io.perturbations import COMPOUND
from lacuna.signatures.signature_set import COLUMNS, NOT_GIVEN, UNIT, SignatureSet
from lacuna.vectors import unit_rows


def import_tensor(tensor: MatlabTensor, scale: str = UNIT) -> Iterator[SignatureSet]:
    """Read the measured profiles, of compounds, a cell at a time.

    Parameters
    ----------
    tensor
        The open file.
    scale
        "unit" scales each to unit length, "z" leaves values as they are.

    Yields
    ------
    SignatureSet
        One signature a profile. Of dose, time, batch, replicates, ACD and p-value the file says
        nothing.

    Raises
    ------
    LacunaError
        If there is no profile, or one is zero in every gene.
    """
    read = 0
    for cell, (drugs, profiles) in zip(tensor.cells, tensor.profiles(), strict=True):
        names = tensor.drugs[drugs]
        empty = ~profiles.any(axis=1)
        if empty.any():
            raise LacunaError(
                f"{tensor.path}: the profiles of {listed(names[empty])} in cell {cell!r} are 0 in "
                "every gene and have no direction. Expected NaN where nothing was measured."
            )
        read += len(drugs)
        table = pd.DataFrame({"drug": names, "cell": cell}, columns=COLUMNS)
        table = table.assign(batch="", pert_type=COMPOUND, replicates=1, no_p_value=NOT_GIVEN)
        table["name"] = pd.Series(np.nan, table.index, object)
        numbers = dict.fromkeys(["dose", "time", "acd", "p_value"], np.nan)
        rows = unit_rows(profiles) if scale == UNIT else profiles
        yield SignatureSet(table.assign(**numbers), rows, tensor.genes)
    if not read:
        raise LacunaError(f"{tensor.path}: holds no profile: variable T is NaN everywhere.")


def count_profiles(profiles: int) -> pd.DataFrame:
    """Count what becomes of the profiles, in the columns of `count_signatures`."""
    return pd.DataFrame({"use": ["compound"], "signatures": [profiles]})
