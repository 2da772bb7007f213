"""Write the page on the run itself: inputs, versions, and the time and memory of each rule."""

from pathlib import Path

import yaml

from lacuna.project.provenance import describe_time, described, time_per_rule
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    provenance = yaml.safe_load(Path(snakemake.input[0]).read_text())
    rules = time_per_rule(Path("results", snakemake.wildcards.dataset, "benchmarks"))
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
        ],
    )
