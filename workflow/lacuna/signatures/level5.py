"""Imports signatures that somebody else made: Level 5, with a sig_info table."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.sig_info import COMPOUND
from lacuna.signatures.signature_set import COLUMNS, SIGNATURES_AT_ONCE, SignatureSet
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
        If there is no compound, or a signature is zero in every gene.
    """
    info = info[info["kind"] == COMPOUND].reset_index(drop=True)
    if info.empty:
        raise LacunaError(f"{matrix.path}: no signature of a compound (pert_type {COMPOUND}).")
    table = info[[*COLUMNS, "cc_q75"]]
    for start in range(0, len(info), SIGNATURES_AT_ONCE):
        block = slice(start, start + SIGNATURES_AT_ONCE)
        profiles = unit_rows(matrix.read(genes, info["signature"][block]))
        empty = ~profiles.any(axis=1)
        if empty.any():
            names = info["signature"][block].to_numpy()[empty]
            raise LacunaError(
                f"{matrix.path}: the signatures {listed(names)} are 0 in every gene and have no "
                "direction. Remove them from the matrix and sig_info."
            )
        yield SignatureSet(table[block].reset_index(drop=True), profiles, genes)


def count_signatures(info: pd.DataFrame) -> pd.DataFrame:
    """Count what becomes of the signatures, in the columns of `count_wells`: use, signatures."""
    use = info["kind"].eq(COMPOUND).map({True: "compound", False: "left out: no compound"})
    return use.rename("use").value_counts().rename("signatures").reset_index()
