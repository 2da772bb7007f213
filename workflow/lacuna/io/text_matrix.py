"""Expression as text, genes x samples: GCT 1.2 (as GTEx and TCGA ship it) and 1.3, or a table.

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

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.atomic import explain_read_errors
from lacuna.io.blocks import Expression, runs, symbols_of
from lacuna.io.hdf5 import create
from lacuna.io.text_header import COMMA, read_header, typed, unquoted
from lacuna.io.untrusted import LONGEST_HEADER, decode, open_untrusted

DESCRIPTION = "description"  # the column of GCT 1.2, which holds symbols
MISSING = ["", "NA", "na", "NaN", "nan"]  # a gene that was not measured
TRUTH = re.compile(rb"true|false", re.IGNORECASE)  # pandas takes them for 1 and 0
QUOTED = re.compile(rb'"((?:[^"]|"")*)"(?:,|$)')  # the first field of a line separated by commas
VALUES_AT_ONCE = 2**21  # of the text in memory
CHUNK = (512, 64)  # genes x samples of the scratch file, 256 KiB


class _Line(NamedTuple):
    """A line of a gene: its number, what stands before the numbers, and these."""

    number: int
    leading: list[str]
    numbers: bytes


class TextMatrix(Expression):
    """An open table of genes x samples, plain or gzipped: GCT, or with one column of names.

    The first line of a table names the samples; the name of the first column may be empty, or be
    left out as R does. Fields are separated by tabs, or by commas where the first line has no tab.
    An empty field, NA or NaN is a gene without a value.

    Raises
    ------
    DamagedFile
        If the file is cut short or damaged.
    LacunaError
        If the file is missing, no table of numbers, or a name is missing or stands twice.
    """

    def _read_names(self) -> None:
        self._header = read_header(self.path)
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="lacuna-"))
        scratch = Path(folder) / "matrix.h5"
        leading, self._numbers_of_lines = self._unpack(scratch)
        self.genes = pd.Index(leading[self._header.name], dtype=object)
        facts = {name: leading[at] for name, at in self._header.facts.items()}
        about_genes = pd.DataFrame(facts, index=self.genes, dtype=object)
        self.symbols = symbols_of(about_genes, DESCRIPTION)
        self.about_genes, self.samples = typed(about_genes), typed(self._header.samples)
        self._scratch = self._open.enter_context(h5py.File(scratch, "r"))

    def place_of(self, gene: int) -> str:
        """Say where a gene stands: in which line."""
        return f"line {self._numbers_of_lines[gene]}"

    def _values(self, positions: np.ndarray) -> np.ndarray:
        values = np.empty((len(positions), len(self.genes)))
        with explain_read_errors(self._scratch.filename):
            for run in runs(positions, CHUNK[1]):
                first, last = positions[run.start], positions[run.stop - 1]
                block = self._scratch["matrix"][:, first : last + 1]
                values[run] = block.T[positions[run] - first]
        return values

    def _unpack(self, scratch: Path) -> tuple[list[list[str]], list[int]]:
        """Write the numbers to the scratch file; return the columns before, and lines' numbers."""
        leading: list[list[str]] = [[] for _ in range(self._header.leading)]
        numbers: list[int] = []
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
            while some := [self._split(*line) for line in islice(lines, at_once)]:
                first = len(numbers)
                numbers += [line.number for line in some]
                for at, column in enumerate(leading):
                    column += [line.leading[at] for line in some]
                matrix.resize(len(numbers), axis=0)
                matrix[first:] = self._parse_lines(some)
                sink.check()
        expected = self._header.genes
        if expected is not None and expected != len(numbers):
            raise DamagedFile(
                self.path,
                f"its second line promises {expected} genes, and there are {len(numbers)}. It is "
                "cut short or damaged; get it again.",
            )
        return leading, numbers

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

    def _split(self, number: int, line: bytes) -> _Line:
        """Take a line apart into what stands before the numbers, and these."""
        separator, count = self._header.separator, self._header.leading
        quoted = QUOTED.match(line) if separator == COMMA else None
        if quoted:  # a name that may hold a comma
            leading, rest = [decode(quoted[1].replace(b'""', b'"'))], line[quoted.end() :]
            found = 1 + (rest.count(separator) + 1 if quoted[0].endswith(COMMA) else 0)
        else:
            *before, rest = line.split(separator, count)
            leading = [unquoted(field) for field in before]
            found = line.count(separator) + 1
        expected = count + len(self._header.samples)
        if found != expected:
            between = "commas" if separator == COMMA else "tabs"
            raise DamagedFile(
                self.path,
                f"line {number} has {found} fields, the line of names {expected}. It is cut short, "
                f"damaged or not separated by {between}.",
            )
        return _Line(number, leading, rest)

    def _parse_lines(self, lines: list[_Line]) -> np.ndarray:
        """Read lines of numbers, shape (lines, samples)."""
        try:
            return self._parse([line.numbers for line in lines])
        except (ValueError, OverflowError):
            pass
        for line in lines:
            texts = line.numbers.split(self._header.separator)
            for sample, text in zip(self._header.samples.index, texts, strict=True):
                if decode(text) in MISSING:
                    continue
                try:
                    self._parse([text])
                except (ValueError, OverflowError) as error:
                    raise LacunaError(
                        f"{self.path}: line {line.number}, gene "
                        f"{line.leading[self._header.name]!r}, sample {sample!r}: "
                        f"{decode(text)!r} is no number; expected one, or nothing where the gene "
                        "was not measured."
                    ) from error
        raise LacunaError(
            f"{self.path}: lines {lines[0].number} to {lines[-1].number} are not numbers."
        )

    def _parse(self, rows: list[bytes]) -> np.ndarray:
        separator = self._header.separator
        text = b"\n".join(rows) + b"\n"
        if TRUTH.search(text):
            raise ValueError("a truth value")
        values = pd.read_csv(
            io.BytesIO(text),
            sep=separator.decode(),
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
        if values.shape != (len(rows), rows[0].count(separator) + 1):
            raise ValueError("other fields than lines and tabs say")
        return values
