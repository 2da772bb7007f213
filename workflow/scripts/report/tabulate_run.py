"""Write the page on the run itself: inputs, versions, and the time and memory of each rule."""

from pathlib import Path

import yaml

from lacuna.project.provenance import described, time_per_rule
from lacuna.report.page import write_page
from lacuna.runtime.job import job

with job(snakemake):
    provenance = yaml.safe_load(Path(snakemake.input[0]).read_text())
    rules = time_per_rule(Path("results", snakemake.wildcards.dataset, "benchmarks"))
    rules = rules[rules["rule"].isin(snakemake.params.rules)]
    total = rules["seconds"].sum()
    names = {"seconds": "seconds, all jobs", "longest": "seconds, longest job"}
    write_page(
        snakemake.output[0],
        f"This run: {snakemake.params.data}",
        [f"{rules['jobs'].sum():,} jobs took {total:,.0f} seconds, one after the other."],
        [
            ("Time and memory of each rule", rules.round(1).fillna("").rename(columns=names)),
            *described(provenance),
        ],
    )
