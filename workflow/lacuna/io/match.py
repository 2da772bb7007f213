"""Does a matrix belong to its tables? What lacks a partner is left out and counted, up to a limit.

A platemap has wells that failed quality control, a matrix has control rows that are no genes: such
ids are left out. Tables of another data set are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.links import name_origins

# Of the smaller side, with a partner. A table may describe more than the matrix holds, or less: one
# of them was cut. Of the smaller one some wells of a hundred failed, at worst whole plates; of the
# ids of another data set next to none is known. A half lies far from both.
LEAST_MATCHED = 0.5
SHOWN = 3  # ids of each side in a message, and so many are tried for what they have in common
# In what ids may differ that mean the same, and what is left of them without it.
ALIKE = {
    "upper and lower case or blanks": lambda ids: ids.str.strip().str.casefold(),
    "punctuation or case": lambda ids: ids.str.replace(r"[\W_]+", "", regex=True).str.casefold(),
}


class LeftOut(NamedTuple):
    """Ids of one side without a partner on the other.

    Attributes
    ----------
    what : str
        What they are, in words that follow their number.
    use : str
        What the table of wells calls them.
    ids : Index of str
    of : int
        How many ids this side has, with and without a partner.
    """

    what: str
    use: str
    ids: pd.Index
    of: int

    @property
    def counted(self) -> str:
        """Their number, and what they are."""
        return f"{len(self.ids):,} of {self.of:,} {self.what}"

    @property
    def with_partner(self) -> int:
        """How many of its side have one."""
        return self.of - len(self.ids)


@dataclass(frozen=True)
class Comparison:
    """Ids of a matrix beside those of its table.

    Attributes
    ----------
    ours, theirs : LeftOut
        Ids of the matrix, and of the table, without a partner.
    hint : str
        In what they differ, where that can be told; may be empty.
    fault : str
        Why matrix and table do not belong together; empty where they do.
    transposed : bool
        Whether the ids of the table's wells are those of the matrix's rows.
    """

    ours: LeftOut
    theirs: LeftOut
    hint: str
    fault: str
    transposed: bool = False

    def lines(self) -> Iterator[str]:
        """Say what is left out, a line for each side that lacks a partner."""
        for side in (self.theirs, self.ours):
            if len(side.ids):
                said = f"{side.counted}; they are left out: {listed(side.ids, SHOWN)}."
                yield f"{said} {self.hint}".rstrip()


def compare_columns(columns: pd.Index, rows: pd.Index, named: pd.Index, table: str) -> Comparison:
    """Compare the columns of a matrix with the wells, or signatures, of a table.

    Parameters
    ----------
    columns, rows
        The matrix's ids.
    named
        The table's.
    table
        What the table is called, with its file: "inst_info (wells.txt)".
    """
    theirs = LeftOut(
        f"rows of {table} have no column in the matrix",
        "no column in the matrix",
        named.difference(columns, sort=False),
        len(named),
    )
    ours = LeftOut(
        f"columns of the matrix have no row in {table}",
        f"no row in {table.split(' ')[0]}",
        columns.difference(named, sort=False),
        len(columns),
    )
    turned = int(named.isin(rows).sum())
    if turned > len(named) - len(theirs.ids):
        fault = (
            f"its rows are the ids of {table} ({turned:,} of {len(named):,}): it is transposed. "
            "Expected a column for each of them and a row for each gene."
        )
        return Comparison(ours, theirs, "", fault, transposed=True)
    hint = _differ_in(theirs.ids, ours.ids)
    return Comparison(ours, theirs, hint, _fault(ours, theirs, columns, named, table, hint))


def compare_genes(rows: pd.Index, genes: pd.DataFrame, table: str) -> Comparison:
    """Compare the rows of a matrix with gene_info, whose landmark genes are to be among them.

    Parameters
    ----------
    rows
        The matrix's ids.
    genes
        As `lacuna.io.geo.read_genes` returns it.
    table
        What the table is called, with its file: "gene_info (genes.txt)".
    """
    known, landmarks = pd.Index(genes["gene"]), pd.Index(genes.loc[genes["landmark"], "gene"])
    theirs = LeftOut(
        f"landmark genes (pr_is_lm 1) of {table} are no row of the matrix",
        "landmark gene, no row of the matrix",
        landmarks.difference(rows, sort=False),
        len(landmarks),
    )
    ours = LeftOut(
        f"rows of the matrix are no pr_gene_id of {table}",
        "no gene of gene_info",
        rows.difference(known, sort=False),
        len(rows),
    )
    symbols = int(ours.ids.isin(genes["symbol"].dropna()).sum())
    hint = (
        f"{symbols:,} are symbols (pr_gene_symbol); write pr_gene_id in the matrix, or symbols as "
        "pr_gene_id."
        if symbols
        else _differ_in(theirs.ids, ours.ids)
    )
    return Comparison(ours, theirs, hint, _fault(ours, theirs, rows, known, table, hint))


def _fault(
    ours: LeftOut, theirs: LeftOut, ids: pd.Index, named: pd.Index, table: str, hint: str
) -> str:
    """Say why matrix and table do not belong together; nothing where they do."""
    smaller = min(ours.of, theirs.of)
    if theirs.with_partner and theirs.with_partner >= LEAST_MATCHED * smaller:
        return ""
    counts = " ".join(f"{side.counted}." for side in (theirs, ours) if len(side.ids))
    beside = f"The table says {_some(theirs.ids, named)}, the matrix {_some(ours.ids, ids)}."
    cure = hint or "They are probably of two data sets. Take both from the same series."
    return f"{counts} Less than half of the smaller side has a partner. {beside} {cure}"


def _some(first: pd.Index, others: pd.Index) -> str:
    return listed([*first[:SHOWN], *others[: SHOWN - len(first[:SHOWN])]]) or "nothing"


def _differ_in(theirs: pd.Index, ours: pd.Index) -> str:
    """Tell in what ids of a table and of a matrix differ that are the same otherwise."""
    if not len(theirs) or not len(ours):
        return ""
    for what, stripped in ALIKE.items():
        plain = stripped(ours)
        met = theirs[stripped(theirs).isin(plain[plain != ""])]
        if len(met):
            other = ours[plain == stripped(met[:1])[0]][0]
            return (
                f"{len(met):,} of them differ in {what} alone ({met[0]!r}, in the matrix "
                f"{other!r}). Write them as the matrix does."
            )
    for long, short, where in ((ours, theirs, "matrix"), (theirs, ours, "table")):
        before, after, met = _around(short, long)
        if met:
            stands = f"{before!r} stands before" if before else f"{after!r} stands behind"
            return f"In the {where}, {stands} {met:,} of them. Write them alike."
    return ""


def _around(short: pd.Index, long: pd.Index) -> tuple[str, str, int]:
    """Return what stands before, or behind, most of some ids in others, and how many it joins."""
    for one in short[:SHOWN]:
        for other in long[long.str.endswith(one)][:SHOWN]:
            before = other.removesuffix(one)
            met = int(pd.Index([before + name for name in short]).isin(long).sum())
            if 2 * met > len(short):
                return before, "", met
        for other in long[long.str.startswith(one)][:SHOWN]:
            after = other.removeprefix(one)
            met = int(pd.Index([name + after for name in short]).isin(long).sum())
            if 2 * met > len(short):
                return "", after, met
    return "", "", 0


@dataclass(frozen=True)
class Matched:
    """What a matrix and its tables have in common.

    Attributes
    ----------
    table : DataFrame
        The wells, or signatures, that have a column.
    genes : object array
        Ids of the landmark genes that have a row, in the order of gene_info.
    without_column : DataFrame
        The other wells or signatures.
    columns, rows : Comparison
        Of the matrix's columns and rows with the tables.
    """

    table: pd.DataFrame
    genes: np.ndarray
    without_column: pd.DataFrame
    columns: Comparison
    rows: Comparison

    def add_left_out(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Add what is left out to a table of uses.

        Parameters
        ----------
        counts
            The uses of `table`: use, and wells and plates, or signatures.

        Returns
        -------
        DataFrame
            The same columns, and genes. Wells (or signatures) add up to all of the table and the
            matrix, genes to all landmark genes and all rows of the matrix; both are whole numbers,
            missing where they do not apply.
        """
        what = str(counts.columns[1])
        theirs, ours, lost, strange = (
            {"use": f"left out: {side.use}", number: len(side.ids)}
            for number, sides in ((what, self.columns), ("genes", self.rows))
            for side in (sides.theirs, sides.ours)
        )
        if "plates" in counts:
            theirs["plates"] = self.without_column["plate"].nunique()
        known = self.rows.ours.of - len(self.rows.ours.ids)
        genes = [
            {"use": "landmark gene", "genes": len(self.genes)},
            {"use": "left out: no landmark gene", "genes": known - len(self.genes)},
        ]
        added = pd.DataFrame([theirs, ours, *genes, lost, strange])
        numbers = [column for column in (what, "plates", "genes") if column in added]
        added = added[added[[what, "genes"]].fillna(0).gt(0).any(axis=1)]
        return pd.concat([counts, added]).astype(dict.fromkeys(numbers, "Int64"))


def match(
    matrix: Gctx, table: pd.DataFrame, genes: pd.DataFrame, files: Mapping[str, str | Path]
) -> Matched:
    """Find what a matrix and its tables have in common, and print what is left out.

    Parameters
    ----------
    matrix
        The open matrix.
    table
        As `lacuna.io.geo.read_wells` or `lacuna.io.sig_info.read_signatures` returns it.
    genes
        As `lacuna.io.geo.read_genes` returns it.
    files
        The files of both tables by kind, for messages: inst_info or sig_info, and gene_info.

    Raises
    ------
    LacunaError
        If less than half of the ids of the smaller side have a partner on the other.
    """
    found = match_columns(matrix, table, files)
    rows = compare_genes(matrix.rows, genes, f"gene_info ({files['gene_info']})")
    _tell(matrix, rows)
    landmarks = genes.loc[genes["landmark"], "gene"]
    there = landmarks[landmarks.isin(matrix.rows)].to_numpy()
    return Matched(found.table, there, found.without_column, found.columns, rows)


class MatchedColumns(NamedTuple):
    """What a matrix and its table of wells, or signatures, have in common; see `Matched`."""

    table: pd.DataFrame
    without_column: pd.DataFrame
    columns: Comparison


def match_columns(
    matrix: Gctx, table: pd.DataFrame, files: Mapping[str, str | Path]
) -> MatchedColumns:
    """Find what a matrix and its table of wells or signatures have in common, as `match` does."""
    kind, key = ("inst_info", "well") if "well" in table else ("sig_info", "signature")
    named = pd.Index(table[key])
    columns = compare_columns(matrix.columns, matrix.rows, named, f"{kind} ({files[kind]})")
    _tell(matrix, columns)
    has_column = table[key].isin(matrix.columns)
    return MatchedColumns(table[has_column].reset_index(drop=True), table[~has_column], columns)


def _tell(matrix: Gctx, found: Comparison) -> None:
    if found.fault:
        raise LacunaError(f"{matrix.path}: {found.fault}")
    for line in found.lines():
        print(name_origins(f"{matrix.path}: {line}"))


def rows_of(matrix: Gctx, table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Return the wells of a matrix, where each must be known, indexed by id.

    Parameters
    ----------
    matrix
        The open matrix.
    table
        As `lacuna.io.geo.read_wells` returns it, of the file `path`.

    Returns
    -------
    DataFrame
        In the order of the matrix's columns.

    Raises
    ------
    LacunaError
        If a column has no row in the table.
    """
    unknown = matrix.columns.difference(pd.Index(table["well"]), sort=False)
    if len(unknown):
        raise LacunaError(
            f"{matrix.path}: {len(unknown):,} columns have no row in inst_info ({path}): "
            f"{listed(unknown, SHOWN)}. All wells of a matrix are translated; expected a row for "
            "each. Add them to inst_info, or remove these columns."
        )
    return table.set_index("well").loc[matrix.columns]
