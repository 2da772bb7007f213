"""Write the page on the run itself: versions, and the time and memory of each rule."""

from pathlib import Path

from lacuna.job import logged
from lacuna.run_record import time_per_rule, versions
from lacuna.tables import write_page

with logged(snakemake.log[0]):
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
            ("Made with", versions()),
        ],
    )
