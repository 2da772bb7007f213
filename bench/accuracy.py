"""How good is each method on each dataset, and is the best of ours better than the paper's?

`make bench-accuracy` runs the cross-validation of every dataset, then this.
"""

import sys
from pathlib import Path

import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.metrics import metric_label
from lacuna.io.tsv import write_table

PAPER = ["mean_1d", "mean_2d", "dnpp", "falrtc"]
OURS = ["kernel", "blend"]
METRICS = ["pct", "pct_specific", "pct_specific_raw"]


def read(datasets: list[str], table: str) -> pd.DataFrame:
    """Read a table of several datasets, of the large tensor."""
    tables = [
        pd.read_csv(Path("results", dataset, table), sep="\t").assign(dataset=dataset)
        for dataset in datasets
    ]
    return pd.concat(tables, ignore_index=True).query("size == 'large' and metric in @METRICS")


def leads(datasets: list[str]) -> pd.DataFrame:
    """How far each of our methods lies above the paper's best, with a paired interval."""
    tables = []
    for dataset in datasets:
        folder = Path("results", dataset, "evaluation/large")
        for split in sorted(path.name for path in folder.iterdir()):
            draws = {
                path.parent.name: pd.read_csv(path, sep="\t")
                for path in folder.glob(f"{split}/*/bootstrap.tsv")
            }
            for metric in METRICS:
                best = max(PAPER, key=lambda name: draws[name][metric][0])
                lead = pd.DataFrame(
                    {ours: draws[ours][metric] - draws[best][metric] for ours in OURS}
                )
                names = {"dataset": dataset, "split": split, "metric": metric, "paper's best": best}
                table = intervals(lead).rename(columns={"metric": "method", "value": "lead"})
                tables.append(table.assign(**names))
    columns = ["dataset", "split", "metric", "method", "paper's best", "lead", "low", "high"]
    return pd.concat(tables, ignore_index=True)[columns]


def main() -> None:
    datasets = sys.argv[1:]
    scores = read(datasets, "metrics.tsv")
    shown = scores.assign(
        score=[f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in scores.itertuples()],
        method=scores["method"].map(method_label),
    )
    for metric in METRICS:
        print(f"\n{metric_label(metric)}, with 95 % intervals over drugs\n")
        rows = shown[shown["metric"] == metric]
        wide = rows.pivot_table(
            "score", ["split", "method"], "dataset", aggfunc="first", sort=False
        )
        print(wide[datasets].fillna("").to_string())
    lead = leads(datasets)
    print("\nabove the best of the paper's four methods, paired over drugs\n")
    print(lead.round(3).to_string(index=False))
    write_table(scores, "results/bench/accuracy.tsv")
    write_table(lead, "results/bench/accuracy_leads.tsv")


if __name__ == "__main__":
    main()
