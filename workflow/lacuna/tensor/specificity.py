"""How much each drug's effect differs between cells."""

import numpy as np
import pandas as pd

from lacuna.vectors import as_unit_rows


def cell_specificity(profiles: np.ndarray, drug: np.ndarray) -> pd.DataFrame:
    """Return how much each drug's profiles differ between cells.

    Source: Hodos et al. 2018, figure 1, doi:10.1142/9789813235533_0004.

    Parameters
    ----------
    profiles : array of shape (n, genes)
        Of any length, or zeros.
    drug : int array of shape (n,)
        The drug of each profile.

    Returns
    -------
    DataFrame with columns drug, cells, specificity
        One row per drug with at least two profiles; the specificity is the mean of 1 - cosine over
        pairs of its profiles, 0 for equal and 1 for unrelated ones. A profile of zeros is unrelated
        to all others.
    """
    order = np.argsort(drug, kind="stable")
    drugs, starts, cells = np.unique(drug[order], return_index=True, return_counts=True)
    rows = as_unit_rows(profiles)[order].astype(np.float64)
    sums = np.add.reduceat(rows, starts, axis=0)
    alone = np.add.reduceat((rows**2).sum(axis=1), starts)
    table = pd.DataFrame({"drug": drugs, "cells": cells})[cells > 1]
    with np.errstate(invalid="ignore"):  # 0 / 0 for drugs with one profile, which are left out
        cosine = ((sums**2).sum(axis=1) - alone) / (cells * (cells - 1))
    return table.assign(specificity=1 - cosine[cells > 1]).reset_index(drop=True)
