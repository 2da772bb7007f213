"""Write the page of an index, open it in a Chromium, and measure how long it takes to answer.

    python bench/ask_page.py results/DATASET/explore/index.h5 [QUERIES]

The best 20 of each signature and profile that is asked are held against those of the command line.
`make bench-ask` asks an index of the paper's size.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lacuna.explore.connectivity import cosine
from lacuna.explore.index import Index
from lacuna.explore.page_write import write_page

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/helpers"))
TOP = 20
OPENED = 2  # times; the second finds the files in the system's cache, as any after it
CLOSE = 2e-7  # cosines that 32 bits do not tell apart
OPEN, READY = "open", "profiles there"
KINDS = ("signature", "profile", "gene", "drug")
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
        what, times (how many), seconds (median), slowest, same_top: of how many queries the best
        20 are the command line's, in its order but for cosines that 32 bits do not tell apart.
    """
    from paged import browser

    start = time.perf_counter()
    write_page(folder / "index.html", index, "product.gctx")
    rows = [("write", time.perf_counter() - start, None)]
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
    ).reset_index()


def same_top(index: Index, answer: Mapping[str, Any]) -> bool | None:
    """Return whether the best profiles are those of the command line; None if none were asked."""
    if not answer["found"]:
        return None
    scores = cosine(index, np.array(answer["query"]))
    best = np.sort(scores)[::-1][: len(answer["found"])]
    return len(best) == TOP and bool((np.abs(scores[answer["found"]] - best) <= CLOSE).all())


def size_of(folder: Path) -> pd.DataFrame:
    """Return what a page takes: files and bytes of each kind."""
    found = [
        (path.name.partition("-")[0], path.stat().st_size)
        for path in (folder / "index.html", *(folder / "data").iterdir())
    ]
    return (
        pd.DataFrame(found, columns=["file", "bytes"]).groupby("file")["bytes"].agg(["size", "sum"])
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Index.open(sys.argv[1]) as index:
        table = bench_page(index, Path(folder), *map(int, sys.argv[2:3]))
        print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
        print(size_of(Path(folder)).to_string())
