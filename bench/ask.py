"""How fast are a product's questions answered, and does a profile find its drug in other cells?

`make bench-ask` runs the demo and config/tahoe.yaml to their reports, then this. It makes up a
product of the paper's size, builds its index in a process of its own, and asks it: by cosine and by
the weighted score, beside a plain loop over profiles and beside pandas, both on some profiles, from
which the time of all is told. Then, on both data sets, it asks with each drug's measured profile in
one cell which predicted profile of another cell is like it, of profiles predicted in
cross-validation. It prints all tables and writes them between their marks into docs/explore.md.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts

from lacuna.completion import completed
from lacuna.completion.interface import Completion
from lacuna.completion.registry import method_label
from lacuna.drawing.wording import with_interval
from lacuna.evaluation.bootstrap import bootstrap_means, intervals
from lacuna.evaluation.held_out import HeldOut
from lacuna.explore.build import build_index, rank_rows
from lacuna.explore.connectivity import by_drug, cosine, search, weighted_connectivity
from lacuna.explore.index import Index
from lacuna.explore.query import MOST_OF_A_SET, query_profile, query_sets
from lacuna.explore.reference import COSINE, QUERIES, WEIGHTED, reference_of
from lacuna.explore.scores import connect, enrichment, normalise
from lacuna.explore.stage import INDEX
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.seeds import generator
from lacuna.tensor.profiles import ProfileSet
from lacuna.vectors import unit_rows

SEED = 1
DRUGS, CELLS, GENES, FACTORS = 2130, 71, 978, 40
BLOCK = 50  # drugs that are made up at once
LOOPED = 500  # profiles that the loop and pandas are asked of
METHODS = ("blend", "kernel", "mean_1d")
DATASETS = ("tahoe", "demo")
BENCH = Path("results/bench")
TOP = 0.01  # of a cell's drugs
# Whose profile asks: that of another cell which the prediction was made from, too; that of another
# cell which was held out together with the profile predicted; the profile predicted itself.
SEEN, HIDDEN, SAME = "another cell, seen", "another cell", "the same cell"


# Speed


def make_up(path: Path) -> None:
    """Write a product of the paper's size: sums of factors, a sixth of them measured."""
    rng = generator(SEED, "ask")
    factors = rng.normal(size=(FACTORS, GENES)).astype(np.float32)
    drug, cell = np.divmod(np.arange(DRUGS * CELLS), CELLS)
    measured = rng.random(DRUGS * CELLS) < 1 / 6
    drugs = [f"BRD-{number:05d}" for number in range(DRUGS)]
    cells = [f"CELL{number:02d}" for number in range(CELLS)]
    columns = pd.DataFrame({name: -666.0 for name in completed.COLUMNS}, index=drug)
    columns[completed.DRUG] = columns[completed.NAME] = np.array(drugs)[drug]
    columns[completed.CELL], columns[completed.LINEAGE] = np.array(cells)[cell], ""
    columns[completed.SOURCE] = np.where(measured, completed.MEASURED, completed.PREDICTED)
    columns[completed.FALLBACK], columns[completed.TIER] = 0, ""
    columns.index = pd.Index(
        [completed.column_id(*ids) for ids in columns[[completed.DRUG, completed.CELL]].to_numpy()]
    )

    def blocks() -> Iterator[np.ndarray]:
        of_cell = rng.normal(size=(CELLS, FACTORS))
        for first in range(0, DRUGS, BLOCK):
            count = min(BLOCK, DRUGS - first)
            weights = rng.normal(size=(count, 1, FACTORS)) * (1 + 0.5 * of_cell)
            rows = weights.reshape(-1, FACTORS).astype(np.float32) @ factors
            noise = np.where(measured[first * CELLS : (first + count) * CELLS, None], 6, 1)
            yield unit_rows(rows + noise * rng.normal(size=rows.shape).astype(np.float32))

    genes = [str(number) for number in range(GENES)]
    rows = pd.DataFrame({completed.SYMBOL: [f"GENE{gene}" for gene in genes]}, index=genes)
    write_gctx(path, blocks(), rows, columns)


def build(folder: Path) -> None:
    """Build the index of the made-up product; print what it took."""
    started, cpu = time.perf_counter(), time.process_time()
    said = StringIO()
    with redirect_stdout(said):
        build_index(
            folder / "index.h5",
            folder / "product.gctx",
            drugs=pd.DataFrame({"drug": [], "name": []}, dtype=object),
            cells=pd.DataFrame({"cell": [], "lineage": []}, dtype=object),
            dropped=pd.DataFrame({"drug": []}, dtype=object),
            labels=None,
            held_out=None,
            facts={"dataset": "made-up", "method": "none", "method_label": "none"},
            rng=generator(SEED, "index"),
        )
    seconds = [float(found) for found in re.findall(r": ([\d.]+) s", said.getvalue())]
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps(took | {"parts": seconds, "peak_mb": peak * 1.024 / 1e3}))


def timed(act: Callable[[], object], repeats: int = 3) -> float:
    """Return the seconds of the quickest of some repeats."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


def plain_weighted(profiles: np.ndarray, up: np.ndarray, down: np.ndarray) -> list[float]:
    """Return weighted connectivity as its definition reads, profile by profile."""
    found = []
    for profile in profiles:
        order = np.argsort(-profile)
        scores = []
        for genes in (up, down):
            inside = np.isin(order, genes)
            hits = np.where(inside, np.abs(profile[order]), 0)
            walk = np.cumsum(hits / hits.sum() - ~inside / (len(profile) - len(genes)))
            scores.append(walk[np.abs(walk).argmax()])
        same = np.sign(scores[0]) == np.sign(scores[1])
        found.append(0 if same else (scores[0] - scores[1]) / 2)
    return found


def pandas_weighted(table: pd.DataFrame, up: list[str], down: list[str]) -> pd.Series:
    """Return weighted connectivity of the columns of a table as a user of pandas might."""

    def walk(profile: pd.Series, genes: list[str]) -> float:
        ordered = profile.sort_values(ascending=False)
        inside = ordered.index.isin(genes)
        hits = ordered.abs().where(inside, 0)
        missed = (~inside).cumsum() / (len(profile) - len(genes))
        found = hits.cumsum() / hits.sum() - missed
        return found.loc[found.abs().idxmax()]

    rises, falls = (table.apply(walk, genes=genes) for genes in (up, down))
    return ((rises - falls) / 2).where(np.sign(rises) != np.sign(falls), 0)


def speed(folder: Path) -> pd.DataFrame:
    """Time building and asking; what, seconds, loop and pandas (times as long), and memory."""
    make_up(folder / "product.gctx")
    command = [sys.executable, __file__, "--build", str(folder)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    built = json.loads(told.splitlines()[-1])
    need = f"{built['cpu']:.0f} s of CPU, peak {built['peak_mb']:,.0f} MB"
    rows = [{"what": f"build the index ({need})", **built}]
    for part, seconds in zip(("profiles", "random and real queries"), built["parts"], strict=True):
        rows.append({"what": f"of it: {part}", "seconds": seconds})
    with Index.open(folder / "index.h5") as index:
        rng = generator(SEED, "queries")
        whole = query_profile(index, 12345)
        some = np.ascontiguousarray(index.units[:, :LOOPED].T)
        table = pd.DataFrame(some.T, index=index.genes["gene"])
        share = DRUGS * CELLS / LOOPED
        rows.append({"what": "open the index", "seconds": timed(lambda: Index.open(index.path))})
        vector = pd.Series(whole.vector, table.index)
        rows.append(
            compared(
                "cosine with a whole profile",
                lambda: cosine(index, whole.vector),
                lambda: [row @ whole.vector / np.linalg.norm(row) for row in some],
                lambda: table.mul(vector, axis=0).sum() / (table**2).sum() ** 0.5,
                share,
            )
        )
        for size in (50, 150):
            genes = rng.permutation(GENES)[: 2 * size]
            up, down = genes[:size], genes[size:]
            names = [list(table.index[part]) for part in (up, down)]
            rows.append(
                compared(
                    f"weighted score, {size} genes up and {size} down",
                    lambda up=up, down=down: weighted_connectivity(index, up, down),
                    lambda up=up, down=down: plain_weighted(some, up, down),
                    lambda names=names: pandas_weighted(table, *names),
                    share,
                )
            )
        query = query_sets(index, *names)
        for score in (COSINE, WEIGHTED):
            seconds = timed(lambda score=score: by_drug(index, search(index, query, score)))
            rows.append({"what": f"{score}: all columns, by drug", "seconds": seconds})
    rows += [{"what": f"`lacuna {words}`", "seconds": at} for words, at in commands(folder)]
    return pd.DataFrame(rows)[["what", "seconds", "loop", "pandas"]]


def commands(folder: Path) -> Iterator[tuple[str, float]]:
    """Time commands from their start to their end, each the best of three."""
    run = folder / "results/made-up/explore"
    run.mkdir(parents=True)
    (run / "index.h5").hardlink_to(folder / "index.h5")
    for name, genes in {"up.txt": range(50), "down.txt": range(50, 100)}.items():
        (folder / name).write_text("\n".join(f"GENE{gene}" for gene in genes))
    for words in (
        "show BRD-00100 CELL07",
        "show BRD-00100",
        "gene GENE5",
        "similar --up up.txt --down down.txt",
        "similar --up up.txt --down down.txt --by drug --score cosine",
        "similar --profile BRD-00100 CELL07",
    ):
        call = [sys.executable, "-m", "lacuna.command", *words.split()]
        ask = partial(subprocess.run, call, cwd=folder, check=True, capture_output=True)
        yield words, timed(ask)


def compared(
    what: str,
    ours: Callable[[], object],
    loop: Callable[[], object],
    pandas: Callable[[], object],
    share: float,
) -> dict[str, object]:
    """Time an answer, and how many times as long the others take for as many profiles."""
    seconds = timed(ours)
    others = (timed(act, 1) * share / seconds for act in (loop, pandas))
    return {"what": what, "seconds": seconds, **dict(zip(("loop", "pandas"), others, strict=True))}


def speed_table(rows: pd.DataFrame) -> str:
    """Return a Markdown table of times."""
    lines = []
    for row in rows.itertuples():
        ratios = ("" if pd.isna(ratio) else f"{ratio:,.0f} x" for ratio in (row.loop, row.pandas))
        lines.append([row.what, f"{row.seconds:.2f}", *ratios])
    return markdown(["what", "seconds", "a plain loop takes", "pandas takes"], lines)


# Does a profile find its drug?


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


def tables() -> dict[str, str]:
    """Return all tables in Markdown, of what was measured last."""
    times, agreement, found = (
        read_table(BENCH / f"ask_{name}.tsv") for name in ("speed", "tau", "retrieval")
    )
    shares = [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in agreement.to_numpy()]
    asked = {
        query.replace(",", ""): retrieval_table(found, query) for query in (HIDDEN, SAME, SEEN)
    }
    return {"speed": speed_table(times), "tau": markdown(list(agreement), shares), **asked}


def main() -> None:
    """Print all tables, and write them into the page that shows them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--results", type=Path, default=Path("results"), help="finished runs")
    parser.add_argument("--only", choices=["speed", "retrieval"], help="measure one half anew")
    asked = parser.parse_args()
    if asked.build:
        build(asked.build)
        return
    if asked.only != "retrieval":
        with tempfile.TemporaryDirectory(prefix="ask-") as folder:
            write_table(speed(Path(folder)), BENCH / "ask_speed.tsv")
    if asked.only != "speed":
        rows = [{"data": name, **tau_agreement(asked.results / name / INDEX)} for name in DATASETS]
        write_table(pd.DataFrame(rows), BENCH / "ask_tau.tsv")
        write_table(retrieval(asked.results), BENCH / "ask_retrieval.tsv")
    parts = tables()
    for name, table in parts.items():
        print(f"\n{name}\n\n{table}")
    write_parts("bench-ask", parts)


if __name__ == "__main__":
    main()
