"""Expression as text, genes x samples: GCT 1.2 (as GTEx and TCGA ship it), and any such table.

A sample is a column, so that a block of samples needs every line. The text is read once, line by
line, into a scratch file that is read by samples; it goes when the matrix is closed.
"""

import io
import re
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.atomic import explain_read_errors
from lacuna.io.blocks import Expression, runs
from lacuna.io.hdf5 import create
from lacuna.io.untrusted import LONGEST_HEADER, MOST_COLUMNS, open_untrusted

GCT = b"#1."  # how a GCT file begins; its version follows
MISSING = ["", "NA", "NaN", "nan"]  # a gene that was not measured
TRUTH = re.compile(rb"true|false", re.IGNORECASE)  # pandas takes them for 1 and 0
VALUES_AT_ONCE = 2**21  # of the text in memory
CHUNK = (512, 64)  # genes x samples of the scratch file, 256 KiB
LEADING = 3  # GTEx's files have id, Name and Description before the samples, others the last two


class _Header(NamedTuple):
    """What stands above the lines of genes.

    Attributes
    ----------
    lines : int
        How many lines these are.
    leading : int
        How many columns stand before the samples.
    name : int
        Which of them names the gene.
    symbol : int or None
        Which of them gives its symbol.
    samples : list of str
    genes : int or None
        How many there should be.
    """

    lines: int
    leading: int
    name: int
    symbol: int | None
    samples: list[str]
    genes: int | None


class TextMatrix(Expression):
    """An open table of genes x samples, plain or gzipped: GCT 1.2, or with one column of names.

    The first line names the samples; the name of the first column may be empty, or be left out as R
    does. An empty field, NA or NaN is a gene without a value. Of GCT, Name is `genes` and
    Description is `symbols`.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing, no table of numbers, or a name is missing or stands twice.
    """

    def _read_names(self) -> None:
        self._header = _read_header(self.path)
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="lacuna-"))
        scratch = Path(folder) / "matrix.h5"
        names, symbols = self._unpack(scratch)
        self.genes = pd.Index(names, dtype=object)
        if self._header.symbol is not None:
            self.symbols = pd.Index(symbols, dtype=object)
        self.samples = pd.DataFrame(index=pd.Index(self._header.samples, dtype=object))
        self._scratch = self._open.enter_context(h5py.File(scratch, "r"))

    def _values(self, positions: np.ndarray) -> np.ndarray:
        values = np.empty((len(positions), len(self.genes)))
        with explain_read_errors(self._scratch.filename):
            for run in runs(positions, CHUNK[1]):
                first, last = positions[run.start], positions[run.stop - 1]
                block = self._scratch["matrix"][:, first : last + 1]
                values[run] = block.T[positions[run] - first]
        return values

    def _unpack(self, scratch: Path) -> tuple[list[str], list[str]]:
        """Write the numbers to the scratch file; return names and symbols."""
        names: list[str] = []
        symbols: list[str] = []
        samples = len(self._header.samples)
        at_once = max(VALUES_AT_ONCE // samples, 1)
        with create(scratch) as (file, sink):
            matrix = file.create_dataset(
                "matrix",
                (0, samples),
                float,
                maxshape=(None, samples),
                chunks=(CHUNK[0], min(CHUNK[1], samples)),
                compression="lzf",
            )
            lines = self._lines()
            while some := list(islice(lines, at_once)):
                first = len(names)
                rows = [self._split(number, line) for number, line in some]
                names += [row[0] for row in rows]
                symbols += [row[1] for row in rows]
                matrix.resize(len(names), axis=0)
                matrix[first:] = self._numbers(
                    [row[2] for row in rows], [number for number, _ in some], names[first:]
                )
                sink.check()
        expected = self._header.genes
        if expected is not None and expected != len(names):
            raise DamagedFile(
                self.path,
                f"its second line promises {expected} genes, and there are {len(names)}. It is cut "
                "short or damaged; get it again.",
            )
        return names, symbols

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Give the lines of genes with their numbers."""
        with open_untrusted(self.path, text=True) as file:
            number = 0
            while line := file.readline(LONGEST_HEADER):
                number += 1
                if len(line) == LONGEST_HEADER:
                    raise LacunaError(
                        f"{self.path}: line {number} has {LONGEST_HEADER:,} bytes or more; "
                        "expected a gene in each line, with a number for each sample."
                    )
                line = line.rstrip(b"\r\n")
                if line and number > self._header.lines:
                    yield number, line

    def _split(self, number: int, line: bytes) -> tuple[str, str, bytes]:
        """Give a line's name, symbol and numbers."""
        header = self._header
        fields = line.split(b"\t", header.leading)
        found = line.count(b"\t") + 1
        expected = header.leading + len(header.samples)
        if found != expected:
            raise DamagedFile(
                self.path,
                f"line {number} has {found} fields, the line of names {expected}. It is cut short, "
                "damaged or not separated by tabs.",
            )
        symbol = "" if header.symbol is None else _text(fields[header.symbol])
        return _text(fields[header.name]), symbol, fields[header.leading]

    def _numbers(self, rows: list[bytes], lines: list[int], names: list[str]) -> np.ndarray:
        """Read lines of numbers, shape (rows, samples)."""
        try:
            return self._parse(rows)
        except (ValueError, OverflowError):
            pass
        for row, line, name in zip(rows, lines, names, strict=True):
            for sample, text in zip(self._header.samples, row.split(b"\t"), strict=True):
                try:
                    self._parse([text])
                except (ValueError, OverflowError) as error:
                    raise LacunaError(
                        f"{self.path}: line {line}, gene {name!r}, sample {sample!r}: "
                        f"{_text(text)!r} is no number; expected one, or nothing where the gene "
                        "was not measured."
                    ) from error
        raise LacunaError(f"{self.path}: lines {lines[0]} to {lines[-1]} are not numbers.")

    @staticmethod
    def _parse(rows: list[bytes]) -> np.ndarray:
        text = b"\n".join(rows) + b"\n"
        if TRUTH.search(text):
            raise ValueError("a truth value")
        values = pd.read_csv(
            io.BytesIO(text),
            sep="\t",
            header=None,
            dtype=np.float64,
            na_values=MISSING,
            keep_default_na=False,
            skip_blank_lines=False,
            quoting=3,
            lineterminator="\n",
            encoding="latin-1",
            float_precision="high",  # integers stay integers, others differ by 1 in 1e15 at most
        ).to_numpy()
        if values.shape != (len(rows), rows[0].count(b"\t") + 1):
            raise ValueError("other fields than lines and tabs say")
        return values


def _read_header(path: Path) -> _Header:
    with open_untrusted(path, text=True) as file:
        lines = [_fields(path, file.readline(LONGEST_HEADER)) for _ in range(3)]
    if not lines[0][0].startswith(GCT.decode()):
        return _plain_header(path, lines[0], len(lines[1]))
    if lines[0][0].strip() != "#1.2":
        raise LacunaError(
            f"{path}: is GCT {lines[0][0][1:]!r}; expected version #1.2, with Name and Description "
            "before the samples. Save it so, or as a plain table of genes x samples."
        )
    return _gct_header(path, lines[1], lines[2])


def _plain_header(path: Path, names: list[str], fields: int) -> _Header:
    # R leaves out the name of the first column, unless it is told not to.
    samples = names if len(names) == fields - 1 else names[1:]
    if not samples:
        raise LacunaError(
            f"{path}: its first line has no names of samples ({listed(names, 3)}); expected a "
            "table separated by tabs: a column of genes, then one for each sample."
        )
    return _Header(1, 1, 0, None, samples, None)


def _gct_header(path: Path, sizes: list[str], names: list[str]) -> _Header:
    lower = [name.lower() for name in names[:LEADING]]
    if "name" not in lower or "description" not in lower:
        raise LacunaError(
            f"{path}: the third line begins with {listed(names, LEADING)}; expected Name and "
            "Description, then the samples."
        )
    leading = lower.index("description") + 1
    samples = names[leading:]
    try:
        genes, promised = map(int, sizes[:2])
    except ValueError as error:
        raise LacunaError(
            f"{path}: the second line is not the numbers of genes and samples, as in GCT 1.2."
        ) from error
    if promised != len(samples) or not samples:
        raise DamagedFile(
            path,
            f"the second line promises {promised} samples, and the third names {len(samples)}. It "
            "is damaged; get it again.",
        )
    return _Header(3, leading, lower.index("name"), leading - 1, samples, genes)


def _fields(path: Path, line: bytes) -> list[str]:
    fields = line.rstrip(b"\r\n").split(b"\t")
    if len(line) == LONGEST_HEADER or len(fields) > MOST_COLUMNS:
        raise LacunaError(
            f"{path}: a line at its top has {len(fields)} columns in {len(line):,} bytes or more; "
            f"expected a table with at most {MOST_COLUMNS:,} columns."
        )
    return [_text(field) for field in fields]


def _text(field: bytes) -> str:
    """Decode a name; R puts quotes around it."""
    try:
        text = field.decode()
    except UnicodeDecodeError:
        text = field.decode("latin-1")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
