"""ARCHS4: the counts of all public human RNA-seq samples in one HDF5 file.

The counts lie at data/expression, what samples and genes are under meta. Where each lies differs
between versions: in one group at first (`meta/genes`, `meta/Sample_geo_accession`), below
`meta/genes` and `meta/samples` since; samples x genes at first, genes x samples since (Lachmann et
al. 2018, Nature Communications 9:1366, doi:10.1038/s41467-018-03751-6).
"""

import h5py
import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.atomic import explain_read_errors
from lacuna.io.blocks import Expression, runs
from lacuna.io.hdf5 import member
from lacuna.io.untrusted import decode
from lacuna.io.untrusted_texts import check_texts

MATRIX = "data/expression"
# By what is wanted, where it may lie; the first that is there counts. Symbols go before ids.
GENES = (
    *("meta/genes/symbol", "meta/genes/gene_symbol", "meta/genes/genes", "meta/genes/gene"),
    *("meta/gene_symbol", "meta/genes", "meta/genes/ensembl_gene", "meta/genes/ensembl_gene_id"),
)
SAMPLES = ("meta/samples/geo_accession", "meta/Sample_geo_accession")
SERIES = ("meta/samples/series_id", "meta/Sample_series_id")
# All reads of a sample, as the authors of the translation filter by; aligned ones where the file
# has no others: fewer samples pass then.
READS = (
    *("meta/samples/readstotal", "meta/reads_total"),
    *("meta/samples/readsaligned", "meta/samples/alignedreads", "meta/reads_aligned"),
)


class Archs4(Expression):
    """An open file of ARCHS4; `samples` has `series` and `reads`.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or not HDF5.
    LacunaError
        If the file is missing, a field is, or lengths do not fit.
    """

    def _read_names(self) -> None:
        with explain_read_errors(self.path):
            self._file = self._open.enter_context(h5py.File(self.path, "r"))
            self._matrix = self._field((MATRIX,), "counts")
            named = {
                "names of genes": GENES,
                "names of samples": SAMPLES,
                "series of samples": SERIES,
            }
            fields = [self._field(places, what) for what, places in named.items()]
            check_texts(self.path, self._file, [field.name for field in fields])
            genes, samples, series = map(_texts, fields)
            self.genes = pd.Index(genes)
            reads = self._field(READS, "reads of samples")
            self._check_lengths(len(samples), {"series": len(series), "reads": len(reads)})
            self.samples = pd.DataFrame(
                {"series": series, "reads": _numbers(reads)}, index=pd.Index(samples)
            )
        self._sample_axis = self._find_axis()

    def _values(self, positions: np.ndarray) -> np.ndarray:
        values = np.empty((len(positions), len(self.genes)))
        with explain_read_errors(self.path):
            width = self._matrix.chunks[self._sample_axis] if self._matrix.chunks else 1
            for run in runs(positions, width):
                first, last = positions[run.start], positions[run.stop - 1]
                wanted = positions[run] - first
                if self._sample_axis == 1:
                    values[run] = self._matrix[:, first : last + 1].T[wanted]
                else:
                    values[run] = self._matrix[first : last + 1][wanted]
        return values

    def _field(self, places: tuple[str, ...], what: str) -> h5py.Dataset:
        """Find a dataset at one of the places."""
        for place in places:
            try:
                found: h5py.Group | h5py.Dataset = self._file
                for name in place.split("/"):
                    found = member(found, name)
            except (KeyError, AttributeError):  # not there, or below a dataset
                continue
            if isinstance(found, h5py.Dataset):
                return found
        there = _datasets(self._file)
        raise LacunaError(
            f"{self.path}: has no {what} as ARCHS4's files do: expected {' or '.join(places)}; "
            f"it has {listed(there, 40)}."
        )

    def _check_lengths(self, samples: int, lengths: dict[str, int]) -> None:
        for what, length in lengths.items():
            if length != samples:
                raise LacunaError(
                    f"{self.path}: names {samples} samples, but has {what} of {length}. The file "
                    "is damaged; get it again."
                )

    def _find_axis(self) -> int:
        """Return the axis of the matrix that samples lie along: versions differ."""
        genes, samples, shape = len(self.genes), len(self.samples), self._matrix.shape
        if self._matrix.dtype.kind not in "fiu":
            raise LacunaError(f"{self.path}: {MATRIX} holds {self._matrix.dtype}, not numbers.")
        # A file with as many samples as genes says nothing of its axes: it is taken for
        # genes x samples, as the version that the paper used and all of today are.
        if shape == (genes, samples):
            return 1
        if shape == (samples, genes):
            return 0
        raise LacunaError(
            f"{self.path}: {MATRIX} has shape {shape}, but there are names for {genes} genes and "
            f"{samples} samples. The file is damaged; get it again."
        )


def _datasets(group: h5py.Group) -> list[str]:
    """List the datasets of a file; every object once, so that a circle of groups has an end."""
    names: list[str] = []

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            names.append(name)

    group.visititems(note)
    return names


def _texts(dataset: h5py.Dataset) -> np.ndarray:
    values = dataset[:]
    if values.ndim != 1:
        raise ValueError(f"{dataset.name} has {values.ndim} dimensions; expected a list")
    return np.array([_text(value) for value in values], dtype=object)


def _text(value: object) -> str:
    # Some versions hold spaces around the names.
    return (decode(value) if isinstance(value, bytes) else str(value)).strip()


def _numbers(dataset: h5py.Dataset) -> np.ndarray:
    values = dataset[:]
    if values.dtype.kind in "SO":  # some versions write numbers as text
        values = np.array([float(_text(value)) for value in values])
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise ValueError(f"{dataset.name} holds {values.dtype} in {values.ndim} dimensions")
    return values.astype(float)
