"""Imports signatures that somebody else made: Level 5, with a sig_info table."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.perturbations import COMPOUND, in_words
from lacuna.signatures.signature_set import (
    COLUMNS,
    HAS_P_VALUE,
    NOT_GIVEN,
    SIGNATURES_AT_ONCE,
    UNIT,
    SignatureSet,
)
from lacuna.signatures.values import check_signatures
from lacuna.vectors import unit_rows


def import_signatures(
    matrix: Gctx,
    info: pd.DataFrame,
    genes: np.ndarray,
    pert_types: Iterable[str] = (COMPOUND,),
    scale: str = UNIT,
) -> Iterator[SignatureSet]:
    """Read the signatures of some types of treatments, a block at a time.

    Parameters
    ----------
    matrix
        The open Level 5 matrix.
    info
        As `lacuna.io.sig_info.read_signatures` returns it.
    genes
        Ids of the genes to take.
    pert_types
        Which are wanted, as LINCS calls them.
    scale
        "unit" scales each to unit length, "z" leaves values as they are.

    Yields
    ------
    SignatureSet
        With the ACD, the p-value and cc_q75 of `info`; NaN where it has none.

    Raises
    ------
    LacunaError
        If there is none of these types, a signature is zero in every gene, or has a value that none
        has.
    """
    pert_types = list(pert_types)
    table = known_experiments(info, pert_types)
    if table.empty:
        raise LacunaError(f"{matrix.path}: {explain_none(info, pert_types)}")
    names = info.loc[info["kind"].isin(pert_types), "signature"].reset_index(drop=True)
    for start in range(0, len(table), SIGNATURES_AT_ONCE):
        block = slice(start, start + SIGNATURES_AT_ONCE)
        values = matrix.read(genes, names[block])
        check_signatures(matrix, names[block].to_numpy(), values)
        rows = unit_rows(values) if scale == UNIT else values
        yield SignatureSet(table[block].reset_index(drop=True), rows, genes)


def known_experiments(info: pd.DataFrame, pert_types: Iterable[str] = (COMPOUND,)) -> pd.DataFrame:
    """Return the table of a `SignatureSet` of ready-made signatures of some types of treatments.

    Parameters
    ----------
    info
        As `lacuna.io.sig_info.read_signatures` returns it.
    pert_types
        As in `import_signatures`.
    """
    table = info[info["kind"].isin(list(pert_types))].reset_index(drop=True)
    table = table.rename(columns={"kind": "pert_type"})
    why = table["p_value"].isna().map({True: NOT_GIVEN, False: HAS_P_VALUE})
    return table.assign(no_p_value=why)[[*COLUMNS, "cc_q75"]]


def explain_none(info: pd.DataFrame, pert_types: Iterable[str]) -> str:
    """Say that no signature is of a wanted type, and which types there are."""
    kinds = [f"{kind} ({count:,})" for kind, count in info["kind"].value_counts().items()]
    return (
        f"no signature of a {in_words(pert_types)}; types found are {listed(kinds)}. Say which are "
        "wanted: signatures: pert_types, or pert_types beside the files of the series."
    )


def count_signatures(info: pd.DataFrame, pert_types: Iterable[str] = (COMPOUND,)) -> pd.DataFrame:
    """Count what becomes of the signatures, in the columns of `count_wells`: use, signatures."""
    pert_types, kinds = list(pert_types), info["kind"].astype(object)
    other = "no compound" if pert_types == [COMPOUND] else "of another pert_type"
    use = kinds.where(kinds.isin(pert_types), f"left out: {other}").replace(COMPOUND, "compound")
    return use.rename("use").value_counts().rename("signatures").reset_index()
