"""From which genes does a cell's decoder predict best?

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on important genes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import hypergeom
from tqdm import tqdm

from lacuna.completion.shared.other_cells import find_pairs
from lacuna.evaluation.bootstrap import LEAST_DRUGS
from lacuna.evaluation.correlation import profile_pearson
from lacuna.tensor.profiles import ProfileSet

if TYPE_CHECKING:  # a figure takes `TOP` from here, and does not wait for torch
    from lacuna.completion.methods.deepcellstate import DeepCellState

MOST_PAIRS = 300  # pairs of profiles that a decoder is judged on, at most
SUBSETS, GENES_PER_SUBSET = 100, 100  # random subsets of genes per pair
KEPT = 10  # subsets that predict best, whose genes are counted
TOP = 50  # the genes of a decoder that count as important
COMMON = "all decoders"  # the list of genes that are among the top of each
HALVINGS = 100  # random divisions of the drugs in halves


def rank_genes(
    model: DeepCellState, training: ProfileSet, genes: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank the genes for each decoder, and say how sure the ranks are.

    Parameters
    ----------
    model
        A trained one.
    training
        The profiles that it was trained on.
    genes
        gene, symbol: of the profiles, in their order.
    rng
        See `count_genes` and `measure_stability`.

    Returns
    -------
    ranks : DataFrame with columns cell, gene, symbol, count, scaled, rank
        See `importance_table`; without the cells that no drug's other profile leads to.
    stability : DataFrame with columns cell and those of `measure_stability`
    """
    ranks, stability = [], []
    for cell in np.flatnonzero(model.cells >= 0).tolist():
        counts, source = count_genes(model, training, cell, rng)
        if len(counts):
            name = training.cells[cell]
            table = importance_table(counts, genes)
            table.insert(0, "cell", name)
            ranks.append(table)
            variance = training.profiles[np.unique(source)].var(axis=0)
            overlap = measure_stability(counts, training.drug[source], variance, rng)
            stability.append({"cell": name, **overlap})
    return pd.concat(ranks, ignore_index=True), pd.DataFrame(stability)


def count_genes(
    model: DeepCellState, training: ProfileSet, cell: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Count how often a gene is in those subsets of genes from which a profile is predicted best.

    For each pair of a drug's profile in another cell and its profile in this one, `SUBSETS` random
    subsets of `GENES_PER_SUBSET` genes are predicted from, all other genes 0; the `KEPT` whose
    prediction correlates best with the measured profile are counted.

    Parameters
    ----------
    model
        A trained one.
    training
        The profiles that it was trained on.
    cell
        Whose decoder is asked.
    rng
        Draws `MOST_PAIRS` of the pairs, where there are more, and the subsets.

    Returns
    -------
    counts : int array of shape (pairs, genes)
    source : int array of shape (pairs,)
        The row of the profile that each pair predicts from.
    """
    source, target = find_pairs(training)
    into = np.flatnonzero(training.cell[target] == cell)
    into = np.sort(rng.permutation(into)[:MOST_PAIRS])
    genes = len(training.genes)
    size = min(GENES_PER_SUBSET, genes)
    counts = np.zeros((len(into), genes), dtype=np.int64)
    for number, pair in enumerate(tqdm(into, desc=training.cells[cell], mininterval=5)):
        subsets = np.zeros((SUBSETS, genes), dtype=bool)
        drawn = rng.random((SUBSETS, genes)).argpartition(size - 1, axis=1)[:, :size]
        np.put_along_axis(subsets, drawn, True, axis=1)
        inputs = subsets * training.profiles[source[pair]]
        predicted = model.translate(inputs, np.full(SUBSETS, training.cell[source[pair]]), cell)
        truth = np.broadcast_to(training.profiles[target[pair]], predicted.shape)
        best = np.argsort(-profile_pearson(truth, predicted), kind="stable")[:KEPT]
        counts[number] = subsets[best].sum(axis=0)
    return counts, source[into]


def importance_table(counts: np.ndarray, genes: pd.DataFrame) -> pd.DataFrame:
    """Return gene, symbol, count, share and rank of every gene for one decoder.

    Parameters
    ----------
    counts : int array of shape (pairs, genes)
        As `count_genes` returns it.
    genes
        gene, symbol.

    Returns
    -------
    DataFrame, one row per gene
        count: in how many of the kept subsets it is; scaled: the count between the least (0) and
        the largest (1) of the decoder; rank: from 1 on, of equal counts the first gene first.
    """
    count = counts.sum(axis=0)
    spread = max(np.ptp(count), 1)
    return genes[["gene", "symbol"]].assign(
        count=count,
        scaled=(count - count.min()) / spread,
        rank=pd.Series(-count, genes.index).rank(method="first").astype(int),
    )


def choose_top(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return the genes that are among the top ones of any decoder, in the order drawn.

    Parameters
    ----------
    ranks
        cell, gene, symbol, count, scaled, rank: as `rank_genes` returns it.

    Returns
    -------
    DataFrame, rows of `ranks`
        First the genes of all decoders, then the first one's own, and so on; each cell's together.
    """
    top = ranks["rank"].le(TOP).groupby(ranks["gene"]).sum()
    best = ranks.loc[ranks.groupby("gene", sort=False)["rank"].idxmin()]
    best = best[best["rank"] <= TOP].assign(decoders=best["gene"].map(top))
    first = pd.Categorical(best["cell"], ranks["cell"].unique(), ordered=True)
    best = best.assign(cell=first.codes).sort_values(
        ["decoders", "cell", "rank"], ascending=[False, True, True], kind="stable"
    )
    order = pd.Series(range(len(best)), best["gene"])
    rows = ranks[ranks["gene"].isin(best["gene"])]
    place = rows["cell"].map({cell: row for row, cell in enumerate(ranks["cell"].unique())})
    rows = rows.assign(place=place, order=rows["gene"].map(order))
    return rows.sort_values(["place", "order"]).drop(columns=["place", "order"])


def top_lists(ranks: pd.DataFrame) -> dict[str, list[str]]:
    """Return the symbols of each decoder's top genes, its own among them, and those common to all.

    Parameters
    ----------
    ranks
        cell, gene, symbol, rank: as `rank_genes` returns it.

    Returns
    -------
    dict
        By the name of the list: `{cell}`, all `TOP` of the decoder; `{cell} only`, those of no
        other decoder; `COMMON`, those of all decoders. Lists without a gene are left out; so are
        the last two where there is a single decoder.
    """
    top = ranks[ranks["rank"] <= TOP]
    cells = list(ranks["cell"].unique())
    decoders = top.groupby("gene")["cell"].nunique()
    lists = {str(cell): top[top["cell"] == cell] for cell in cells}
    if len(cells) > 1:
        alone = top[top["gene"].map(decoders) == 1]
        lists |= {f"{cell} only": alone[alone["cell"] == cell] for cell in cells}
        shared = top[top["gene"].map(decoders) == len(cells)]
        lists[COMMON] = shared.drop_duplicates("gene")
    symbols = {name: rows["symbol"].dropna().to_list() for name, rows in lists.items()}
    return {name: each for name, each in symbols.items() if each}


def measure_stability(
    counts: np.ndarray, drug: np.ndarray, variance: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """Say how many of the `TOP` genes would be found again, and by chance.

    Parameters
    ----------
    counts : int array of shape (pairs, genes)
        As `count_genes` returns it.
    drug : int array of shape (pairs,)
        Of each pair.
    variance : array of shape (genes,)
        Of the profiles that were predicted from.
    rng
        Divides the drugs in halves.

    Returns
    -------
    dict
        pairs, drugs: how many; overlap: genes among the top ones of both halves of the drugs, mean
        of `HALVINGS` divisions (NaN with a single drug), with low and high, between which 95 % of
        them lie (NaN with fewer than `LEAST_DRUGS` drugs); most_variable: those of the top genes
        that are also among as many genes of largest variance; chance and chance_high: the mean
        overlap of two random sets of genes, and what 97.5 % of them do not exceed.
    """
    genes = counts.shape[1]
    top = min(TOP, genes)

    def best(score: np.ndarray) -> np.ndarray:
        return np.argsort(-score, kind="stable")[:top]

    drugs, number = np.unique(drug, return_inverse=True)
    overlaps = []
    for _ in range(HALVINGS if len(drugs) > 1 else 0):
        half = (rng.permutation(len(drugs)) < len(drugs) / 2)[number]
        first, second = (best(counts[rows].sum(axis=0)) for rows in (half, ~half))
        overlaps.append(len(np.intersect1d(first, second)))
    low, high = np.nan, np.nan
    if len(drugs) >= LEAST_DRUGS:
        low, high = np.quantile(overlaps, [0.025, 0.975])
    return {
        "pairs": len(counts),
        "drugs": len(drugs),
        "overlap": np.mean(overlaps) if overlaps else np.nan,
        "low": low,
        "high": high,
        "most_variable": len(np.intersect1d(best(counts.sum(axis=0)), best(variance))),
        "chance": top * top / genes,
        "chance_high": hypergeom.ppf(0.975, genes, top, top),
    }
