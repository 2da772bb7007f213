"""Writes the product block by block: a GCTX, and the same as h5ad."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.completed import (
    ACD,
    CELL,
    DRUG,
    FALLBACK,
    LINEAGE,
    MEASURED,
    NAME,
    NORM,
    PREDICTED,
    REPLICATES,
    SOURCE,
    STDERR,
    SYMBOL,
    column_id,
)
from lacuna.completion.interface import Completion
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.h5ad_write import write_h5ad
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

AT_ONCE = 8192  # columns of a block


def write_completed(
    path: str | Path,
    tensor: ProfileSet,
    completions: Iterable[Completion],
    *,
    drugs: pd.DataFrame,
    cells: pd.DataFrame,
    genes: pd.DataFrame,
) -> None:
    """Write measured profiles as measured and all others as predicted, block by block.

    Parameters
    ----------
    path
        The GCTX file; beside it, with the ending .h5ad, the same is written for anndata. Each
        appears whole or not at all.
    tensor
        The measured profiles.
    completions
        The predicted ones, block after block in the order of `tensor.missing_pairs`; none where
        the grid has no gaps.
    drugs, cells, genes
        As `lacuna.tensor.labels.describe_axes` returns them.

    Raises
    ------
    UnwritableFile
        If the disk is full, or the folder may not be written to.
    ValueError
        If there are fewer or more predictions than gaps, or the tensor has no reliability.

    Notes
    -----
    Columns go by drug, then cell; their ids are drug:cell. Column metadata: pert_id, pert_iname,
    cell_id, cell_lineage, source (measured or predicted), fallback (1 where a plain mean stands for
    want of anything nearer), norm (length of the profile: 1 when measured; a prediction is as the
    method made it, shorter where the method is less certain), stderr (the standard error of a
    predicted entry, on average over the profile; -666 when measured or not stated), replicates and
    acd (-666 when predicted or not replicated). The h5ad has the transposed matrix: the columns of
    the GCTX are its obs, with these names, NaN for -666 and true or false as fallback; its var are
    the genes.
    """
    if tensor.reliability is None:
        raise ValueError("the product states replicates and acd; the tensor has no reliability")
    pairs = np.argwhere(np.ones_like(tensor.measured))
    position = tensor.find(pairs)
    measured = position >= 0
    drug, cell = pairs.T
    columns = pd.DataFrame(
        {
            DRUG: tensor.drugs[drug],
            NAME: drugs["name"].to_numpy()[drug],
            CELL: tensor.cells[cell],
            LINEAGE: cells["lineage"].to_numpy()[cell],
            SOURCE: np.where(measured, MEASURED, PREDICTED),
        }
    )
    ids = [column_id(*place) for place in zip(columns[DRUG], columns[CELL], strict=True)]
    columns.index = pd.Index(ids, name="id")
    rows = pd.DataFrame({SYMBOL: genes["symbol"].to_numpy()}, index=tensor.genes)
    write_gctx(path, _fill_gaps(tensor, position, completions, columns), rows, columns)
    with Gctx(path) as product:
        blocks = (
            product.read(product.rows, product.columns[rows])
            for rows in slices(len(columns), AT_ONCE)
        )
        write_h5ad(Path(path).with_suffix(".h5ad"), blocks, *_for_anndata(rows, columns), uns={})


def _fill_gaps(
    tensor: ProfileSet,
    position: np.ndarray,
    completions: Iterable[Completion],
    columns: pd.DataFrame,
) -> Iterator[np.ndarray]:
    """Yield blocks of the product's matrix; at the end, add to its columns what is known then.

    Parameters
    ----------
    tensor
        The measured profiles.
    position : int array of shape (columns,)
        Which of them each column is; -1 for a gap.
    completions
        What fills the gaps.
    columns
        The column metadata.
    """
    norm, stderr = np.empty((2, len(position)), np.float32)
    fallback = np.zeros(len(position), int)
    stderr[:] = MISSING_NUMBER
    predictions = _Predictions(completions)
    for rows in slices(len(position), AT_ONCE):
        here = position[rows]
        block = tensor.profiles[here]
        gaps = np.flatnonzero(here < 0)
        filling = predictions.take(len(gaps))
        if filling is not None:
            block[gaps] = filling.profiles
            if filling.stderr is not None:
                errors = filling.stderr
                stderr[rows][gaps] = errors if errors.ndim == 1 else errors.mean(axis=1)
            if filling.fallback is not None:
                fallback[rows][gaps] = filling.fallback
        norm[rows] = np.linalg.norm(block, axis=1)
        yield block
    predictions.check_all_taken()
    columns[FALLBACK], columns[NORM], columns[STDERR] = fallback, norm, stderr.astype(float)
    assert tensor.reliability is not None
    for name in (REPLICATES, ACD):
        of_profile = tensor.reliability[name].to_numpy()
        columns[name] = np.where(position >= 0, of_profile[position], MISSING_NUMBER)
        columns[name] = columns[name].fillna(MISSING_NUMBER)


class _Predictions:
    """Predictions that come in blocks and are taken in others."""

    def __init__(self, completions: Iterable[Completion]):
        self._blocks = iter(completions)
        self._left: Completion | None = None

    def take(self, count: int) -> Completion | None:
        """Return the next predictions; None for none."""
        parts: list[Completion] = []
        while count:
            if self._left is None:
                self._left = next(self._blocks, None)
            if self._left is None:
                raise ValueError(f"{count} gaps of the tensor have no prediction")
            taken = np.arange(min(count, len(self._left.profiles)))
            parts.append(self._left.take(taken))
            count -= len(taken)
            left = np.arange(len(taken), len(self._left.profiles))
            self._left = self._left.take(left) if len(left) else None
        return Completion.join(parts) if parts else None

    def check_all_taken(self) -> None:
        if self._left is not None or any(len(block.profiles) for block in self._blocks):
            raise ValueError("there are more predictions than gaps of the tensor")


def _for_anndata(rows: pd.DataFrame, columns: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return obs and var of the product."""
    texts = {name: pd.Categorical(columns[name]) for name in (DRUG, NAME, CELL, LINEAGE, SOURCE)}
    obs = columns.assign(**texts, **{FALLBACK: columns[FALLBACK].astype(bool)})
    for name in (STDERR, REPLICATES, ACD):
        obs[name] = columns[name].where(columns[name] != MISSING_NUMBER)
    return obs, rows
