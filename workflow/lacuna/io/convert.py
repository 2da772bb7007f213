"""Writes a matrix in another layout: GCTX, GCT 1.3, h5ad, or a table of genes x samples.

What a file says of its genes and samples is kept, where the other layout has room for it.
"""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.atomic import write_whole
from lacuna.io.expression import Expression, open_matrix
from lacuna.io.gctx import write_gctx
from lacuna.io.gctx_matrix import MISSING
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.untrusted import check_plain

VALUES_AT_ONCE = 2**25  # in memory while text is written, which goes by genes
RESERVED = {"", ".", "id", "_index"}  # what no fact can be called in one layout or the other
NOT_GIVEN = "NA"  # for a value or a fact that is missing, in text


class Converted(NamedTuple):
    """What was written.

    Attributes
    ----------
    genes, samples : int
    left_out : list of str
        Facts about genes and samples that the layout has no room for.
    """

    genes: int
    samples: int
    left_out: list[str]


def convert(source: str | Path, destination: str | Path) -> Converted:
    """Bring a matrix into the layout that the ending of another file's name says.

    Parameters
    ----------
    source
        GCTX, GCT 1.2 or 1.3, h5ad, ARCHS4, or a table of genes x samples separated by tabs or
        commas; text may be gzipped. What it holds counts, not its name.
    destination
        The file, which appears whole or not at all: .gctx, .gct, .h5ad, .tsv, .txt or .csv, those
        of text also with .gz. Values are stored as float32.

    Raises
    ------
    DamagedFile
        If the source is cut short or damaged.
    LacunaError
        If it is missing or in no layout that is known, an id stands twice or holds a control
        character, a value is infinite, or the ending of the destination is not known.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    source, destination = Path(source), Path(destination)
    writer = _writer(destination)
    if destination.exists() and source.exists() and destination.samefile(source):
        raise LacunaError(f"{destination}: is the file to read; expected another one to write.")
    with open_matrix(source) as matrix:
        left_out = writer(CheckedMatrix(matrix), destination)
        return Converted(len(matrix.genes), len(matrix.samples), left_out)


def write_as_gctx(matrix: Expression, path: str | Path) -> None:
    """Write a matrix as GCTX, with what its file says of genes and samples.

    Raises
    ------
    LacunaError, UnwritableFile
        As `convert` does.
    """
    _gctx(CheckedMatrix(matrix), Path(path))


class CheckedMatrix:
    """A matrix whose names and facts were checked.

    Attributes
    ----------
    about_genes, about_samples : DataFrame
        Numbers, or texts with NaN where one is missing; indexed by ids, each of which is there
        once.
    """

    def __init__(self, matrix: Expression):
        self._matrix = matrix
        self.path = matrix.path
        self._check_genes()
        self.about_genes = self._facts(matrix.about_genes, "genes")
        self.about_samples = self._facts(matrix.samples, "samples")

    def blocks(self) -> Iterator[np.ndarray]:
        """Give float32 values of some samples at a time, shape (samples, genes)."""
        for names, values in self._matrix.blocks():
            try:
                with np.errstate(over="raise"):
                    yield values.astype(np.float32)
            except FloatingPointError as error:
                raise LacunaError(
                    f"{self.path}: samples {names[0]!r} to {names[-1]!r} hold a number beyond "
                    f"{np.finfo(np.float32).max:.2g}; expected expression, stored as float32."
                ) from error

    def by_genes(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Give values of some genes at a time, shape (genes, samples), and which these are."""
        genes, samples = len(self.about_genes), len(self.about_samples)
        at_once = max(VALUES_AT_ONCE // samples, 1)
        for first in range(0, genes, at_once):
            which = slice(first, min(first + at_once, genes))
            values = np.empty((which.stop - first, samples), np.float32)
            done = 0
            for block in self.blocks():
                values[:, done : done + len(block)] = block[:, which].T
                done += len(block)
            yield which, values

    def _check_genes(self) -> None:
        genes = self._matrix.genes
        again = np.flatnonzero(genes.duplicated())
        if len(again):
            first = int(np.flatnonzero(genes == genes[again[0]])[0])
            places = f"{self._matrix.place_of(first)} and {self._matrix.place_of(int(again[0]))}"
            raise LacunaError(
                f"{self.path}: {genes[again[0]]!r} stands more than once, in {places} "
                f"({len(again)} such genes); every gene needs an id of its own. Rename or remove "
                "the others."
            )

    def _facts(self, table: pd.DataFrame, what: str) -> pd.DataFrame:
        check_plain(pd.Series(table.index, dtype=object), f"of ids of {what}", self.path)
        columns = {}
        for name, column in table.items():
            called = str(name).replace("/", "_")
            called += "_" if called in RESERVED else ""
            check_plain(pd.Series([called]), f"of facts about {what}", self.path)
            if called in columns:
                raise LacunaError(
                    f"{self.path}: two facts about {what} are called {called!r}; expected a name "
                    "of its own for each. Rename one."
                )
            columns[called] = _plain(column)
            if columns[called].dtype == object:
                check_plain(columns[called], called, self.path)
        return pd.DataFrame(columns, index=table.index)


def _plain(column: pd.Series) -> pd.Series:
    """Return numbers of NumPy's, flags as 0 and 1, or texts with NaN where one is missing."""
    if column.dtype.kind == "b" and not column.isna().any():
        return column.astype(np.int8)
    if column.dtype.kind in "iuf":
        if isinstance(column.dtype, np.dtype):
            return column
        if column.dtype.kind == "f" or column.isna().any():
            return column.astype(np.float64)
        return column.astype(np.int64)
    texts = [np.nan if pd.isna(value) else str(value) for value in column]
    return pd.Series(texts, column.index, dtype=object)


def _gctx(matrix: CheckedMatrix, path: Path) -> list[str]:
    about = (_filled(table, MISSING) for table in (matrix.about_genes, matrix.about_samples))
    write_gctx(path, matrix.blocks(), *about)
    return []


def _h5ad(matrix: CheckedMatrix, path: Path) -> list[str]:
    obs, var = (_categories(table) for table in (matrix.about_samples, matrix.about_genes))
    write_h5ad(path, matrix.blocks(), obs, var, {})
    return []


def _gct(matrix: CheckedMatrix, path: Path) -> list[str]:
    genes = _texts(matrix.about_genes)
    samples = _texts(matrix.about_samples)
    shape = (len(genes), len(samples), genes.shape[1], samples.shape[1])
    ids = [_guarded(name) for name in (*genes.columns, *samples.index)]
    with _text(path) as out:
        out.write("#1.3\n" + "\t".join(map(str, shape)) + "\n")
        out.write("\t".join(["id", *ids]) + "\n")
        for name, column in samples.items():
            out.write("\t".join([_guarded(str(name)), *[NOT_GIVEN] * shape[2], *column]) + "\n")
        for which, values in matrix.by_genes():
            numbers = pd.DataFrame(values, index=genes.index[which])
            lines = pd.concat([genes.iloc[which], numbers], axis=1)
            lines.index = lines.index.map(_guarded)
            _write_lines(lines, out, "\t")
    return []


def _table(matrix: CheckedMatrix, path: Path) -> list[str]:
    separator = "," if ".csv" in path.suffixes else "\t"
    guard = str if separator == "," else _guarded
    samples = [guard(name) for name in matrix.about_samples.index]
    with _text(path) as out:
        _write_lines(pd.DataFrame([samples], index=["gene"]), out, separator)
        for which, values in matrix.by_genes():
            names = [guard(name) for name in matrix.about_genes.index[which]]
            _write_lines(pd.DataFrame(values, index=names), out, separator)
    return [
        f"{what}: {listed(table, 20)}"
        for what, table in (("genes", matrix.about_genes), ("samples", matrix.about_samples))
        if table.shape[1]
    ]


def _write_lines(lines: pd.DataFrame, out: io.TextIOWrapper, separator: str) -> None:
    # Between tabs nothing is quoted: no text holds what would call for it.
    quote = '"' if separator == "," else "\x01"
    lines.to_csv(out, sep=separator, header=False, na_rep=NOT_GIVEN, quotechar=quote)


@contextmanager
def _text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Yield a text to write, packed if its name ends with .gz; equal texts are equal files."""
    with write_whole(path) as unfinished, unfinished.open("wb") as raw:
        if path.suffix != ".gz":
            with io.TextIOWrapper(raw, "utf-8", newline="") as out:
                yield out
            return
        with (
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
            io.TextIOWrapper(packed, "utf-8", newline="") as out,
        ):
            yield out


def _filled(table: pd.DataFrame, missing: str) -> pd.DataFrame:
    texts = [name for name, column in table.items() if column.dtype == object]
    return table.fillna(dict.fromkeys(texts, missing))


def _categories(table: pd.DataFrame) -> pd.DataFrame:
    """Return texts of which some are missing as categories, in which h5ad can miss one."""
    gaps = [
        name for name, column in table.items() if column.dtype == object and column.isna().any()
    ]
    return table.astype(dict.fromkeys(gaps, "category"))


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    columns = {
        name: [NOT_GIVEN if pd.isna(value) else _guarded(str(value)) for value in column]
        for name, column in table.items()
    }
    return pd.DataFrame(columns, index=table.index, dtype=object)


def _guarded(text: str) -> str:
    """Put quotes around a text that has some: who reads takes one pair away."""
    return f'"{text}"' if len(text) > 1 and text[0] == text[-1] == '"' else text


def _writer(path: Path) -> Callable[[CheckedMatrix, Path], list[str]]:
    name = path.name.lower()
    for ending, writer in WRITERS.items():
        if name.endswith(ending):
            return writer
    ending = "".join(path.suffixes[-2:])
    raise LacunaError(
        f"{path}: the ending {ending!r} says no layout{did_you_mean(ending, WRITERS)}; expected "
        f"one of {listed(WRITERS, 20)}."
    )


WRITERS: dict[str, Callable[[CheckedMatrix, Path], list[str]]] = {
    ".gctx": _gctx,
    ".h5ad": _h5ad,
    ".gct": _gct,
    ".gct.gz": _gct,
    **dict.fromkeys(
        [f"{name}{gz}" for name in (".tsv", ".txt", ".csv") for gz in ("", ".gz")], _table
    ),
}
