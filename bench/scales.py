"""Which scale makes the fairest and most right list of the drugs and cells that raise a gene?

`make bench-scales` completes three simulated screens, then runs this. In each, it takes for every
gene the pairs of drug and cell, measured or predicted, that the scale puts at the top, and compares
them with the pairs that the planted truth puts there. Scales: the profile as estimated (measured
ones at length 1, predicted ones shrunk), at unit length, times the correlation to expect (what a
fresh measurement shows on average), and that over the standard deviation of what it leaves open
(z).
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts

from lacuna.completion.completed import EXPECTED_R, MEASURED, SOURCE
from lacuna.io import hdf5
from lacuna.io.gctx import Gctx
from lacuna.io.tsv import write_table
from lacuna.simulation.parameters import DRUGS_UNDER_TWO_IDS, SERIES, TRUTH
from lacuna.simulation.screen import make_second_id
from lacuna.vectors import unit_rows

METHOD, TOP = "blend", 20
LEAST = 1e-3  # the least that is left open, so that z stays finite


def as_z(units: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Divide what to expect of a fresh unit profile by the standard deviation of an entry of it."""
    left_open = np.sqrt(np.maximum(1 - r**2, LEAST) / units.shape[1])
    return units * (r / left_open)[:, None]


SCALES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "as estimated": lambda profiles, r: profiles,
    "unit": lambda profiles, r: unit_rows(profiles),
    "expected": lambda profiles, r: unit_rows(profiles) * r[:, None],
    "z": lambda profiles, r: as_z(unit_rows(profiles), r),
}


def read(run: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return profiles, expected correlations, which are measured, and the planted log2 changes."""
    with Gctx(run / f"completed/{METHOD}.gctx") as product:
        about = product.metadata("columns")
        profiles = product.read(product.rows, product.columns)
    truth = hdf5.load(run / "acquire" / SERIES / TRUTH)
    drugs = {drug: row for row, drug in enumerate(truth["drugs"]["pert_id"])}
    drugs |= {make_second_id(drug): drug for drug in range(DRUGS_UNDER_TWO_IDS)}
    cells = {cell: row for row, cell in enumerate(truth["cells"]["cell_id"])}
    places = about["pert_id"].map(drugs).to_numpy(), about["cell_id"].map(cells).to_numpy()
    measured = (about[SOURCE] == MEASURED).to_numpy()
    return (
        profiles,
        about[EXPECTED_R].clip(lower=0).to_numpy(),
        measured,
        truth["log2_change"][places],
    )


def score(values: np.ndarray, planted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    """Compare the top of each gene with the planted top.

    Parameters
    ----------
    values, planted : arrays of shape (profiles, genes)
    measured : bool array of shape (profiles,)

    Returns
    -------
    dict of float
        precision: the share of the top that is of the planted top; reached: the mean planted value
        of the top, as a share of that of the planted top; predicted, and true_predicted: the share
        of predicted profiles in the top, and in the planted top. Means over genes.
    """
    top = np.argsort(-values, axis=0, kind="stable")[:TOP]
    best = np.argsort(-planted, axis=0, kind="stable")[:TOP]
    genes = np.arange(values.shape[1])
    hits = [len(np.intersect1d(top[:, gene], best[:, gene])) / TOP for gene in genes]
    reached = planted[top, genes].mean(axis=0) / planted[best, genes].mean(axis=0)
    return {
        "precision": float(np.mean(hits)),
        "reached": float(reached.mean()),
        "predicted": float(1 - measured[top].mean()),
        "true_predicted": float(1 - measured[best].mean()),
    }


def compare(run: Path) -> pd.DataFrame:
    """Score all scales on one screen, against planted log2 changes and planted directions."""
    profiles, r, measured, planted = read(run)
    rows = []
    for truth, values in (("log2 change", planted), ("direction", unit_rows(planted))):
        moved = (values > 0).sum(axis=0) >= TOP  # genes of no programme have no top
        for name, scale in SCALES.items():
            scores = score(scale(profiles, r)[:, moved], values[:, moved], measured)
            rows.append({"run": run.name, "truth": truth, "scale": name, **scores})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table, and write it into the page that shows it."""
    found = pd.concat([compare(Path("results") / name) for name in sys.argv[1:]])
    rows = [
        [row.run, row.truth, row.scale]
        + [f"{value:.3f}" for value in (row.precision, row.reached)]
        + [f"{row.predicted:.0%}", f"{row.true_predicted:.0%}"]
        for row in found.itertuples()
    ]
    head = ["run", "truth", "scale", f"precision of the top {TOP}", "of the best reached"]
    table = markdown([*head, "predicted among them", "truly"], rows)
    print(table)
    means = found.groupby(["truth", "scale"], sort=False).mean(numeric_only=True)
    print(means.round(3).to_string())
    write_table(found, "results/bench/scales.tsv")
    write_parts("bench-scales", {"scales": table})


if __name__ == "__main__":
    main()
