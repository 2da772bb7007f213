"""Reads the tables that GEO ships beside a LINCS matrix: wells, genes, drugs, cells.

The two phases name the same column differently (`rna_plate` in GSE92742, `det_plate` in GSE70138),
and -666 stands for a missing value. Source: Subramanian et al. 2017, Cell 171:1437,
doi:10.1016/j.cell.2017.10.049.
"""

import csv
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.atomic import write_whole
from lacuna.io.names import drug_key, one_spelling, tidy_texts
from lacuna.io.odd_rows import Account, merge_rows, note
from lacuna.io.perturbations import COMPOUND, TREATED
from lacuna.io.positions import read_positions
from lacuna.io.quantities import MISSING, is_given, read_doses, read_flags, read_times
from lacuna.io.room import check_room, unpacked_size
from lacuna.io.untrusted import check_header, check_plain, is_gzip, open_untrusted, parse_table

WELL_COLUMNS = {
    "well": ("inst_id",),
    "plate": ("rna_plate", "det_plate"),
    "drug": ("pert_id",),
    "kind": ("pert_type",),
    "dose": ("pert_dose", "pert_idose"),
    "time": ("pert_time", "pert_itime"),
    "cell": ("cell_id",),
}
WELL_OPTIONAL = {
    "name": ("pert_iname",),
    "dose_unit": ("pert_dose_unit",),
    "dose_with_unit": ("pert_idose",),
    "time_unit": ("pert_time_unit",),
    "time_with_unit": ("pert_itime",),
    "batch": ("batch",),
    "position": ("det_well", "rna_well", "pert_well"),
}
GENE_COLUMNS = {"gene": ("pr_gene_id",), "symbol": ("pr_gene_symbol",), "landmark": ("pr_is_lm",)}
DRUG_COLUMNS = {"drug": ("pert_id",)}
DRUG_OPTIONAL = {
    "name": ("pert_iname",),
    "inchi_key": ("inchi_key",),
    "smiles": ("canonical_smiles",),
}
CELL_COLUMNS = {"cell": ("cell_id",)}
CELL_OPTIONAL = {"lineage": ("primary_site",)}
# What a well must have to be of any use, by our name and by GEO's.
NEEDED = {"plate": "plate", "drug": "pert_id", "kind": "pert_type", "cell": "cell_id"}
ODD = "odd"  # the kind of wells that lack one of these: no stage takes wells of this kind


def read_wells(path: str | Path, account: Account | None = None) -> pd.DataFrame:
    """Read inst_info of either phase.

    Parameters
    ----------
    path
        The table.
    account
        Gets what was odd.

    Returns
    -------
    DataFrame, one row per well, in file order
        well, plate, batch, drug, name, kind (pert_type), dose (micromolar, NaN when missing or
        unknown), unknown_dose (what stands there where it is no number or in another unit, else
        NaN), time (hours, NaN when missing or unknown), unknown_time (as unknown_dose, and "none
        given" for a treatment among others of its type that have one), cell, row and column (see
        `lacuna.io.positions.read_positions`). Where a number is missing, `pert_idose` and
        `pert_itime` count, as in "10 uM" and "6 h". A batch is the set of plates that replicate
        each other: those of which the column `batch` says the same, and where it says nothing, see
        `batch_of`. A well without plate, drug, kind or cell is of the kind `ODD`, which nothing is
        made of, and what it lacks is "". Drugs, cells, plates and batches that differ only in case
        have one spelling.

    Raises
    ------
    LacunaError
        If a column is missing, a well has no id, or two different rows have the same: the id
        says which column of the matrix belongs to a row. If a plate is of two batches.
    """
    wells = read_columns(path, WELL_COLUMNS, WELL_OPTIONAL, account, exact=("well",))
    repeated = wells.duplicated() & wells["well"].notna()
    note(
        account, "inst_id in more than one row, all alike: one counts", wells.loc[repeated, "well"]
    )
    wells = wells[~repeated].reset_index(drop=True)
    check_unique(wells, "well", "inst_id", path)
    lacks = wells[list(NEEDED)].isna()
    for column, upstream in NEEDED.items():
        note(account, f"well without {upstream}: left out", wells.loc[lacks[column], "well"])
    wells = spell_alike(wells, NEEDED | {"batch": "batch"}, account)
    odd = lacks.any(axis=1)
    wells.loc[odd, list(NEEDED)] = wells.loc[odd, list(NEEDED)].fillna("")
    wells.loc[odd, "kind"] = ODD
    doses, unknown_dose = read_either(wells, "dose")
    times, unknown_time = read_either(wells, "time")
    for what, unknown in {
        "dose in an unknown unit: of a compound, left out": unknown_dose,
        "time in an unknown unit: of a compound, left out": unknown_time,
    }.items():
        texts = listed(unknown.dropna().unique())
        note(account, f"{what} ({texts})", wells.loc[unknown.notna(), "well"])
    unknown_time = unknown_time.mask(_lacks_time(wells, times, unknown_time, account), "none given")
    read = wells[["well", "plate", "drug", "name", "kind", "cell"]]
    positions = read_positions(wells["position"], wells["well"])
    read = read.assign(row=positions["row"], column=positions["column"])
    return read.assign(
        batch=_batches(wells, path),
        dose=doses,
        unknown_dose=unknown_dose,
        time=times,
        unknown_time=unknown_time,
    )


def _lacks_time(
    wells: pd.DataFrame, times: pd.Series, unknown: pd.Series, account: Account | None
) -> pd.Series:
    """Return which treated wells give no time where others of their type do: any may be theirs."""
    kinds = wells["kind"].astype(str).replace(COMPOUND, "compound")
    silent = kinds.str.startswith(("compound", TREATED)) & times.isna() & unknown.isna()
    lacks = silent & times.notna().groupby(kinds).transform("any")
    for kind, of_kind in wells["well"][lacks].groupby(kinds):
        note(account, f"{kind} without a time, among others with one: left out", of_kind)
    return lacks


def _batches(wells: pd.DataFrame, path: str | Path) -> pd.Series:
    said = wells.loc[wells["plate"].ne(""), ["plate", "batch"]].dropna().drop_duplicates()
    twice = said.loc[said["plate"].duplicated(), "plate"].unique()
    if len(twice):
        batches = said.loc[said["plate"].eq(twice[0]), "batch"]
        raise LacunaError(
            f"{path}: the plate {twice[0]!r} is of the batches {listed(batches)} ({len(twice)} "
            "such plates); expected one in the column batch, the same for plates that replicate "
            "each other."
        )
    of_plate = said.set_index("plate")["batch"]
    return wells["plate"].map(of_plate).fillna(batch_of(wells["plate"]))


def read_either(table: pd.DataFrame, what: str) -> tuple[pd.Series, pd.Series]:
    """Read doses or times from whichever columns there are.

    Parameters
    ----------
    table
        Texts: the number (`what`), its unit (with the suffix _unit), and both in one (_with_unit),
        which counts where the number cannot be read.
    what
        "dose" or "time".

    Returns
    -------
    float Series
        Micromolar or hours, NaN where none is given or can be read.
    Series of str
        What stands there where it cannot be read, NaN elsewhere.
    """
    read = {"dose": read_doses, "time": read_times}[what]
    number, unit, together = (table[f"{what}{part}"] for part in ("", "_unit", "_with_unit"))
    values = read(number, unit).fillna(read(together))
    unknown = (is_given(number) | is_given(together)) & values.isna()
    text = number.where(is_given(number), together)[unknown].astype(object)
    with_unit = text.str.cat(unit[unknown].astype(object).fillna(""), sep=" ").str.strip()
    return values, with_unit.reindex(table.index)


def batch_of(plates: pd.Series) -> pd.Series:
    """Return the batch of each plate: its name up to the replicate number and what follows.

    Examples
    --------
    >>> batch_of(pd.Series(["CPC006_HT115_6H_X1_B3_DUO52HI53LO", "LJP005_A375_24H_X1"])).tolist()
    ['CPC006_HT115_6H', 'LJP005_A375_24H']
    """
    return plates.str.replace(r"_X\d+.*$", "", regex=True)


def read_genes(path: str | Path, account: Account | None = None) -> pd.DataFrame:
    """Read gene_info: gene (Entrez id), symbol and landmark (bool), one row per gene.

    A gene of which the table does not say whether it is a landmark is none; `account` gets these.

    Raises
    ------
    LacunaError
        If a column is missing, a gene stands twice, `pr_is_lm` is neither yes nor no (see
        `lacuna.io.quantities.read_flags`), or there is no landmark gene.
    """
    genes = read_columns(path, GENE_COLUMNS, account=account, exact=("gene",))
    check_unique(genes, "gene", "pr_gene_id", path)
    not_said = genes.loc[genes["landmark"].isna(), "gene"]
    note(account, "gene without pr_is_lm: no landmark", not_said)
    genes["landmark"] = read_flags(genes["landmark"], f"{path}: column pr_is_lm", first_line=2)
    if not genes["landmark"].any():
        raise LacunaError(f"{path}: no row has pr_is_lm = 1; expected the landmark genes.")
    return genes


def read_drugs(path: str | Path, account: Account | None = None) -> pd.DataFrame:
    """Read pert_info: drug, name, inchi_key and smiles (NaN when missing), one row per drug.

    Rows of one drug are merged: see `lacuna.io.odd_rows.merge_rows`, which tells `account`.

    Raises
    ------
    LacunaError
        If the column of drugs is missing.
    """
    drugs = read_columns(path, DRUG_COLUMNS, DRUG_OPTIONAL, account)
    drugs = spell_alike(drugs, {"drug": "pert_id"}, account)
    return merge_rows(drugs, "drug", "pert_id", account)


def read_cells(path: str | Path, account: Account | None = None) -> pd.DataFrame:
    """Read cell_info: cell and lineage (NaN when missing), one row per cell line.

    Rows of one cell are merged: see `lacuna.io.odd_rows.merge_rows`, which tells `account`.

    Raises
    ------
    LacunaError
        If the column of cells is missing.
    """
    cells = read_columns(path, CELL_COLUMNS, CELL_OPTIONAL, account)
    cells = spell_alike(cells, {"cell": "cell_id"}, account)
    return merge_rows(cells, "cell", "cell_id", account)


def unpack(source: str | Path, destination: str | Path) -> None:
    """Decompress a gzip file; link to a file that is not compressed.

    Raises
    ------
    LacunaError
        If the gzip file is cut short or damaged, far more comes out than a matrix ever holds, or
        the disk has no room for what the file's name promises.
    """
    source, destination = Path(source), Path(destination)
    with open_untrusted(source) as content:
        if is_gzip(source):
            needed = unpacked_size(source.name, source.stat().st_size)
            check_room(destination.parent, str(source), 0, needed)
            with write_whole(destination) as unfinished, unfinished.open("wb") as out:
                shutil.copyfileobj(content, out, length=1 << 22)
        else:
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.unlink(missing_ok=True)
            destination.symlink_to(source.resolve())


def read_columns(
    path: str | Path,
    required: Mapping[str, tuple[str, ...]],
    optional: Mapping[str, tuple[str, ...]] | None = None,
    account: Account | None = None,
    exact: Collection[str] = (),
) -> pd.DataFrame:
    """Read columns of a table as text, each under our name for it.

    Parameters
    ----------
    path
        Tab-separated, plain or gzipped.
    required, optional
        By our name, the names that the column may have in the file.
    account
        Gets what was odd.
    exact
        Columns, by our name, whose blanks and invisible signs count: ids as a matrix has them.

    Returns
    -------
    DataFrame of texts
        NaN where a value is missing, and all of an optional column that the file lacks. Without
        invisible signs, and blanks at the ends or several in a row, but for `exact`.

    Raises
    ------
    LacunaError
        If a required column is missing, a text in a column holds a control character, a row has
        more fields than there are names, or the file cannot be read.
    """
    table = read_text_table(Path(path), account=account)
    chosen = {}
    for name, candidates in {**required, **(optional or {})}.items():
        present = [column for column in candidates if column in table]
        if present:
            chosen[name] = present[0]
        elif name in required:
            hint = did_you_mean(candidates[0], map(str, table))
            raise LacunaError(
                f"{path}: no column {' or '.join(candidates)}{hint}; it has {listed(table, 20)}."
            )
    read = {}
    for name, column in chosen.items():
        check_plain(table[column], column, path, first_line=2)
        texts = table[column] if name in exact else tidy_texts(table[column], column, account)
        read[name] = texts.astype(object)
    absent = {name: np.nan for name in optional or {} if name not in chosen}
    return pd.DataFrame(read).assign(**absent).astype(object)


def spell_alike(
    table: pd.DataFrame, columns: Mapping[str, str], account: Account | None
) -> pd.DataFrame:
    """Give names of drugs, cells, plates and batches that differ only in case one spelling.

    Parameters
    ----------
    table
        As `read_columns` returns it.
    columns
        By our name, what the file calls it; other columns than these four stay as they are.
    account
        Gets what was changed.
    """
    keys = {"drug": drug_key, "cell": str.casefold, "plate": str.casefold, "batch": str.casefold}
    alike = {
        name: one_spelling(table[name], columns[name], account, key)
        for name, key in keys.items()
        if name in columns
    }
    return table.assign(**alike)


def read_text_table(
    path: Path, dtype: str | type = "category", account: Account | None = None
) -> pd.DataFrame:
    """Read a tab-separated table as text, plain or gzipped, NaN where a value is missing.

    Categories (the default) keep a name that stands in a million rows only once in memory.
    `account` gets the lines that are not in UTF-8.

    Raises
    ------
    LacunaError
        If the file is missing, damaged or no table.
    """
    check_header(path)
    return parse_table(
        path,
        "a tab-separated table",
        account,
        sep="\t",
        dtype=dtype,
        na_values=MISSING,
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,  # names such as "2-APB hold quotes that quote nothing
    )


def check_unique(table: pd.DataFrame, column: str, upstream: str, path: str | Path) -> None:
    """Refuse a column with an empty field or the same one twice.

    Parameters
    ----------
    table, column
        The column, by our name.
    upstream
        Its name in the file, for the message.
    path
        The file, for the message.

    Raises
    ------
    LacunaError
        Naming the line or the duplicates.
    """
    check_present(table, column, path)
    twice = table.loc[table[column].duplicated(), column].unique()
    if len(twice):
        raise LacunaError(
            f"{path}: {upstream} {listed(twice)} stand in more than one row; "
            "expected one row each. Remove or rename the duplicates."
        )


def check_present(table: pd.DataFrame, column: str, path: str | Path) -> None:
    """Refuse a column with an empty field.

    Raises
    ------
    LacunaError
        Naming the first line with one.
    """
    empty = np.flatnonzero(table[column].isna())
    if len(empty):
        raise LacunaError(
            f"{path}: the column read as {column} is empty in {len(empty)} rows, "
            f"first in line {empty[0] + 2}; every row needs one."
        )
