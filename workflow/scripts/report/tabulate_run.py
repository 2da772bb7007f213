"""Write the page on the run itself: inputs, versions, and the time and memory of each rule."""

from pathlib import Path

import yaml

from lacuna.drawing.tables import ShownTable
from lacuna.project.leftovers import tabulate_leftovers
from lacuna.project.provenance import describe_time, described, time_per_rule
from lacuna.report.page import write_page
from lacuna.runtime.job import job

LEFT = "Not of this run"
LEFT_NOTE = (
    "These files lie among the results, and this run did not make them: they are of an older "
    "configuration, or were asked for by name. Nothing here was made from them. They can be moved "
    "or removed."
)

with job(snakemake):
    folder = Path("results", snakemake.wildcards.dataset)
    left = tabulate_leftovers(folder, snakemake.params.leftovers)
    provenance = yaml.safe_load(Path(snakemake.input[0]).read_text())
    rules = time_per_rule(folder / "benchmarks")
    rules = rules[rules["rule"].isin(snakemake.params.rules)]
    shown = rules if rules["not_measured"].any() else rules.drop(columns="not_measured")
    names = {
        "not_measured": "not measured",
        "seconds": "seconds, all jobs",
        "longest": "seconds, longest job",
    }
    write_page(
        snakemake.output[0],
        f"This run: {snakemake.params.data}",
        [describe_time(rules)],
        [
            ("Time and memory of each rule", shown.round(1).fillna("").rename(columns=names)),
            *described(provenance),
            *([ShownTable(LEFT, left.round(2), note=LEFT_NOTE)] if len(left) else []),
        ],
    )
