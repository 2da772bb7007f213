"""How well predictions preserve which genes go together."""

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.correlation import correlation_of, pair_moments
from lacuna.evaluation.held_out import HeldOut
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

FEWEST_DRUGS = 10  # of a cell; of fewer, half of them say nothing of its genes


def gene_correlations_kept(
    held_out: HeldOut, tensor: ProfileSet, rng: np.random.Generator
) -> pd.DataFrame:
    """Compare, cell by cell, the correlations between genes in measured and predicted profiles.

    The correlation, over pairs of genes, of two matrices: that of genes over the cell's measured
    profiles, and that over what was predicted for them, all of unit length (GCP in the code
    of Hodos et al. 2018, doi:10.1142/9789813235533_0004, who do not show it).

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    tensor
        Names the cells.
    rng
        Halves the drugs of a cell.

    Returns
    -------
    DataFrame with columns cell, drugs, kept, halves
        Of cells with at least `FEWEST_DRUGS` held-out profiles. kept: from -1 to 1, 0 where
        predictions do not vary; halves: the same between the measured profiles of one random half
        of the drugs and of the other, for comparison: what a matrix of half as many other drugs
        tells.
    """
    predicted = unit_rows(held_out.predicted)
    rows = []
    for cell in np.unique(held_out.cell):
        of_cell = rng.permutation(np.flatnonzero(held_out.cell == cell))
        if len(of_cell) < FEWEST_DRUGS:
            continue
        half = len(of_cell) // 2
        truth = held_out.unit_truth[of_cell]
        rows.append(
            {
                "cell": tensor.cells[cell],
                "drugs": len(of_cell),
                "kept": _likeness(truth, predicted[of_cell]),
                "halves": _likeness(truth[:half], truth[half:]),
            }
        )
    return pd.DataFrame(rows, columns=["cell", "drugs", "kept", "halves"])


def mean_over_cells(kept: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Average what methods keep of the correlations between genes.

    Parameters
    ----------
    kept
        method, cell, kept, halves: `gene_correlations_kept` of every method, below each other.
    rng
        Draws the cells of the bootstrap.

    Returns
    -------
    DataFrame with columns method, cells, metric, value, low, high
        metric: kept or halves; low, high: 95 % bootstrap interval over cells, of the same draws for
        each method.
    """
    methods = kept["method"].unique()
    both = ["kept", "halves"]
    wide = kept.pivot_table(both, "cell", "method", sort=False)
    draws = bootstrap_means(wide, np.arange(len(wide)), rng) if len(wide) else wide
    tables = []
    for method in methods:
        of_method = pd.DataFrame({metric: draws[metric, method] for metric in both})
        tables.append(intervals(of_method).assign(method=method, cells=len(wide)))
    columns = ["method", "cells", "metric", "value", "low", "high"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def _likeness(some: np.ndarray, others: np.ndarray) -> float:
    """Correlate two matrices of correlations between genes, over pairs of genes that have both."""
    pairs = np.triu_indices(some.shape[1], 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a gene that does not vary
        both = [np.corrcoef(rows, rowvar=False)[pairs] for rows in (some, others)]
    there = np.isfinite(both).all(axis=0)
    if not there.any():
        return 0.0
    return float(correlation_of(pair_moments(*(values[None, there] for values in both)))[0])
