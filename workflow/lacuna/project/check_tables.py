"""The tables of a series, for the look before a run; also those that came within its matrix."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.embedded import write_embedded
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_cells, read_drugs, read_genes, read_text_table, read_wells
from lacuna.io.odd_rows import Account
from lacuna.io.sig_info import read_signatures
from lacuna.project.check_files import Found
from lacuna.project.findings import Report

# The tables of a series: how each is read, and the column by which it is known.
READERS: dict[str, tuple[Callable[[Path, Account], pd.DataFrame], str]] = {
    "inst_info": (read_wells, "inst_id"),
    "sig_info": (read_signatures, "sig_id"),
    "gene_info": (read_genes, "pr_gene_id"),
    "pert_info": (read_drugs, "pert_id"),
    "cell_info": (read_cells, "cell_id"),
}


def explain_table(kind: str, path: Path, key: str, error: LacunaError) -> str:
    """Add to a reader's message what the table seems to be instead."""
    message = str(error).removeprefix(f"{path}: ")
    try:
        columns = read_text_table(path).columns.astype(str)
    except LacunaError:
        return message
    if len(columns) == 1 and ("," in columns[0] or ";" in columns[0]):
        return f"{message} The columns of a table are separated by tabs; these look like CSV."
    if key in columns:
        return message
    for other, (_, its) in READERS.items():
        if other != kind and its in columns:
            return f"{message} It looks like {other}; are the two files swapped, under {kind}?"
    return message


def add_embedded(
    files: Mapping[str, Found], level: str, kind: str, matrix: Gctx, scratch: Path
) -> dict[str, Found]:
    """Return the files of a series, with those tables that a run makes of its matrix.

    Parameters
    ----------
    files
        Those that the series names, by kind.
    level, kind
        What the matrix is, and the table of its columns: level3 and inst_info, say.
    matrix
        The open matrix.
    scratch
        Where the tables go.

    Raises
    ------
    LacunaError
        If the matrix says nothing of its columns, and no table does.
    """
    added = dict(files)
    for table in (kind, "gene_info"):
        if table not in files:
            path = scratch / f"{table}.tsv"
            write_embedded(table, matrix.path, path)
            added[table] = files[level]._replace(kind=table, path=path)
    return added


def name_matrix(report: Report, scratch: Path, path: Path) -> None:
    """Name the user's matrix in place of files that were made of it in a scratch folder."""
    made = re.compile(rf"{re.escape(str(scratch))}/\w+\.(tsv|gctx)")

    def plain(text: str) -> str:
        return made.sub(lambda _: str(path), text)

    report.findings = [
        replace(finding, where=plain(finding.where), what=plain(finding.what))
        for finding in report.findings
    ]
    for lines in report.sections.values():
        lines[:] = map(plain, lines)
