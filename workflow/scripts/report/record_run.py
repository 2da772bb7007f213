"""Keep the configuration, and what the results were made from and with."""

from pathlib import Path

import yaml

from lacuna.io.atomic import write_whole
from lacuna.io.sums import Sums
from lacuna.project.provenance import jobs_behind, provenance
from lacuna.runtime.job import job

with job(snakemake):
    config = snakemake.params.config
    project = Path(snakemake.scriptdir).resolve().parents[2]
    sums = Sums.read(Path("results", snakemake.wildcards.dataset, "sums"))
    jobs = jobs_behind(snakemake.input, sums, snakemake.params.code_now)
    found = provenance(config["seed"], snakemake.params.files, project, jobs)
    for content, path in [
        (config, snakemake.output.config),
        (found, snakemake.output.provenance),
    ]:
        with write_whole(path) as unfinished:
            unfinished.write_text(yaml.safe_dump(content, sort_keys=False))
