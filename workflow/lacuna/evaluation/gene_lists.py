"""The genes that change most, by drug and cell: how the product should be read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.completion.completed import (
    CELL,
    DRUG,
    EXPECTED_R,
    FALLBACK,
    NAME,
    SOURCE,
    STDERR,
    TIER,
    CompletedTensor,
    gene_names,
)
from lacuna.evaluation.deg import DEG_PERCENTS
from lacuna.io.gctx import Gctx
from lacuna.io.quantities import MISSING_NUMBER

PROFILES_AT_ONCE = 4096
SEPARATOR = "|"
ABOUT = {DRUG: "drug", NAME: "name", CELL: "cell", SOURCE: "source", FALLBACK: "fallback"}


def ranked_genes(path: str | Path) -> Iterator[pd.DataFrame]:
    """List the genes that change most in each drug and cell, block by block.

    Values of a Characteristic Direction are no fold changes: Hodos et al. 2018
    (doi:10.1142/9789813235533_0004) advise to use predictions as ranked lists of genes, or to cut
    these to call genes differentially expressed.

    Parameters
    ----------
    path
        The product, completed/{method}.gctx.

    Yields
    ------
    DataFrame, one row per drug and cell, in the product's order
        drug, name, cell, source (measured or predicted), fallback (1 where a plain mean stands for
        want of anything nearer), stderr (of a predicted value, on average over the genes; NaN where
        measured or not stated), genes and changes: the tenth of the genes with the largest absolute
        value, the largest first (of equal ones the first), and their values, joined by
        `SEPARATOR`. Genes are symbols, or ids where a gene has no symbol of its own.

    Raises
    ------
    DamagedFile
        If the file is damaged.
    LacunaError
        If it is missing, or no product.
    """
    with CompletedTensor.open(path) as product, Gctx(path) as matrix:
        about = matrix.metadata("columns").reset_index(drop=True)
        genes = gene_names(product.genes).to_numpy(str)
        count = max(1, len(genes) * max(DEG_PERCENTS) // 100)
        drugs, cells = product.drugs["drug"], product.cells["cell"]
        at_once = max(1, PROFILES_AT_ONCE // len(cells))
        for start in range(0, len(drugs), at_once):
            profiles = product.read(list(drugs[start : start + at_once]), list(cells))
            profiles = profiles.reshape(-1, len(genes))
            top = np.argsort(-np.abs(profiles), axis=1, kind="stable")[:, :count]
            values = np.take_along_axis(profiles, top, axis=1)
            first = start * len(cells)
            rows = about.iloc[first : first + len(profiles)]
            known = rows[[STDERR, EXPECTED_R]].where(rows[[STDERR, EXPECTED_R]] != MISSING_NUMBER)
            yield (
                rows[list(ABOUT)]
                .rename(columns=ABOUT)
                .assign(
                    stderr=known[STDERR],
                    expected_r=known[EXPECTED_R],
                    tier=rows[TIER],
                    genes=[SEPARATOR.join(names) for names in genes[top]],
                    changes=[SEPARATOR.join(f"{x:.3g}" for x in row) for row in values.tolist()],
                )
            )
