"""Tables of a series that come within others: in its matrix, and drugs in the table of wells.

LINCS writes into the metadata of a GCTX or GCT what stands in inst_info, sig_info and gene_info.
"""

import csv
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.atomic import write_whole
from lacuna.io.blocks import SYMBOLS
from lacuna.io.gctx import Gctx
from lacuna.io.geo import DRUG_COLUMNS, DRUG_OPTIONAL, read_columns
from lacuna.io.quantities import MISSING, read_flags
from lacuna.io.untrusted import check_plain

IDS = {"inst_info": "inst_id", "sig_info": "sig_id"}  # what the ids of columns are called
DESCRIPTION = "Description"  # of GCT 1.2, which holds symbols


def write_embedded(kind: str, source: str | Path, path: str | Path) -> None:
    """Write a table that comes within another file, in GEO's columns.

    Parameters
    ----------
    kind
        inst_info or sig_info: what a matrix says of its columns. gene_info: what it says of its
        rows; all of them are genes to use where it does not say which are (`pr_is_lm`). pert_info:
        the drugs of a table of wells or signatures.
    source
        A GCTX, or that table.
    path
        The table, which appears whole or not at all.

    Raises
    ------
    DamagedFile
        If the source is damaged.
    LacunaError
        If it says nothing of its columns, or a text holds a control character.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    if kind == "pert_info":
        table = _drugs(source)
    else:
        with Gctx(source) as matrix:
            table = _genes(matrix) if kind == "gene_info" else _columns(matrix, kind)
        check_plain(pd.Series(list(table), dtype=object), "of its facts", source)
        for name, column in table.items():
            check_plain(column, str(name), source)
    with write_whole(path) as unfinished:
        # As GEO does: names such as "2-APB hold quotes that quote nothing.
        table.to_csv(unfinished, sep="\t", index=False, quoting=csv.QUOTE_NONE)


def _columns(matrix: Gctx, kind: str) -> pd.DataFrame:
    facts = _texts(matrix.metadata("columns"), matrix.columns).drop(
        columns=IDS[kind], errors="ignore"
    )
    if not facts.shape[1]:
        raise LacunaError(
            f"{matrix.path}: says nothing of its columns ({listed(matrix.columns)}), and the "
            f"series names no {kind}. Name a table in acquire: series: {kind}, or give a matrix "
            "that says pert_id, pert_type, cell_id, dose and time of each column."
        )
    facts.insert(0, IDS[kind], matrix.columns)
    return facts


def _genes(matrix: Gctx) -> pd.DataFrame:
    facts = _texts(matrix.metadata("rows"), matrix.rows)
    symbols = [name for name in ("pr_gene_symbol", *SYMBOLS, DESCRIPTION) if name in facts]
    if "pr_is_lm" in facts:
        said = facts["pr_is_lm"].where(~facts["pr_is_lm"].isin(MISSING))
        landmark = read_flags(said, f"{matrix.path}: pr_is_lm of rows", first_line=1)
    else:
        landmark = pd.Series(True, facts.index)
    return pd.DataFrame(
        {
            "pr_gene_id": matrix.rows,
            "pr_gene_symbol": facts[symbols[0]].to_numpy() if symbols else "",
            "pr_is_lm": landmark.map({True: "1", False: "0"}).to_numpy(),
        }
    )


def _drugs(source: str | Path) -> pd.DataFrame:
    called = {name: upstream[0] for name, upstream in (DRUG_COLUMNS | DRUG_OPTIONAL).items()}
    drugs = read_columns(source, DRUG_COLUMNS, DRUG_OPTIONAL).dropna(subset="drug")
    return drugs.drop_duplicates().rename(columns=called)


def _texts(facts: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    texts = {str(name): column.astype(str).to_numpy() for name, column in facts.items()}
    return pd.DataFrame(texts, index=ids, dtype=object)
