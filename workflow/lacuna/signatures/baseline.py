"""Baseline expression: cells without treatment, measured in vehicle wells or read from a matrix."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx
from lacuna.io.names import spelt_as
from lacuna.io.perturbations import CONTROLS
from lacuna.signatures.make import Plate
from lacuna.signatures.values import BOUND, beyond


def average_vehicles(plates: Iterable[Plate]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Average the vehicle wells of each plate, and those of a vector where genes are wanted.

    Yields
    ------
    str, str, float32 array of shape (genes,)
        Cell, plate, mean log2 expression; nothing of a plate without vehicle wells.
    """
    for wells, expression in plates:
        # In file order: sums of float32 depend on the order.
        vehicle = wells[wells["kind"].isin([*CONTROLS])].sort_index()
        for (cell, plate), of_plate in vehicle.groupby(["cell", "plate"]):
            rows = wells.index.get_indexer(of_plate.index)
            yield str(cell), str(plate), expression[rows].mean(axis=0)


def average_plates(
    plates: Iterable[tuple[str, str, np.ndarray]], genes: Iterable[str]
) -> pd.DataFrame:
    """Average the plates of each cell.

    Parameters
    ----------
    plates
        As `average_vehicles` gives them, of all batches.
    genes
        Ids of the landmark genes.

    Returns
    -------
    DataFrame, cells x genes, log2 expression; the column `cell` comes first
    """
    by_name = sorted(plates, key=lambda plate: plate[:2])
    table = pd.DataFrame([mean for _, _, mean in by_name], columns=list(genes))
    table.insert(0, "cell", [cell for cell, _, _ in by_name])
    return table.groupby("cell", as_index=False).mean()


def read_baseline(matrix: Gctx, genes: Iterable[str], cells: Iterable[str]) -> pd.DataFrame:
    """Read a matrix of genes x cells into the form of `average_plates`.

    Raises
    ------
    LacunaError
        If the matrix has not all genes, none of the cells, or a value that is no log2 expression.
    """
    genes = pd.Index(genes)
    without = genes.difference(matrix.rows)
    if len(without):
        raise LacunaError(
            f"{matrix.path}: {len(without)} genes have no baseline expression: {listed(without)}. "
            "Expected a row for each gene of the signatures, under the same id."
        )
    spelt = spelt_as(pd.Series(matrix.columns, dtype=object), cells := dict.fromkeys(cells))
    column = dict(zip(spelt[::-1], matrix.columns[::-1], strict=True))
    known = [cell for cell in cells if cell in column]
    if not known:
        raise LacunaError(
            f"{matrix.path}: no column is one of the screen's cells; its columns are "
            f"{listed(matrix.columns)}. Expected columns named as in cell_id."
        )
    columns = [cell if cell in matrix.columns else column[cell] for cell in known]
    values = matrix.read(genes, columns)
    wrong = np.argwhere(beyond(values))
    if len(wrong):
        cell, gene = wrong[0]
        raise LacunaError(
            f"{matrix.path}: cell {known[cell]!r}, gene {genes[gene]!r} is "
            f"{values[cell, gene]:.6g} ({len(wrong)} of {values.size} values are beyond "
            f"{BOUND:g}); expected log2 expression, from about 0 to 15. Take log2, and leave "
            "cells with missing values (-666) out."
        )
    table = pd.DataFrame(values, columns=genes)
    table.insert(0, "cell", known)
    return table


def join_baselines(
    tables: Iterable[pd.DataFrame], cells: np.ndarray, genes: np.ndarray
) -> pd.DataFrame:
    """Average the baselines of several series: the cells that have one, and genes, as given."""
    every = pd.concat([pd.DataFrame({"cell": []}), *tables])
    means = every.assign(cell=spelt_as(every["cell"], cells)).groupby("cell").mean()
    means = means.reindex([cell for cell in cells if cell in means.index])
    if len(means.columns):
        means = means[genes]
    return means.rename_axis("cell").reset_index()
