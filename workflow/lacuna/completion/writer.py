"""Writes the product block by block: a GCTX, and the same as h5ad."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.completion.completed import (
    ACD,
    CELL,
    DRUG,
    EXPECTED_R,
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
    TIER,
    column_id,
)
from lacuna.completion.errors_by_gene import ErrorsByGene
from lacuna.completion.for_anndata import write_for_anndata
from lacuna.completion.interface import Completion
from lacuna.completion.tiers import tier_of
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.tensor.joined import described
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import slices

AT_ONCE = 8192  # columns of a block
# Predictions and their (drug, cell) pairs, shape (n, 2) -> the correlation to expect of each, shape
# (n,), NaN where not known.
Expect = Callable[[Completion, np.ndarray], np.ndarray]


def write_completed(
    path: str | Path,
    tensor: ProfileSet,
    completions: Iterable[Completion],
    *,
    drugs: pd.DataFrame,
    cells: pd.DataFrame,
    genes: pd.DataFrame,
    expect: Expect | None = None,
    facts: Mapping[str, Any] | None = None,
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
        As `lacuna.tensor.labels.describe_axes` returns them, in any order: they are joined by
        name. Drugs perhaps with atc_codes, mechanisms and targets, as
        `lacuna.io.annotations.annotate` returns them.
    expect
        Tells the correlation to expect of predictions; None where nobody knows.
    facts
        What `uns` of the h5ad says of the run, by name.

    Raises
    ------
    LacunaError
        If a table has no row for one of the tensor's names.
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
    predicted entry, on average over the profile; -666 when measured or not stated), expected_r (the
    correlation to expect with a fresh measurement: of a prediction as `expect` tells, of a measured
    profile the share of it that is no noise, see `lacuna.tensor.agreement`; -666 when not known),
    tier (the same in words; empty when not known), replicates and acd (-666 when predicted or not
    replicated). The h5ad has the transposed matrix, see `lacuna.completion.for_anndata`.
    """
    if tensor.reliability is None:
        raise ValueError("the product states replicates and acd; the tensor has no reliability")
    tables = {"drugs": drugs, "cells": cells, "genes": genes}
    of_drug, of_cell, of_gene = (
        described(tensor, axis, table, f"{axis}.tsv") for axis, table in tables.items()
    )
    pairs = np.argwhere(np.ones_like(tensor.measured))
    measured = tensor.find(pairs) >= 0
    drug, cell = pairs.T
    columns = pd.DataFrame(
        {
            DRUG: tensor.drugs[drug],
            NAME: of_drug["name"].to_numpy()[drug],
            CELL: tensor.cells[cell],
            LINEAGE: of_cell["lineage"].to_numpy()[cell],
            SOURCE: np.where(measured, MEASURED, PREDICTED),
        }
    )
    ids = [column_id(*place) for place in zip(columns[DRUG], columns[CELL], strict=True)]
    columns.index = pd.Index(ids, name="id")
    rows = pd.DataFrame({SYMBOL: of_gene["symbol"].to_numpy()}, index=tensor.genes)
    with ErrorsByGene(Path(path).parent, len(tensor.genes)) as errors:
        filled = _fill_gaps(tensor, pairs, completions, columns, expect, errors)
        write_gctx(path, filled, rows, columns)
        with Gctx(path) as product:
            write_for_anndata(
                Path(path).with_suffix(".h5ad"),
                product,
                ~measured,
                errors,
                drugs=of_drug,
                rows=rows,
                columns=columns,
                facts=facts or {},
                at_once=AT_ONCE,
            )


def _fill_gaps(
    tensor: ProfileSet,
    pairs: np.ndarray,
    completions: Iterable[Completion],
    columns: pd.DataFrame,
    expect: Expect | None,
    errors: ErrorsByGene,
) -> Iterator[np.ndarray]:
    """Yield blocks of the product's matrix; at the end, add to its columns what is known then.

    Parameters
    ----------
    tensor
        The measured profiles.
    pairs : int array of shape (columns, 2)
        The drug and cell of each column.
    completions
        What fills the gaps.
    columns
        The column metadata.
    expect
        Tells what correlation to expect of predictions.
    errors
        Takes standard errors of every gene.
    """
    position = tensor.find(pairs)
    norm, stderr = np.empty((2, len(position)), np.float32)
    fallback = np.zeros(len(position), int)
    stderr[:] = MISSING_NUMBER
    # A gap's position is -1, that of the last one, which stands for what is not known.
    expected_r = np.append(_of_measured(tensor), np.nan)[position]
    predictions = _Predictions(completions)
    for rows in slices(len(position), AT_ONCE):
        here = position[rows]
        block = np.zeros((len(here), len(tensor.genes)), np.float32)
        block[here >= 0] = tensor.profiles[here[here >= 0]]
        gaps = np.flatnonzero(here < 0)
        filling = predictions.take(len(gaps))
        if filling is not None:
            block[gaps] = filling.profiles
            if filling.stderr is not None:
                stderr[rows][gaps] = filling.stderr.reshape(len(gaps), -1).mean(axis=1)
                if filling.stderr.ndim > 1:
                    errors.add(filling.stderr)
            if filling.fallback is not None:
                fallback[rows][gaps] = filling.fallback
            if expect is not None:
                expected_r[rows][gaps] = expect(filling, pairs[rows][gaps])
        norm[rows] = np.linalg.norm(block, axis=1)
        yield block
    predictions.check_all_taken()
    columns[FALLBACK], columns[NORM], columns[STDERR] = fallback, norm, stderr.astype(float)
    columns[EXPECTED_R] = np.where(np.isnan(expected_r), MISSING_NUMBER, expected_r)
    columns[TIER] = tier_of(expected_r)
    assert tensor.reliability is not None
    for name in (REPLICATES, ACD):
        of_profile = np.append(tensor.reliability[name].to_numpy(), MISSING_NUMBER)
        columns[name] = of_profile[position]
        columns[name] = columns[name].fillna(MISSING_NUMBER)


def _of_measured(tensor: ProfileSet) -> np.ndarray:
    """Return the correlation of each measured profile with a fresh one of as many replicates.

    Two measurements of one truth, of each of which the share s is no noise, correlate by s.

    Returns
    -------
    array of shape (n,)
        NaN without replicates.
    """
    assert tensor.reliability is not None
    if "signal" not in tensor.reliability:
        return np.full(len(tensor), np.nan)
    return tensor.reliability["signal"].to_numpy(float)


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
