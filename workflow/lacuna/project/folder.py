"""What the files of a folder are, told by what is in them."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.embedded import write_embedded
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_drugs, read_text_table, read_wells
from lacuna.io.sig_info import read_signatures
from lacuna.project.check_files import format_of, open_matrix
from lacuna.project.check_grid import possible_experiments
from lacuna.project.check_values import looks_like_expression, spread
from lacuna.signatures.level5 import known_experiments
from lacuna.tensor.substances import add_facts

# A table by the columns that it has: the first kind that fits.
TABLES = {
    "inst_info": {"inst_id"},
    "sig_info": {"sig_id", "pert_id"},
    "gene_info": {"pr_gene_id"},
    "pert_info": {"pert_id"},
    "cell_info": {"cell_id"},
}
KEYS = {
    "inst_info": "inst_id",
    "sig_info": "sig_id",
    "gene_info": "pr_gene_id",
    "pert_info": "pert_id",
}
ANNOTATION = {"inchi_key", "atc_codes", "targets", "mechanisms"}  # beside the column name
OF_COLUMNS = {"pert_id", "pert_type", "cell_id"}  # facts of a matrix that needs no table of wells
MAIN = {"level3": "inst_info", "level5": "sig_info"}
ALIKE = 0.5  # of a matrix's ids that a table must name to be its own
GMT = ".gmt"


@dataclass
class Matrix:
    """A matrix of a folder.

    Attributes
    ----------
    file
        Its name.
    rows, columns
        Its ids.
    expression
        Whether its values look like Level 3, and not like signatures.
    experiments
        Of a matrix that says itself what its columns are; else None.
    """

    file: str
    rows: pd.Index
    columns: pd.Index
    expression: bool
    experiments: pd.DataFrame | None = None


@dataclass
class Folder:
    """What was found in a folder.

    Attributes
    ----------
    series : dict of dict of str
        Files by series and kind.
    annotation : str or None
        A table of what is known of the drugs.
    gene_sets : list of str
    experiments : DataFrame or None
        Of all series, see `lacuna.project.check_grid`.
    told, questions : list of str
        What each file was taken for, and what only the user can say.
    """

    series: dict[str, dict[str, str]] = field(default_factory=dict)
    annotation: str | None = None
    gene_sets: list[str] = field(default_factory=list)
    experiments: pd.DataFrame | None = None
    told: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def look_at(folder: Path) -> Folder:
    """Look at every file of a folder, not below it, and put series together.

    Raises
    ------
    LacunaError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise LacunaError(f"{folder}: no such folder. Name the one that holds your files.")
    found, matrices = Folder(), []
    tables: dict[str, list[str]] = {kind: [] for kind in TABLES}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            kind = _kind(path)
            if kind == "matrix":
                matrices.append(_matrix(path))
            elif kind in tables:
                tables[kind].append(path.name)
            elif kind == "annotation":
                found.annotation = found.annotation or path.name
            elif kind == "gene sets":
                found.gene_sets.append(path.name)
        except LacunaError as error:
            kind = f"not read ({str(error).removeprefix(f'{path}: ')})"
        found.told.append(f"{path.name}: {kind}")
    _join(found, folder, matrices, tables)
    return found


def _kind(path: Path) -> str:
    form = format_of(path)
    if form in ("hdf5", "gct"):
        return "matrix"
    if form == "other":
        return "neither a table nor a matrix; left alone"
    if GMT in path.suffixes:
        return "gene sets"
    columns = {str(column) for column in read_text_table(path).columns}
    for kind, needed in TABLES.items():
        if needed <= columns:
            return kind
    if "name" in columns and columns & ANNOTATION:
        return "annotation"
    return f"a table of unknown use; left alone (columns {listed(sorted(columns), 4)})"


def _matrix(path: Path) -> Matrix:
    with tempfile.TemporaryDirectory() as scratch:
        opened = open_matrix(path, "level3", Path(scratch))
        if opened is None:
            raise LacunaError(f"{path}: too large to be unpacked for a look")
        with opened:
            found = Matrix(path.name, opened.rows, opened.columns, _is_expression(opened))
            if {*map(str, opened.metadata("columns").columns)} >= OF_COLUMNS:
                found.experiments = _said_within(opened, found, Path(scratch))
            return found


def _said_within(opened: Gctx, matrix: Matrix, scratch: Path) -> pd.DataFrame | None:
    level = "level3" if matrix.expression else "level5"
    table = scratch / "columns.tsv"
    write_embedded(MAIN[level], opened.path, table)
    return _experiments(table, level, matrix.columns, [])


def _is_expression(matrix: Gctx) -> bool:
    rows = matrix.rows[:1000]
    return looks_like_expression(matrix.read(rows, spread(matrix.columns, len(rows))))


def _join(
    found: Folder, folder: Path, matrices: list[Matrix], tables: dict[str, list[str]]
) -> None:
    """Put each matrix together with the tables that name its columns and rows."""
    ids = {
        level: {file: _ids(folder / file, main, found) for file in tables[main]}
        for level, main in MAIN.items()
    }
    genes, drugs_of = (
        {file: _ids(folder / file, kind, found) for file in tables[kind]}
        for kind in ("gene_info", "pert_info")
    )
    experiments, used, others = [], set(), []
    for matrix in matrices:
        fits = [
            (level, file)
            for level, files in ids.items()
            for file, named in files.items()
            if matrix.columns.isin(named).mean() >= ALIKE
        ]
        if not fits and matrix.experiments is not None:
            level = "level3" if matrix.expression else "level5"
            found.series[_name(matrix.file, found)] = {level: matrix.file}
            experiments.append(matrix.experiments)
            continue
        if len(fits) != 1:
            others.append(matrix)
            if fits:
                found.questions.append(
                    f"{matrix.file}: {listed(file for _, file in fits)} all name its "
                    "columns; which belongs to it? Add it under acquire: series by hand."
                )
            continue
        ((level, file),) = fits
        used.add(file)
        files = {level: matrix.file, MAIN[level]: file}
        described = {table: matrix.rows.isin(named).mean() for table, named in genes.items()}
        described = {table: share for table, share in described.items() if share >= ALIKE}
        files |= _closest(found, matrix, "gene_info", described)
        tested = _column(folder / file, "pert_id")
        known = {table: tested.isin(named).mean() for table, named in drugs_of.items()}
        files |= _closest(found, matrix, "pert_info", known)
        files |= _closest(found, matrix, "cell_info", dict.fromkeys(tables["cell_info"], 1.0))
        found.series[_name(matrix.file, found)] = files
        if matrix.expression != (level == "level3"):
            found.questions.append(
                f"{matrix.file}: is named by {file}, so was taken for {level}, but its values look "
                f"like {'Level 3' if matrix.expression else 'signatures'}. Is it the right matrix?"
            )
        drugs = [folder / files["pert_info"]] if "pert_info" in files else []
        if (table := _experiments(folder / file, level, matrix.columns, drugs)) is not None:
            experiments.append(table)
    _place_others(found, folder, others)
    for main in MAIN.values():
        for file in tables[main]:
            if file not in used:
                found.questions.append(
                    f"{file}: a table of {main}, but no matrix has the columns that it names. "
                    "Where is its matrix?"
                )
    if experiments and len(experiments) == len(found.series):
        found.experiments = pd.concat(experiments, ignore_index=True)


def _place_others(found: Folder, folder: Path, others: list[Matrix]) -> None:
    """Take a matrix whose columns are cell lines for the baseline; ask about the rest."""
    for matrix in others:
        for files in found.series.values():
            cells = _cells(folder, files)
            if matrix.expression and "baseline" not in files and matrix.columns.isin(cells).any():
                files["baseline"] = matrix.file
                break
        else:
            looks = "Level 3" if matrix.expression else "signatures"
            found.questions.append(
                f"{matrix.file}: a matrix of {len(matrix.columns):,} columns "
                f"({listed(matrix.columns, 2)}) that looks like {looks}; no table names its "
                "columns. Is its table of wells (inst_id) or signatures (sig_id) in another folder?"
            )


def _closest(
    found: Folder, matrix: Matrix, kind: str, shares: Mapping[str, float]
) -> dict[str, str]:
    """Take the table that knows most of a matrix; of equals, that with most of the name's start."""
    best = [file for file, share in shares.items() if share == max(shares.values())]
    alike = [_shared_start(file, matrix.file) for file in best]
    files = [file for file, letters in zip(best, alike, strict=True) if letters == max(alike)]
    if len(files) > 1:
        found.questions.append(
            f"{matrix.file}: {listed(files)} may all be its {kind}; the first was taken. Correct "
            "it under acquire: series, if it is another."
        )
    return {kind: files[0]} if files else {}


def _shared_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _ids(path: Path, kind: str, found: Folder) -> pd.Index:
    try:
        return pd.Index(read_text_table(path)[KEYS[kind]].dropna().astype(str))
    except LacunaError as error:
        found.questions.append(str(error))
        return pd.Index([])


def _cells(folder: Path, files: dict[str, str]) -> pd.Series:
    main = files.get("inst_info") or files["sig_info"]
    return _column(folder / main, "cell_id")


def _column(path: Path, name: str) -> pd.Series:
    table = read_text_table(path)
    return table[name] if name in table else pd.Series(dtype=object)


def _experiments(
    path: Path, level: str, columns: pd.Index, drugs: list[Path]
) -> pd.DataFrame | None:
    try:
        if level == "level3":
            wells = read_wells(path)
            experiments = possible_experiments(wells[wells["well"].isin(columns)])
        else:
            info = read_signatures(path)
            experiments = known_experiments(info[info["signature"].isin(columns)])
        return add_facts(experiments, map(read_drugs, drugs))
    except LacunaError:  # `check`, which follows, says why
        return None


def _name(file: str, found: Folder) -> str:
    """Name a series after its matrix."""
    stem = file.split(".")[0][:60]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem)
    name = name.strip("-_") or "series"
    while name in found.series:
        name += "x"
    return name
