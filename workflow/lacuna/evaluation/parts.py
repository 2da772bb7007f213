"""PCT of parts of what was held out: of each drug, each cell and each gene."""

import numpy as np
import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.evaluation.bootstrap import intervals, sum_by
from lacuna.evaluation.correlation import correlation_of, pair_moments
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.scorer import Scorer
from lacuna.tensor.profiles import ProfileSet

DRUG, CELL, GENE = "drug", "cell", "gene"
PARTS = (DRUG, CELL, GENE)


def score_parts(held_out: HeldOut, tensor: ProfileSet, rng: np.random.Generator) -> pd.DataFrame:
    """Correlate predicted with measured entries, drug by drug, cell by cell and gene by gene.

    Hodos et al. 2018 (doi:10.1142/9789813235533_0004) define PCT over any part of the tensor.

    Parameters
    ----------
    held_out
        Measured and predicted profiles.
    tensor
        Names drugs, cells and genes.
    rng
        Draws the drugs of the bootstrap. With streams seeded alike, the draws of two methods are
        paired.

    Returns
    -------
    DataFrame with columns part, name, profiles, pct, low, high
        part: drug, cell or gene; name: which; profiles: how many were held out; pct: over all their
        entries, or all of the gene's, predictions of unit length; low, high: 95 % bootstrap
        interval over drugs, NaN of a single drug, and of cells with too few drugs.
    """
    scorer = Scorer(held_out, rng)
    moments = pair_moments(scorer.truth, scorer.unit)
    drugs, sizes = np.unique(held_out.drug, return_counts=True)
    of_drugs = pd.DataFrame({"name": tensor.drugs[drugs], "profiles": sizes})
    of_drugs["pct"] = correlation_of(sum_by(scorer.drug, moments, scorer.drugs))

    cells, sizes = np.unique(held_out.cell, return_counts=True)
    by_cell = [
        scorer.pooled_correlation(scorer.truth, scorer.unit, held_out.cell == cell)
        for cell in cells
    ]
    of_cells = _with_intervals(np.column_stack(by_cell), tensor.cells[cells], sizes)
    of_genes = _with_intervals(_by_gene(scorer), tensor.genes, len(held_out.truth))
    parts = zip(PARTS, (of_drugs, of_cells, of_genes), strict=True)
    table = pd.concat([part.assign(part=name) for name, part in parts], ignore_index=True)
    return table[["part", "name", "profiles", "pct", "low", "high"]]


def part_table(parts: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the PCT of each drug, cell or gene, a row each and a column per method.

    Parameters
    ----------
    parts
        method, part, name, profiles, pct: `score_parts` of every method, below each other.
    part
        One of `PARTS`.
    """
    of_part = parts[parts["part"] == part]
    wide = of_part.pivot_table("pct", ["name", "profiles"], "method", sort=False)
    wide = wide[of_part["method"].unique()].rename_axis(columns=None).rename(columns=method_label)
    return wide.round(3).reset_index().rename(columns={"name": part})


def _by_gene(scorer: Scorer) -> np.ndarray:
    """Return the correlation over profiles of each gene, shape (1 + draws, genes)."""
    truth, predicted = (rows.astype(np.float64) for rows in (scorer.truth, scorer.unit))
    entries = (np.ones_like(truth), truth, predicted, truth**2, predicted**2, truth * predicted)
    sums = np.stack(
        [scorer.weights @ sum_by(scorer.drug, rows, scorer.drugs) for rows in entries], axis=-1
    )
    return correlation_of(sums.reshape(-1, len(entries))).reshape(sums.shape[:-1])


def _with_intervals(
    draws: np.ndarray, names: np.ndarray, profiles: np.ndarray | int
) -> pd.DataFrame:
    table = intervals(pd.DataFrame(draws)).drop(columns="metric")
    table = table.rename(columns={"value": "pct"})
    return table.assign(name=names, profiles=profiles)
