"""Reads tables of ready-made signatures: sig_info of GEO, and those of Characteristic Directions.

GSE92742 gives dose and time with their units in columns of their own, GSE70138 as one text
(`pert_idose`, `pert_itime`). A table of Characteristic Directions, such as L1000CDS2's, says beside
how many replicates a signature has and the p-value of their agreement, and holds compounds alone
(Duan et al. 2016, npj Syst Biol Appl 2:16015, doi:10.1038/npjsba.2016.15).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import (
    batch_of,
    check_present,
    check_unique,
    read_columns,
    read_either,
    spell_alike,
)
from lacuna.io.odd_rows import Account, note
from lacuna.io.perturbations import COMPOUND
from lacuna.io.quantities import read_numbers

COLUMNS = {"signature": ("sig_id",), "drug": ("pert_id",), "cell": ("cell_id",)}
OPTIONAL = {
    "name": ("pert_iname", "pert_desc"),
    "kind": ("pert_type",),
    "dose": ("pert_dose",),
    "dose_unit": ("pert_dose_unit",),
    "dose_with_unit": ("pert_idose",),
    "time": ("pert_time",),
    "time_unit": ("pert_time_unit",),
    "time_with_unit": ("pert_itime",),
    "replicates": ("distil_nsample", "replicateCount"),
    "wells": ("distil_id",),
    "cc_q75": ("distil_cc_q75",),
    "acd": ("acd", "chdirMeanDistLm"),
    "p_value": ("pvalue", "p_value"),
}
BETWEEN_WELLS = "|"  # of distil_id; a well is called plate:place


def read_signatures(path: str | Path, account: Account | None = None) -> pd.DataFrame:
    """Read the table that describes the signatures of a matrix.

    Parameters
    ----------
    path
        The table, separated by tabs, plain or gzipped.
    account
        Gets what was odd.

    Returns
    -------
    DataFrame, one row per signature, in file order
        signature, drug, name, kind, dose, time, cell as `lacuna.io.geo.read_wells` has them;
        replicates (1 where neither their number nor their wells are given), acd, p_value and cc_q75
        (how alike the replicates are, `distil_cc_q75`; NaN where not given), batch (of the plates
        of its wells; empty where they are not given, or of several batches). A table with p-values
        needs no kind: all of its signatures are compounds.

    Raises
    ------
    LacunaError
        If a column is missing, a signature stands twice, one has no drug or cell, or a p-value is
        no number from 0 to 1.
    """
    table = read_columns(path, COLUMNS, OPTIONAL, account, exact=("signature",))
    check_unique(table, "signature", "sig_id", path)
    for column in ("drug", "cell"):
        check_present(table, column, path)
    table = spell_alike(table, {"drug": "pert_id", "cell": "cell_id"}, account)
    p_values = _p_values(table["p_value"], path)
    if table["kind"].isna().all() and p_values.notna().any():
        table["kind"] = COMPOUND
    _check_any(table, "kind", "pert_type (or pvalue, in a table of compounds alone)", path)
    check_present(table, "kind", path)
    batches, wells = _wells(table["wells"])
    replicates = read_numbers(table["replicates"]).where(lambda count: count >= 1)
    described = {
        "dose": _quantity(table, "dose", account),
        "time": _quantity(table, "time", account),
        "replicates": replicates.fillna(wells).fillna(1).astype(int),
        "batch": batches,
        "cc_q75": read_numbers(table["cc_q75"]),
        "acd": pd.to_numeric(table["acd"], errors="coerce"),
        "p_value": p_values,
    }
    return table[["signature", "drug", "name", "kind", "cell"]].assign(**described)


def _quantity(table: pd.DataFrame, what: str, account: Account | None) -> pd.Series:
    """Return doses in micromolar or times in hours, from whichever columns there are."""
    unit = f"{what}_unit"
    # Tables of Characteristic Directions have no column of units.
    if table[unit].isna().all() and table[what].notna().any():
        table = table.assign(**{unit: {"dose": "um", "time": "h"}[what]})
    values, unknown = read_either(table, what)
    said = f"{what} in an unknown unit: it counts as missing"
    texts = listed(unknown.dropna().unique())
    note(account, f"{said} ({texts})", table.loc[unknown.notna(), "signature"])
    return values


def _p_values(texts: pd.Series, path: str | Path) -> pd.Series:
    values = pd.to_numeric(texts, errors="coerce")
    wrong = np.flatnonzero(texts.notna() & ~values.between(0, 1))
    if len(wrong):
        raise LacunaError(
            f"{path}: line {wrong[0] + 2}: the p-value is {texts.iloc[wrong[0]]!r} ({len(wrong)} "
            "such rows); expected a number from 0 to 1, or an empty field."
        )
    return values.astype(float)


def _wells(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the batch of each signature's wells, and their number (NaN where not given)."""
    given = texts.dropna().astype(str)
    well = given.str.split(BETWEEN_WELLS, regex=False).explode()
    batch = batch_of(well.astype(str).str.split(":").str[0])
    by_signature = batch.groupby(level=0)
    first = by_signature.first()
    other = batch[batch != first.reindex(batch.index)]
    first[other.index.unique()] = ""  # of several batches
    return first.reindex(texts.index).fillna(""), by_signature.size().reindex(texts.index)


def _check_any(table: pd.DataFrame, column: str, upstream: str, path: str | Path) -> None:
    if len(table) and table[column].isna().all():
        raise LacunaError(f"{path}: no column {upstream} with a value; every signature needs one.")
