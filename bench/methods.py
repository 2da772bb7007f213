"""How good are DeepCellState and its rivals beside the methods that complete a screen?

`make bench-methods` runs config/all-methods.yaml on top of each dataset's configuration, every
method on the same folds, and prints a table for each division and metric, and how far DeepCellState
lies from each other method, drugs paired. What was made before is not made again; a method that did
not run has a row that says so. The tables go between their marks into docs/accuracy.md.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml
from accuracy import markdown, write_parts

from lacuna.completion.registry import method_label, options_of
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.metrics import metric_label
from lacuna.io.tsv import write_table

OVERLAY = Path("config/all-methods.yaml")
ASKED = yaml.safe_load(OVERLAY.read_text())
METHODS = ASKED["completion"]["methods"]
SPLITS = [name for name, split in ASKED["evaluation"]["splits"].items() if split.get("folds")]
CONTROLS = ["zeros", "cell_mean"]
METRICS = ["profile_pearson", "pct_specific"]
OURS, NOT_RUN = "deepcellstate", "did not run"


def folder_of(dataset: str) -> Path:
    """Return where the scores of a dataset's run lie."""
    return Path("results", f"{dataset}-methods", "evaluation/large")


def asked_for(split: str) -> Iterator[str]:
    """Yield the methods to run: of whole drugs, not those that fall back on 2D-Mean for all."""
    for method in METHODS:
        if split != "drugs" or "fallback" not in options_of(method):
            yield method


def run(dataset: str, cores: int) -> int:
    """Score all methods on a dataset; return Snakemake's exit status."""
    base = ["config/config.yaml"] if dataset.startswith("demo") else []
    if dataset != "demo":
        base.append(f"config/{dataset}.yaml")
    targets = [
        str(folder_of(dataset) / split / method / "bootstrap.tsv")
        for split in SPLITS
        for method in [*asked_for(split), *CONTROLS]
    ]
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--keep-going"]
    command += ["--rerun-incomplete", "--configfile", *base, str(OVERLAY)]
    command += ["--config", f"dataset={dataset}-methods", "--", *targets]
    return subprocess.run(command).returncode


def read(datasets: list[str]) -> dict[tuple[str, str, str], pd.DataFrame]:
    """Read the bootstrap draws of every metric, by dataset, division and method."""
    return {
        (dataset, split, path.parent.name): pd.read_csv(path, sep="\t")
        for dataset in datasets
        for split in SPLITS
        for path in folder_of(dataset).glob(f"{split}/*/bootstrap.tsv")
    }


def score_table(draws: dict, split: str, metric: str, datasets: list[str]) -> str:
    """Return a Markdown table of all methods; the best of a column is bold."""
    shown = [*METHODS, *CONTROLS]
    scores = {
        (dataset, method): intervals(table[[metric]]).iloc[0]
        for (dataset, of, method), table in draws.items()
        if of == split and metric in table and method in shown
    }
    lines = []
    for method in shown:
        line = [method_label(method)]
        for dataset in datasets:
            score = scores.get((dataset, method))
            if score is None:
                asked = method in CONTROLS or method in asked_for(split)
                line.append(NOT_RUN if asked else "as 2D-Mean")
                continue
            here = [scores[each, name]["value"] for each, name in scores if each == dataset]
            value = f"{score['value']:z.3f}"
            value = f"**{value}**" if score["value"] == max(here) else value
            known = pd.notna(score["low"])
            line.append(f"{value} [{score['low']:z.3f}, {score['high']:z.3f}]" if known else value)
        lines.append(line)
    return markdown(["method", *datasets], lines)


def lead_table(draws: dict, split: str, metric: str, datasets: list[str]) -> tuple[str, list]:
    """Return how far DeepCellState lies above each other method, as Markdown and as rows."""
    lines, rows = [], []
    for method in METHODS:
        if method == OURS:
            continue
        line = [method_label(method)]
        for dataset in datasets:
            ours, other = (draws.get((dataset, split, name)) for name in (OURS, method))
            if ours is None or other is None:
                line.append(NOT_RUN)
                continue
            lead = intervals(ours[[metric]] - other[[metric]]).iloc[0]
            line.append(f"{lead['value']:+z.3f} [{lead['low']:+z.3f}, {lead['high']:+z.3f}]")
            rows.append((dataset, split, metric, method, *lead[["value", "low", "high"]]))
        lines.append(line)
    return markdown([f"{method_label(OURS)} above", *datasets], lines), rows


def main() -> None:
    """Run, print all tables, and write them into the page that shows them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    failed = [name for name in asked.datasets if run(name, asked.cores)]
    draws = read(asked.datasets)
    parts, leads = {}, []
    for split in SPLITS:
        for metric in METRICS:
            parts[f"{split} {metric}"] = score_table(draws, split, metric, asked.datasets)
            print(f"\n{split}, {metric_label(metric)}\n\n{parts[f'{split} {metric}']}")
        if OURS in asked_for(split):
            parts[f"{split} lead"], rows = lead_table(draws, split, METRICS[0], asked.datasets)
            leads += rows
            print(f"\n{split}, {metric_label(METRICS[0])}\n\n{parts[f'{split} lead']}")
    columns = ["dataset", "split", "metric", "method", "lead", "low", "high"]
    write_table(pd.DataFrame(leads, columns=columns), "results/bench/methods_leads.tsv")
    write_parts("bench-methods", parts, ["docs/accuracy.md"])
    if failed:
        raise SystemExit(f"Some methods did not run on {', '.join(failed)}: their logs say why.")


if __name__ == "__main__":
    main()
