"""Tables that give the structure of drugs by name."""

from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import read_columns
from lacuna.io.names import tidy_texts
from lacuna.io.odd_rows import Account, tell
from lacuna.io.quantities import MISSING
from lacuna.io.untrusted import check_header, check_plain, open_untrusted, parse_table

DRUG = ("drug", "name", "pert_id", "pert_iname", "product_name")
SMILES = ("smiles", "canonical_smiles", "SMILES")


def read_smiles(path: str | Path) -> pd.Series:
    """Read SMILES by the name of the drug.

    Parameters
    ----------
    path
        Plain or gzipped: a table with tabs and columns as in `DRUG` and `SMILES`; or two columns
        with a comma between them, with such a first line or without, as chemCPA's authors give
        those of LINCS by pert_id.

    Returns
    -------
    Series of str
        By name; drugs without one are left out.

    Raises
    ------
    LacunaError
        If a column is missing, or a drug has two SMILES.
    """
    path = Path(path)
    with open_untrusted(path, text=True) as file:
        first = file.readline(2**16).decode("latin-1")
    if "\t" in first:
        account: Account = []
        table = read_columns(path, {"drug": DRUG, "smiles": SMILES}, account=account)
        tell(path, account)
    else:
        table = _read_comma(path)
    table = table.dropna().astype(str).drop_duplicates()
    twice = table.loc[table["drug"].duplicated(), "drug"].unique()
    if len(twice):
        raise LacunaError(
            f"{path}: {len(twice)} drugs have more than one SMILES: {listed(twice)}; expected one "
            "structure for each name. Remove the others."
        )
    return table.set_index("drug")["smiles"].astype(object)


def _read_comma(path: Path) -> pd.DataFrame:
    check_header(path, ",")
    account: Account = []
    table = parse_table(
        path,
        "two columns, a drug and its SMILES, with a tab or a comma between them",
        account,
        sep=",",
        header=None,
        skipinitialspace=True,
        dtype=str,
        na_values=MISSING,
        keep_default_na=False,
    )
    if table.shape[1] != 2:
        raise LacunaError(
            f"{path}: its first line has {table.shape[1]} fields; expected two, a drug and its "
            "SMILES, with a comma between them. For more, separate columns by tabs, and call these "
            "drug and smiles."
        )
    table.columns = pd.Index(["drug", "smiles"])
    if len(table) and table["drug"].iloc[0] in DRUG and table["smiles"].iloc[0] in SMILES:
        table = table.iloc[1:]
    if table["smiles"].isna().all():
        raise LacunaError(
            f"{path}: has no second column with SMILES; expected columns drug and smiles with a "
            "tab between them."
        )
    for column in ("drug", "smiles"):
        check_plain(table[column], column, path)
        table[column] = tidy_texts(table[column], column, account)
    tell(path, account)
    return table
