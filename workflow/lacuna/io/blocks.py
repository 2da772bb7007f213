"""A matrix of expression, samples x genes, that is read in blocks of samples, never whole."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import check_unique, read_text_table

# Columns that give the symbols of genes, in GCTX, GCT and h5ad.
SYMBOLS = (
    *("symbol", "gene_symbol", "gene_symbols", "gene_name", "feature_name", "gene_short_name"),
    "pr_gene_symbol",
)
AT_ONCE = 256  # samples in memory; 128 MB at ARCHS4's 62,548 genes


class Expression(ABC):
    """An open file of expression; use it as a context manager.

    Attributes
    ----------
    path : Path
        The file.
    genes : Index of str
        Ids as the file has them, in its order; one may stand twice.
    symbols : Index of str, or None
        What the file gives as symbols beside the ids, in the same order.
    about_genes : DataFrame
        Indexed as `genes`. Its columns are what the file says of genes: var of h5ad, the facts of
        GCT and GCTX.
    samples : DataFrame
        Indexed by sample, in file order. Its columns are what the file says of samples: `series`
        and `reads` in ARCHS4, those of obs in h5ad, the facts of GCT and GCTX, and those of a table
        of samples.
    """

    symbols: pd.Index | None = None

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.genes, self.samples = pd.Index([], dtype=object), pd.DataFrame()
        self.about_genes = pd.DataFrame()
        self._open = ExitStack()  # what is to be closed
        try:
            self._read_names()
            self._check_names()
            if self.about_genes.empty:
                self.about_genes = pd.DataFrame(index=self.genes)
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> "Expression":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    def blocks(
        self, columns: Iterable[object] | None = None, at_once: int = AT_ONCE
    ) -> Iterator[tuple[pd.Index, np.ndarray]]:
        """Read samples, some at a time.

        Parameters
        ----------
        columns
            Samples in the order wanted, all by default; the file's order is read fastest.
        at_once
            How many samples a block has at most.

        Yields
        ------
        samples : Index of str
        values : float64 array of shape (samples, genes)
            As the file has them; NaN where a gene has no value.

        Raises
        ------
        DamagedFile
            If the file cannot be read to the end.
        LacunaError
            If a sample is not in the file, or a value is no number or infinite.
        """
        names = self.samples.index if columns is None else pd.Index(map(str, columns))
        positions = self.samples.index.get_indexer(names)
        if (positions < 0).any():
            missing = names[positions < 0]
            raise LacunaError(
                f"{self.path}: has no samples {listed(missing)} ({len(missing)} missing); it has "
                f"{listed(self.samples.index)}."
            )
        for first in range(0, len(names), at_once):
            wanted = positions[first : first + at_once]
            order = np.argsort(wanted)
            values = np.empty((len(wanted), len(self.genes)))
            values[order] = self._values(wanted[order])
            block = names[first : first + at_once]
            self._check_finite(block, values)
            yield block, values

    def describe(self, path: str | Path) -> None:
        """Add a table of samples to what the file says of them; where both speak, the table counts.

        Parameters
        ----------
        path
            Tab-separated, plain or gzipped: `sample`, and whatever columns there are. It may have
            rows for samples that stand elsewhere.

        Raises
        ------
        LacunaError
            If there is no column `sample`, a sample stands twice, or one of the file's has no row.
        """
        table = read_text_table(Path(path), dtype=str)
        if "sample" not in table:
            raise LacunaError(f"{path}: no column sample; it has {listed(table, 20)}.")
        check_unique(table, "sample", "sample", path)
        table = table.set_index("sample")
        without = self.samples.index.difference(table.index, sort=False)
        if len(without):
            raise LacunaError(
                f"{path}: has no row for {len(without)} of {len(self.samples)} samples of "
                f"{self.path}: {listed(without)}; expected one for each, spelt alike."
            )
        others = self.samples.drop(columns=table.columns, errors="ignore")
        self.samples = others.join(table)

    def place_of(self, gene: int) -> str:
        """Say where the gene at a position stands in the file, for messages."""
        return f"gene {gene + 1}"

    @abstractmethod
    def _read_names(self) -> None:
        """Open the file, and set genes, samples and symbols."""

    @abstractmethod
    def _values(self, positions: np.ndarray) -> np.ndarray:
        """Read samples by their ascending positions, shape (positions, genes)."""

    def _check_names(self) -> None:
        if not len(self.genes) or self.samples.index.empty:
            raise LacunaError(
                f"{self.path}: has {len(self.genes)} genes and {len(self.samples)} samples; "
                "expected some of both."
            )
        for what, names in (("gene", self.genes), ("sample", self.samples.index)):
            empty = np.flatnonzero(names.isna() | (names == ""))
            if len(empty):
                raise LacunaError(
                    f"{self.path}: {what} {empty[0] + 1} has no name ({len(empty)} have none); "
                    "expected one for each."
                )
        twice = self.samples.index[self.samples.index.duplicated()].unique()
        if len(twice):
            raise LacunaError(
                f"{self.path}: samples {listed(twice)} stand more than once; every sample needs a "
                "name of its own. Rename or remove the duplicates."
            )

    def _check_finite(self, samples: pd.Index, values: np.ndarray) -> None:
        if (infinite := np.argwhere(np.isinf(values))).size:
            sample, gene = infinite[0]
            raise LacunaError(
                f"{self.path}: sample {samples[sample]!r}, gene {self.genes[gene]!r} is "
                f"{values[sample, gene]}; expected finite numbers."
            )


def runs(positions: np.ndarray, width: int) -> Iterator[slice]:
    """Cut ascending positions into runs that are read at once, each within few samples.

    Parameters
    ----------
    positions : int array of shape (n,)
    width
        Samples in a chunk of the file: one of them costs as much as all, so that a run is what
        lies in one chunk. 1 where there are no chunks: a run has no gaps then.
    """
    width = min(width, AT_ONCE)  # what lies between the samples of a run is read, too
    chunk = positions // width if width > 1 else positions - np.arange(len(positions))
    edges = [0, *(np.flatnonzero(np.diff(chunk)) + 1), len(positions)]
    for start, stop in pairwise(edges):
        yield slice(int(start), int(stop))


def symbols_of(about_genes: pd.DataFrame, *others: str) -> pd.Index | None:
    """Return what a table about genes gives as symbols, None if it gives none.

    Parameters
    ----------
    about_genes
        A row per gene.
    *others
        Names of columns, in lower case, that hold symbols beside `SYMBOLS`.
    """
    called = {str(name).lower(): name for name in about_genes}
    named = [
        *(name for name in SYMBOLS if name in about_genes),
        *(called[name] for name in others if name in called),
    ]
    return pd.Index(about_genes[named[0]].astype(object)) if named else None
