"""How good is each method on real data that fill nearly all of a drug x cell grid?

`make bench-tahoe` runs config/tahoe.yaml to its report, then this, which prints the scores of
single profiles, of whole drugs and cells, and at each density, and writes them between their marks
into docs/accuracy.md and README.md. Scores of tested entries alone stand beside those of all.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from accuracy import OURS, PAPER, markdown, write_parts

from lacuna.completion.registry import is_control, method_label
from lacuna.drawing.wording import with_interval
from lacuna.evaluation.metrics import metric_label
from lacuna.io.tsv import read_table

RESULTS = Path("results/tahoe")
TESTED = ["pct", "pct_tested"]
SINGLE = [("profiles", metric) for metric in (*TESTED, "pct_interaction", "pct_interaction_tested")]
WHOLE = [(split, metric) for split in ("drugs", "cells") for metric in TESTED]


def score_table(metrics: pd.DataFrame, columns: Sequence[tuple[str, str]]) -> str:
    """Return a Markdown table of scores by split and metric; the best method of each is bold."""
    lines: dict[str, list[str]] = {}
    for split, metric in columns:
        of_both = metrics["split"].eq(split) & metrics["metric"].eq(metric)
        rows = metrics[of_both].set_index("method")
        best = rows["value"][[not is_control(name) for name in rows.index]].idxmax()
        for name in sorted(rows.index, key=is_control):
            cell = with_interval(*rows.loc[name, ["value", "low", "high"]])
            lines.setdefault(name, [method_label(name)]).append(
                f"**{cell}**" if name == best else cell
            )
    splits = {split for split, _ in columns}
    head = [
        metric_label(metric) if len(splits) == 1 else f"{split}: {metric_label(metric)}"
        for split, metric in columns
    ]
    return markdown(["method", *head], list(lines.values()))


def short_table(metrics: pd.DataFrame) -> str:
    """Return a Markdown table of our best, the paper's best and the mean of the cell."""
    of_both = metrics["split"].eq("profiles") & metrics["metric"].eq("pct")
    rows = metrics[of_both].set_index("method")
    shown = [rows.loc[names, "value"].idxmax() for names in (OURS, PAPER, ["cell_mean"])]
    return markdown(
        ["predicted by", metric_label("pct")],
        [
            [method_label(name), with_interval(*rows.loc[name, ["value", "low", "high"]])]
            for name in shown
        ],
    )


def density_table(repeats: pd.DataFrame, sizes: pd.DataFrame) -> str:
    """Return a Markdown table of the PCT at each density, and how far ours lie above the paper's.

    Parameters
    ----------
    repeats
        method, repeat, percent, pct.
    sizes
        percent, profiles, left_out.
    """
    scores = repeats.pivot_table(index=["percent", "repeat"], columns="method", values="pct")
    scores = scores[repeats["method"].unique()]
    by_percent = scores.groupby("percent")
    means, spread = by_percent.mean().T, by_percent.std().T
    lines = []
    for method in means.index:
        cells = [method_label(method)]
        for percent, best in means.idxmax().items():
            cell = f"{means.loc[method, percent]:.3f} ± {spread.loc[method, percent]:.3f}"
            cells.append(f"**{cell}**" if method == best else cell)
        lines.append(cells)
    for ours in OURS:
        cells = [f"{method_label(ours)} above the paper's best"]
        for percent, best in means.loc[PAPER].idxmax().items():
            lead = scores.loc[percent, ours] - scores.loc[percent, best]
            cells.append(f"{lead.mean():+.3f} ± {lead.std():.3f} {method_label(best)}")
        lines.append(cells)
    profiles = sizes.set_index("percent")["profiles"]
    head = [f"{percent} % ({profiles[percent]:,})" for percent in means.columns]
    return markdown(["method", *head], lines)


def main() -> None:
    """Print all tables, and write them into the pages that show them."""
    metrics = read_table(RESULTS / "metrics.tsv").query("size == 'large'")
    folder = RESULTS / "evaluation"
    parts = {
        "in short": short_table(metrics),
        "profiles": score_table(metrics, SINGLE),
        "drugs and cells": score_table(metrics, WHOLE),
        "density": density_table(
            read_table(folder / "density_per_repeat.tsv"), read_table(folder / "density/sizes.tsv")
        ),
    }
    for name, table in parts.items():
        print(f"\n{name}\n\n{table}")
    write_parts("bench-tahoe", parts)


if __name__ == "__main__":
    main()
