"""Ready-made tensors in MATLAB files, as Hodos et al. 2018 published theirs (large.mat, small.mat).

Such a file has the variables T (drugs x genes x cells, NaN where a profile was not measured), and
pertIds, geneIds and cellIds, which name the three axes: texts or numbers in a cell array, a matrix
of characters with a name in each row, or an array of numbers. It is of version 5 (or 7, the same
compressed) or of version 7.3, which is HDF5. Either keeps the tensor cell by cell, so that it is
read so.

Source: the authors' code, https://github.com/clinicalml/dgc_predict.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import DamagedFile, LacunaError, listed
from lacuna.io.matlab_v5 import MatlabV5
from lacuna.io.matlab_v73 import MatlabV73
from lacuna.io.untrusted import check_plain

TENSOR = "T"
AXES = {"drugs": "pertIds", "genes": "geneIds", "cells": "cellIds"}
BEGINNING = 128  # bytes, of which the first 116 say what made the file
VERSIONS: dict[bytes, type[MatlabV5] | type[MatlabV73]] = {
    b"MATLAB 5.0": MatlabV5,
    b"MATLAB 7.3": MatlabV73,
}
LARGEST = 1e15  # of values, so that the length of a profile is finite in float32, too
MOST_BYTES_AT_ONCE = 2**30  # of one cell's drugs x genes


class MatlabTensor:
    """An open tensor of drugs x genes x cells; use it as a context manager.

    Attributes
    ----------
    path : Path
    drugs, genes, cells : arrays of str
        The names of the axes, in file order.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or of no MATLAB version that is read.
    LacunaError
        If it is missing, lacks a variable, a variable is not of the kind expected, a name is empty
        or stands twice, or names and the tensor differ in shape.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._file = _version(self.path)(self.path)
        try:
            self._check_names()
            names = {axis: self._axis(variable) for axis, variable in AXES.items()}
            self.drugs, self.genes, self.cells = names["drugs"], names["genes"], names["cells"]
            self._check_shape()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "MatlabTensor":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def profiles(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Read the measured profiles, a cell at a time, in file order.

        Yields
        ------
        int array of shape (n,)
            The positions of the drugs that were measured in the cell.
        float32 array of shape (n, genes)
            Their profiles.

        Raises
        ------
        DamagedFile
            If the file is cut short or damaged.
        LacunaError
            If a value is infinite or beyond 1e15, or a profile is missing in some genes only.
        """
        for cell, slab in zip(self.cells, self._file.slabs(TENSOR), strict=True):
            slab = slab.reshape(len(self.drugs), len(self.genes))
            missing = np.isnan(slab)
            measured = ~missing.all(axis=1)
            self._check_profiles(slab, missing, measured, cell)
            yield np.flatnonzero(measured), slab[measured].astype(np.float32)

    def _check_names(self) -> None:
        wanted = [TENSOR, *AXES.values()]
        if missing := [name for name in wanted if name not in self._file.names]:
            raise LacunaError(
                f"{self.path}: has no variable {listed(missing)}; it has "
                f"{listed(self._file.names, 20) or 'none'}. Expected {listed(wanted)}."
            )

    def _axis(self, variable: str) -> np.ndarray:
        names = pd.Series(self._file.texts(variable), dtype=object).str.strip(" \0")
        if names.empty:
            raise LacunaError(f"{self.path}: variable {variable} is empty; expected names.")
        empty = np.flatnonzero(names == "")
        if len(empty):
            raise LacunaError(
                f"{self.path}: variable {variable}: number {empty[0] + 1} is empty "
                f"({len(empty)} are); expected a name."
            )
        check_plain(names, variable, self.path)
        if names.duplicated().any():
            raise LacunaError(
                f"{self.path}: variable {variable}: {listed(names[names.duplicated()].unique())} "
                "stand more than once; expected each name once."
            )
        return names.to_numpy()

    def _check_shape(self) -> None:
        shape = self._file.shape(TENSOR)
        found = shape + (1,) * (len(AXES) - len(shape))  # MATLAB drops axes of length 1 at the end
        expected = (len(self.drugs), len(self.genes), len(self.cells))
        if found != expected:
            other = sorted(found) == sorted(expected)
            raise LacunaError(
                f"{self.path}: variable {TENSOR} has shape {_times(shape)}, and pertIds, geneIds "
                f"and cellIds name {_times(expected)} (drugs x genes x cells)."
                + (" Put its axes in this order (permute) and save it again." if other else "")
            )
        if len(self.drugs) * len(self.genes) * 8 > MOST_BYTES_AT_ONCE:
            raise LacunaError(
                f"{self.path}: variable {TENSOR} has {_times(expected[:2])} values for each cell, "
                f"over {MOST_BYTES_AT_ONCE:,} bytes; expected drugs x genes x cells."
            )

    def _check_profiles(
        self, slab: np.ndarray, missing: np.ndarray, measured: np.ndarray, cell: str
    ) -> None:
        infinite = np.abs(slab) > LARGEST
        partly = missing.any(axis=1) & measured
        if infinite.any():
            drug, gene = np.argwhere(infinite)[0]
            raise LacunaError(
                f"{self.path}: variable {TENSOR}: drug {self.drugs[drug]!r}, gene "
                f"{self.genes[gene]!r}, cell {cell!r} is {slab[drug, gene]}; expected a finite "
                "value, or NaN in all genes of a profile that was not measured."
            )
        if partly.any():
            drug = int(np.argmax(partly))
            raise LacunaError(
                f"{self.path}: variable {TENSOR}: drug {self.drugs[drug]!r}, cell {cell!r} is NaN "
                f"in {missing[drug].sum()} of {len(self.genes)} genes; expected whole profiles, or "
                "NaN in all genes. Is it drugs x genes x cells?"
            )


def _version(path: Path) -> type[MatlabV5] | type[MatlabV73]:
    try:
        with path.open("rb") as file:
            begins = file.read(BEGINNING)
    except OSError as error:
        raise LacunaError(f"{path}: cannot be read ({error.strerror}).") from error
    for words, version in VERSIONS.items():
        if begins.startswith(words) and len(begins) == BEGINNING:
            return version
    raise DamagedFile(
        path,
        "is no MATLAB file of version 5, 7 or 7.3. Save it with save(..., '-v7.3'), or get it "
        "again.",
    )


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
