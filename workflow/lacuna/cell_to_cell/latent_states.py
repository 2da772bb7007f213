"""Do the latent states of DeepCellState lie by drug or by cell?

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on the latent space. Maps are
by t-SNE (van der Maaten and Hinton 2008, J Mach Learn Res 9:2579); agreement is measured by the
silhouette (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7), by correlations between cells, and by
how often a drug's own profile in another cell is more similar than those of other drugs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_samples

from lacuna.completion.shared.other_cells import find_pairs
from lacuna.evaluation.bootstrap import LEAST_DRUGS, bootstrap_weights, intervals
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

PERPLEXITY = 30  # of t-SNE; less where there are few profiles
MOST_SHOWN = 150  # drugs in a correlation matrix: no eye tells more apart


def embed(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Embed rows in the plane by t-SNE; return a float array of shape (n, 2).

    Parameters
    ----------
    rows : array of shape (n, features)
        Two or more.
    rng
        Seeds it.
    """
    tsne = TSNE(
        perplexity=min(PERPLEXITY, (len(rows) - 1) / 3),
        init="pca",
        random_state=int(rng.integers(2**31)),
    )
    return tsne.fit_transform(rows)


def state_table(
    test: ProfileSet,
    spaces: Mapping[str, np.ndarray],
    pearson: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return where t-SNE places each profile, by the profiles and by their latent states.

    Parameters
    ----------
    test
        The held-out profiles.
    spaces
        "input" and "latent": arrays of shape (n, features), in the order of `test`.
    pearson : array of shape (n,)
        How well each profile is predicted from the drug's other cells.
    rng
        Seeds t-SNE.

    Returns
    -------
    DataFrame with columns drug, cell, pearson, then x_{space} and y_{space}
        One row per profile.
    """
    table = pd.DataFrame(
        {"drug": test.drugs[test.drug], "cell": test.cells[test.cell], "pearson": pearson}
    )
    for space, rows in spaces.items():
        table[[f"x_{space}", f"y_{space}"]] = embed(rows, rng)
    return table


def measure_agreement(
    test: ProfileSet, spaces: Mapping[str, np.ndarray], rng: np.random.Generator
) -> pd.DataFrame:
    """Say whether profiles lie by cell or by drug, with 95 % bootstrap intervals over drugs.

    Parameters
    ----------
    test
        The held-out profiles, of drugs in two or more cells.
    spaces
        See `state_table`.
    rng
        Draws the drugs of the bootstrap.

    Returns
    -------
    DataFrame with columns space, measure, value, low, high
        silhouette: by cell, the mean over profiles, at the distance 1 - Pearson's r; 1 where each
        cell keeps to itself, 0 where cells lie mixed (NaN where each profile has a cell of its
        own). same_drug: the mean correlation of two profiles of one drug in two cells;
        different_drugs: of two drugs in two cells; difference: of the two. retrieval: the mean
        share of other drugs in another cell that correlate less with a profile than its own drug
        does there; chance 0.5. In draws, no drug is paired with itself. No interval
        with fewer than `LEAST_DRUGS` drugs: NaN.
    """
    drugs, drug = np.unique(test.drug, return_inverse=True)
    weights = bootstrap_weights(len(drugs), rng)
    member = np.eye(len(drugs))[drug]
    other_cell = (test.cell[:, None] != test.cell).astype(float)
    pairs = member.T @ other_cell @ member
    tables = []
    for space, rows in spaces.items():
        likeness = correlate(rows, rows)
        sums = member.T @ (likeness * other_cell) @ member
        profile, share = _retrieve(likeness, test)
        counted = np.nan_to_num(np.column_stack([share, np.isfinite(share)]))
        shares, numbers = (weights @ (member[profile].T @ counted)).T
        by_cell = member.T @ _silhouettes(likeness, test.cell)
        with np.errstate(invalid="ignore"):  # a single drug has no other to be told from
            draws = pd.DataFrame(
                {
                    "silhouette": (weights @ by_cell) / (weights @ member.sum(axis=0)),
                    "same_drug": (weights @ np.diag(sums)) / (weights @ np.diag(pairs)),
                    "different_drugs": _between(weights, sums) / _between(weights, pairs),
                    "retrieval": shares / numbers,
                }
            )
        draws.insert(3, "difference", draws["same_drug"] - draws["different_drugs"])
        if len(drugs) < LEAST_DRUGS:
            draws.iloc[1:] = np.nan
        table = intervals(draws).rename(columns={"metric": "measure"})
        table.insert(0, "space", space)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def correlation_table(
    test: ProfileSet, spaces: Mapping[str, np.ndarray], rng: np.random.Generator
) -> pd.DataFrame:
    """Correlate each drug in one cell with each in another: in the two cells that share most drugs.

    Parameters
    ----------
    test, spaces
        See `measure_agreement`.
    rng
        Draws `MOST_SHOWN` of the drugs where there are more.

    Returns
    -------
    DataFrame with columns drug, cell, other_drug, other_cell, and one for each space
        One row per pair of drugs that are in both cells, in the order of a clustering (average
        linkage, leaves in optimal order) of the last space's correlations.
    """
    shared = test.measured.T.astype(int) @ test.measured
    np.fill_diagonal(shared, -1)
    one, other = np.unravel_index(shared.argmax(), shared.shape)
    drugs = np.flatnonzero(test.measured[:, [one, other]].all(axis=1))
    drugs = rng.permutation(drugs)[:MOST_SHOWN]
    first, second = (
        test.find(np.column_stack([drugs, np.full(len(drugs), cell)])) for cell in (one, other)
    )
    matrices = {space: correlate(rows[first], rows[second]) for space, rows in spaces.items()}
    order = _order(list(matrices.values())[-1])
    drug_names = test.drugs[drugs[order]]
    table = {
        "drug": np.repeat(drug_names, len(drug_names)),
        "cell": test.cells[one],
        "other_drug": np.tile(drug_names, len(drug_names)),
        "other_cell": test.cells[other],
    }
    table |= {space: matrix[np.ix_(order, order)].ravel() for space, matrix in matrices.items()}
    return pd.DataFrame(table)


def correlate(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return Pearson's r of each row with each other one; 0 where one does not vary."""
    return _centred(rows) @ _centred(others).T


def _centred(rows: np.ndarray) -> np.ndarray:
    """Return the rows without their means, at unit length; 0 where one does not vary."""
    mean = rows.mean(axis=1, keepdims=True, dtype=np.float64)
    return unit_rows(rows.astype(np.float64) - mean)


def _silhouettes(likeness: np.ndarray, cell: np.ndarray) -> np.ndarray:
    if not 1 < len(np.unique(cell)) < len(cell):
        return np.full(len(cell), np.nan)
    distance = (1 - likeness).clip(min=0)
    np.fill_diagonal(distance, 0)
    return silhouette_samples(distance, cell, metric="precomputed")


def _retrieve(likeness: np.ndarray, test: ProfileSet) -> tuple[np.ndarray, np.ndarray]:
    """Return a profile, and the share of other drugs that are less like it, of each pair."""
    source, target = find_pairs(test)
    share = np.full(len(source), np.nan)
    for pair, (row, right) in enumerate(zip(source, target, strict=True)):
        there = (test.cell == test.cell[right]) & (test.drug != test.drug[row])
        if there.any():
            others = likeness[row, there]
            beaten = (others < likeness[row, right]) + (others == likeness[row, right]) / 2
            share[pair] = beaten.mean()
    return source, share


def _between(weights: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Sum over pairs of different drugs, each weighed as often as both are drawn."""
    apart = sums - np.diag(np.diag(sums))
    return np.einsum("ij,jk,ik->i", weights, apart, weights, optimize=True)


def _order(likeness: np.ndarray) -> np.ndarray:
    if len(likeness) < 2:
        return np.arange(len(likeness))
    distance = (1 - (likeness + likeness.T) / 2).clip(min=0)
    condensed = squareform(distance, checks=False)
    return leaves_list(linkage(condensed, "average", optimal_ordering=True))
