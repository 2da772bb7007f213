"""GCTX as expression, beside the other layouts: samples in blocks, and what is said of each."""

import numpy as np
import pandas as pd

from lacuna.io.blocks import Expression, symbols_of
from lacuna.io.gctx import Gctx

MISSING = "-666"  # what LINCS writes for a fact that is missing


class GctxMatrix(Expression):
    """An open GCTX file; `samples` and `about_genes` are its metadata of columns and rows.

    A text -666 there is a missing one.

    Raises
    ------
    DamagedFile
        If the file is cut short, damaged or not HDF5.
    LacunaError
        If the file is missing, not GCTX, or an id stands twice.
    """

    def _read_names(self) -> None:
        self._gctx = self._open.enter_context(Gctx(self.path))
        self.genes = self._gctx.rows
        self.about_genes = _facts(self._gctx.metadata("rows"), self._gctx.rows)
        self.samples = _facts(self._gctx.metadata("columns"), self._gctx.columns)
        self.symbols = symbols_of(self.about_genes)

    def _values(self, positions: np.ndarray) -> np.ndarray:
        return self._gctx.read_any(self._gctx.rows, self._gctx.columns[positions])


def _facts(table: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    given = {
        name: np.where(column == MISSING, np.nan, column) if column.dtype == object else column
        for name, column in table.items()
    }
    return pd.DataFrame(given, index=table.index).set_axis(ids, axis=0)
