"""Level 3 of L1000: expression of wells, checked for its level and for enough of its landmarks.

Level 3 is log2 expression after quantile normalisation, from about 2 to 15. Level 4 and 5 are
z-scores around 0 (Subramanian et al. 2017, Cell 171:1437, doi:10.1016/j.cell.2017.10.049).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.gctx import Gctx

LEAST_LANDMARKS = 0.8  # of those wanted
# Of values: Level 3 ends at 15 (a bead's 15 bits), and a little above by normalisation.
HIGHEST = 16.0
# What the 99th percentile reaches at least: 13.7 in wells of GSE92742. In log10 it is 4.1, in
# log2(CPM + 1) of RNA-seq about 9.
LEAST_TOP = 10.0
MOST_ZEROS = 0.03  # of values; Level 3 has none, ranks and tables with holes filled have many
SIGNED = 0.1  # negative values: at least so many, and they are z-scores, not a slip
CHECKED = 1000  # wells that are looked at before anything is done
AT_ONCE = 1024  # wells in memory
EXPECTED = (
    "expected Level 3: log2 expression of wells, from about 2 to 15 (files called "
    "Level3_INF_mlr12k, or q2norm)"
)


class Wells(NamedTuple):
    """Some wells.

    Attributes
    ----------
    wells : Index of str
    values : float32 array of shape (wells, genes)
        Log2 expression.
    """

    wells: pd.Index
    values: np.ndarray


@dataclass(frozen=True)
class Level3:
    """A matrix whose level and genes were checked; made by `open_level3`.

    Attributes
    ----------
    matrix : Gctx
        The open file.
    rows : Series of str
        Ids of the matrix's rows, indexed by symbol: the genes wanted, in the order wanted.
    missing : Index of str
        Symbols that were wanted and are not there.
    """

    matrix: Gctx
    rows: pd.Series
    missing: pd.Index

    def blocks(
        self, wells: Iterable[object] | None = None, at_once: int = AT_ONCE
    ) -> Iterator[Wells]:
        """Read wells, some at a time, over the genes of `rows`.

        Parameters
        ----------
        wells
            In the order wanted; all by default.
        at_once
            How many wells a block has at most.

        Raises
        ------
        LacunaError
            If a well is not there, or a block is not on the scale of Level 3.
        """
        names = self.matrix.columns if wells is None else pd.Index(list(map(str, wells)))
        for first in range(0, len(names), at_once):
            block = names[first : first + at_once]
            values = self.matrix.read(self.rows, block)
            check_bounds(self.matrix, block, self.rows.index, values)
            yield Wells(block, values)


def open_level3(
    matrix: Gctx, genes: pd.DataFrame, wanted: Iterable[object] | None = None
) -> Level3:
    """Check that a matrix is Level 3, and find the genes wanted in it.

    Up to 1,000 wells, evenly spread, are looked at here; `Level3.blocks` checks the bounds of all
    that it reads.

    Parameters
    ----------
    matrix
        An open GCTX file, its rows called by the ids of `genes`.
    genes
        As `io.geo.read_genes` reads gene_info: gene, symbol, landmark.
    wanted
        Symbols in the order wanted: the landmarks of a model, or all of `genes` by default.

    Raises
    ------
    LacunaError
        If the values are those of another level or scale, the rows are no genes of gene_info, a
        symbol stands twice, or fewer than 80 % of the genes wanted are there.
    """
    found = _find_rows(matrix, genes)
    landmarks = genes.loc[genes["landmark"], "symbol"]
    names = pd.Index(landmarks if wanted is None else list(map(str, wanted)), dtype=object)
    there = names.isin(found.index)
    missing = names[~there]
    if there.sum() < LEAST_LANDMARKS * len(names):
        raise LacunaError(
            f"{matrix.path}: has {int(there.sum())} of the {len(names)} landmark genes wanted, "
            f"{len(missing)} are missing ({listed(missing)}); expected at least "
            f"{LEAST_LANDMARKS:.0%}. Give a matrix of L1000 with its own gene_info."
        )
    level3 = Level3(matrix, found[names[there]], missing)
    spread = np.unique(np.linspace(0, len(matrix.columns) - 1, CHECKED).astype(int))
    wells = matrix.columns[spread]
    check_scale(matrix, wells, level3.rows.index, matrix.read(level3.rows, wells))
    return level3


def check_scale(matrix: Gctx, wells: pd.Index, genes: pd.Index, values: np.ndarray) -> None:
    """Refuse values that are not those of Level 3 as a whole.

    Parameters
    ----------
    matrix
        Where they stand, for the message.
    wells, genes, values : shape (wells, genes)
        Many wells.

    Raises
    ------
    LacunaError
        If some are negative or too large, the large ones too small, or many are 0.
    """
    check_bounds(matrix, wells, genes, values)
    zeros = float((values == 0).mean())
    if zeros > MOST_ZEROS:
        raise LacunaError(
            f"{matrix.path}: {zeros:.0%} of its values are exactly 0; {EXPECTED}, which has none. "
            "These look like ranks, counts, or a table whose holes were filled with 0."
        )
    top = float(np.percentile(values, 99))
    if top < LEAST_TOP:
        raise LacunaError(
            f"{matrix.path}: 99 % of its values are below {top:.3g}; {EXPECTED}, with a 99th "
            "percentile of about 13.7. These look like another logarithm, or RNA-seq."
        )


def check_bounds(matrix: Gctx, wells: pd.Index, genes: pd.Index, values: np.ndarray) -> None:
    """Refuse values that Level 3 cannot have, however few.

    Raises
    ------
    LacunaError
        If one is negative or above 16.
    """
    outside = (values < 0) | (values > HIGHEST)
    if not outside.any():
        return
    well, gene = np.argwhere(outside)[0]
    where = f"{matrix.path}: well {wells[well]!r}, gene {genes[gene]!r} is {values[well, gene]:.4g}"
    negative = float((values < 0).mean())
    if negative >= SIGNED:
        raise LacunaError(
            f"{where}, and {negative:.0%} of the values are negative: these are signatures (Level "
            f"5) or z-scores (Level 4); {EXPECTED}. A translation takes signatures through linear "
            "steps."
        )
    kind = (
        "a few values are negative: log ratios, or expression that was centred"
        if negative
        else "expression before the logarithm, or counts"
    )
    raise LacunaError(
        f"{where} ({int(outside.sum())} of {values.size} values are below 0 or above "
        f"{HIGHEST:g}): {kind}; {EXPECTED}."
    )


def _find_rows(matrix: Gctx, genes: pd.DataFrame) -> pd.Series:
    """Give the ids of the matrix's rows by symbol."""
    known = genes[genes["gene"].isin(matrix.rows)].dropna(subset=["symbol"])
    if known.empty:
        raise LacunaError(
            f"{matrix.path}: none of its {len(matrix.rows)} rows ({listed(matrix.rows)}) is a gene "
            f"of gene_info ({listed(genes['gene'])}); expected ids of pr_gene_id. Take both from "
            "the same series."
        )
    twice = known.loc[known["symbol"].duplicated(), "symbol"].unique()
    if len(twice):
        raise LacunaError(
            f"{matrix.path}: symbols {listed(twice)} stand for more than one row in gene_info; "
            "expected one gene for each. Remove the others from gene_info."
        )
    return known.set_index("symbol")["gene"]
