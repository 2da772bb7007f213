"""Untreated cells from any h5ad, brought to the genes and the scale of a trained network.

Counts are brought to one number in each cell, as those of the training were; logarithms are of
counts that already are. Then one factor, the same for all cells, brings their mean over the genes
in common with the training data to what it is in the controls of the training. So a file of 1,000
genes is not blown up to the counts of 20,000, and logarithms of counts per 10,000 are not taken for
those of the training's sum.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.genes import GeneTable, kind_of, without_version
from lacuna.io.h5ad_cells import Cells, open_cells
from lacuna.io.h5ad_write import Block
from lacuna.single_cell.conditions import NO, YES
from lacuna.single_cell.model_file import Predictor
from lacuna.single_cell.scale import HIGHEST_LOG, Scale, ScaleCheck, human_symbols

# Of the network's genes. With half of them filled, predicted changes of new drugs are still those
# of all genes (planted cells: r > 0.9 of 19 in 20 conditions, tests of `lacuna predict-cells`).
LEAST_FOUND = 0.5
NO_LINE = ""  # of cells whose line nobody names
AT_ONCE = 1024  # cells in a block


@dataclass(frozen=True)
class NewCells:
    """Untreated cells as a network reads them.

    Attributes
    ----------
    names : Index of str
        Of the cells; one may stand twice.
    line : object array of shape (cells,)
        `NO_LINE` where it is not known.
    rows : float32 array of shape (cells, genes)
        Of the network's genes: log(1 + normalised counts), at the level of the training.
    library : float32 array of shape (cells,) or None
        Counts of each in these genes; None of logarithms.
    measured : bool array of shape (genes,)
        Which of the genes the file has; of the others the mean of training controls stands in rows.
    said : list of str
        What was done to them.
    """

    names: pd.Index
    line: np.ndarray
    rows: np.ndarray
    library: np.ndarray | None
    measured: np.ndarray
    said: list[str]


class Asked(NamedTuple):
    """What a user says of a file of cells.

    Attributes
    ----------
    layer : str or None
        The matrix; None for X.
    scale : str or None
        counts or log1p; None: whole numbers are counts.
    genes : str or None
        A table of human genes, for ids that the model does not know.
    control_column, control : str or None
        Where obs tells which cells are untreated, and what it calls these; a column alone is true
        of them. None: all cells are.
    line, line_column : str or None
        The line of all cells, or where obs tells it.
    """

    layer: str | None = None
    scale: Scale | None = None
    genes: str | Path | None = None
    control_column: str | None = None
    control: str | None = None
    line: str | None = None
    line_column: str | None = None


def read_cells(path: str | Path, model: Predictor, asked: Asked) -> NewCells:
    """Read untreated cells.

    Parameters
    ----------
    path
        The file, h5ad.
    model
        Which genes are wanted, and at what level.
    asked
        What the file is like.

    Raises
    ------
    LacunaError
        If the file cannot be read, a column is missing, no cell is untreated, values are not of the
        scale, or fewer than `LEAST_FOUND` of the model's genes are found.
    """
    cells = open_cells(path, asked.layer)
    positions = controls_of(cells, asked)
    lines = lines_of(cells, positions, asked)
    scale, said = scale_of(cells, positions, asked.scale)
    totals, totals_of_genes = _look(cells, positions, scale)
    symbols = symbols_of(cells, model, asked.genes)
    place = places(symbols, totals_of_genes, said)
    genes = model.trained.genes
    own = place.reindex(genes).to_numpy(float)
    measured = np.isfinite(own)
    _refuse_few(cells, genes, measured, symbols)
    common = model.level.index[model.level.index.isin(place.index)]
    at = place[common].to_numpy(int)
    linear, in_common = [], []
    for first, block in _blocks(cells, positions):
        values = _linear(block, scale, totals[first : first + block.shape[0]])
        in_common.append(np.asarray(values[:, at].sum(axis=1)).ravel())
        chosen = values[:, own[measured].astype(int)]
        linear.append(chosen.toarray() if sparse.issparse(chosen) else chosen)
    values, sums = np.concatenate(linear), np.concatenate(in_common)
    there = _expressed(cells, values, positions, said)
    factor = float(model.level[common].sum() / sums[there].mean())
    rows = np.tile(model.trained.typical, (int(there.sum()), 1)).astype(np.float32)
    rows[:, measured] = np.log1p(values[there] * factor)
    said += _described(model, rows, measured, factor, scale, len(common))
    library = None
    if scale == "counts":
        # What one count is in these rows: so that counts that are filled are counted, too.
        one = factor / totals[there]
        library = (np.expm1(rows.astype(np.float64)).sum(axis=1) / one).astype(np.float32)
    return NewCells(cells.obs.index[positions[there]], lines[there], rows, library, measured, said)


def controls_of(cells: Cells, asked: Asked) -> np.ndarray:
    """Return the rows of untreated cells.

    Raises
    ------
    LacunaError
        If the column is missing or tells something else, or there are none.
    """
    if not len(cells.obs):
        raise LacunaError(f"{cells.path}: has no cells; expected untreated ones.")
    if asked.control_column is None:
        if asked.control is not None:
            raise LacunaError(
                f"--control is {asked.control!r}, and no column is named that it stands in; "
                "expected --control-column, too."
            )
        return np.arange(len(cells.obs))
    texts = _column(cells, asked.control_column, "--control-column").str.strip()
    where = f"{cells.path}: obs, column {asked.control_column!r}"
    if asked.control is not None:
        is_control = texts == asked.control
        if not is_control.any():
            there = texts.value_counts().index.tolist()
            raise LacunaError(
                f"{where}: no cell is {asked.control!r}{did_you_mean(asked.control, there)}; it "
                f"has {listed(there, 20)}."
            )
        return np.flatnonzero(is_control)
    folded = texts.str.casefold()
    if strange := sorted(set(folded) - YES - NO):
        raise LacunaError(
            f"{where}: has {listed(strange)}; expected true and false. Say what untreated cells "
            "are called there: --control NAME."
        )
    if not folded.isin(YES).any():
        raise LacunaError(f"{where}: is true of no cell; expected untreated ones.")
    return np.flatnonzero(folded.isin(YES))


def lines_of(cells: Cells, positions: np.ndarray, asked: Asked) -> np.ndarray:
    """Return the line of each of some cells.

    Raises
    ------
    LacunaError
        If both a line and a column are named, or the column is missing or empty for a cell.
    """
    if asked.line_column is None:
        return np.full(len(positions), asked.line or NO_LINE, dtype=object)
    if asked.line is not None:
        raise LacunaError(
            f"--line is {asked.line!r} and --line-column {asked.line_column!r}; expected one of "
            "both: the line of all cells, or the column that tells it."
        )
    column = _column(cells, asked.line_column, "--line-column").iloc[positions].str.strip()
    if empty := int((column == "").sum()):
        raise LacunaError(
            f"{cells.path}: obs, column {asked.line_column!r} is empty for {empty} of "
            f"{len(positions)} cells; expected the line of each. Leave them out, or name one for "
            "all: --line."
        )
    return column.to_numpy(object)


def scale_of(
    cells: Cells, positions: np.ndarray, declared: Scale | None
) -> tuple[Scale, list[str]]:
    """Return the scale of a matrix, and what is to be said of it where nobody declared it.

    Raises
    ------
    LacunaError
        If it is neither counts nor logarithms.
    """
    if declared is not None:
        return declared, []
    for _, block in _blocks(cells, positions):
        values = block.data if sparse.issparse(block) else block
        finite = np.isfinite(values)
        if not (values[finite] == np.round(values[finite])).all():
            if (values[finite] > HIGHEST_LOG).any():
                raise LacunaError(
                    f"{cells.path}: its values are neither counts (not all are whole) nor "
                    f"logarithms (up to {values[finite].max():.6g}, and log(1 + x) is never above "
                    f"{HIGHEST_LOG:g}); expected counts, or log(1 + normalised counts). Name "
                    "another matrix (--layer), or take the logarithm."
                )
            return "log1p", ["Values are not all whole: taken as log(1 + normalised counts)."]
    return "counts", ["All values are whole: taken as counts."]


def symbols_of(cells: Cells, model: Predictor, table: str | Path | None) -> np.ndarray:
    """Return the symbols of a file's genes, NaN where there is none.

    Raises
    ------
    LacunaError
        If they are ids that nothing translates, or of another species.
    """
    if table is not None:
        return human_symbols(cells.genes, cells.symbols, GeneTable.read(table), cells.path)[0]
    kind = kind_of(cells.genes, cells.path)
    if kind == "ensembl" and cells.symbols is None and len(model.ensembl):
        known = pd.Series(model.ensembl.index.to_numpy(object), model.ensembl.to_numpy(object))
        return pd.Series(cells.genes).map(without_version).map(known).to_numpy(object)
    if kind != "symbol" and cells.symbols is None:
        raise LacunaError(
            f"{cells.path}: names genes by ids ({listed(cells.genes, 3)}), and neither it nor the "
            f"model says their symbols. Name a table with the columns symbol and {kind}: --genes."
        )
    return human_symbols(cells.genes, cells.symbols, GeneTable(), cells.path)[0]


def places(symbols: np.ndarray, totals: np.ndarray, said: list[str]) -> "pd.Series[int]":
    """Return the column of each symbol; of one that stands twice, that of the larger total."""
    table = pd.DataFrame({"symbol": symbols, "total": totals, "at": np.arange(len(symbols))})
    table = table[table["symbol"].notna() & (table["symbol"] != "")]
    table = table.sort_values("total", ascending=False, kind="stable")
    if twice := int(table["symbol"].duplicated().sum()):
        said.append(f"{twice} genes have the symbol of one with more counts, and are left out.")
    return table.drop_duplicates("symbol").set_index("symbol")["at"]


def _column(cells: Cells, name: str, option: str) -> "pd.Series[str]":
    there = [str(column) for column in cells.obs]
    if name not in there:
        raise LacunaError(
            f"{cells.path}: obs has no column {name!r} ({option}){did_you_mean(name, there)}; it "
            f"has {listed(there, 30)}."
        )
    column = cells.obs[name]
    return column.astype(object).where(column.notna(), "").astype(str)


def _blocks(cells: Cells, positions: np.ndarray) -> Iterator[tuple[int, Block]]:
    """Yield how many cells stand before a block, and the block."""
    for first in range(0, len(positions), AT_ONCE):
        yield first, cells.matrix.read(positions[first : first + AT_ONCE])


def _look(cells: Cells, positions: np.ndarray, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """Check all values; return the total of each cell and of each gene."""
    check = ScaleCheck(cells.path, scale)
    of_cells, of_genes = [], np.zeros(len(cells.genes))
    for first, block in _blocks(cells, positions):
        check.look(block, cells.obs.index[positions[first : first + AT_ONCE]], cells.genes)
        of_cells.append(np.asarray(block.sum(axis=1, dtype=np.float64)).ravel())
        of_genes += np.asarray(block.sum(axis=0, dtype=np.float64)).ravel()
    check.end()
    return np.concatenate(of_cells), of_genes


def _linear(block: Block, scale: Scale, totals: np.ndarray) -> Block:
    """Return shares of a cell's counts, or normalised counts, float64 of shape (cells, genes)."""
    values = block.astype(np.float64)
    if scale == "log1p":
        return values.expm1() if sparse.issparse(values) else np.expm1(values)
    share = 1 / np.maximum(totals, 1)
    if sparse.issparse(values):
        return values.multiply(share[:, None]).tocsr()
    return values * share[:, None]


def _refuse_few(cells: Cells, genes: pd.Index, measured: np.ndarray, symbols: np.ndarray) -> None:
    if measured.mean() < LEAST_FOUND:
        raise LacunaError(
            f"{cells.path}: has {int(measured.sum()):,} of the model's {len(genes):,} genes "
            f"({measured.mean():.0%}; it lacks {listed(genes[~measured])}, and its own are "
            f"{listed(symbols[pd.notna(symbols)], 3)}), expected at least {LEAST_FOUND:.0%}. Give "
            "a file of all genes, or say what its genes are called (--genes)."
        )


def _expressed(
    cells: Cells, values: np.ndarray, positions: np.ndarray, said: list[str]
) -> np.ndarray:
    """Return which cells express any of the genes.

    Raises
    ------
    LacunaError
        If none does, or one has the same value in all.
    """
    there = np.asarray((values > 0).any(axis=1))
    flat = np.flatnonzero(there & (np.ptp(values, axis=1) == 0))
    if len(flat) and values.shape[1] > 1:
        raise LacunaError(
            f"{cells.path}: cell {cells.obs.index[positions[flat[0]]]!r} has one value in all of "
            f"the model's genes ({len(flat)} such cells); expected what cells express."
        )
    if not there.any():
        raise LacunaError(
            f"{cells.path}: none of {len(values)} cells expresses any of the model's genes."
        )
    if not there.all():
        said.append(f"{int((~there).sum())} cells express none of the genes, and are left out.")
    return there


def _described(
    model: Predictor,
    rows: np.ndarray,
    measured: np.ndarray,
    factor: float,
    scale: Scale,
    common: int,
) -> Sequence[str]:
    """Return what was done to cells, in words."""
    said = []
    if not measured.all():
        missing = model.trained.genes[~measured]
        said.append(
            f"{len(missing):,} of the model's {len(measured):,} genes are not in the file "
            f"({listed(missing)}): the mean of training controls stands there."
        )
    what = "Normalised counts were" if scale == "log1p" else "Counts per cell were"
    level = model.level.sum()
    times = f" (multiplied by {factor:.3g})" if scale == "log1p" else ""
    said.append(
        f"{what} brought to the level of training controls{times}, by {common:,} genes; over all "
        f"{len(model.level):,} it is {level:,.0f}."
    )
    typical, mean = model.trained.typical[measured], rows[:, measured].mean(axis=0)
    if measured.sum() > 1 and np.ptp(typical) > 0 and np.ptp(mean) > 0:
        alike = float(np.corrcoef(typical, mean)[0, 1])
        said.append(f"Their mean correlates with that of training controls: r = {alike:.2f}.")
    return said
