"""Write the page of an index, open it in a Chromium, and measure how long it takes to answer.

    python bench/ask_page.py [results/DATASET/explore/index.h5]

Without an index, it asks the product of the paper's size that bench/ask.py makes up, and writes its
table between its marks into docs/page.md: so `make bench-ask` does. The best 20 of each signature
and profile that is asked are held against the command line's.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts
from ask import build, make_up

from lacuna.explore.connectivity import cosine
from lacuna.explore.index import Index
from lacuna.explore.page_write import write_page
from lacuna.io.tsv import write_table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/helpers"))
TOP = 20
OPENED = 2  # times; the second finds the files in the system's cache, as any after it
CLOSE = 2e-7  # cosines that 32 bits do not tell apart
WRITE, OPEN, READY = "write", "open", "ready"
KINDS = ("signature", "profile", "gene", "drug")
WORDS = {
    WRITE: "write the page",
    OPEN: "open it",
    READY: "until all profiles are there, in the background",
    "signature": "50 genes up and 50 down: mimics and reversers",
    "profile": "the same of a whole profile",
    "gene": "a gene",
    "drug": "a drug over cells",
}
ASKED = """async ([kind, seed]) => {
  const { dataset, search, answers } = globalThis.lacuna;
  const filters = { source: "", cell: "", least: null, scale: dataset.scale };
  let query = [];
  if (kind === "signature") {
    const mixed = gene => (gene.position * 7919 + seed * 104729) % 100003;
    const genes = dataset.genes.toSorted((a, b) => mixed(a) - mixed(b));
    const chosen = genes.slice(0, 100).map(gene => gene.position);
    query = answers.direction(dataset, chosen.slice(0, 50), chosen.slice(50));
  }
  const start = performance.now();
  let found = { mimics: [] };
  if (kind === "gene") {
    const gene = seed % dataset.genes.length;
    await answers.topOfGene(dataset, search, gene, { filters });
  } else if (kind === "drug") {
    await answers.drugOverCells(dataset, seed % dataset.drugs.length, { filters });
  } else {
    if (kind === "profile") {
      const profile = seed % dataset.profiles, cells = dataset.cells.length;
      query = await dataset.profile(Math.floor(profile / cells), profile % cells);
    }
    found = await answers.similar(dataset, search, query, { filters });
  }
  const seconds = (performance.now() - start) / 1000;
  return { kind, seconds, query: [...query], found: found.mimics.map(one => one.position) };
}"""


def bench_page(index: Index, folder: Path, queries: int = 10) -> pd.DataFrame:
    """Measure the page of an index.

    Parameters
    ----------
    index
        What is asked.
    folder
        Where the page is written.
    queries
        How many of each kind to ask, each of them once.

    Returns
    -------
    DataFrame
        what, times (how many), seconds (median), slowest; of how many of the queries compared the
        best 20 are the command line's (same_top), in its order but for cosines that 32 bits do
        not tell apart.
    """
    from paged import browser

    start = time.perf_counter()
    write_page(folder / "index.html", index, "product.gctx")
    rows = [(WRITE, time.perf_counter() - start, None)]
    with browser() as chromium:
        for _ in range(OPENED):
            page = chromium.new_page()
            page.set_default_timeout(600_000)
            start = time.perf_counter()
            page.goto((folder / "index.html").absolute().as_uri())
            page.wait_for_selector("html[data-ready]")
            rows.append((OPEN, time.perf_counter() - start, None))
            page.evaluate("() => globalThis.lacuna.search.load()")
            rows.append((READY, time.perf_counter() - start, None))
        for kind in KINDS:
            for number in range(queries):
                answer = page.evaluate(ASKED, [kind, 1 + 7 * number + 1013 * number**2])
                rows.append((kind, answer["seconds"], same_top(index, answer)))
    table = pd.DataFrame(rows, columns=["what", "seconds", "same_top"])
    groups = table.groupby("what", sort=False)
    return groups.agg(
        times=("seconds", "size"),
        seconds=("seconds", "median"),
        slowest=("seconds", "max"),
        same_top=("same_top", "sum"),
        compared=("same_top", "count"),
    ).reset_index()


def same_top(index: Index, answer: Mapping[str, Any]) -> bool | None:
    """Return whether the best profiles are those of the command line; None if none were asked."""
    if not answer["found"]:
        return None
    scores = cosine(index, np.array(answer["query"]))
    best = np.sort(scores)[::-1][: len(answer["found"])]
    return len(best) == TOP and bool((np.abs(scores[answer["found"]] - best) <= CLOSE).all())


def size_of(folder: Path) -> pd.DataFrame:
    """Return what a page takes: file (its kind), files, megabytes."""
    found = [
        (path.name.partition("-")[0], path.stat().st_size / 1e6)
        for path in (folder / "index.html", *(folder / "data").iterdir())
    ]
    kinds = pd.DataFrame(found, columns=["file", "mb"]).groupby("file")["mb"]
    return kinds.agg(files="size", megabytes="sum").reset_index()


def table_of(times: pd.DataFrame, sizes: pd.DataFrame) -> str:
    """Return both as Markdown."""
    rows = [
        [
            WORDS[row.what],
            f"{row.seconds:.2f}",
            f"{row.slowest:.2f}",
            f"{int(row.same_top)} of {row.compared}" if row.compared else "",
        ]
        for row in times.itertuples()
    ]
    heads = ["what", "seconds (median)", "slowest", "best 20 as the command line's"]
    files = [
        [f"`{row.file}`", f"{row.files:,}", f"{row.megabytes:,.1f}"] for row in sizes.itertuples()
    ]
    return "\n".join([markdown(heads, rows), markdown(["file", "files", "MB"], files)])


def main() -> None:
    """Print the table of an index; of the product that is made up, also write it."""
    with tempfile.TemporaryDirectory(prefix="ask-page-") as name:
        folder = Path(name)
        path = Path(sys.argv[1]) if sys.argv[1:] else folder / "index.h5"
        if not sys.argv[1:]:
            make_up(folder / "product.gctx")
            build(folder)
        with Index.open(path) as index:
            times = bench_page(index, folder)
        table = table_of(times, size_of(folder))
    print(table)
    if not sys.argv[1:]:
        write_table(times, "results/bench/ask_page.tsv")
        write_parts("bench-ask", {"page": table}, ["docs/page.md"])


if __name__ == "__main__":
    main()
