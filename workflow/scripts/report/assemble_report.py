"""Write the report: answers first, then all figures and tables."""

from pathlib import Path

from lacuna.report.assemble import write_report
from lacuna.runtime.job import job

with job(snakemake):
    [path] = snakemake.output
    params = snakemake.params
    write_report(path, Path(path).parent, params.entries, params.config, params.data)
