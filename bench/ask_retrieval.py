"""Does a profile find its drug among predicted profiles, and how far is tau from a profile's own?

`make bench-ask` prints both, see `ask`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown

from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.drawing.wording import with_interval
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.held_out import HeldOut
from lacuna.explore.build import rank_rows
from lacuna.explore.connectivity import weighted_connectivity
from lacuna.explore.index import Index
from lacuna.explore.query import MOST_OF_A_SET, query_profile
from lacuna.explore.reference import COSINE, QUERIES, WEIGHTED, reference_of
from lacuna.explore.scores import connect, enrichment, normalise
from lacuna.io.tsv import read_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

SEED = 1
METHODS = ("blend", "kernel", "mean_1d")
DATASETS = ("tahoe", "demo")
TOP = 0.01  # of a cell's drugs
# Whose profile asks: that of another cell which the prediction was made from, too; that of another
# cell which was held out together with the profile predicted; the profile predicted itself.
SEEN, HIDDEN, SAME = "another cell, seen", "another cell", "the same cell"


def read_held_out(folder: Path, method: str) -> HeldOut:
    """Read what a method predicted of the held-out profiles of a run."""
    tensor = ProfileSet.load(folder / "tensor/large.h5")
    judged = folder / "evaluation/large/profiles"
    fold = read_table(judged / "folds.tsv")["fold"].to_numpy()
    files = sorted(
        (judged / method).glob("predicted_*.h5"),
        key=lambda path: int(path.stem.rpartition("_")[2]),
    )
    return HeldOut.gather(tensor, fold, [Completion.load(path) for path in files])


def likeness(queries: np.ndarray, library: np.ndarray, score: str) -> np.ndarray:
    """Return the score of every query with every profile of a library, (queries, library)."""
    units = unit_rows(library)
    if score == COSINE:
        return queries @ units.T
    ranks = np.ascontiguousarray(rank_rows(units).T)
    by_gene = np.ascontiguousarray(units.T)
    size = min(MOST_OF_A_SET, len(by_gene) // 4)
    found = np.empty((len(queries), len(library)), np.float32)
    for row, order in zip(found, np.argsort(-queries, axis=1, kind="stable"), strict=True):
        ends = order[:size], order[::-1][:size]
        row[:] = connect(*(enrichment(by_gene, ranks, genes) for genes in ends))
    return found


def ranks_of_right(held_out: HeldOut, scores: np.ndarray) -> pd.DataFrame:
    """Return how each measured profile ranks its drug among the predictions for each cell.

    Returns
    -------
    DataFrame, one row per query and cell whose predictions include the query's drug
        drug, query (`SEEN`, `HIDDEN` or `SAME`), rank (ties count half), library (how many drugs
        were predicted in the cell).
    """
    rows = []
    for cell in np.unique(held_out.cell):
        library = np.flatnonzero(held_out.cell == cell)
        place = pd.Series(np.arange(len(library)), held_out.drug[library])
        queries = np.flatnonzero(np.isin(held_out.drug, place.index))
        here = scores[np.ix_(queries, library)]
        right = place[held_out.drug[queries]].to_numpy()
        mine = here[np.arange(len(queries)), right][:, None]
        rank = 1 + (here > mine).sum(axis=1) + ((here == mine).sum(axis=1) - 1) / 2
        hidden = held_out.fold[queries] == held_out.fold[library[right]]
        own = held_out.cell[queries] == cell
        rows.append(
            pd.DataFrame(
                {
                    "drug": held_out.drug[queries],
                    "query": np.select([own, hidden], [SAME, HIDDEN], SEEN),
                    "rank": rank,
                    "library": len(library),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def top_of(library: pd.Series) -> pd.Series:
    """Return the worst rank that counts as among the top."""
    return np.maximum(np.floor(TOP * library), 1)


def by_chance(ranks: pd.DataFrame) -> tuple[float, float]:
    """Return what a ranking at random gives on average: MRR, and the share among the top."""
    harmonic = np.cumsum(1 / np.arange(1, ranks["library"].max() + 1))
    reciprocal = harmonic[ranks["library"] - 1] / ranks["library"]
    return float(reciprocal.mean()), float((top_of(ranks["library"]) / ranks["library"]).mean())


def retrieval(results: Path) -> pd.DataFrame:
    """Ask all measured profiles of all data sets; return one row per kind of query and library."""
    rows = []
    for dataset in DATASETS:
        for method in METHODS:
            held_out = read_held_out(results / dataset, method)
            for score in (COSINE, WEIGHTED):
                found = ranks_of_right(
                    held_out, likeness(held_out.truth, held_out.predicted, score)
                )
                for query, ranks in found.groupby("query"):
                    values = pd.DataFrame(
                        {
                            "mrr": 1 / ranks["rank"],
                            "top": (ranks["rank"] <= top_of(ranks["library"])).astype(float),
                        }
                    )
                    rng = generator(SEED, "bootstrap", dataset, query)
                    drug = ranks["drug"].to_numpy()
                    chance = dict(zip(values, by_chance(ranks), strict=True))
                    for row in intervals(bootstrap_means(values, drug, rng)).itertuples():
                        rows.append(
                            {
                                "dataset": dataset,
                                "query": query,
                                "score": score,
                                "method": method,
                                "asked": len(ranks),
                                "metric": row.metric,
                                "value": row.value,
                                "low": row.low,
                                "high": row.high,
                                "chance": chance[row.metric],
                            }
                        )
    return pd.DataFrame(rows)


def tau_agreement(path: Path) -> dict[str, float]:
    """Return how far tau of a cell and source lies from that of each profile by itself.

    All real queries are asked of all profiles of a product, by the weighted score.
    """
    with Index.open(path) as index:
        measured = np.flatnonzero(index.profiles["source"] == "measured")
        asked = generator(SEED, "tau").permutation(measured)[:QUERIES]
        queries = [query_profile(index, place) for place in asked]
        reference = reference_of(index.null, WEIGHTED, *queries[0].kind(WEIGHTED))
        scores = np.stack([weighted_connectivity(index, each.up, each.down) for each in queries])
        scores[np.arange(len(asked)), asked] = np.nan
        ncs = normalise(scores, index.stratum, reference.levels)
        alone = np.argsort(np.argsort(np.abs(ncs), axis=0), axis=0) / (len(asked) - 1) * 100
        pooled = np.abs([reference.tau(row, index.stratum) for row in ncs])
    there = np.isfinite(pooled) & (ncs != 0)
    alone, pooled = alone[there], pooled[there]
    return {
        "correlation": float(np.corrcoef(alone, pooled)[0, 1]),
        "mean difference": float(np.abs(alone - pooled).mean()),
        "of those beyond 90 pooled, beyond 80 alone": float((alone[pooled > 90] > 80).mean()),
    }


def retrieval_table(found: pd.DataFrame, query: str) -> str:
    """Return a Markdown table of one kind of query."""
    names = {"mrr": "MRR", "top": f"in the top {TOP:.0%}"}
    keys = ["dataset", "method", "score"]
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in found[found["query"] == query].itertuples():
        key = tuple(getattr(row, name) for name in keys)
        line = lines.setdefault(
            key, [row.dataset, method_label(row.method), row.score, f"{row.asked:,}"]
        )
        line += [with_interval(row.value, row.low, row.high), f"{row.chance:.3f}"]
    head = ["data", "predicted by", "score", "queries"]
    for name in names.values():
        head += [name, "at random"]
    return markdown(head, list(lines.values()))
