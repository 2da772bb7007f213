"""The small tables of a series, read before its matrix comes: a fault is to cost no download."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from lacuna.io.geo import read_cells, read_drugs, read_genes, read_wells
from lacuna.io.odd_rows import Account
from lacuna.io.sig_info import read_signatures

NOTHING = "nothing is odd"


def check_tables(files: Mapping[str, str | Path]) -> pd.DataFrame:
    """Read tables as the later steps do, and account for their odd rows.

    Parameters
    ----------
    files
        Paths by kind: inst_info, sig_info, pert_info, gene_info, cell_info.

    Returns
    -------
    DataFrame with columns table, rows (that are left, of the whole table), odd, odd_rows, named
        A line for each table and what is odd in it; one that says so where nothing is.

    Raises
    ------
    LacunaError
        If a table cannot be read.
    """
    readers: dict[str, Callable[[str | Path, Account], pd.DataFrame]] = {
        "inst_info": read_wells,
        "pert_info": read_drugs,
        "cell_info": read_cells,
        "gene_info": read_genes,
        "sig_info": read_signatures,
    }
    lines = []
    for kind, path in files.items():
        account: Account = []
        rows = len(readers[kind](path, account))
        lines += [(kind, rows, *odd) for odd in account] or [(kind, rows, NOTHING, 0, "")]
    return pd.DataFrame(lines, columns=["table", "rows", "odd", "odd_rows", "named"])
