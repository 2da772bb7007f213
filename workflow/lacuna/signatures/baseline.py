"""Baseline expression: cells without treatment, measured in vehicle wells or read from a matrix."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.signatures.make import VEHICLE, Progress


def measure_baseline(
    matrix: Gctx, wells: pd.DataFrame, genes: np.ndarray, progress: Progress = iter
) -> pd.DataFrame:
    """Average the vehicle wells of each plate, and the plates of each cell.

    Parameters
    ----------
    matrix
        The open Level 3 matrix.
    wells
        As `lacuna.io.geo.read_wells` returns them.
    genes : array of str
        Ids of the landmark genes.
    progress
        Wraps the loop over plates, for example `tqdm.tqdm`.

    Returns
    -------
    DataFrame, cells x genes, log2 expression; the column `cell` comes first

    Raises
    ------
    LacunaError
        If the matrix cannot be read, or a value is not finite.
    """
    vehicle = wells[wells["kind"] == VEHICLE]
    plates = [
        {"cell": cell}
        | dict(zip(genes, matrix.read(genes, of_plate["well"]).mean(axis=0), strict=True))
        for (cell, _), of_plate in progress(vehicle.groupby(["cell", "plate"]))
    ]
    table = pd.DataFrame(plates, columns=["cell", *genes])
    return table.groupby("cell", as_index=False).mean()


def read_baseline(matrix: Gctx, genes: Iterable[str], cells: Iterable[str]) -> pd.DataFrame:
    """Read a matrix of genes x cells into the form of `measure_baseline`.

    Raises
    ------
    LacunaError
        If the matrix has not all genes, or none of the cells.
    """
    genes = pd.Index(genes)
    without = genes.difference(matrix.rows)
    if len(without):
        raise LacunaError(
            f"{matrix.path}: {len(without)} genes have no baseline expression: {listed(without)}. "
            "Expected a row for each gene of the signatures, under the same id."
        )
    known = [cell for cell in dict.fromkeys(cells) if cell in matrix.columns]
    if not known:
        raise LacunaError(
            f"{matrix.path}: no column is one of the screen's cells; its columns are "
            f"{listed(matrix.columns)}. Expected columns named as in cell_id."
        )
    table = pd.DataFrame(matrix.read(genes, known), columns=genes)
    table.insert(0, "cell", known)
    return table


def join_baselines(tables: Iterable[pd.DataFrame], cells: np.ndarray) -> pd.DataFrame:
    """Average the baselines of several series: the cells that have one, in the order given."""
    means = pd.concat([pd.DataFrame({"cell": []}), *tables]).groupby("cell").mean()
    means = means.reindex([cell for cell in cells if cell in means.index])
    return means.rename_axis("cell").reset_index()
