"""A whole file of L1000 profiles, translated in blocks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.h5ad_write import write_h5ad
from lacuna.translation.chain import Translation

WELLS_AT_ONCE = 1024
CAVEAT = (
    "Differences (Level 5) were passed through the linear part of the translation. They are on "
    "the scale of the differences given; what L1000 moderates or standardises stays so."
)


def translated_blocks(
    model: Translation, matrix: Gctx, gene_ids: list[str], *, differences: bool = False
) -> Iterator[np.ndarray]:
    """Translate the columns of a matrix, in order and in blocks.

    Parameters
    ----------
    model
        The translation.
    matrix
        An open GCTX.
    gene_ids
        The ids of the model's landmarks in the matrix, in the model's order.
    differences
        Whether the matrix holds signatures instead of Level 3 profiles.

    Yields
    ------
    float32 array of shape (at most `WELLS_AT_ONCE`, genes)

    Raises
    ------
    LacunaError
        If the matrix lacks a landmark, or differences meet a step that is not linear.
    """
    translate = model.difference if differences else model.predict
    starts = range(0, len(matrix.columns), WELLS_AT_ONCE)
    for first in tqdm(starts, desc="translating", mininterval=5):
        yield translate(matrix.read(gene_ids, matrix.columns[first : first + WELLS_AT_ONCE]))


def landmark_ids(model: Translation, matrix: Gctx, symbols: pd.Series) -> list[str]:
    """Find the model's landmarks among the rows of a matrix.

    Parameters
    ----------
    model, matrix
        The translation and the matrix.
    symbols : Series of str, indexed by row id
        The symbol of each row.

    Raises
    ------
    LacunaError
        If a landmark of the model has no row: the model was trained on it.
    """
    by_symbol = pd.Series(symbols.index, index=symbols.to_numpy())
    by_symbol = by_symbol[~by_symbol.index.duplicated()]
    missing = pd.Index(model.genes.landmarks).difference(by_symbol.index)
    if len(missing):
        raise LacunaError(
            f"{matrix.path}: {len(missing)} of the model's {len(model.genes.landmarks)} landmarks "
            f"have no row: {listed(missing)}. Expected all genes that the model was trained on, "
            "under the symbols of gene_info."
        )
    return [str(row) for row in by_symbol.loc[model.genes.landmarks]]


def write_translated(
    path: str | Path,
    model: Translation,
    matrix: Gctx,
    symbols: pd.Series,
    wells: pd.DataFrame,
    *,
    differences: bool = False,
) -> None:
    """Translate a matrix to a GCTX or an h5ad file, as the ending of the name says.

    Parameters
    ----------
    path
        Ends with .gctx or .h5ad.
    model, matrix, symbols
        See `landmark_ids`.
    wells
        What is known of the columns, indexed by their ids in the matrix's order.
    differences
        Whether the matrix holds signatures.

    Raises
    ------
    LacunaError
        If the ending is another one; see also `translated_blocks`.
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    """
    ids = landmark_ids(model, matrix, symbols)
    blocks = translated_blocks(model, matrix, ids, differences=differences)
    genes = pd.DataFrame(
        {
            "pr_gene_symbol": model.genes.genes,
            "landmark": pd.Index(model.genes.genes).isin(model.genes.landmarks).astype(int),
            "stderr": model.stderr,
        },
        index=pd.Index(model.genes.genes, name="gene"),
    )
    match Path(path).suffix:
        case ".gctx":
            write_gctx(path, blocks, genes, wells)
        case ".h5ad":
            first, second = model.names
            unit = f"{model.logarithm}(CPM + 1)"
            uns = {
                "steps": [first, second],
                "unit": f"differences of {unit}" if differences else unit,
            }
            if differences:
                uns["caveat"] = CAVEAT
            write_h5ad(path, blocks, wells.astype(str), genes, uns)
        case ending:
            raise LacunaError(
                f"{path}: the ending {ending!r} says no format; expected .gctx or .h5ad."
            )
