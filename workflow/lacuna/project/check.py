"""`lacuna check`: what a run would meet, before it starts, all at once."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError, listed
from lacuna.evaluation.stage import wanted as has_tensor
from lacuna.io.geo import read_cells, read_drugs, read_genes, read_text_table, read_wells
from lacuna.io.odd_rows import Account
from lacuna.io.sig_info import read_signatures
from lacuna.io.sources import SOURCES_TABLE, Source, read_sources
from lacuna.project.check_files import Found, find_files, find_in_files, open_matrix
from lacuna.project.check_grid import (
    bound,
    describe_bound,
    describe_experiments,
    explain_nothing,
    known_experiments,
    possible_experiments,
)
from lacuna.project.check_splits import (
    describe_splits,
    find_in_density,
    find_in_grid,
    find_in_splits,
    small_tensor,
)
from lacuna.project.check_values import (
    describe_values,
    find_in_columns,
    find_in_expression,
    find_in_genes,
    find_in_signatures,
    is_transposed,
    spread,
)
from lacuna.project.check_wells import (
    as_written,
    describe_signatures,
    describe_wells,
    find_in_axes,
    find_in_quantities,
    find_in_wells,
)
from lacuna.project.findings import Report
from lacuna.signatures.make import sort_wells

# The tables of a series: how each is read, and the column by which it is known.
READERS: dict[str, tuple[Callable[[Path, Account], pd.DataFrame], str]] = {
    "inst_info": (read_wells, "inst_id"),
    "sig_info": (lambda path, _: read_signatures(path), "sig_id"),
    "gene_info": (lambda path, _: read_genes(path), "pr_gene_id"),
    "pert_info": (read_drugs, "pert_id"),
    "cell_info": (read_cells, "cell_id"),
}

NAMED = {"level3": "well", "level5": "signature"}  # the ids of columns, by our name


def check(config: Mapping[str, Any], sources: str | Path | None = None) -> Report:
    """Look at the files of a run and at what its configuration asks of them.

    Tables are read whole. Of a matrix its names are read, and up to 2,000 columns.

    Parameters
    ----------
    config
        A prepared configuration, see `lacuna.project.config.prepare`.
    sources
        The table that says what can be downloaded; by default that of the configuration, or
        `SOURCES_TABLE`.

    Returns
    -------
    Report
        Nothing is raised for what is wrong with a file: it is among the findings.
    """
    inputs, dataset = Inputs.of(config), config["dataset"]
    report = Report(dataset)
    if inputs.simulated:
        report.say("Files", ["the simulator writes them; there is nothing to check"])
        return report
    known = _known_sources(sources or config["acquire"]["sources"] or SOURCES_TABLE)
    files = find_files(inputs, dataset, known)
    report.say("Files", map(_line, files))
    report.findings += find_in_files(files, inputs.mirrors)
    experiments, genes, complete = [], {}, bool(inputs.series)
    for series in inputs.series:
        here = {file.kind: file for file in files if file.folder == series}
        made = Series(series, here, report).look()
        if made.experiments is None:
            complete = False
        else:
            experiments.append(made.experiments)
        if made.genes is not None:
            genes[series] = made.genes
    if not has_tensor(config):
        for table in experiments:
            report.say("Signatures", [describe_experiments(table)])
        return report
    _compare_genes(genes, report)
    if complete:
        made_here = bool(inputs.series_with("level3"))
        _check_grid(pd.concat(experiments, ignore_index=True), made_here, config, report)
    else:
        told = "not known: it takes the tables and matrices of all series (see above)"
        report.say("Tensor", [told])
    return report


class Series:
    """One series: its tables, its matrix, and what they say together.

    Parameters
    ----------
    name
        Of the series.
    files
        Its files by kind.
    report
        Gets what is found.

    Attributes
    ----------
    experiments : DataFrame or None
        See `lacuna.project.check_grid`; None where they cannot be told.
    genes : set of str or None
        The genes of its signatures.
    """

    def __init__(self, name: str, files: Mapping[str, Found], report: Report):
        self.name, self.files, self.report = name, files, report
        self.experiments: pd.DataFrame | None = None
        self.genes: set[str] | None = None

    def look(self) -> "Series":
        """Read the tables and the head of the matrix."""
        tables = {kind: self._table(kind) for kind in READERS}
        level = "level3" if "level3" in self.files else "level5"
        main = tables["inst_info" if level == "level3" else "sig_info"]
        heading = f"Series {self.name}"
        if main is not None:
            self._describe(heading, level, main)
        if level in self.files:
            self._matrix(heading, level, main, tables["gene_info"])
        elif "tensor" in self.files:
            self.report.say(heading, ["a ready-made tensor, which is not looked into"])
        return self

    def _table(self, kind: str) -> pd.DataFrame | None:
        if kind not in self.files or (path := self.files[kind].path) is None:
            return None
        read, key = READERS[kind]
        account: Account = []
        try:
            table = read(path, account)
        except LacunaError as error:
            self.report.stop(path, _explain_table(kind, path, key, error))
            return None
        for odd in account:
            if "in an unknown unit" in odd.what:
                continue  # `find_in_quantities` says why
            self.report.warn(path, f"{odd.what} ({odd.rows:,} rows: {odd.named})")
        return table

    def _describe(self, heading: str, level: str, table: pd.DataFrame) -> None:
        path = self.files["inst_info" if level == "level3" else "sig_info"].path
        assert path is not None  # it was read
        written = as_written(read_text_table(path))
        if level == "level3":
            self.report.say(heading, describe_wells(table))
            self.report.findings += find_in_wells(table, written, str(path))
            if sort_wells(table).eq("compound").any():
                self.experiments = possible_experiments(table)
            return
        self.report.say(heading, describe_signatures(table))
        self.report.findings += find_in_quantities(written, str(path))
        experiments = known_experiments(table)
        if experiments.empty:
            kinds = listed(table["kind"].unique())
            self.report.stop(
                f"{path}, column pert_type",
                f"no signature of a compound: types found are {kinds}, expected trt_cp.",
            )
            return
        self.experiments = experiments
        self.report.findings += find_in_axes(experiments, str(path))

    def _matrix(
        self, heading: str, level: str, main: pd.DataFrame | None, genes: pd.DataFrame | None
    ) -> None:
        path = self.files[level].path
        if path is None:
            return
        named = None if main is None else pd.Index(main[NAMED[level]])
        with tempfile.TemporaryDirectory() as scratch:
            try:
                matrix = open_matrix(path, level, Path(scratch), self._table_of(level))
                if matrix is None:
                    told = f"{path}: too large to be unpacked for a look"
                    self.report.say(heading, [told])
                    return
                with matrix:
                    rows, columns = matrix.rows, matrix.columns
                    shape = f"{path}: {len(columns):,} columns x {len(rows):,} rows"
                    self.report.say(heading, [shape])
                    rows, columns = self._compare(path, level, rows, columns, named, genes)
                    names = spread(columns, len(rows))
                    values = matrix.read(rows, names)
            except LacunaError as error:
                said = str(error).replace(str(Path(scratch) / f"{level}.gctx"), str(path))
                self.report.stop(path, said.removeprefix(f"{path}: "))
                return
        if not values.size:
            return
        looked = f"{len(values):,} columns looked at: {describe_values(values)}"
        self.report.say(heading, [looked])
        if level == "level3":
            self.report.findings += find_in_expression(values, str(path))
        else:
            self.report.findings += find_in_signatures(values, names, str(path))

    def _table_of(self, level: str) -> Path | None:
        found = self.files.get("inst_info" if level == "level3" else "sig_info")
        return found.path if found else None

    def _compare(
        self,
        path: Path,
        level: str,
        rows: pd.Index,
        columns: pd.Index,
        named: pd.Index | None,
        genes: pd.DataFrame | None,
    ) -> tuple[pd.Index, pd.Index]:
        """Compare a matrix's ids with its tables; return those that are of use."""
        transposed = False
        if named is not None:
            table = "inst_info" if level == "level3" else "sig_info"
            told = f"{table} ({self.files[table].path})"
            self.report.findings += find_in_columns(columns, rows, named, told, str(path))
            transposed = is_transposed(columns, rows, named)
            columns = columns.intersection(named) if columns.isin(named).any() else columns
        if genes is None:
            self.genes = {*rows} if level == "level5" else None
            return rows, columns
        landmarks = genes.loc[genes["landmark"], "gene"]
        self.genes = {*landmarks}
        if not transposed:
            told = f"gene_info ({self.files['gene_info'].path})"
            self.report.findings += find_in_genes(rows, genes, str(path), told)
        return (rows[rows.isin(landmarks)] if rows.isin(landmarks).any() else rows), columns


def _line(file: Found) -> str:
    what = file.kind if file.kind == file.folder else f"{file.folder}: {file.kind}"
    if file.path:
        return f"{what}: {file.path} ({file.said})"
    return f"{what}: {file.file}: {file.said or 'MISSING'}"


def _known_sources(path: str | Path) -> dict[str, Source]:
    return read_sources(path) if Path(path).is_file() else {}


def _explain_table(kind: str, path: Path, key: str, error: LacunaError) -> str:
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


def _compare_genes(genes: Mapping[str, set[str]], report: Report) -> None:
    if len(genes) < 2:
        return
    (first, ours), *others = genes.items()
    for name, theirs in others:
        if differing := sorted(ours ^ theirs):
            report.stop(
                f"acquire: series: {name}: gene_info",
                f"its signatures have {len(theirs):,} genes and those of {first} {len(ours):,}; "
                f"{len(differing):,} are in one only: {listed(differing)}. Expected the same: set "
                "pr_is_lm to 0 where one of them lacks a gene.",
            )


def _check_grid(
    experiments: pd.DataFrame, made_here: bool, config: Mapping[str, Any], report: Report
) -> None:
    filters = {key: value for key, value in config["tensor"].items() if key != "small"}
    found = bound(experiments, filters, made_here=made_here)
    report.say("Tensor", describe_bound(found))
    if found.tensor is None:
        report.stop("tensor", explain_nothing(found, filters))
        return
    report.findings += find_in_grid(found.tensor, found.exact)
    splits, density = config["evaluation"]["splits"], config["evaluation"]["density"]["percents"]
    tensors = {
        "large": found.tensor,
        "small": small_tensor(found.tensor, config["tensor"]["small"]),
    }
    report.say("Splits", describe_splits(tensors, splits, found.exact))
    report.findings += find_in_splits(tensors, splits, exact=found.exact, certain=found.certain)
    lines, findings = find_in_density(tensors["small"], density)
    report.say("Splits", lines)
    report.findings += findings
