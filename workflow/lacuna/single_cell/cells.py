"""Single cells from any h5ad: conditions, structures, counts and genes, each checked and counted.

Counts are brought to the median number of counts of all cells, and to log(1 + x), with scanpy
(Wolf et al. 2018, https://doi.org/10.1186/s13059-017-1382-0), as the authors of chemCPA do
(https://doi.org/10.48550/arXiv.2204.13545). Other than there, names of drugs stay whole, and keys
are columns: no character in a name can join or part them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.io.genes import GeneTable
from lacuna.io.h5ad_cells import Cells, open_cells
from lacuna.io.h5ad_write import Block, X
from lacuna.single_cell.account import (
    Account,
    Prepared,
    drop_rare,
    name_lines_without_controls,
)
from lacuna.single_cell.compounds import only
from lacuna.single_cell.conditions import give_structures, read_conditions
from lacuna.single_cell.interface import OBS
from lacuna.single_cell.observations import AT_ONCE, COUNTS
from lacuna.single_cell.one_thread import one_thread
from lacuna.single_cell.scale import Scale, ScaleCheck, human_symbols


def prepare(
    path: str | Path,
    *,
    columns: Mapping[str, str],
    control: str | None,
    unit: str | None,
    scale: Scale,
    layer: str | None,
    structures: pd.Series | None,
    genes: GeneTable,
) -> Prepared:
    """Read cells, and make of them what the stage works on.

    Parameters
    ----------
    path
        The file, h5ad.
    columns
        What its obs calls drug and line, and where there are such columns dose, control (true of
        untreated cells), smiles and pathway.
    control
        What untreated cells have in the column of drugs; needed without a column of controls.
    unit
        Of doses that name none, see `quantities.to_micromolar`.
    scale
        What the matrix holds: "counts", or "log1p", normalised and with log(1 + x).
    layer
        The matrix; X by default.
    structures
        SMILES by drug, where obs has none.
    genes
        Names of human genes.

    Raises
    ------
    LacunaError
        If a column is missing, controls or structures are not told, a dose or a value is not what
        was declared, the genes are not human, or nothing is left.
    """
    cells = open_cells(path, layer)
    account = Account(str(path))
    obs = read_conditions(cells, columns, control, unit, account)
    obs, drugs = give_structures(obs, structures, account, bool(columns.get("smiles")))
    obs = drop_rare(obs, account)
    symbols, kind = human_symbols(cells.genes, cells.symbols, genes, cells.path)
    totals = _look(cells, obs, scale)
    empty = totals.of_cells <= 0
    account.leave_out("observations", "", "no count in any gene", int(empty.sum()))
    if empty.any():
        obs = drop_rare(obs[~empty], account)
    name_lines_without_controls(obs, account)
    if not obs["control"].any():
        raise LacunaError(
            f"{path}: no control is left; expected more than a few untreated cells of each line."
        )
    kept = _unique_symbols(symbols, kind, totals.of_genes, account)
    target = float(np.median(totals.of_cells[~empty]))
    blocks = _blocks(cells, obs.index.to_numpy(), kept, target if scale == "counts" else None)
    names = _unique_names(obs, cells.obs.index, account)
    return Prepared(
        "cells",
        obs[OBS].set_axis(names, axis=0),
        only(drugs, obs),
        pd.Index(symbols[kept].astype(object)),
        blocks,
        account,
    )


class _Totals(NamedTuple):
    of_cells: np.ndarray
    of_genes: np.ndarray


def _look(cells: Cells, obs: pd.DataFrame, scale: Scale) -> _Totals:
    """Check all values, and add them up."""
    check = ScaleCheck(cells.path, scale)
    positions = obs.index.to_numpy()
    of_cells, of_genes = [], np.zeros(len(cells.genes))
    for first in range(0, len(positions), AT_ONCE):
        chosen = positions[first : first + AT_ONCE]
        block = cells.matrix.read(chosen)
        check.look(block, cells.obs.index[chosen], cells.genes)
        of_cells.append(np.asarray(block.sum(axis=1, dtype=np.float64)).ravel())
        of_genes += np.asarray(block.sum(axis=0, dtype=np.float64)).ravel()
    check.end()
    return _Totals(np.concatenate(of_cells), of_genes)


def _unique_symbols(
    symbols: np.ndarray, kind: str, totals: np.ndarray, account: Account
) -> np.ndarray:
    """Return where the genes stand that are kept: of a symbol that stands twice, the larger."""
    missing = pd.isna(symbols) | (symbols == "")
    account.leave_out("genes", "", f"no symbol ({kind})", int(missing.sum()))
    table = pd.DataFrame({"symbol": symbols, "total": totals})[~missing]
    table = table.sort_values("total", ascending=False, kind="stable")
    twice = table["symbol"].duplicated()
    why = "a symbol that stands twice: the gene of fewer counts"
    account.leave_out("genes", "", why, int(twice.sum()))
    return np.sort(table.index[~twice].to_numpy())


def _unique_names(obs: pd.DataFrame, names: pd.Index, account: Account) -> pd.Index:
    from anndata.utils import make_index_unique

    chosen = names[obs.index]
    account.leave_out("names", "", "stood twice, made unique", int(chosen.duplicated().sum()))
    return make_index_unique(chosen)


def _blocks(
    cells: Cells, positions: np.ndarray, genes: np.ndarray, target: float | None
) -> Iterator[dict[str, Block]]:
    """Yield logarithms, and counts where there are any, a block of cells at a time.

    Parameters
    ----------
    cells
        The open file.
    positions, genes
        Rows and columns that are kept. A cell's counts are those of all genes of the file.
    target
        Counts that each cell is brought to; None of logarithms.
    """
    for first in range(0, len(positions), AT_ONCE):
        block = cells.matrix.read(positions[first : first + AT_ONCE]).astype(np.float32)
        if target is None:
            yield {X: block[:, genes]}
            continue
        yield {X: normalised(block, target)[:, genes], COUNTS: block[:, genes]}


def normalised(counts: Block, target: float) -> Block:
    """Return log(1 + x) of counts that are brought to one number in each cell.

    Parameters
    ----------
    counts : array or CSR of shape (cells, genes)
        All genes, float32.
    target
        The number.
    """
    import anndata
    import scanpy as sc

    made = anndata.AnnData(counts.copy())
    with one_thread():
        sc.pp.normalize_total(made, target_sum=target)
        sc.pp.log1p(made)
    return made.X
