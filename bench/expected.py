"""Do profiles give the correlation that the product says to expect of them?

`make bench-expected` runs the demo and config/tahoe.yaml as far as their tiers, then this. It
prints, for each run and split, what was expected of held-out profiles and what was observed; then,
on the simulated screen, where everything can be measured once more, what fresh measurements of the
product's measured and predicted profiles give. It exits with 1 where a tier of 50 held-out profiles
or more is off by more than 0.05, or fewer than four have so many.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import markdown, write_parts
from expected_forms import METHOD, read
from fresh import Screen, read_config

from lacuna.completion.completed import EXPECTED_R, PREDICTED, SOURCE
from lacuna.completion.tiers import TIERS, tier_of
from lacuna.drawing.wording import with_interval
from lacuna.evaluation.correlation import profile_pearson
from lacuna.evaluation.expected_r import expect_of_others
from lacuna.io.gctx import Gctx
from lacuna.io.quantities import MISSING_NUMBER
from lacuna.io.tsv import read_table, write_table
from lacuna.tensor.profiles import NO_PROFILE, ProfileSet

MOST_OFF, LARGE, LEAST_TIERS = 0.05, 50, 4
SIMULATED = "demo"


def judged(names: list[str]) -> pd.DataFrame:
    """Return the judged tiers of all runs."""
    tables = [
        read_table(Path("results") / name / f"evaluation/expected_r/{METHOD}/tiers.tsv").assign(
            run=name
        )
        for name in names
    ]
    return pd.concat(tables, ignore_index=True)


def judged_table(tiers: pd.DataFrame) -> str:
    """Return a Markdown table of the judged tiers."""
    rows = [
        [
            *(row.run, row.split, row.tier, f"{row.profiles:,}", f"{row.expected:.3f}"),
            with_interval(row.observed, row.low, row.high),
            f"{row.observed - row.expected:+.3f}",
        ]
        for row in tiers.itertuples()
    ]
    head = ["run", "held out", "tier", "profiles", "expected", "observed", "difference"]
    return markdown(head, rows)


def compare(expected: np.ndarray, observed: np.ndarray) -> pd.DataFrame:
    """Return profiles, expected and observed by tier, the best first."""
    tiers = tier_of(expected)
    rows = [
        (tier.name, int(of_tier.sum()), expected[of_tier].mean(), observed[of_tier].mean())
        for tier in TIERS
        if (of_tier := tiers == tier.name).any()
    ]
    return pd.DataFrame(rows, columns=["tier", "profiles", "expected", "observed"])


def compared_table(parts: dict[str, pd.DataFrame]) -> str:
    """Return a Markdown table of comparisons, by what is compared."""
    rows = [
        [
            *(what, row.tier, f"{row.profiles:,}", f"{row.expected:.3f}", f"{row.observed:.3f}"),
            f"{row.observed - row.expected:+.3f}",
        ]
        for what, table in parts.items()
        for row in table.itertuples()
    ]
    head = ["profiles", "tier", "number", "expected", "fresh measurement", "difference"]
    return markdown(head, rows)


def fresh_measurements(run: Path) -> dict[str, pd.DataFrame]:
    """Compare what is expected with fresh measurements of a simulated screen."""
    screen = Screen(run, read_config(run.name))
    tensor = ProfileSet.load(run / "tensor/large.h5")
    again = screen.measured_again()
    assert np.array_equal(again.pairs, tensor.pairs)
    expected = tensor.reliability["signal"].to_numpy()
    found = {
        "measured, by the same experiments": compare(
            expected, profile_pearson(tensor.profiles, again.profiles)
        )
    }
    held_out = read(run, "profiles")
    correlation = profile_pearson(again.profiles[held_out.order], held_out.predicted)
    expected = expect_of_others(held_out.known)
    found["held out, by the same experiments"] = compare(expected, correlation)
    with Gctx(run / f"completed/{METHOD}.gctx") as product:
        about = product.metadata("columns")
        gaps = about.index[about[SOURCE] == PREDICTED]
        predicted, expected = product.read(product.rows, gaps), about.loc[gaps, EXPECTED_R]
    ids = about.loc[gaps, ["pert_id", "cell_id"]]
    # Without a filter, what did nothing is there, too; with the run's, as held-out profiles were.
    for said, filters in (("p at most 0.1", {}), ("all", {"max_p_value": 1.0})):
        whole = screen.measured_whole(min_cells_per_drug=1, min_drugs_per_cell=1, **filters)
        drug = pd.Index(whole.drugs).get_indexer(ids["pert_id"])
        cell = pd.Index(whole.cells).get_indexer(ids["cell_id"])
        known = (drug >= 0) & (cell >= 0)
        position = np.full(len(gaps), NO_PROFILE)
        position[known] = whole.find(np.column_stack([drug, cell])[known])
        known = (position >= 0) & (expected != MISSING_NUMBER).to_numpy()
        observed = profile_pearson(whole.profiles[position[known]], predicted[known])
        found[f"predicted, {said}"] = compare(expected.to_numpy()[known], observed)
    return found


def main() -> int:
    """Print all tables, and write them into the pages that show them."""
    names = sys.argv[1:]
    tiers = judged(names)
    parts = {"tiers": judged_table(tiers)}
    print(f"\nheld-out profiles\n\n{parts['tiers']}")
    write_table(tiers, "results/bench/expected.tsv")
    if SIMULATED in names:
        parts["fresh"] = compared_table(fresh_measurements(Path("results") / SIMULATED))
        print(f"\nfresh measurements of {SIMULATED}\n\n{parts['fresh']}")
    large = tiers[tiers["profiles"] >= LARGE]
    off = (large["observed"] - large["expected"]).abs()
    counts = large.groupby("run")["tier"].nunique().reindex(names, fill_value=0)
    print(f"tiers of {LARGE} profiles or more, by run: {counts.to_dict()}; ", end="")
    print(f"the largest difference is {off.max():.3f}")
    write_parts("bench-expected", parts)
    return int(off.max() > MOST_OFF or counts.min() < LEAST_TIERS)


if __name__ == "__main__":
    sys.exit(main())
