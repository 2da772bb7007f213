"""Imports signatures that somebody else made: Level 5, with a sig_info table."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.sig_info import COMPOUND
from lacuna.signatures.signature_set import (
    COLUMNS,
    HAS_P_VALUE,
    NOT_GIVEN,
    SIGNATURES_AT_ONCE,
    SignatureSet,
)
from lacuna.signatures.values import check_signatures
from lacuna.vectors import unit_rows


def import_signatures(
    matrix: Gctx, info: pd.DataFrame, genes: np.ndarray
) -> Iterator[SignatureSet]:
    """Read the signatures of compounds, a block at a time, and scale them to unit length.

    Parameters
    ----------
    matrix
        The open Level 5 matrix.
    info
        As `lacuna.io.sig_info.read_signatures` returns it.
    genes
        Ids of the genes to take.

    Yields
    ------
    SignatureSet
        With the ACD, the p-value and cc_q75 of `info`; NaN where it has none.

    Raises
    ------
    LacunaError
        If there is no compound, a signature is zero in every gene, or has a value that none has.
    """
    table = known_experiments(info)
    if table.empty:
        raise LacunaError(f"{matrix.path}: no signature of a compound (pert_type {COMPOUND}).")
    names = info.loc[info["kind"].eq(COMPOUND), "signature"].reset_index(drop=True)
    for start in range(0, len(table), SIGNATURES_AT_ONCE):
        block = slice(start, start + SIGNATURES_AT_ONCE)
        values = matrix.read(genes, names[block])
        check_signatures(matrix, names[block].to_numpy(), values)
        yield SignatureSet(table[block].reset_index(drop=True), unit_rows(values), genes)


def known_experiments(info: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a `SignatureSet` of ready-made signatures: those of compounds.

    Parameters
    ----------
    info
        As `lacuna.io.sig_info.read_signatures` returns it.
    """
    table = info[info["kind"].eq(COMPOUND)].reset_index(drop=True)
    why = table["p_value"].isna().map({True: NOT_GIVEN, False: HAS_P_VALUE})
    return table.assign(no_p_value=why)[[*COLUMNS, "cc_q75"]]


def count_signatures(info: pd.DataFrame) -> pd.DataFrame:
    """Count what becomes of the signatures, in the columns of `count_wells`: use, signatures."""
    use = info["kind"].eq(COMPOUND).map({True: "compound", False: "left out: no compound"})
    return use.rename("use").value_counts().rename("signatures").reset_index()
