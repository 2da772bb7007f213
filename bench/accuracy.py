"""How good is each method on each dataset, and is the best of ours better than the paper's?

`make bench-accuracy` runs the cross-validation of every dataset, then this, which prints all tables
and writes them between their marks into docs/accuracy.md.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from lacuna.completion.registry import is_control, method_label
from lacuna.evaluation.bootstrap import intervals
from lacuna.evaluation.metrics import metric_label
from lacuna.io.atomic import write_whole
from lacuna.io.tsv import read_table, write_table

PAPER = ["mean_1d", "mean_2d", "dnpp", "falrtc"]
OURS = ["kernel", "blend"]
METRICS = ["pct", "pct_specific", "pct_beyond_drug", "pct_interaction"]
PAGES = ["docs/accuracy.md", "docs/evaluation.md", "docs/explore.md", "README.md"]


def read(datasets: list[str]) -> pd.DataFrame:
    """Read the scores of several datasets, of the large tensor."""
    tables = [
        read_table(Path("results", dataset, "metrics.tsv")).assign(dataset=dataset)
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
                if metric not in draws[OURS[0]]:
                    continue  # no drug of this split was shown in another cell
                best = max(PAPER, key=lambda name: draws[name][metric][0])
                lead = pd.DataFrame(
                    {ours: draws[ours][metric] - draws[best][metric] for ours in OURS}
                )
                names = {"dataset": dataset, "split": split, "metric": metric, "paper's best": best}
                table = intervals(lead).rename(columns={"metric": "method", "value": "lead"})
                tables.append(table.assign(**names))
    columns = ["dataset", "split", "metric", "method", "paper's best", "lead", "low", "high"]
    return pd.concat(tables, ignore_index=True)[columns]


def score_table(scores: pd.DataFrame, split: str, metric: str, datasets: list[str]) -> str:
    """Return a Markdown table of methods and controls; the best method of a column is bold."""
    rows = scores[scores["split"].eq(split) & scores["metric"].eq(metric)]
    methods = sorted(rows["method"].unique(), key=is_control)
    lines = []
    for method in methods:
        cells = [method_label(method)]
        for dataset in datasets:
            here = rows[rows["dataset"] == dataset].set_index("method")
            if method not in here.index:
                cells.append("")
                continue
            row = here.loc[method]
            best = here["value"][[not is_control(name) for name in here.index]].idxmax()
            value = f"**{row['value']:z.3f}**" if method == best else f"{row['value']:z.3f}"
            shown = pd.notna(row["low"])
            cells.append(f"{value} [{row['low']:z.3f}, {row['high']:z.3f}]" if shown else value)
        lines.append(cells)
    return markdown(["method", *datasets], lines)


def lead_table(lead: pd.DataFrame, datasets: list[str], method: str = "blend") -> str:
    """Return a Markdown table of how far a method lies above the paper's best."""
    rows = lead[lead["split"].eq("profiles") & lead["method"].eq(method)]
    lines = []
    for metric in METRICS:
        cells = [metric_label(metric)]
        for dataset in datasets:
            (row,) = rows[rows["dataset"].eq(dataset) & rows["metric"].eq(metric)].itertuples()
            best = method_label(row[5])
            cells.append(f"{row.lead:+.3f} [{row.low:+.3f}, {row.high:+.3f}] {best}")
        lines.append(cells)
    return markdown([f"{method_label(method)} above the paper's best", *datasets], lines)


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def write_parts(command: str, parts: Mapping[str, str], pages: Sequence[str] = PAGES) -> None:
    """Write tables between the marks that name a command and each of them, on some pages."""
    marked = re.compile(
        rf"(<!-- made by make {command}: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL
    )
    for page in pages:
        text = marked.sub(
            lambda mark: f"{mark[1]}\n{parts[mark[2]]}\n{mark[3]}", Path(page).read_text()
        )
        with write_whole(page) as unfinished:
            unfinished.write_text(text)


def main() -> None:
    """Print all tables, and write them into the pages that show them."""
    datasets = sys.argv[1:]
    scores, lead = read(datasets), leads(datasets)
    parts = {"lead": lead_table(lead, datasets)}
    for split in scores["split"].unique():
        for metric in METRICS:
            if (scores["split"].eq(split) & scores["metric"].eq(metric)).any():
                parts[f"{split} {metric}"] = score_table(scores, split, metric, datasets)
    for name, table in parts.items():
        split, _, metric = name.partition(" ")
        print(f"\n{split}: {metric_label(metric) if metric else ''}\n\n{table}")
    print("\nabove the best of the paper's four methods, paired over drugs\n")
    print(lead.round(3).to_string(index=False))
    write_table(scores, "results/bench/accuracy.tsv")
    write_table(lead, "results/bench/accuracy_leads.tsv")
    write_parts("bench-accuracy", parts)


if __name__ == "__main__":
    main()
