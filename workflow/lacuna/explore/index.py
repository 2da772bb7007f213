"""The index of a product: what its profiles, drugs, cells and genes are, laid out to be asked.

Its two large arrays, all profiles at unit length and the ranks of their genes, stand gene by gene:
a question about some genes reads their rows alone, and no question reads the file into memory.
"""

import json
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.completed import MEASURED, PREDICTED, find_called
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.io.atomic import explain_read_errors

UNITS, RANKS = "units", "ranks"
SOURCES = (MEASURED, PREDICTED)
# Columns of the tables; ids and names are text, never NaN.
DRUGS = ["drug", "name", "inchi_key", "smiles", "ids", "atc", "moa", "targets"]
DRUG_NUMBERS = ["measured", "held_out_r", "held_out"]
CELLS, CELL_NUMBERS = ["cell", "lineage"], ["measured", "held_out_r"]
GENES = ["gene", "symbol"]
NUMBERS = ["norm", "stderr", "expected_r", "replicates", "acd"]
PROFILES = ["predicted", "fallback", *NUMBERS, "tier"]
SEVERAL = "; "  # between codes, mechanisms or targets of one drug
# How scores of random and of real queries are distributed, see `lacuna.explore.reference`.
NULL_COLUMNS = ["score", "form", "size", "random_measured", "random_predicted", "real"]
NULL: hdf5.Layout = {
    "null": hdf5.TABLE,
    "null_survival": (hdf5.FLOATS, 1),
    "null_random": (hdf5.FLOATS, 3),
    "null_real": (hdf5.FLOATS, 3),
    "null_levels": (hdf5.FLOATS, 3),
}
LAYOUT: hdf5.Layout = {
    **dict.fromkeys(["facts", "drugs", "cells", "genes", "profiles", "dropped"], hdf5.TABLE),
    "tiers": (hdf5.NAMES, 1),
    UNITS: (hdf5.FLOATS, 2),
    RANKS: (hdf5.INDICES, 2),
    f"{UNITS}_sums": (hdf5.INDICES, 1),
    f"{RANKS}_sums": (hdf5.INDICES, 1),
    **NULL,
}


class Index:
    """An index that was opened for asking; use it as a context manager.

    Attributes
    ----------
    path : Path
        The file.
    facts : dict
        What the product is of: dataset, method, method_label, title, seed, simulated.
    drugs : DataFrame
        drug (id), name, inchi_key, smiles, ids, atc, moa, targets (empty where not known, several
        joined by "; "), measured (in how many cells), held_out_r (mean correlation of its held-out
        profiles with what was predicted for them; NaN without any), held_out (how many).
    cells : DataFrame
        cell, lineage, measured (how many drugs), held_out_r.
    genes : DataFrame
        gene (id), symbol (empty where not known).
    profiles : DataFrame
        Row i is drug i // cells in cell i % cells: drug, cell (positions), source (measured or
        predicted), fallback, norm, stderr, expected_r, replicates, acd (NaN where not stated),
        tier.
    dropped : DataFrame
        `tensor/dropped.tsv`: what fell out of the tensor, where and why.
    units : float32 array of shape (genes, profiles)
        All profiles at unit length, gene by gene; a profile without any length is 0. Mapped from
        the file.
    ranks : uint16 array of shape (genes, profiles)
        The place of each gene in its profile, 0 for the highest value; of equal ones the first
        gene comes first. Mapped.
    null : dict of arrays and a DataFrame
        Scores of random and of real queries, see `lacuna.explore.reference`.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with explain_read_errors(self.path):
            content = hdf5.load(self.path, lazy=(UNITS, RANKS), layout=LAYOUT)
            self._file = content[UNITS].file
            try:
                self._take(content)
            except BaseException:
                self._file.close()
                raise

    @classmethod
    def open(cls, path: str | Path) -> "Index":
        """Open an index that `lacuna.explore.build.build_index` wrote.

        Raises
        ------
        DamagedFile
            If the file is cut short, damaged or no index.
        LacunaError
            If the file is missing.
        """
        return cls(path)

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    @property
    def dataset(self) -> str:
        """The name of the run."""
        return str(self.facts["dataset"])

    @property
    def method(self) -> str:
        """The name of the method that predicted what was not measured."""
        return str(self.facts["method"])

    @property
    def method_label(self) -> str:
        """What figures call the method."""
        return str(self.facts["method_label"])

    @cached_property
    def stratum(self) -> np.ndarray:
        """The cell and source of each profile as one number: 2 cell + predicted."""
        predicted = self.profiles["source"].cat.codes.to_numpy()
        return 2 * self.profiles["cell"].to_numpy() + predicted

    def unit_profile(self, position: int) -> np.ndarray:
        """Return a profile at unit length, float32 of shape (genes,)."""
        return np.asarray(self.units[:, position])

    def values_of(self, gene: int) -> np.ndarray:
        """Return a gene's value in every profile, float32 of shape (profiles,).

        Raises
        ------
        DamagedFile
            If they are not those that were written.
        """
        self.check([gene])
        return np.asarray(self.units[gene])

    def check(self, genes: Sequence[int] | np.ndarray, arrays: Sequence[str] = (UNITS,)) -> None:
        """Check rows of the mapped arrays against their checksums.

        Raises
        ------
        DamagedFile
            If a row is not as it was written.
        """
        for name in arrays:
            rows, sums = getattr(self, name), self._sums[name]
            for gene in genes:
                if zlib.crc32(rows[gene]) != sums[gene]:
                    fault = f"{name} of gene {self.genes['gene'][gene]!r} are damaged."
                    raise DamagedFile(self.path, fault)

    def find(self, drug: str, cell: str) -> int:
        """Return the position of the profile of a drug (id or name) in a cell.

        Raises
        ------
        LacunaError
            If there is no such drug or cell, or a name is that of several.
        """
        try:
            row = find_called("drug", drug, self.drugs["drug"], self.drugs["name"])
            column = find_called("cell", cell, self.cells["cell"])
        except LacunaError as error:
            raise LacunaError(f"{self.path}: {error}") from None
        return row * len(self.cells) + column

    def _take(self, content: dict[str, Any]) -> None:
        facts = content["facts"]
        self.facts = {name: json.loads(value) for name, value in facts.to_numpy()}
        for name in ("dataset", "method", "method_label"):
            if name not in self.facts:
                raise ValueError(f"its facts lack {name}")
        for name, columns in {
            "drugs": [*DRUGS, *DRUG_NUMBERS],
            "cells": [*CELLS, *CELL_NUMBERS],
            "genes": GENES,
            "profiles": PROFILES,
        }.items():
            if list(content[name]) != columns:
                raise ValueError(f"{name} has the columns {list(content[name])}, not {columns}")
        self.drugs, self.cells, self.genes = (content[name] for name in ("drugs", "cells", "genes"))
        self.dropped = content["dropped"]
        profiles = content["profiles"]
        shape = (len(self.genes), len(self.drugs) * len(self.cells))
        if len(profiles) != shape[1]:
            raise ValueError(f"{len(profiles)} profiles, not every drug in every cell")
        self.units, self.ranks = (
            _mapped(content[name], shape, dtype)
            for name, dtype in ((UNITS, np.float32), (RANKS, np.uint16))
        )
        self._sums = {name: content[f"{name}_sums"] for name in (UNITS, RANKS)}
        if any(sums.shape != shape[:1] for sums in self._sums.values()):
            raise ValueError("not every gene has its checksums")
        position = np.arange(shape[1])
        self.profiles = pd.DataFrame(
            {
                "drug": position // len(self.cells),
                "cell": position % len(self.cells),
                "source": pd.Categorical.from_codes(
                    profiles["predicted"].astype(int), pd.Index(SOURCES)
                ),
                "fallback": profiles["fallback"].astype(bool),
                **{name: profiles[name] for name in NUMBERS},
                "tier": pd.Categorical.from_codes(profiles["tier"], content["tiers"]),
            }
        )
        self.null = {name: content[name] for name in NULL}
        _check_null(self.null, 2 * len(self.cells))


def _check_null(null: dict[str, Any], strata: int) -> None:
    rows, points = len(null["null"]), len(null["null_survival"])
    for name, middle, last in (
        ("null_random", 2, points),
        ("null_real", strata, points),
        ("null_levels", 2, strata),
    ):
        if null[name].shape != (rows, middle, last):
            raise ValueError(f"{name} has shape {null[name].shape}")
    if list(null["null"]) != NULL_COLUMNS:
        raise ValueError(f"null has the columns {list(null['null'])}, not {NULL_COLUMNS}")


def _mapped(array: Any, shape: tuple[int, int], dtype: type) -> np.ndarray:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{array.name} holds {array.dtype} in {array.shape}, expected {shape}")
    return hdf5.mapped(array)
