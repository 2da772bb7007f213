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
from ask_retrieval import (
    DATASETS,
    HIDDEN,
    SAME,
    SEEN,
    retrieval,
    retrieval_table,
    tau_agreement,
)

from lacuna.completion import completed
from lacuna.explore.build import build_index
from lacuna.explore.connectivity import by_drug, cosine, search, weighted_connectivity
from lacuna.explore.index import Index
from lacuna.explore.query import query_profile, query_sets
from lacuna.explore.reference import COSINE, WEIGHTED
from lacuna.explore.stage import INDEX
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.seeds import generator
from lacuna.vectors import unit_rows

SEED = 1
DRUGS, CELLS, GENES, FACTORS = 2130, 71, 978, 40
BLOCK = 50  # drugs that are made up at once
LOOPED = 500  # profiles that the loop and pandas are asked of
BENCH = Path("results/bench")


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
            dropped=pd.DataFrame({"what": [], "drug": []}, dtype=object),
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


def tables() -> dict[str, str]:
    """Return all tables in Markdown, of what was measured last; none of a half never measured."""
    files = {name: BENCH / f"ask_{name}.tsv" for name in ("speed", "tau", "retrieval")}
    read = {name: read_table(path) for name, path in files.items() if path.exists()}
    made = {}
    if "speed" in read:
        made["speed"] = speed_table(read["speed"])
    if "tau" in read:
        rows = [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in read["tau"].to_numpy()]
        made["tau"] = markdown(list(read["tau"]), rows)
    if "retrieval" in read:
        for query in (HIDDEN, SAME, SEEN):
            made[query.replace(",", "")] = retrieval_table(read["retrieval"], query)
    return made


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
    if {"speed", "tau", SAME.replace(",", "")} <= parts.keys():
        write_parts("bench-ask", parts)
    else:
        print("\nThe pages stay as they are: the other half was never measured here.")


if __name__ == "__main__":
    main()
