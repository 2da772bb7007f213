"""Open the page to ask in a Chromium, and measure how long it takes to open and to answer.

    python bench/ask_page.py FOLDER [QUERIES]

FOLDER is one that holds index.html and data, such as results/demo/explore.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ASKED = """async ([kind, seed]) => {
  const { dataset, search, answers } = globalThis.lacuna;
  const filters = { source: "", cell: "", least: null, scale: dataset.scale };
  const start = performance.now();
  let found;
  if (kind === "gene") {
    found = await answers.topOfGene(dataset, search, seed % dataset.genes.length, { filters });
    found = found.up;
  } else if (kind === "drug") {
    const drug = seed % dataset.drugs.length;
    await answers.drugOverCells(dataset, drug, { filters });
    found = [];
  } else {
    let query = [];
    if (kind === "signature") {
      const mixed = gene => (gene.position * 7919 + seed * 104729) % 100003;
      const genes = dataset.genes.toSorted((a, b) => mixed(a) - mixed(b));
      const chosen = genes.slice(0, 100).map(gene => gene.position);
      query = answers.direction(dataset, chosen.slice(0, 50), chosen.slice(50));
    } else {
      const profile = seed % dataset.profiles, cells = dataset.cells.length;
      query = await dataset.profile(Math.floor(profile / cells), profile % cells);
    }
    found = (await answers.similar(dataset, search, query, { filters })).mimics;
    return { seconds: (performance.now() - start) / 1000, query: [...query],
             found: found.map(one => [one.position, one.score]) };
  }
  return { seconds: (performance.now() - start) / 1000, query: [],
           found: found.map(one => [one.position, one.value]) };
}"""
KINDS = ("signature", "profile", "gene", "drug")


def measure_page(folder: Path, queries: int = 10) -> tuple[pd.DataFrame, list[dict]]:
    """Measure a page.

    Parameters
    ----------
    folder
        It holds index.html and data.
    queries
        How many of each kind to ask; each is another one.

    Returns
    -------
    table : DataFrame
        what, seconds (median), slowest, bytes.
    asked : list of dict
        Of each signature: query, found (position and score of the best).
    """
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests/helpers"))
    from paged import find_browser

    size = sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in (".js", ".html"))
    rows = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for _ in range(2):  # the second finds the files in the system's cache, as any after it
            page = chromium.new_page()
            start = time.perf_counter()
            page.goto((folder / "index.html").absolute().as_uri())
            page.wait_for_selector("html[data-ready]")
            opened = time.perf_counter() - start
            page.evaluate("() => globalThis.lacuna.search.load()")
            loaded = time.perf_counter() - start
            rows += [("open", opened, opened, size), ("profiles there", loaded, loaded, 0)]
        asked = []
        for kind in KINDS:
            times = []
            for number in range(queries):
                answer = page.evaluate(ASKED, [kind, 1 + 7 * number + 1013 * number**2])
                times.append(answer["seconds"])
                if kind in ("signature", "profile"):
                    asked.append(answer)
            rows.append((kind, float(np.median(times)), max(times), 0))
        chromium.close()
    table = pd.DataFrame(rows, columns=["what", "seconds", "slowest", "bytes"])
    return table, asked


if __name__ == "__main__":
    table, _ = measure_page(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
