"""An index to make a page of, and the page of it in a browser."""

import contextlib
import os
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd

from lacuna.completion.tiers import TIERS, tier_of
from lacuna.io.landmarks import landmarks
from lacuna.vectors import unit_rows

CELLS = ["A375", "HA1E", "HT29", "MCF7", "PC3", "VCAP"]
NAMES = ["Vorinostat", "aspirin", "5-fluorouracil", "<img src=x onerror=alert(1)>", "=1+1"]
SMILES = ["O=C(CCCCCCC(=O)Nc1ccccc1)NO", "CC(=O)Oc1ccccc1C(=O)O", "O=c1[nH]cc(F)c(=O)[nH]1"]
# tests/conftest.py looks for these words, and says loudly what was skipped.
NO_BROWSER = "no chromium here: install it (apt-get install chromium)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def paged_index(drugs=40, genes=300, rank=6, known=True, seed=0) -> SimpleNamespace:
    """What `lacuna.explore.index.Index` holds, as far as the page asks it.

    Measured profiles (two fifths) are of full rank, predicted ones of a low one. The last profile
    has no length, the last cell no lineage, and the first two predictions are plain means.
    """
    rng = np.random.default_rng(seed)
    count = drugs * len(CELLS)
    predicted = rng.random(count) < 0.6
    predicted[[0, -1]] = False, True
    units = rng.normal(size=(count, rank)) @ rng.normal(size=(rank, genes))
    units[~predicted] += 2 * rng.normal(size=(int((~predicted).sum()), genes))
    units[-1] = 0
    units = unit_rows(units.astype(np.float32))
    expected = np.where(predicted, rng.uniform(0.05, 0.85, count), rng.uniform(0.4, 0.97, count))
    expected = expected.astype(np.float32).astype(float) if known else np.full(count, np.nan)
    drug, cell = np.divmod(np.arange(count), len(CELLS))
    profiles = pd.DataFrame(
        {
            "drug": drug,
            "cell": cell,
            "source": pd.Categorical.from_codes(predicted.astype(int), ["measured", "predicted"]),
            "fallback": predicted & (np.cumsum(predicted) <= 2),
            "norm": np.where(predicted, 0.6, 1.0),
            "stderr": np.where(predicted, 0.02, np.nan),
            "replicates": np.where(predicted, np.nan, 3),
            "acd": np.where(predicted, np.nan, 0.714),
            "expected_r": expected,
            "tier": pd.Categorical(tier_of(expected), [*(tier.name for tier in TIERS), ""]),
        }
    )
    symbols = landmarks().iloc[:genes]
    measured = np.bincount(drug[~predicted], minlength=drugs)
    ids = [f"BRD-K{number:05}" for number in range(drugs)]
    names = [*NAMES, *(f"compound {number}" for number in range(len(NAMES), drugs))]
    table = pd.DataFrame({"drug": ids, "name": names, "ids": ids, "measured": measured})
    table = table.assign(
        inchi_key="", smiles=(SMILES * drugs)[:drugs], atc="", held_out_r=0.5, held_out=2
    )
    table = table.assign(moa=[f"mechanism {n % 4}" for n in range(drugs)], targets="HDAC1; HDAC2")
    table.loc[drugs - 1, ["smiles", "held_out_r"]] = ["", np.nan]
    by_gene = np.ascontiguousarray(units.T)
    return SimpleNamespace(
        dataset="made-up",
        method_label="Kernel",
        facts={"simulated": True},
        drugs=table,
        cells=pd.DataFrame(
            {
                "cell": CELLS,
                "lineage": [*(["skin"] * (len(CELLS) - 1)), ""],
                "measured": np.bincount(cell[~predicted]),
                "held_out_r": [0.5] * len(CELLS),
            }
        ),
        genes=pd.DataFrame({"gene": symbols["entrez"].astype(str), "symbol": symbols["symbol"]}),
        profiles=profiles,
        dropped=pd.DataFrame(
            {
                "step": ["ACD p-value at most 0.1", "wells"],
                "what": ["drug", "experiment"],
                "drug": ["BRD-LOST", "BRD-K00000"],
                "name": ["lostatin", "Vorinostat"],
                "cell": ["", "A375"],
                "acd": [0.9512, np.nan],
                "why": ["p-value 0.11 above 0.1", "one replicate"],
            }
        ),
        units=by_gene,
        unit_profile=lambda position: by_gene[:, position],
        values_of=lambda gene: by_gene[gene],
        check=lambda *of: None,
    )


def find_browser() -> str | None:
    """Where a Chromium is, if anywhere."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def browser():
    """A Chromium; None where there is none. CI may not do without."""
    executable = find_browser()
    if executable is None:
        assert not os.environ.get("CI"), NO_BROWSER
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Visit:
    """A page that was opened from its file, and what went wrong there."""

    def __init__(self, chromium, folder, **context):
        self.context = chromium.new_context(**context)
        self.page = self.context.new_page()
        self.address = (folder / "index.html").as_uri()
        self.wrong, self.requested = [], []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.requested.append(request.url))

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def go(self, where="#/"):
        """Open an address within the page; it is ready when no answer is under way."""
        if self.page.url.startswith(self.address):
            self.page.evaluate("where => { location.hash = where; }", where)
        else:
            self.page.goto(f"{self.address}{where}")
        self.page.wait_for_selector("html[data-ready]")
        return self.settle()

    def settle(self):
        """Wait until all answers are there."""
        self.page.wait_for_function(
            "() => new Promise(done => setTimeout(() => done("
            "!document.querySelector('.waiting, .stale')), 60))"
        )
        return self.page

    def heading(self):
        """The page's heading."""
        return self.page.inner_text("h1")

    def table(self, caption):
        """The rows of the table with this caption, as dicts of texts."""
        return self.page.evaluate(TABLE, caption)

    def close(self):
        self.context.close()


TABLE = """caption => {
  const tables = [...document.querySelectorAll('figure.table')];
  const one = tables.find(t => t.querySelector('figcaption span').textContent === caption);
  const heads = [...one.querySelectorAll('thead th')].map(
    th => th.querySelector('button').firstChild.textContent);
  return [...one.querySelectorAll('tbody tr')].map(tr => Object.fromEntries(
    [...tr.cells].map((td, i) => [heads[i], td.innerText.trim().replace('\\u2212', '-')])));
}"""


def numbers(rows, column):
    """A column of a table as numbers."""
    return np.array([float(row[column].split()[0]) for row in rows])


def hex_of(colour):
    """Red, green and blue, 0 to 255."""
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def colour_of(computed):
    """The same, of what a browser says of a mixture: lightness and two axes of Oklab."""
    light, a, b = (float(part) for part in re.findall(r"-?[\d.]+(?:e-\d+)?", computed)[:3])
    cones = [light + 0.3963377774 * a + 0.2158037573 * b]
    cones += [
        light - 0.1055613458 * a - 0.0638541728 * b,
        light - 0.0894841775 * a - 1.2914855480 * b,
    ]
    linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    ) @ np.power(cones, 3)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * curved).astype(int).tolist()
