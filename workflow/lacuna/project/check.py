"""`lacuna check`: what a run would meet, before it starts, all at once."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lacuna.acquire.inputs import Inputs
from lacuna.errors import LacunaError
from lacuna.evaluation.stage import wanted as has_tensor
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_text_table
from lacuna.io.match import compare_columns, compare_genes
from lacuna.io.odd_rows import Account
from lacuna.io.sources import SOURCES_TABLE, Source, read_sources
from lacuna.project.check_files import Found, find_files, find_in_files, open_matrix
from lacuna.project.check_grid import (
    Bound,
    bound,
    describe_bound,
    describe_experiments,
    explain_nothing,
    find_in_ids,
    find_in_replicates,
    possible_experiments,
)
from lacuna.project.check_splits import (
    describe_splits,
    find_in_density,
    find_in_grid,
    find_in_splits,
    small_tensor,
)
from lacuna.project.check_tables import READERS, add_embedded, explain_table, name_matrix
from lacuna.project.check_values import (
    describe_values,
    find_in_comparison,
    find_in_expression,
    find_in_signatures,
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
from lacuna.project.findings import Finding, Report
from lacuna.project.stages import wanted_stages
from lacuna.signatures.level5 import explain_none, known_experiments
from lacuna.signatures.make import are_treated, choose_types, sort_wells
from lacuna.signatures.signature_set import common_genes, spell_alike
from lacuna.tensor.known import Known
from lacuna.tensor.stage import filters as filters_of
from lacuna.tensor.substances import add_facts

NAMED_BY = {"level3": "inst_info", "level5": "sig_info"}  # the table that names a matrix's columns
NAMED = {"inst_info": "well", "sig_info": "signature"}  # its ids, by our name


class Compared(NamedTuple):
    """What of a matrix and its tables belongs to each other.

    Attributes
    ----------
    table : DataFrame or None
        The wells, or signatures, that have a column; all where the matrix cannot be read.
    rows, columns : Index of str
        The ids of the matrix that are of use.
    findings : list of Finding
        What is left out, and why the tables are those of another matrix.
    """

    table: pd.DataFrame | None
    rows: pd.Index
    columns: pd.Index
    findings: list[Finding]


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
        report.findings += _find_in_stages(config, {}, {}, None)
        return report
    known = _known_sources(sources or config["acquire"]["sources"] or SOURCES_TABLE)
    files = find_files(inputs, dataset, known)
    report.say("Files", map(_line, files))
    report.findings += find_in_files(files, inputs.mirrors)
    experiments, genes, complete = [], {}, bool(inputs.series)
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    for series in inputs.series:
        here = {file.kind: file for file in files if file.folder == series}
        made = Series(series, here, report, inputs.pert_types(series)).look()
        tables |= {(series, kind): table for kind, table in made.tables.items()}
        if made.experiments is None:
            complete = False
        else:
            experiments.append(made.experiments)
        if made.genes is not None:
            genes[series] = made.genes
    found = None
    if not has_tensor(config):
        for table in experiments:
            report.say("Signatures", [describe_experiments(table)])
    else:
        _compare_genes(genes, report)
        if complete:
            made_here = bool(inputs.series_with("level3"))
            whole, odd = spell_alike(pd.concat(experiments, ignore_index=True))
            for line in odd:
                report.warn("acquire: series", f"{line.what} ({line.named}).")
            found = _check_grid(whole, made_here, config, report)
        else:
            told = "not known: it takes the tables and matrices of all series (see above)"
            report.say("Tensor", [told])
    here_now = {(file.folder, file.file): file.path for file in files if file.path}
    report.findings += _find_in_stages(config, here_now, tables, found)
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
    pert_types
        Which types of treatments are taken of it.

    Attributes
    ----------
    tables : dict of DataFrame
        Those that could be read, by kind.
    experiments : DataFrame or None
        See `lacuna.project.check_grid`; None where they cannot be told.
    genes : list of str or None
        The genes of its signatures.
    """

    def __init__(
        self, name: str, files: Mapping[str, Found], report: Report, pert_types: Sequence[str]
    ):
        self.name, self.report, self.pert_types = name, report, list(pert_types)
        self.files: Mapping[str, Found] = files
        self.tables: dict[str, pd.DataFrame] = {}
        self.experiments: pd.DataFrame | None = None
        self.genes: list[str] | None = None

    def look(self) -> "Series":
        """Read the tables and the head of the matrix."""
        tables = {kind: self._table(kind) for kind in READERS}
        self.tables = {kind: table for kind, table in tables.items() if table is not None}
        level, kind = next((pair for pair in NAMED_BY.items() if pair[0] in self.files), ("", ""))
        if not level:
            told = "a ready-made tensor, which is not looked into"
            self.report.say(f"Series {self.name}", [told])
            return self
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            matrix = self._open(level, kind, stack, scratch)
            if matrix is not None:
                tables |= self._look_within(level, kind, matrix, scratch)
            found = self._compare(level, kind, matrix, tables[kind], tables["gene_info"])
            if found.table is not None:
                self._describe(kind, found.table)
            if matrix is not None:
                self._look_at_values(level, matrix, found)
                name_matrix(self.report, scratch, Path(str(self.files[level].path)))
        if self.experiments is not None and tables["pert_info"] is not None:
            self.experiments = add_facts(self.experiments, [tables["pert_info"]])
        return self

    def _table(self, kind: str) -> pd.DataFrame | None:
        if kind not in self.files or (path := self.files[kind].path) is None:
            return None
        read, key = READERS[kind]
        account: Account = []
        try:
            table = read(path, account)
        except LacunaError as error:
            self.report.stop(path, explain_table(kind, path, key, error))
            return None
        for odd in account:
            if "in an unknown unit" in odd.what:
                continue  # `find_in_quantities` says why
            self.report.warn(path, f"{odd.what} ({odd.rows:,} rows: {odd.named})")
        return table

    def _describe(self, kind: str, table: pd.DataFrame) -> None:
        heading, path = f"Series {self.name}", self.files[kind].path
        assert path is not None  # it was read
        written = as_written(read_text_table(path))
        if kind == "inst_info":
            table = choose_types(table, self.pert_types)
            self.report.say(heading, describe_wells(table))
            self.report.findings += find_in_wells(table, written, str(path))
            if are_treated(sort_wells(table)).any():
                self.experiments = possible_experiments(table)
                self.report.findings += find_in_replicates(self.experiments, str(path))
            return
        self.report.say(heading, describe_signatures(table, self.pert_types))
        self.report.findings += find_in_quantities(written, str(path), self.pert_types)
        experiments = known_experiments(table, self.pert_types)
        if experiments.empty:
            self.report.stop(f"{path}, column pert_type", explain_none(table, self.pert_types))
            return
        self.experiments = experiments
        self.report.findings += find_in_axes(experiments, str(path))

    def _look_within(
        self, level: str, kind: str, matrix: Gctx, scratch: Path
    ) -> dict[str, pd.DataFrame | None]:
        """Read the tables that came within the matrix."""
        given = {*self.files}
        try:
            self.files = add_embedded(self.files, level, kind, matrix, scratch)
        except LacunaError as error:
            self.report.stop(self.files[level].path, str(error).removeprefix(f"{matrix.path}: "))
            return {}
        within = {table: self._table(table) for table in self.files.keys() - given}
        self.tables |= {table: read for table, read in within.items() if read is not None}
        return within

    def _open(self, level: str, kind: str, stack: ExitStack, scratch: Path) -> Gctx | None:
        path = self.files[level].path
        if path is None:
            return None
        table = self.files[kind].path if kind in self.files else None
        try:
            matrix = open_matrix(path, level, scratch, table)
        except LacunaError as error:
            self.report.stop(path, str(error).removeprefix(f"{path}: "))
            return None
        if matrix is None:
            told = f"{path}: too large to be unpacked for a look"
            self.report.say(f"Series {self.name}", [told])
            return None
        return stack.enter_context(matrix)

    def _compare(
        self,
        level: str,
        kind: str,
        matrix: Gctx | None,
        table: pd.DataFrame | None,
        genes: pd.DataFrame | None,
    ) -> Compared:
        """Compare a matrix with its tables, as a run does: what lacks a partner is left out."""
        where = str(self.files[level].path)
        if genes is not None:
            self.genes = list(genes.loc[genes["landmark"], "gene"])
        if matrix is None:
            return Compared(table, pd.Index([]), pd.Index([]), [])
        rows, columns = matrix.rows, matrix.columns
        findings: list[Finding] = []
        transposed = False
        if table is not None:
            named = pd.Index(table[NAMED[kind]])
            told = f"{kind} ({self.files[kind].path})"
            found = compare_columns(columns, rows, named, told)
            findings += find_in_comparison(found, where)
            transposed = found.transposed
            if named.isin(columns).any():
                table = table[named.isin(columns)].reset_index(drop=True)
                columns = columns[columns.isin(named)]
        if genes is None:
            self.genes = list(rows) if level == "level5" else None
        elif not transposed:
            told = f"gene_info ({self.files['gene_info'].path})"
            findings += find_in_comparison(compare_genes(rows, genes, told), where)
        if self.genes and rows.isin(self.genes).any():
            self.genes = [gene for gene in self.genes if gene in rows]
            rows = rows[rows.isin(self.genes)]
        return Compared(table, rows, columns, findings)

    def _look_at_values(self, level: str, matrix: Gctx, found: Compared) -> None:
        heading, path = f"Series {self.name}", self.files[level].path
        shape = f"{path}: {len(matrix.columns):,} columns x {len(matrix.rows):,} rows"
        self.report.say(heading, [shape])
        self.report.findings += found.findings
        names = spread(found.columns, len(found.rows))
        try:
            values = matrix.read(found.rows, names)
        except LacunaError as error:
            said = str(error).replace(str(matrix.path), str(path))
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


def _line(file: Found) -> str:
    what = file.kind if file.kind == file.folder else f"{file.folder}: {file.kind}"
    if file.path:
        return f"{what}: {file.path} ({file.said})"
    return f"{what}: {file.file}: {file.said or 'MISSING'}"


def _known_sources(path: str | Path) -> dict[str, Source]:
    return read_sources(path) if Path(path).is_file() else {}


def _compare_genes(genes: Mapping[str, list[str]], report: Report) -> None:
    if len(genes) < 2:
        return
    try:
        lines = common_genes(genes).lines()
    except LacunaError as error:
        report.stop("acquire: series", str(error).removeprefix("acquire: series: "))
        return
    for line in lines:
        report.warn("acquire: series", line)


def _find_in_stages(
    config: Mapping[str, Any],
    files: Mapping[tuple[str, str], Path],
    tables: Mapping[tuple[str, str], pd.DataFrame],
    found: Bound | None,
) -> Iterator[Finding]:
    """Say what the jobs of later stages would refuse, each by its own words."""
    grid: dict[str, Any] = (
        {"tensor": found.tensor, "exact": found.exact, "certain": found.certain} if found else {}
    )
    known = Known(files, tables, **grid)
    for stage in wanted_stages(config, "preflight"):
        for fault in stage.faults(config, known):
            where, _, what = fault.said.partition(": ")
            yield Finding(where, what, stops=fault.stops)


def _check_grid(
    experiments: pd.DataFrame, made_here: bool, config: Mapping[str, Any], report: Report
) -> Bound:
    filters = filters_of(config["tensor"])
    found = bound(experiments, filters, made_here=made_here)
    report.say("Tensor", describe_bound(found))
    if found.tensor is None:
        report.stop("tensor", explain_nothing(found, filters))
        return found
    report.findings += find_in_ids(experiments, config["tensor"]["merge"])
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
    return found
