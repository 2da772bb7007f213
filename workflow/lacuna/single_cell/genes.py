"""Which genes a model takes: those that the bulk screen has, and highly variable ones.

Highly variable genes are scanpy's of the flavour of Seurat (Satija et al. 2015,
https://doi.org/10.1038/nbt.3192), on log(1 + x), as in the authors' code of chemCPA
(https://doi.org/10.48550/arXiv.2204.13545): the genes that vary most are added until there are so
many with those of the bulk screen. They choose them on all cells, those of the test among them.
"""

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.single_cell.interface import Observations
from lacuna.single_cell.moments import sum_groups
from lacuna.single_cell.observations import sparse_rows
from lacuna.single_cell.one_thread import one_thread


def choose_genes(
    observations: Observations,
    positions: np.ndarray,
    bulk: pd.Index | None,
    total: int,
) -> tuple[pd.Index, int]:
    """Choose genes.

    Parameters
    ----------
    observations
        Of a target.
    positions
        Of the observations that choose: those trained on, or all, as published.
    bulk
        Genes of the bulk screen, in its order; None without one.
    total
        How many to choose; where no more than are shared, those alone.

    Returns
    -------
    genes : Index of str
        Those shared in the order of the bulk screen, then the others in the order of the target.
    shared : int
        How many are shared.

    Raises
    ------
    LacunaError
        If there is none to choose.
    """
    own = observations.genes
    shared = pd.Index([], dtype=object) if bulk is None else bulk[bulk.isin(own)]
    others = own[~own.isin(shared)]
    more = max(0, total - len(shared))
    if more < len(others):
        varying = variability(observations, positions)[others]
        chosen = varying.dropna().sort_values(ascending=False, kind="stable").index[:more]
        others = others[others.isin(chosen)]
    genes = shared.append(others).astype(object)
    if genes.empty:
        raise LacunaError(
            "single_cell: genes: none is chosen: the target shares none with the bulk screen, and "
            f"total is {total}. Are genes called by symbols in both? Else choose more."
        )
    return genes, len(shared)


def variability(observations: Observations, positions: np.ndarray) -> pd.Series:
    """Return how much each gene varies, by gene; NaN where that cannot be told.

    Of cells, scanpy's normalised dispersion (flavour of Seurat); else the variance.
    """
    if observations.kind != "cells":
        zeros = np.zeros(len(positions), int)
        variance = sum_groups(observations, positions, zeros, 1).variance[0]
        return pd.Series(variance, observations.genes)
    import anndata
    import scanpy as sc

    rows = anndata.AnnData(sparse_rows(observations, positions))
    rows.var_names = observations.genes.astype(str)
    with one_thread():
        table = sc.pp.highly_variable_genes(rows, flavor="seurat", n_top_genes=1, inplace=False)
    return table["dispersions_norm"].reindex(observations.genes)
